"""Anchors: labelled outputs that are judged again when the judge changes, to see it move."""

from judge.anchoring.anchors import (
    ANCHORS,
    BUNDLED,
    Anchor,
    add_anchor,
    add_bundled,
    names_in,
    open_anchor,
)
from judge.anchoring.checking import Check, check_anchor, outcomes_of
from judge.anchoring.drift import drift_between, drift_warning
from judge.anchoring.identity import changes, identity_of
from judge.anchoring.movement import Movement, movement

__all__ = [
    "ANCHORS",
    "BUNDLED",
    "Anchor",
    "Check",
    "Movement",
    "add_anchor",
    "add_bundled",
    "changes",
    "check_anchor",
    "drift_between",
    "drift_warning",
    "identity_of",
    "movement",
    "names_in",
    "open_anchor",
    "outcomes_of",
]
