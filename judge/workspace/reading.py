"""Chooses the reader for a file, and makes whatever goes wrong in it a fact."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from judge.workspace.artifact import Artifact, ArtifactState, Damaged, Found, Unread, one_line
from judge.workspace.kinds import Kind, extension, kind_of, named_kind
from judge.workspace.source import Source
from results.errors import InputError

if TYPE_CHECKING:
    from judge.workspace.view import Workspace

HEAD_BYTES = 600
_TOO_LARGE = "reading it takes more memory than is given to one file"
_MOST_ITEMS = 500
_MOST_FACT_CHARS = 500


class Reader(NamedTuple):
    """Where the reader of a kind stands, and the libraries it needs.

    A reader without libraries is plain bounded Python over text and runs in this process; the
    others run in a process of their own (see `isolation`).
    """

    module: str
    function: str
    libraries: tuple[str, ...] = ()

    def load(self) -> Callable[[Source], Found]:
        """The function; the libraries are imported on the way."""
        for library in self.libraries:
            import_module(library)
        loaded: Callable[[Source], Found] = getattr(
            import_module(f"judge.workspace.{self.module}"), self.function
        )
        return loaded


READERS = {
    "code": Reader("texts", "read_code"),
    "text": Reader("texts", "read_text"),
    "markdown": Reader("markdown", "read_markdown"),
    "": Reader("texts", "read_unnamed"),
    "html": Reader("webpages", "read_html", ("html.parser",)),
    "notebook": Reader("notebooks", "read_notebook", ("json",)),
    "data": Reader(
        "structured", "read_data", ("json", "yaml", "tomllib", "defusedxml.ElementTree")
    ),
    "table": Reader("tables", "read_table", ("csv", "duckdb")),
    "database": Reader("databases", "read_database", ("sqlite3",)),
    "archive": Reader("archives", "read_archive", ("zipfile", "tarfile", "lzma", "bz2", "gzip")),
    "pdf": Reader("pdfs", "read_pdf", ("pypdf",)),
    "document": Reader("office", "read_office", ("zipfile", "docx", "pptx", "openpyxl")),
    "image": Reader("pictures", "read_image", ("PIL.Image", "numpy", "defusedxml.ElementTree")),
    "animation": Reader("pictures", "read_image", ("PIL.Image", "numpy")),
    "video": Reader("media", "read_media", ("av", "numpy")),
    "audio": Reader("media", "read_media", ("av", "numpy")),
    "array": Reader("arrays", "read_array", ("zipfile", "numpy")),
    "model": Reader("models", "read_model", ("zipfile", "numpy", "h5py")),
    "pickle": Reader("models", "read_model", ("zipfile", "numpy", "h5py")),
}


def reader_of(kind: Kind) -> Reader:
    return READERS.get("pdf" if kind.format == "pdf" else kind.kind, READERS[""])


def reader_versions() -> dict[str, str]:
    """The version of every library that reads artifacts, by distribution; for a run's record."""
    import sqlite3
    from importlib.metadata import PackageNotFoundError, version

    found = {"sqlite": sqlite3.sqlite_version}
    for name in (
        "av charset-normalizer defusedxml duckdb h5py lxml numpy openpyxl pillow pypdf python-docx"
        " python-pptx pyyaml"
    ).split():
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def read_artifact(workspace: Workspace, path: str) -> Artifact:
    """The artifact at a path of the workspace; never raises for what the file holds."""
    size = workspace.size(path)
    kind = named_kind(path)
    try:
        if size == 0:
            found = _nothing(kind, "the file has no bytes")
        else:
            with workspace.opened(path) as descriptor:
                kind = kind_of(path, os.pread(descriptor, HEAD_BYTES, 0))
                found = _read(workspace, path, kind, descriptor)
    except (InputError, OSError) as error:
        found = Found(kind.kind, kind.format, ArtifactState.UNREADABLE, signs=(str(error),))
    if not kind.agrees and found.state is ArtifactState.VALID:
        sign = f"named .{extension(path)}, but its bytes are {found.format or found.kind}"
        found = replace(found, state=ArtifactState.BROKEN, signs=(*found.signs, sign))
    return _bounded(workspace, path, size, kind, found)


