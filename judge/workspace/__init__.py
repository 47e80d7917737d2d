"""A bounded, safe view of the files that an agent left, and readers for what is in them."""

from judge.workspace.artifact import Artifact, ArtifactState
from judge.workspace.listing import Cut, FileEntry, Limits
from judge.workspace.view import Workspace

__all__ = [
    "Artifact",
    "ArtifactState",
    "Cut",
    "FileEntry",
    "Limits",
    "Workspace",
    "reader_versions",
]


def reader_versions() -> dict[str, str]:
    """The version of every library that reads artifacts, by distribution; for a run's record."""
    from judge.workspace.reading import reader_versions as versions

    return versions()
