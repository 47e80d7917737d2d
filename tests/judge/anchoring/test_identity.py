"""What makes a judge another than it was."""

from __future__ import annotations

from typing import Any

import pytest

from judge.anchoring import changes, identity_of
from judge.anchoring.identity import hash_of_code
from tests.support.sample_runs import record

BASE: dict[str, Any] = {
    "judge": "llm",
    "model": "openai:one",
    "config": {
        "judge": {"temperature": 0.0, "nonce": "aa", "prompts": {"llm_judge": "1"}},
        "nonce": "aa",
    },
    "hashes": {"tasks": "t", "workspace:01": "w", "prompt:llm_judge": "1"},
    "versions": {"agent-judge": "0.1.0", "pillow": "11", "python": "3.11.1"},
}


def changed(**now: Any) -> tuple[str, ...]:
    return changes(record(**BASE), record(**{**BASE, **now}))


@pytest.mark.parametrize(
    ("now", "clause"),
    [
        ({"judge": "agent"}, "the judge was llm and is agent"),
        ({"model": "openai:two"}, "the model was openai:one and is openai:two"),
        ({"setting": "gray-box"}, "the setting was black-box and is gray-box"),
        ({"hashes": {"prompt:llm_judge": "2"}}, "the prompt llm_judge changed"),
        ({"hashes": {}}, "the prompt llm_judge changed"),
        ({"config": {"judge": {"temperature": 0.7}}}, "the setting temperature was 0.0 and is 0.7"),
        (
            {"versions": {"agent-judge": "0.1.0", "pillow": "12"}},
            "the version of pillow was 11 and is 12",
        ),
    ],
)
def test_each_part_of_a_judge_counts(now: dict[str, Any], clause: str) -> None:
    assert changed(**now) == (clause,)


def test_what_was_judged_and_when_is_no_part_of_the_judge() -> None:
    config = {"judge": {"temperature": 0.0, "nonce": "bb"}, "nonce": "bb", "request": {}}
    assert not changed(
        agent="other",
        started_at="2027-01-01T00:00:00+00:00",
        hashes={"tasks": "u", "prompt:llm_judge": "1"},
        config=config,
        versions={"agent-judge": "0.1.0", "pillow": "11", "python": "3.12"},
    )


def test_code_counts_where_both_runs_say_which_it_was() -> None:
    coded = {**BASE, "config": {**BASE["config"], "code": "1"}}
    other = {**BASE, "config": {**BASE["config"], "code": "2"}}
    assert changes(record(**coded), record(**other)) == ("the judge's code changed",)
    assert not changes(record(**coded), record(**BASE))


def test_the_code_has_one_hash_and_a_record_without_settings_an_identity() -> None:
    assert hash_of_code() == hash_of_code() and len(hash_of_code()) == 64
    assert identity_of(record())["the judge"] == "checks"
