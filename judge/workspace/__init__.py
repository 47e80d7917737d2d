"""A bounded, safe view of the files that an agent left, and readers for what is in them."""

from judge.workspace.artifact import Artifact, ArtifactState
from judge.workspace.view import Cut, FileEntry, Limits, Workspace

__all__ = ["Artifact", "ArtifactState", "Cut", "FileEntry", "Limits", "Workspace"]