def _read(workspace: Workspace, path: str, kind: Kind, descriptor: int) -> Found:
    limits = workspace.limits
    size = os.fstat(descriptor).st_size
    reader = reader_of(kind)
    if reader.libraries:
        from judge.workspace.isolation import read_apart

        log = f"{path}-wal"
        if kind.kind == "database" and workspace.has(log) and workspace.size(log):
            with workspace.opened(log) as beside:
                return read_apart(kind, path, size, limits, [descriptor, beside])
        return read_apart(kind, path, size, limits, [descriptor])
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return judged(kind, Source(path, kind.format, size, file, limits.max_file_bytes))


def judged(kind: Kind, source: Source) -> Found:
    """What the reader of a kind finds; its faults become a state with a sign.

    Raises ImportError where a library that it needs is missing.
    """
    reader = reader_of(kind).load()
    if not any(source.beginning(1 << 16)) and _is_all_zero(source):
        whole = source.size <= source.most
        sign = "it holds only zero bytes" if whole else f"its first {source.most} bytes are zero"
        return _nothing(kind, sign)
    try:
        return reader(source)
    except Unread as reason:
        return Found(kind.kind, kind.format, ArtifactState.UNREADABLE, signs=(str(reason),))
    except MemoryError:
        return Found(kind.kind, kind.format, ArtifactState.UNREADABLE, signs=(_TOO_LARGE,))
    except RecursionError:
        sign = "it is nested deeper than is read"
        return Found(kind.kind, kind.format, ArtifactState.UNREADABLE, signs=(sign,))
    except ImportError:
        raise  # a part of this program is missing, which is no fact about the file
    except Damaged as reason:
        return Found(kind.kind, kind.format, ArtifactState.BROKEN, signs=(str(reason),))
    except Exception as failure:  # noqa: BLE001 -- libraries that read hostile files raise
        # anything at all; to the judge that is a fact about the file.
        if "memory" in str(failure).lower():
            return Found(kind.kind, kind.format, ArtifactState.UNREADABLE, signs=(_TOO_LARGE,))
        what = kind.format or kind.kind or "what it is named"
        sign = f"it does not open as {what} ({type(failure).__name__})"
        return Found(kind.kind, kind.format, ArtifactState.BROKEN, signs=(sign,))


def _nothing(kind: Kind, sign: str) -> Found:
    return Found(kind.kind, kind.format, ArtifactState.EMPTY, signs=(sign,))


def _is_all_zero(source: Source) -> bool:
    """Whether the file is zeros as far as it may be read."""
    source.file.seek(0)
    left = source.most
    while left > 0:
        part = source.file.read(min(left, 1 << 20))
        if not part:
            break
        if part.count(0) != len(part):
            return False
        left -= len(part)
    return True


def _bounded(workspace: Workspace, path: str, size: int, kind: Kind, found: Found) -> Artifact:
    room = workspace.limits.max_text_chars
    cuts = found.cuts
    if len(found.text) > room:
        cuts = (*cuts, f"text after {room} characters")
    if len(found.code) > room:
        cuts = (*cuts, f"code after {room} characters")
    facts = plain_facts(found.facts)
    return Artifact(
        path=path,
        size=size,
        kind=found.kind or "binary",
        format=found.format,
        state=found.state,
        facts=facts if isinstance(facts, dict) else {},
        text=_encodable(found.text[:room]),
        signs=tuple(one_line(sign)[:_MOST_FACT_CHARS] for sign in found.signs),
        cuts=tuple(one_line(cut)[:_MOST_FACT_CHARS] for cut in cuts),
        extension_matches=kind.agrees,
        code=_encodable(found.code[:room]),
    )


def plain_facts(value: Any, depth: int = 0) -> Any:
    """A fact as a bounded JSON value; what is none becomes None."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return _encodable(value[:_MOST_FACT_CHARS])
    if isinstance(value, list | tuple) and depth < 4:
        return [plain_facts(item, depth + 1) for item in value[:_MOST_ITEMS]]
    if isinstance(value, dict) and depth < 4:
        items = list(value.items())[:_MOST_ITEMS]
        return {_encodable(str(key)[:200]): plain_facts(item, depth + 1) for key, item in items}
    return None


def _encodable(text: str) -> str:
    """The text without lone surrogates and null characters, which no file or store takes."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
