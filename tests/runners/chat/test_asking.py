"""What is sent to an endpoint, what is read from its answers, and what that took."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies
from PIL import Image

from results.records import Usage
from runners.models.chat import ChatError, FailureKind, Message, ObjectSchema, Reply, Tool
from runners.models.chat.answers import read_answer, tokens_in
from runners.models.chat.failures import Failure
from tests.runners.chat.opening import KEY, QUESTION, client_of
from tests.support.chat_server import (
    Answer,
    Asked,
    ChatServer,
    calls_tools,
    fails,
    filtered,
    overflows,
    refuses,
    says,
    without,
)

SCHEMA = ObjectSchema("verdict", {"type": "object", "properties": {"a": {"type": "integer"}}})
LOOK = Tool("look", "Looks at a file.", {"type": "object", "properties": {}})


def png() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (2, 3), "red").save(content, "png")
    return content.getvalue()


def test_a_question_is_a_chat_completion_with_the_key_as_bearer(chat_server: ChatServer) -> None:
    chat_server.queue(says("yes ✓ 😀"))
    reply = client_of(chat_server).complete([Message("system", "Be brief."), *QUESTION])
    assert (reply.text, reply.finish_reason, reply.model) == ("yes ✓ 😀", "stop", "scripted")
    asked = chat_server.requests[0]
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Is it done?"},
        ],
        "temperature": 0.0,
    }


def test_settings_and_a_call_choose_temperature_length_and_schema(chat_server: ChatServer) -> None:
    client = client_of(chat_server, temperature=0.3, max_output_tokens=100)
    client.complete(QUESTION, schema=SCHEMA)
    client.complete(QUESTION, temperature=1.0, max_output_tokens=7)
    first, second = (asked.body for asked in chat_server.requests)
    assert (first["temperature"], first["max_tokens"]) == (0.3, 100)
    assert first["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "verdict", "strict": True, "schema": dict(SCHEMA.schema)},
    }
    assert (second["temperature"], second["max_tokens"]) == (1.0, 7)
    assert "response_format" not in second


def test_the_environment_names_no_account_to_another_endpoint(
    chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-mine")
    client_of(chat_server).complete(QUESTION)
    assert not any("of-mine" in value for value in chat_server.requests[0].headers.values())


def test_lone_surrogates_are_replaced_and_everything_else_arrives(chat_server: ChatServer) -> None:
    client_of(chat_server).complete([Message("user", "a\udc80b\x00\x1b é 漢 \u202e")])
    assert chat_server.requests[0].last == "a?b\x00\x1b é 漢 \u202e"


def test_images_go_as_data_urls_after_the_text(chat_server: ChatServer) -> None:
    client_of(chat_server).complete([Message("user", "What is this?", images=(png(), png()))])
    text, *images = chat_server.requests[0].messages[0]["content"]
    assert text == {"type": "text", "text": "What is this?"}
    assert [part["type"] for part in images] == ["image_url", "image_url"]
    head, _, data = images[0]["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (2, 3)


def test_an_image_that_is_no_png_or_not_a_users_is_refused() -> None:
    with pytest.raises(ValueError, match="not a PNG"):
        Message("user", "", images=(b"GIF89a",))
    with pytest.raises(ValueError, match="user's message"):
        Message("tool", "", tool_call_id="1", images=(png(),))


def test_tools_are_called_in_parallel_over_several_turns(chat_server: ChatServer) -> None:
    def rule(asked: Asked) -> Answer:
        if asked.turn == 1:
            return calls_tools(("look", {"path": "a"}), ("look", {"path": "b"}), text="Looking.")
        return says(" and ".join(asked.tool_results.values()))

    chat_server.rule = rule
    client = client_of(chat_server)
    first = client.complete(QUESTION, tools=[LOOK], tool_choice="required")
    assert [json.loads(call.arguments)["path"] for call in first.tool_calls] == ["a", "b"]
    assert len({call.id for call in first.tool_calls}) == 2
    results = [
        Message("tool", f"text of {json.loads(call.arguments)['path']}", tool_call_id=call.id)
        for call in first.tool_calls
    ]
    second = client.complete([*QUESTION, first.message, *results], tools=[LOOK])
    assert second.text == "text of a and text of b"
    said = chat_server.requests[1].messages[1]
    assert said["content"] == "Looking."
    assert [call["function"]["name"] for call in said["tool_calls"]] == ["look", "look"]
    assert chat_server.requests[0].body["tool_choice"] == "required"


def test_broken_tool_arguments_come_as_the_text_they_are(chat_server: ChatServer) -> None:
    chat_server.queue(calls_tools(("look", '{"path": "a'), ("look", "")))
    broken, none = client_of(chat_server).complete(QUESTION, tools=[LOOK]).tool_calls
    assert (broken.arguments, none.arguments) == ('{"path": "a', "{}")


def test_calls_without_or_with_equal_ids_are_told_apart() -> None:
    calls = [
        {"id": given, "function": {"name": "look", "arguments": arguments}}
        for given, arguments in ((None, {"x": 1}), ("same", None), ("same", "[]"), ("", "{}"))
    ]
    reply = read_answer({"choices": [{"message": {"tool_calls": calls}}]}, "m")
    assert isinstance(reply, Reply)
    assert len({call.id for call in reply.tool_calls} - {""}) == 4
    assert [call.arguments for call in reply.tool_calls] == ['{"x": 1}', "{}", "[]", "{}"]
    assert reply.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("answer", "refusal", "finish"),
    [
        (refuses("I will not."), "I will not.", "stop"),
        (filtered(), "the endpoint's content filter stopped the reply", "content_filter"),
        (says("half of", finish="length"), None, "length"),
        (says(""), None, "stop"),
    ],
)
def test_a_reply_that_is_not_whole_says_so_and_is_not_kept(
    chat_server: ChatServer, tmp_path: Path, answer: Answer, refusal: str | None, finish: str
) -> None:
    chat_server.rule = lambda asked: answer
    client = client_of(chat_server, tmp_path)
    reply = client.complete(QUESTION)
    assert (reply.refusal, reply.finish_reason, reply.is_complete) == (refusal, finish, False)
    client.complete(QUESTION)
    assert chat_server.calls == 2


def test_thinking_parts_are_not_what_the_model_said() -> None:
    parts = [{"type": "thinking", "text": "hm"}, {"type": "text", "text": "yes"}]
    reply = read_answer({"choices": [{"message": {"content": parts}}]}, "m")
    assert isinstance(reply, Reply) and reply.text == "yes"


@pytest.mark.parametrize(
    ("answer", "usage"),
    [
        (
            says("x", tokens=(1000, 10)),
            Usage(calls=1, input_tokens=1000, output_tokens=10, cost=0.003),
        ),
        (
            says("x", tokens=(1000, 10), cached=900),
            Usage(
                calls=1, input_tokens=1000, output_tokens=10, cost=0.00165, cached_input_tokens=900
            ),
        ),
        (says("x", tokens=None), Usage(calls=1, cost=None)),
        (
            says("x", usage={"prompt_tokens": -3, "completion_tokens": "many"}),
            Usage(calls=1, cost=None),
        ),
        (says("x", usage={"prompt_tokens": 8}), Usage(calls=1, input_tokens=8, cost=None)),
    ],
)
def test_usage_is_what_the_endpoint_counts_and_cost_only_what_is_known(
    chat_server: ChatServer, answer: Answer, usage: Usage
) -> None:
    # USD per million tokens: 100 x 2 + 900 x 0.5 + 10 x 100 = 1650 millionths.
    prices = {"m": {"input": 2.0, "output": 100.0, "cached_input": 0.5}}
    chat_server.queue(answer)
    client = client_of(chat_server, prices=prices)
    found = client.complete(QUESTION).usage
    assert found.model_copy(update={"cost": None}) == usage.model_copy(update={"cost": None})
    assert found.cost == pytest.approx(usage.cost)
    assert client.usage == found
    assert client.has_price


def test_a_model_without_a_price_has_an_unknown_cost_never_zero(chat_server: ChatServer) -> None:
    client = client_of(chat_server)
    assert client.complete(QUESTION).usage.cost is None
    assert not client.has_price


@pytest.mark.parametrize(
    ("part", "words", "put_instead"),
    [
        ("response_format", "This response_format type is unavailable now", None),
        ("temperature", "Unsupported value: 'temperature' does not support 0.0", None),
        ("max_tokens", "Use 'max_completion_tokens' instead.", "max_completion_tokens"),
        ("tool_choice", "tool_choice must be auto", None),
    ],
)
def test_what_an_endpoint_refuses_is_left_out_from_then_on(
    chat_server: ChatServer, part: str, words: str, put_instead: str | None
) -> None:
    chat_server.rule = without(part, lambda asked: says("fine"), words=words)
    client = client_of(chat_server, max_output_tokens=9)
    for _ in range(2):
        reply = client.complete(QUESTION, schema=SCHEMA, tools=[LOOK], tool_choice="required")
        assert reply.text == "fine"
    refused, *accepted = (asked.body for asked in chat_server.requests)
    assert part in refused and len(accepted) == 2
    for body in accepted:
        assert set(body) == set(refused) - {part} | ({put_instead} if put_instead else set())
    assert client.usage.calls == 3


def test_a_refusal_that_leads_nowhere_is_not_remembered(chat_server: ChatServer) -> None:
    chat_server.queue(fails(400, "temperature is bad"), fails(400, "and so is the rest"))
    client = client_of(chat_server)
    with pytest.raises(ChatError, match="so is the rest"):
        client.complete(QUESTION)
    client.complete(QUESTION)
    assert "temperature" in chat_server.requests[2].body


def test_an_endpoint_without_tools_is_a_failure_of_its_own_kind(chat_server: ChatServer) -> None:
    chat_server.rule = without("tools", lambda asked: says("no tools"))
    client = client_of(chat_server)
    with pytest.raises(ChatError, match="does not offer tools") as caught:
        client.complete(QUESTION, tools=[LOOK])
    assert caught.value.failure.kind is FailureKind.NO_TOOLS
    assert client.complete(QUESTION).text == "no tools"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (overflows(), FailureKind.TOO_LONG, "too long"),
        (fails(413, "request entity too large"), FailureKind.TOO_LONG, "longer context"),
        (fails(401, "bad key"), FailureKind.KEY_REFUSED, "check OPENAI_API_KEY"),
        (fails(404, "no model m"), FailureKind.NOT_FOUND, "check the model's name"),
        (fails(402, "pay"), FailureKind.NO_QUOTA, "add credit"),
        (fails(429, "no", code="insufficient_quota"), FailureKind.NO_QUOTA, "add credit"),
        (fails(400, "messages: a tool result lacks its call"), FailureKind.BAD_REQUEST, "lacks"),
        (Answer(b"<html>gone</html>", content_type="text/html"), FailureKind.NO_API, "/v1"),
    ],
)
def test_what_does_not_pass_is_not_asked_again(
    chat_server: ChatServer, answer: Answer, kind: FailureKind, words: str
) -> None:
    chat_server.rule = lambda asked: answer
    with pytest.raises(ChatError, match=words) as caught:
        client_of(chat_server).complete(QUESTION, tools=[LOOK])
    assert caught.value.failure.kind is kind
    assert caught.value.usage.calls == chat_server.calls == 1
    message = str(caught.value)
    assert message.startswith("The model m at http://127.0.0.1:") and message.endswith(".")
    assert "\n" not in message


def test_json_under_another_content_type_is_read(chat_server: ChatServer) -> None:
    answer = says("fine")
    chat_server.queue(Answer(answer.body, content_type="text/plain"))
    assert client_of(chat_server).complete(QUESTION).text == "fine"


json_values = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.floats() | strategies.text(max_size=5),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(
            strategies.sampled_from(
                "choices message content tool_calls function name arguments id usage model"
                " prompt_tokens completion_tokens prompt_tokens_details cached_tokens".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(strategies.dictionaries(strategies.sampled_from(["choices", "usage", "model"]), json_values))
@settings(deadline=None)
def test_any_answer_is_a_reply_or_a_failure_with_counts_that_can_be(answer: dict[str, Any]) -> None:
    assert isinstance(read_answer(answer, "m"), Reply | Failure)
    asked, answered, kept = tokens_in(answer)
    assert all(count is None or count >= 0 for count in (asked, answered))
    assert 0 <= kept <= (asked or 0)
