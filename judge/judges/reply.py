"""Reads the verdict object that a judge model is asked for (its shape is part of the contract)."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from judge.material import plain
from results.records import ArtifactEvidence, Evidence, FileEvidence, Outcome, TrajectoryEvidence
from runners.models.chat.values import sendable

LONGEST_REASON = 4_000
LONGEST_QUOTE = 2_000
LONGEST_PATH = 1_000
MOST_CITATIONS = 32
LARGEST_NUMBER = 1_000_000_000

_FENCED = re.compile(r"```(?:json)?\s*\n(.*)\n\s*```", re.DOTALL)
_THINKING = "<think>"
_THOUGHT = "</think>"


class UnreadableReply(ValueError):
    """The text holds no verdict object; the message says why, for the model to mend."""


class _Citation(BaseModel):
    model_config = ConfigDict(extra="ignore")

    kind: Literal["file", "trajectory", "artifact"]
    path: str | None = None
    start_line: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    end_line: int | None = Field(default=None, ge=1, le=LARGEST_NUMBER)
    step: int | None = Field(default=None, ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)
    quote: str | None = None
    fact: str | None = None


class VerdictReply(BaseModel):
    """The object as a model gives it; a citation that cannot be read costs only itself."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    outcome: Literal["satisfied", "unsatisfied", "abstained"]
    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)
    reason: str
    citations: tuple[Any, ...] = ()

    @field_validator("citations", mode="before")
    @classmethod
    def _none_is_no_citation(cls, citations: object) -> object:
        return () if citations is None else citations

    @field_validator("reason")
    @classmethod
    def _reason_is_plain_and_bounded(cls, reason: str) -> str:
        return plain(sendable(reason[:LONGEST_REASON]))

    @property
    def decision(self) -> Outcome:
        return Outcome(self.outcome)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The citations that are whole; whether they hold is another question."""
        read = (_evidence(citation) for citation in self.citations[:MOST_CITATIONS])
        return tuple(evidence for evidence in read if not isinstance(evidence, str))

    @property
    def faults(self) -> tuple[str, ...]:
        """A sentence for each citation that is not whole, for the model to mend."""
        read = [_evidence(citation) for citation in self.citations[:MOST_CITATIONS]]
        faults = [
            f"Citation {number} {fault}."
            for number, fault in enumerate(read, start=1)
            if isinstance(fault, str)
        ]
        if len(self.citations) > MOST_CITATIONS:
            faults.append(f"Only the first {MOST_CITATIONS} citations are read.")
        return tuple(faults)


def _nullable(kind: str) -> dict[str, Any]:
    return {"type": [kind, "null"]}


# Strict structured output wants every property required, so those of other kinds are nullable.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["outcome", "confidence", "reason", "citations"],
    "properties": {
        "outcome": {"type": "string", "enum": ["satisfied", "unsatisfied", "abstained"]},
        "confidence": {"type": "number", "description": "0 to 1"},
        "reason": {"type": "string"},
        "citations": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["kind", "path", "start_line", "end_line", "step", "quote", "fact"],
                "properties": {
                    "kind": {"type": "string", "enum": ["file", "trajectory", "artifact"]},
                    "path": _nullable("string"),
                    "start_line": _nullable("integer"),
                    "end_line": _nullable("integer"),
                    "step": _nullable("integer"),
                    "quote": _nullable("string"),
                    "fact": _nullable("string"),
                },
            },
        },
    },
}


def read_reply(text: str) -> VerdictReply:
    """The verdict object that is the whole text, a fence around it and thoughts before it aside.

    Raises UnreadableReply otherwise: an object in the midst of prose may be the workspace's words
    instead of the model's verdict.
    """
    said = text.strip()
    if said.startswith(_THINKING):
        # The last end of thoughts, so that one quoted from a workspace leads to no verdict.
        said = said.rpartition(_THOUGHT)[2].strip()
    if (fenced := _FENCED.fullmatch(said)) is not None:
        said = fenced.group(1).strip()
    if not said.startswith("{"):
        raise UnreadableReply("the reply is not one JSON object and nothing else")
    try:
        content = json.loads(said, object_pairs_hook=_without_doubles)
    except UnreadableReply:
        raise
    except (ValueError, RecursionError):
        raise UnreadableReply(
            "the reply is not valid JSON from its first to its last character"
        ) from None
    return read_object(content)


def read_object(content: object) -> VerdictReply:
    """The verdict in an already decoded object; UnreadableReply names the first fault."""
    try:
        return VerdictReply.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the object"
        raise UnreadableReply(f"{place}: {first['msg']}") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise UnreadableReply("the object gives a key twice")
    return content


def _evidence(content: object) -> Evidence | str:
    """The evidence, or what the citation lacks."""
    try:
        citation = _Citation.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        return f"cannot be read: {place}: {first['msg']}" if place else "is no object"
    path, quote = sendable(citation.path or ""), sendable(citation.quote or "")
    if citation.kind != "trajectory" and not path:
        return "has no path"
    if citation.kind != "artifact" and not quote.strip():
        return "has no quote"
    if len(path) > LONGEST_PATH or len(quote) > LONGEST_QUOTE:
        return f"is longer than {LONGEST_QUOTE} characters; quote one telling line"
    path = path.removeprefix("./")
    match citation.kind:
        case "trajectory":
            if citation.step is None:
                return "has no step"
            return TrajectoryEvidence(step=citation.step, quote=quote)
        case "artifact":
            fact = sendable(citation.fact or "")
            if not fact.strip() or len(fact) > LONGEST_QUOTE:
                return "has no fact, or one that was not measured"
            return ArtifactEvidence(path=path, fact=fact)
        case "file":
            start = citation.start_line
            if start is None:
                return "has no start_line"
            end = start if citation.end_line is None else citation.end_line
            if end < start:
                return "ends before it starts"
            return FileEvidence(path=path, start_line=start, end_line=end, quote=quote)
