"""Reader for zip, tar and compressed files: their listing; nothing is unpacked to disk."""

from __future__ import annotations

import io
import tarfile
from typing import Any, BinaryIO, Protocol

from judge.workspace.artifact import ArtifactState, Damaged, Found, Unread
from judge.workspace.decoding import decode
from judge.workspace.kinds import signature
from judge.workspace.source import Source
from judge.workspace.zips import check_members, open_zip

MOST_MEMBERS = 2_000
MOST_UNPACKED = 64 << 20
_PEEK = 1 << 20


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Bounded(io.RawIOBase):
    """A stream that can be read forward for so many bytes; Unread is raised beyond them."""

    def __init__(self, stream: _Readable, most: int) -> None:
        self._stream = stream
        self._most = most
        self.done = 0
        self.is_zero = True

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._most - self.done + 1 if size < 0 else size
        part = self._stream.read(min(wanted, 1 << 20, self._most - self.done + 1))
        self.done += len(part)
        self.is_zero = self.is_zero and part.count(0) == len(part)
        if self.done > self._most:
            raise Unread(f"it unpacks to more than {self._most} bytes")
        return part

    def readinto(self, buffer: Any, /) -> int:
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


def unpacking(file: BinaryIO) -> _Readable | None:
    """The unpacked stream of a gzip, bzip2, xz, lzma or zlib file; None where it is none."""
    import bz2
    import gzip
    import lzma

    file.seek(0)
    head = file.read(10)
    file.seek(0)
    if head[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=file)
    if head[:3] == b"BZh":
        return bz2.BZ2File(file)
    if head[:6] == b"\xfd7zXZ\0" or head[:3] == b"\x5d\0\0":
        return lzma.LZMAFile(file)
    if len(head) > 1 and head[0] == 0x78 and (head[0] * 256 + head[1]) % 31 == 0:
        return _Zlib(file)
    return None


class _Zlib:
    """A zlib stream read forward."""

    def __init__(self, file: BinaryIO) -> None:
        import zlib

        self._file = file
        self._unpacker = zlib.decompressobj()

    def read(self, size: int, /) -> bytes:
        while not self._unpacker.eof:
            packed = self._unpacker.unconsumed_tail or self._file.read(1 << 16)
            if not packed:
                raise EOFError("the compressed stream is cut")
            part = self._unpacker.decompress(packed, max(1, size))
            if part:
                return part
        return b""


def read_archive(source: Source) -> Found:
    head = source.beginning(600)
    seen = signature(head)
    if seen == "zip":
        return _read_zip(source)
    if seen in ("7z", "rar"):
        raise Unread(f"{seen} archives are not read")
    if seen == "tar":
        source.file.seek(0)
        return _read_tar(source.file, source.format, source.size)
    stream = unpacking(source.file) if seen in ("gz", "bz2", "xz") else None
    if stream is None:
        if source.format == "tar":
            # Old archives have no mark; the checksum of the first header tells them.
            source.file.seek(0)
            return _read_tar(source.file, source.format, source.size)
        raise Damaged(f"it is no {source.format} archive")
    return _read_packed(source, stream)


def _read_zip(source: Source) -> Found:
    with open_zip(source) as archive:
        members = archive.infolist()
        names = [member.filename for member in members]
        unpacked = sum(member.file_size for member in members)
        locked = sum(member.flag_bits & 1 for member in members)
        cuts = check_members(archive, members)
    facts: dict[str, Any] = {"members": names[:MOST_MEMBERS], "unpacked_bytes": unpacked}
    if locked:
        facts["encrypted_members"] = locked
    if len(names) > MOST_MEMBERS:
        cuts = (*cuts, f"members after {MOST_MEMBERS}")
    if locked == len(names) > 0:
        sign = "every member is encrypted"
        return Found("archive", "zip", ArtifactState.UNREADABLE, facts, signs=(sign,), cuts=cuts)
    return _judged("zip", facts, names, unpacked, cuts)


def _read_tar(file: Any, format: str, size: int | None) -> Found:
    names: list[str] = []
    unpacked = 0
    cuts: tuple[str, ...] = ()
    try:
        with (
            tarfile.open(fileobj=file, mode="r:")
            if size is not None
            else tarfile.open(fileobj=file, mode="r|")
        ) as bundle:
            for entry in bundle:
                names.append(entry.name)
                unpacked += entry.size if entry.isreg() else 0
                if size is not None and entry.isreg() and entry.offset_data + entry.size > size:
                    raise Damaged(f"{entry.name[:80]} in it is cut")
                if len(names) >= MOST_MEMBERS:
                    cuts = (f"members after {MOST_MEMBERS}",)
                    break
    except Unread as limit:
        cuts = (f"members after {len(names)}: {limit}",)
    except (tarfile.TarError, EOFError) as error:
        raise Damaged(f"it is no whole tar archive: {str(error)[:80]}") from None
    if size is not None and not cuts and size % 512:
        raise Damaged("its last block is cut")
    facts = {"members": names, "unpacked_bytes": unpacked}
    return _judged(format, facts, names, unpacked, cuts)


def _read_packed(source: Source, stream: _Readable) -> Found:
    bounded = Bounded(stream, MOST_UNPACKED)
    head = b""
    cuts: tuple[str, ...] = ()
    try:
        while len(head) < _PEEK and (part := bounded.read(_PEEK - len(head))):
            head += part
        if signature(head[:600]) == "tar":
            whole = unpacking(source.file)
            return _read_tar(Bounded(whole or stream, MOST_UNPACKED), source.format, None)
        while bounded.read(1 << 20):
            pass
    except Unread as limit:
        cuts = (str(limit),)
    except (EOFError, OSError, ValueError) as error:
        raise Damaged(f"its compressed stream is cut or damaged: {str(error)[:80]}") from None
    text = decode(head, is_cut=bounded.done > len(head)) or ""
    facts = {"unpacked_bytes": bounded.done}
    if bounded.is_zero:
        sign = "it holds only zero bytes" if bounded.done else "it holds nothing"
        return Found("archive", source.format, ArtifactState.EMPTY, facts, signs=(sign,))
    return Found("archive", source.format, facts=facts, text=text, cuts=cuts)


def _judged(
    format: str, facts: dict[str, Any], names: list[str], unpacked: int, cuts: tuple[str, ...]
) -> Found:
    if unpacked == 0:
        sign = "it has no member that holds anything"
        return Found("archive", format, ArtifactState.EMPTY, facts, signs=(sign,), cuts=cuts)
    text = "\n".join(names[:MOST_MEMBERS])
    return Found("archive", format, facts=facts, text=text, cuts=cuts)
