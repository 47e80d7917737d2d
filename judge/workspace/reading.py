"""Chooses the reader for a file, and makes whatever goes wrong in it a fact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from judge.workspace.artifact import Artifact, ArtifactState, Found
from judge.workspace.kinds import BY_EXTENSION, extension, kind_of
from results.errors import InputError

if TYPE_CHECKING:
    from judge.workspace.view import Workspace

Reader = Callable[[bytes, str, str, int], Found]


def _reader(kind: str) -> Reader:
    """Readers import heavy libraries, so each is loaded on first use."""
    from judge.workspace import documents, media, models, pictures, stores, texts

    return {
        "code": texts.read_code,
        "text": texts.read_text,
        "markdown": texts.read_text,
        "html": texts.read_html,
        "notebook": texts.read_notebook,
        "data": texts.read_data,
        "table": stores.read_table,
        "database": stores.read_database,
        "archive": stores.read_archive,
        "document": documents.read_document,
        "image": pictures.read_image,
        "animation": pictures.read_image,
        "video": media.read_media,
        "audio": media.read_media,
        "array": models.read_array,
        "model": models.read_model,
        "pickle": models.read_model,
    }.get(kind, texts.read_unknown)


def read_artifact(workspace: Workspace, path: str) -> Artifact:
    """The artifact at a path of the workspace; never raises for what the file holds."""
    size = workspace.size(path)
    limit = workspace.limits.max_file_bytes
    kind, name = BY_EXTENSION.get(extension(path), ("binary", ""))
    agrees = True
    try:
        if size == 0:
            found = Found(kind, name, ArtifactState.EMPTY, signs=("the file has no bytes",))
        else:
            content = workspace.read_bytes(path, min(size, limit))
            kind, name, agrees = kind_of(path, content[:600])
            if not content.strip(b"\0"):
                found = Found(kind, name, ArtifactState.EMPTY, signs=("it holds only zero bytes",))
            elif size > limit and kind not in ("text", "table", "model", "pickle", "archive", ""):
                sign = f"larger than {limit} bytes, not read"
                found = Found(kind, name, ArtifactState.UNREADABLE, signs=(sign,))
            else:
                found = _reader(kind)(content, path, name, size)
    except InputError as error:
        found = Found(kind, name, ArtifactState.UNREADABLE, signs=(str(error),))
    except (Exception, RecursionError, MemoryError) as failure:  # noqa: BLE001 -- libraries that
        # read hostile files raise anything at all; to the judge that is a fact about the file.
        sign = (
            f"it does not open as {name or kind or 'what it is named'} ({type(failure).__name__})"
        )
        found = Found(kind, name, ArtifactState.BROKEN, signs=(sign,))
    if not agrees and found.state is ArtifactState.VALID:
        sign = f"named .{extension(path)}, but its bytes are {found.format}"
        found = replace(found, state=ArtifactState.BROKEN, signs=(*found.signs, sign))
    room = workspace.limits.max_text_chars
    cuts = found.cuts
    if len(found.text) > room:
        cuts = (*cuts, f"text after {room} characters")
    return Artifact(
        path=path,
        size=size,
        kind=found.kind or "binary",
        format=found.format,
        state=found.state,
        facts=found.facts,
        text=found.text[:room],
        signs=found.signs,
        cuts=cuts,
        extension_matches=agrees,
    )
