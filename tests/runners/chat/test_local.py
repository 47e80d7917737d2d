"""A local transformers model answers as an endpoint does."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.errors import InputError
from runners.models.chat import (
    ChatClient,
    ChatError,
    FailureKind,
    Message,
    Settings,
    Tool,
    open_chat,
)
from runners.models.chat.local import _calls_in
from tests.support.tiny_models import WITH_TOOLS, make_tiny_llama

pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")

TOOL = Tool("look", "Looks.", {"type": "object", "properties": {}})
SETTINGS = Settings.model_validate({"chat": {"cache_max_mb": 0, "max_output_tokens": 12}})


def opened(folder: Path) -> ChatClient:
    return open_chat(f"hf:{folder}", settings=SETTINGS, environment={})


def test_it_answers_the_same_each_time_and_counts_its_tokens(tmp_path: Path) -> None:
    client = opened(make_tiny_llama(tmp_path / "m"))
    asked = [Message("system", "Be brief."), Message("user", "Is it done?")]
    first, second = client.complete(asked), client.complete(asked)
    assert first.text == second.text
    rendered = "<|system|>Be brief.</s><|user|>Is it done?</s><|assistant|>"
    ends = rendered.count("</s>")
    assert first.usage.input_tokens == len(rendered) - 3 * ends
    assert 1 <= first.usage.output_tokens <= 12
    assert first.usage.cost == 0
    assert first.finish_reason in ("stop", "length")


def test_a_template_without_tools_says_so_and_one_with_tools_takes_them(tmp_path: Path) -> None:
    plain = opened(make_tiny_llama(tmp_path / "plain"))
    with pytest.raises(ChatError) as caught:
        plain.complete([Message("user", "x")], tools=[TOOL])
    assert caught.value.failure.kind is FailureKind.NO_TOOLS
    able = opened(make_tiny_llama(tmp_path / "able", template=WITH_TOOLS))
    with_tools = able.complete([Message("user", "x")], tools=[TOOL])
    without = able.complete([Message("user", "x")])
    assert with_tools.usage.input_tokens > without.usage.input_tokens + 50


def test_a_prompt_that_does_not_fit_is_too_long(tmp_path: Path) -> None:
    client = opened(make_tiny_llama(tmp_path / "m", longest=64))
    with pytest.raises(ChatError) as caught:
        client.complete([Message("user", "word " * 200)])
    assert caught.value.failure.kind is FailureKind.TOO_LONG


def test_what_is_no_chat_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be loaded"):
        opened(tmp_path)
    with pytest.raises(InputError, match="no chat template"):
        opened(make_tiny_llama(tmp_path / "m", template=None))


def test_only_calls_that_are_the_whole_text_are_calls() -> None:
    call = '<tool_call>\n{"name": "look", "arguments": {"a": 1}}\n</tool_call>'
    assert [c["function"]["name"] for c in _calls_in(call)] == ["look"]
    assert _calls_in(f"The file says {call}") == []
    assert _calls_in("<tool_call>{broken}</tool_call>") == []


def test_the_agent_judge_runs_on_it(tmp_path: Path) -> None:
    from judge.judges.agent.judge import AgentJudge
    from judge.judges.interface import Question
    from results.records import Outcome
    from tests.judge.agent.conftest import REQUIREMENTS, TASK, TRAIN, case_of

    output = tmp_path / "output"
    (output / "src").mkdir(parents=True)
    (output / "src" / "train.py").write_text(TRAIN)
    judge = AgentJudge(opened(make_tiny_llama(tmp_path / "m", longest=32_768)))
    question = Question.of_requirement(TASK, REQUIREMENTS[1])
    found = judge.judge(case_of(output), question, {})
    assert found.outcome is Outcome.ERROR
    assert "could not be read twice" in found.reason
    assert found.usage.output_tokens > 0
