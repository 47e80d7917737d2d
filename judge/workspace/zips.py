"""Opens zip archives, and what is made of them, within bounds."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterable

from judge.workspace.artifact import Damaged, Unread
from judge.workspace.source import Source

MOST_DIRECTORY_BYTES = 4 << 20
MOST_CHECKED_BYTES = 32 << 20
MOST_CHECKED_MEMBERS = 2_000


def open_zip(source: Source) -> zipfile.ZipFile:
    """The archive. Raises Damaged where it is none or cut, Unread where it has too many members.

    Only the directory is read, whose size the archive's last record tells.
    """
    tail = source.end(66_000)
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + 22 > len(tail):
        raise Damaged("its directory is missing")
    size = struct.unpack_from("<I", tail, at + 12)[0]
    wide = tail.rfind(b"PK\6\6", 0, at)
    if wide >= 0 and wide + 48 <= len(tail):
        size = struct.unpack_from("<Q", tail, wide + 40)[0]
    if size > MOST_DIRECTORY_BYTES:
        raise Unread("it has more members than are read")
    source.file.seek(0)
    try:
        return zipfile.ZipFile(source.file)
    except (zipfile.BadZipFile, ValueError, struct.error) as error:
        raise Damaged(f"it is no whole archive: {str(error)[:80]}") from None


def member_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """A member, unpacked. Raises Unread where it is larger than `most` bytes or encrypted."""
    if member.flag_bits & 1:
        raise Unread("it is encrypted")
    with _opened(archive, member) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Unread(f"{member.filename[:80]} in it is larger than {most} bytes, not read")
    return content


def member_head(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """The first bytes of a member. Raises Unread where it is encrypted."""
    if member.flag_bits & 1:
        raise Unread("it is encrypted")
    with _opened(archive, member) as file:
        return file.read(most)


def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> zipfile.ZipExtFile:
    try:
        opened = archive.open(member)
    except NotImplementedError:
        raise Unread("it is packed by a method that is not read") from None
    if not isinstance(opened, zipfile.ZipExtFile):
        raise Damaged(f"{member.filename[:80]} in it does not open")
    return opened


def check_members(archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo]) -> tuple[str, ...]:
    """Unpacks members against their checksums; what was left unchecked, for the cuts.

    Raises BadZipFile where a member is damaged.
    """
    left = MOST_CHECKED_BYTES
    skipped = 0
    for number, member in enumerate(members):
        is_beyond = member.file_size > left or number >= MOST_CHECKED_MEMBERS
        if member.flag_bits & 1 or is_beyond:
            skipped += 1
            continue
        with _opened(archive, member) as file:
            while left >= 0 and (part := file.read(1 << 20)):
                left -= len(part)
    return (f"{skipped} members were not unpacked to check them",) if skipped else ()
