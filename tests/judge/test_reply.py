"""A verdict is read from the whole reply object or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies

from judge.judges.reply import (
    LONGEST_QUOTE,
    LONGEST_REASON,
    MOST_CITATIONS,
    SCHEMA,
    UnreadableReply,
    VerdictReply,
    read_object,
    read_reply,
)
from results.records import ArtifactEvidence, FileEvidence, Outcome, TrajectoryEvidence

WHOLE: dict[str, Any] = {
    "outcome": "satisfied",
    "confidence": 0.9,
    "reason": "It is trained.",
    "citations": [
        {"kind": "file", "path": "./src/train.py", "start_line": 3, "end_line": 5, "quote": "fit("},
        {"kind": "trajectory", "step": 7, "quote": "accuracy 0.97"},
        {"kind": "artifact", "path": "results/a.png", "fact": "640 x 480 pixels"},
    ],
}
TEXT = json.dumps(WHOLE)


def test_the_object_of_the_contract_is_read() -> None:
    reply = read_reply(f"\n {TEXT}\n")
    assert (reply.decision, reply.confidence, reply.reason) == (
        Outcome.SATISFIED,
        0.9,
        "It is trained.",
    )
    assert reply.evidence == (
        FileEvidence(path="src/train.py", start_line=3, end_line=5, quote="fit("),
        TrajectoryEvidence(step=7, quote="accuracy 0.97"),
        ArtifactEvidence(path="results/a.png", fact="640 x 480 pixels"),
    )
    assert reply.faults == ()


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{TEXT}\n```",
        f"```\n{json.dumps(WHOLE, indent=2)}\n```\n",
        f'<think>The file says {{"outcome": "unsatisfied"}}.</think>\n{TEXT}',
        f"<think>It quotes </think> {{}} and goes on.</think>{TEXT}",
    ],
)
def test_a_fence_around_it_and_thoughts_before_it_are_no_matter(text: str) -> None:
    assert read_reply(text) == read_reply(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "satisfied",
        f"The verdict is {TEXT}",
        f"{TEXT} I hope that helps.",
        f"{TEXT}\n{TEXT}",
        f"The README holds\n```json\n{TEXT}\n```\nbut I cannot tell.",
        f"```json\n{TEXT}\n```\n```json\n{TEXT}\n```",
        f"[{TEXT}]",
        json.dumps({"verdict": WHOLE}),
        json.dumps(TEXT),
        TEXT[:-1],
        f"<think>{TEXT}",
        f"<think>hm</think>I say {TEXT}",
        '{"outcome": "unsatisfied", ' + TEXT[1:],
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_a_verdict_that_is_not_the_whole_reply_is_none(text: str) -> None:
    with pytest.raises(UnreadableReply):
        read_reply(text)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"outcome": "error"}, "outcome"),
        ({"outcome": "Satisfied!"}, "outcome"),
        ({"outcome": None}, "outcome"),
        ({"confidence": 1.1}, "confidence"),
        ({"confidence": -0.1}, "confidence"),
        ({"confidence": float("nan")}, "confidence"),
        ({"confidence": "high"}, "confidence"),
        ({"reason": None}, "reason"),
        ({"citations": "src/train.py"}, "citations"),
    ],
)
def test_a_fault_of_the_object_names_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(UnreadableReply, match=f"^{place}: "):
        read_object({**WHOLE, **change})
    for key in ("outcome", "confidence", "reason"):
        with pytest.raises(UnreadableReply, match=f"^{key}: "):
            read_object({name: value for name, value in WHOLE.items() if name != key})


@pytest.mark.parametrize(
    ("citation", "fault"),
    [
        ({"kind": "file", "start_line": 1, "quote": "x"}, "has no path"),
        ({"kind": "file", "path": "a.py", "start_line": 1, "quote": " "}, "has no quote"),
        ({"kind": "file", "path": "a.py", "quote": "x"}, "has no start_line"),
        ({"kind": "file", "path": "a.py", "start_line": 0, "quote": "x"}, "start_line"),
        ({"kind": "file", "path": "a.py", "start_line": 10**30, "quote": "x"}, "start_line"),
        (
            {"kind": "file", "path": "a.py", "start_line": 5, "end_line": 3, "quote": "x"},
            "ends before it starts",
        ),
        ({"kind": "trajectory", "quote": "x"}, "has no step"),
        ({"kind": "trajectory", "step": 3}, "has no quote"),
        ({"kind": "trajectory", "step": 10**30, "quote": "x"}, "step"),
        ({"kind": "artifact", "path": "a.png"}, "has no fact"),
        ({"kind": "artifact", "path": "p" * 2000, "fact": "valid"}, "is longer than"),
        ({"kind": "execution", "command": "ls", "exit_status": 0, "output": ""}, "kind"),
        ({"kind": "trajectory", "step": 1, "quote": "x" * (LONGEST_QUOTE + 1)}, "is longer than"),
        ("src/train.py:3", "is no object"),
        (None, "is no object"),
    ],
)
def test_a_citation_that_is_not_whole_costs_only_itself(citation: object, fault: str) -> None:
    reply = read_object({**WHOLE, "citations": [WHOLE["citations"][1], citation]})
    assert reply.evidence == (TrajectoryEvidence(step=7, quote="accuracy 0.97"),)
    (said,) = reply.faults
    assert said.startswith("Citation 2 ") and fault in said


def test_no_citations_may_be_left_out_or_null() -> None:
    assert read_object({**WHOLE, "citations": None}).evidence == ()
    assert read_object({**WHOLE, "citations": []}).evidence == ()
    assert read_object({k: v for k, v in WHOLE.items() if k != "citations"}).evidence == ()


def test_a_reply_without_end_is_bounded() -> None:
    citation = WHOLE["citations"][1]
    reply = read_object({**WHOLE, "reason": "x" * 100_000, "citations": [citation] * 1000})
    assert len(reply.reason) == LONGEST_REASON
    assert len(reply.evidence) == MOST_CITATIONS
    assert reply.faults == (f"Only the first {MOST_CITATIONS} citations are read.",)


def test_escapes_and_lone_surrogates_do_not_come_through() -> None:
    text = TEXT.replace("It is trained.", r"\u001b[2J gone \ud800 \u202e")
    reason = read_reply(text).reason
    assert "\x1b" not in reason and "\u202e" not in reason
    reason.encode("utf-8")
    quote = read_reply(TEXT.replace("fit(", r"fit(\udfff")).evidence[0]
    assert isinstance(quote, FileEvidence)
    quote.quote.encode("utf-8")


def test_the_schema_is_one_that_strict_structured_output_takes() -> None:
    objects = [SCHEMA, SCHEMA["properties"]["citations"]["items"]]
    for content in objects:
        assert content["additionalProperties"] is False
        assert sorted(content["required"]) == sorted(content["properties"])
    fields = set(VerdictReply.model_fields)
    assert set(SCHEMA["properties"]) == fields


@given(
    strategies.text()
    | strategies.recursive(
        strategies.none()
        | strategies.booleans()
        | strategies.floats()
        | strategies.integers()
        | strategies.sampled_from(["satisfied", "file", "artifact", "trajectory", "a.py"]),
        lambda inner: (
            strategies.lists(inner, max_size=4)
            | strategies.dictionaries(
                strategies.sampled_from(
                    "outcome confidence reason citations kind path step quote start_line".split()
                ),
                inner,
            )
        ),
    ).map(json.dumps)
)
def test_any_text_is_a_verdict_or_unreadable(text: str) -> None:
    try:
        reply = read_reply(text)
    except UnreadableReply:
        return
    assert reply.decision in (Outcome.SATISFIED, Outcome.UNSATISFIED, Outcome.ABSTAINED)
    assert 0 <= reply.confidence <= 1
    assert len(reply.evidence) + len(reply.faults) >= min(len(reply.citations), MOST_CITATIONS)
