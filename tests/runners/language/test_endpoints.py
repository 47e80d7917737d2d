"""What a Completions endpoint may answer, and what becomes of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from results.errors import InputError
from runners.models.chat.failures import ChatError, FailureKind
from runners.models.language.endpoints import AT_ONCE, EndpointLanguageModel
from runners.models.language.interface import GenerationRequest, Likelihood, Sampling, ScoreRequest
from runners.models.language.opening import open_language_model
from tests.support.chat_server import Answer, Asked, ChatServer, chat_server, fails, slowly
from tests.support.completions import completion

__all__ = ["chat_server"]


@pytest.fixture
def model(chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("OPENAI_BASE_URL", chat_server.url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-of-tests")
    found = open_language_model("openai:m")
    yield found
    found.close()


def tokens(text: str) -> tuple[int, ...]:
    return tuple(map(ord, text))


def option(context: str, continuation: str) -> ScoreRequest:
    return ScoreRequest(tokens(context), tokens(continuation))


def echoed(scores: list[Any], tops: list[Any] | None = None, *, answered: int = 1) -> Answer:
    """A prompt given back; by default every token is the likeliest."""
    given = [None if score is None else {"x": score} for score in scores] if tops is None else tops
    logprobs = {"token_logprobs": scores, "top_logprobs": given}
    return completion({"text": "", "logprobs": logprobs}, len(scores) - answered, answered)


def of_words(asked: Asked) -> Answer:
    """A token a word; each is as likely as it is long, and the likeliest where it is even."""
    words = asked.body["prompt"].split()
    scores = [None, *(-float(len(word)) for word in words[1:]), -50.0]
    tops = [None if score is None else {"a": score, "b": score + score % 2} for score in scores]
    return echoed(scores, tops)


def test_a_continuation_is_what_its_tokens_add(
    chat_server: ChatServer, model: EndpointLanguageModel
) -> None:
    chat_server.rule = of_words
    found = model.log_likelihoods([option("a bb", " cccc dd"), option("a bb", " e ff")])
    assert found == [Likelihood(-6.0, True, 4), Likelihood(-3.0, False, 4)]
    # The context, which both have, is asked for once.
    assert [asked.body["prompt"] for asked in chat_server.requests].count("a bb") == 1
    sent = chat_server.requests[0]
    assert sent.path == "/v1/completions"
    assert (sent.body["echo"], sent.body["logprobs"], sent.body["max_tokens"]) == (True, 1, 1)


def test_what_has_no_probability_stays_finite(
    chat_server: ChatServer, model: EndpointLanguageModel
) -> None:
    def rule(asked: Asked) -> Answer:
        whole = [None, -1.0, -math.inf, -2.0]
        return echoed(whole if asked.body["prompt"] == "ab" else whole[:2])

    chat_server.rule = rule
    (found,) = model.log_likelihoods([option("a", "b")])
    assert found.log_likelihood == -10_000.0


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (completion({"text": "x"}, 2, 1), "gives no log-probabilities back"),
        (completion({"text": "x", "logprobs": None}, 2, 1), "gives no log-probabilities back"),
        (echoed([-1.0]), "does not give the prompt back"),
        (echoed([None, None, -1.0]), "has no log-probability"),
        (echoed([None, "-1", -1.0]), "has no log-probability"),
        (echoed([None, math.nan, -1.0]), "has no log-probability"),
        (echoed([None, 2.0, -1.0]), "has no log-probability"),
        (echoed([None, True, -1.0]), "has no log-probability"),
        (echoed([None, -1.0, -1.0], [None, None, None]), "no likeliest one"),
        (echoed([None, -1.0], [None]), "gives no log-probabilities back"),
        (Answer(b'{"choices": [7]}'), "gives no log-probabilities back"),
        (Answer(b'{"choices": {}}'), "gives no log-probabilities back"),
    ],
)
def test_an_endpoint_that_gives_no_likelihoods_is_told_at_once(
    chat_server: ChatServer, model: EndpointLanguageModel, answer: Answer, says: str
) -> None:
    chat_server.rule = lambda _: answer
    with pytest.raises(ChatError, match=says) as caught:
        model.log_likelihoods([option("a", "b")])
    assert caught.value.failure.kind is FailureKind.NO_LIKELIHOODS
    assert "echo and logprobs" in str(caught.value)
    assert chat_server.calls == 1


def test_a_continuation_that_vanishes_in_a_token_is_told(
    chat_server: ChatServer, model: EndpointLanguageModel
) -> None:
    chat_server.rule = lambda _: echoed([None, -1.0])
    with pytest.raises(InputError, match="leaves nothing of a continuation"):
        model.log_likelihoods([option("a", "b")])
    for request in (ScoreRequest((), (5,)), ScoreRequest((5,), ())):
        with pytest.raises(InputError, match="a token each"):
            model.log_likelihoods([request])
    with pytest.raises(InputError, match="half of a character"):
        model.log_likelihoods([ScoreRequest((0xD800,), (5,))])


def test_what_passes_is_asked_again_and_what_does_not_keeps_what_was_answered(
    chat_server: ChatServer, model: EndpointLanguageModel
) -> None:
    chat_server.rule = of_words
    chat_server.queue(fails(503))
    assert model.log_likelihoods([option("a", " bb")])[0].log_likelihood == -2.0

    def rule(asked: Asked) -> Answer:
        return fails(401) if "bad" in asked.body["prompt"] else of_words(asked)

    chat_server.rule = rule
    told: list[int] = []
    with pytest.raises(ChatError, match="refused the key"):
        model.log_likelihoods(
            [option("a", " b"), option("bad", " b"), option("c", " d")],
            batch_size=1,
            on_done=lambda index, _: told.append(index),
        )
    assert told == [0]


def test_no_more_are_asked_at_once_than_wanted(
    chat_server: ChatServer, model: EndpointLanguageModel
) -> None:
    chat_server.rule = lambda asked: slowly(of_words(asked), 0.02)
    options = [option(f"a{number}", " b") for number in range(2 * AT_ONCE)]
    model.log_likelihoods(options, batch_size=3)
    assert chat_server.most_at_once == 3
    model.log_likelihoods(options)
    assert 3 < chat_server.most_at_once <= AT_ONCE


def test_settings_of_drawing_and_stops_are_sent(
    chat_server: ChatServer, model: EndpointLanguageModel
) -> None:
    choice = {"text": " said", "finish_reason": "length"}
    chat_server.rule = lambda _: completion(choice, 3, 7)
    drawn = GenerationRequest(tokens("ü?"), 7, Sampling(0.5, 0.9, 11), ("\n",))
    (found,) = model.generate([drawn])
    assert (found.text, found.token_count, found.finish) == (" said", 7, "length")
    assert (found.prompt_tokens, found.tokens) == (3, ()) and math.isnan(found.seconds_to_first)
    body = chat_server.requests[0].body
    assert {key: body[key] for key in ("prompt", "temperature", "top_p", "seed", "stop")} == {
        "prompt": "ü?",
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 11,
        "stop": ["\n"],
    }
    model.generate([GenerationRequest(tokens("x"), 4)])
    assert not {"top_p", "seed", "stop"} & set(chat_server.requests[1].body)


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"text": 5}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}},
        {"choices": [{"text": "x"}]},
        {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}},
    ],
)
def test_an_answer_without_text_or_counts_is_none(
    chat_server: ChatServer, model: EndpointLanguageModel, body: dict[str, Any]
) -> None:
    good = completion({"text": "x", "finish_reason": "stop"}, 1, 1)
    chat_server.rule = lambda _: good
    chat_server.queue(Answer(json.dumps(body).encode()))
    (found,) = model.generate([GenerationRequest(tokens("x"), 4)])
    assert found.text == "x" and chat_server.calls == 2


def test_what_it_cannot_do_is_told(model: EndpointLanguageModel) -> None:
    with pytest.raises(InputError, match="cannot be held to a JSON Schema"):
        model.generate([GenerationRequest((5,), 4, schema={"type": "object"})])
    with pytest.raises(ValueError, match="no chat template"):
        model.tokenizer.chat([], None)
    with pytest.raises(InputError, match="its endpoint's own"):
        open_language_model("openai:m", precision="bf16")
    with pytest.raises(InputError, match="its endpoint's own"):
        open_language_model("litellm:m", device="cpu")
    with pytest.raises(InputError, match="not a language model"):
        open_language_model("openai:")
    assert model.describe()["adapter"] == "completions endpoint"
    assert "sk-a-key" not in repr(model.describe())


def test_a_question_goes_through_litellm(
    chat_server: ChatServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    pytest.importorskip("litellm", reason="the extra `litellm` is not installed")
    config = tmp_path / "config.toml"
    config.write_text(f'[endpoints.lab]\nbase_url = "{chat_server.url}"\napi_key = "sk-lab"\n')
    monkeypatch.setenv("JUDGE_CONFIG", str(config))
    chat_server.rule = of_words
    model = open_language_model("litellm:text-completion-openai/m@lab")
    (found,) = model.log_likelihoods([option("a bb", " cccc dd")])
    assert found == Likelihood(-6.0, True, 4)
    assert chat_server.requests[0].headers["authorization"] == "Bearer sk-lab"
