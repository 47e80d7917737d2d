"""Code understanding: what source files define, import, call, read and write."""

from judge.code.building import build_graph
from judge.code.facts import (
    Body,
    Call,
    Definition,
    FileUse,
    Import,
    Key,
    Kind,
    Mention,
    MentionKind,
    Mode,
    Module,
)
from judge.code.graph import CodeGraph
from judge.code.languages import language_of

__all__ = [
    "Body",
    "Call",
    "CodeGraph",
    "Definition",
    "FileUse",
    "Import",
    "Key",
    "Kind",
    "Mention",
    "MentionKind",
    "Mode",
    "Module",
    "build_graph",
    "language_of",
]
