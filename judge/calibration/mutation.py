"""A change to a good output whose effect on the verdicts is certain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What was done to the output."""

    DELETED = "artifact deleted"
    EMPTIED = "artifact emptied"
    PLACEHOLDER = "artifact replaced by a placeholder"
    BROKEN = "artifact cut in half"
    RENAMED = "path renamed"
    CLAIMED = "claim left in the log"
    TRUNCATED = "report truncated"
    LEFT_OUT = "result left out"
    CODE_DELETED = "source file deleted"
    CODE_EMPTIED = "source file emptied"
    STUBBED = "function stubbed"
    NEVER_CALLED = "never called"
    DATASET = "dataset swapped"
    UNTRAINED = "training skipped"
    TYPED_IN = "result typed in"


@dataclass(frozen=True)
class Mutation:
    """Files to change, and the requirements that are broken by it for certain.

    In `edits`, bytes replace or add the file and None deletes it; `moves` renames first. What
    stands in neither `breaks` nor `leaves` may or may not be broken, and is not judged.
    """

    kind: Kind
    name: str
    breaks: frozenset[int]
    leaves: frozenset[int] = frozenset()
    edits: Mapping[str, bytes | None] = field(default_factory=dict)
    moves: Mapping[str, str] = field(default_factory=dict)
