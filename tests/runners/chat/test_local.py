"""A local transformers model answers as an endpoint does."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from results.errors import InputError
from runners.models.chat import (
    ChatClient,
    ChatError,
    FailureKind,
    Message,
    ObjectSchema,
    Settings,
    Tool,
    open_chat,
)
from runners.models.chat.failures import Failure
from runners.models.chat.local import LocalEndpoint, _calls_in
from runners.models.language.opening import open_language_model
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


def test_questions_asked_at_once_are_answered_together_and_as_if_alone(tmp_path: Path) -> None:
    client = opened(make_tiny_llama(tmp_path / "m"))
    asked = [[Message("user", f"Question {number}: " + number * "word ")] for number in range(8)]
    alone = [client.complete(messages) for messages in asked]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(client.complete, asked))
    assert [each.text for each in together] == [each.text for each in alone]
    assert len({each.text for each in alone}) > 1
    assert max(each.timings["batch"] for each in together) > 1
    for reply in together:
        assert 0 < reply.timings["seconds_to_first"] <= reply.timings["seconds"]


def test_a_reply_is_held_to_the_schema_that_is_asked_for(tmp_path: Path) -> None:
    client = opened(make_tiny_llama(tmp_path / "m"))
    schema = {
        "type": "object",
        "properties": {"verdict": {"enum": ["yes", "no"]}},
        "required": ["verdict"],
        "additionalProperties": False,
    }
    reply = client.complete(
        [Message("user", "x")], schema=ObjectSchema("answer", schema), max_output_tokens=60
    )
    assert json.loads(reply.text) in ({"verdict": "yes"}, {"verdict": "no"})


def test_one_request_that_is_refused_leaves_the_others_alone(tmp_path: Path) -> None:
    client = opened(make_tiny_llama(tmp_path / "m"))
    odd = ObjectSchema("answer", {"type": "no such type"})

    def ask(number: int) -> str:
        try:
            schema = odd if number == 2 else None
            return client.complete([Message("user", f"x{number}")], schema=schema).text
        except ChatError as error:
            return error.failure.kind.name

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, range(4)))
    # The client does without a schema that is refused, as with any endpoint.
    assert "BAD_REQUEST" not in found
    assert found == [ask(number) for number in range(4)]


def test_a_schema_does_not_stand_in_the_way_of_tools(tmp_path: Path) -> None:
    client = opened(make_tiny_llama(tmp_path / "m", template=WITH_TOOLS))
    schema = ObjectSchema("answer", {"type": "object", "additionalProperties": False})
    asked = [Message("user", "x")]
    free = client.complete(asked, tools=[TOOL])
    assert client.complete(asked, tools=[TOOL], schema=schema).text == free.text
    assert json.loads(client.complete(asked, schema=schema).text) == {}


def test_draws_of_one_question_differ_and_can_be_drawn_again(tmp_path: Path) -> None:
    folder = make_tiny_llama(tmp_path / "m")
    asked = [Message("user", "x")]

    def drawn() -> list[str]:
        client = opened(folder)
        return [client.complete(asked, temperature=1.0, sample=n).text for n in range(3)]

    first = drawn()
    assert len(set(first)) == 3
    assert drawn() == first


def test_a_conversation_that_goes_on_is_not_read_anew(tmp_path: Path) -> None:
    client = opened(make_tiny_llama(tmp_path / "m"))
    messages = [Message("system", "Be brief. " * 10), Message("user", "Is it done?")]
    kept = []
    for turn in range(3):
        reply = client.complete(messages)
        kept.append(reply.usage.cached_input_tokens)
        assert reply.timings["reused_tokens"] == kept[-1]
        messages += [reply.message, Message("user", f"And part {turn}?")]
    assert kept[0] == 0 and kept[2] > 100


def test_who_gives_up_waiting_leaves_the_others_their_replies(tmp_path: Path) -> None:
    folder = make_tiny_llama(tmp_path / "m")
    endpoint = LocalEndpoint(open_language_model(f"hf:{folder}", device="cpu"))
    stop = threading.Event()

    def ask(number: int, wanted: int, seconds: float) -> Any:
        messages = [{"role": "user", "content": f"x{number}"}]
        return endpoint.send({"messages": messages, "max_tokens": wanted}, seconds, stop)

    ask(0, 1, 60)
    with ThreadPoolExecutor(3) as pool:
        hurried = pool.submit(ask, 1, 4_000, 0.05)
        patient = [pool.submit(ask, number, 40, 60) for number in (2, 3)]
        found = hurried.result()
        texts = [each.result()["choices"][0]["message"]["content"] for each in patient]
    assert isinstance(found, Failure) and found.kind is FailureKind.TIMEOUT
    again = [ask(number, 40, 60)["choices"][0]["message"]["content"] for number in (2, 3)]
    assert texts == again
    endpoint.close()


def test_a_model_of_another_precision_is_another_endpoint(tmp_path: Path) -> None:
    folder = make_tiny_llama(tmp_path / "m")
    half = open_chat(f"hf:{folder}", settings=SETTINGS, environment={}, precision="bf16")
    assert half.address != opened(folder).address
    assert half.complete([Message("user", "x")]).usage.output_tokens > 0


def test_replies_of_other_weights_or_another_template_are_not_its_own(tmp_path: Path) -> None:
    chat = {"cache_dir": tmp_path / "replies", "max_output_tokens": 400, "temperature": 1.0}
    settings = Settings.model_validate({"chat": chat})
    # Only whole replies are kept, and one that is held to a schema comes to its end.
    properties = {"a": {"enum": [1, 2]}}
    schema = {"type": "object", "properties": properties, "required": ["a"]}

    def asked(**made: Any) -> tuple[str, bool]:
        folder = make_tiny_llama(tmp_path / "m", **made)
        client = open_chat(f"hf:{folder}", settings=settings, environment={})
        held = ObjectSchema("x", schema)
        reply = client.complete([Message("user", "x")], schema=held, seed=1)
        client.close()
        return reply.text, reply.is_cached

    first = asked(seed=1)
    assert first[1] is False
    assert asked(seed=1) == (first[0], True)
    assert asked(seed=2)[1] is False
    assert asked(seed=1, template="{% for m in messages %}{{ m.content }}{% endfor %}")[1] is False
    assert asked(seed=1) == (first[0], True)


def test_a_template_that_fails_says_so(tmp_path: Path) -> None:
    template = "{{ raise_exception('roles must alternate') }}"
    client = opened(make_tiny_llama(tmp_path / "m", template=template))
    with pytest.raises(ChatError, match="the chat template failed: roles must alternate") as caught:
        client.complete([Message("user", "x")])
    assert caught.value.failure.kind is FailureKind.BAD_REQUEST


@pytest.mark.parametrize(
    "template",
    ["{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ cycler.__init__.__globals__ }}"],
)
def test_a_template_cannot_reach_out_of_its_sandbox(tmp_path: Path, template: str) -> None:
    client = opened(make_tiny_llama(tmp_path / "m", template=template))
    with pytest.raises(ChatError, match="the chat template failed"):
        client.complete([Message("user", "x")])


def test_a_run_that_is_stopped_waits_for_nobody(tmp_path: Path) -> None:
    client = opened(make_tiny_llama(tmp_path / "m"))
    client.stop.set()
    with pytest.raises(ChatError) as caught:
        client.complete([Message("user", "x")], max_output_tokens=4_000)
    assert caught.value.failure.kind is FailureKind.STOPPED


def test_it_knows_the_model_that_runs_here(tmp_path: Path) -> None:
    model = opened(make_tiny_llama(tmp_path / "m")).local_model
    assert model is not None
    assert model.describe()["parameters"] == 35_168


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
