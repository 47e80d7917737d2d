"""A rule for the scripted server: a language model of this process answers Completions, as vLLM
does, prompts given back with their log-probabilities among it."""

from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np

from runners.models.language.engine import EngineModel
from runners.models.language.interface import GenerationRequest, Sampling
from tests.support.chat_server import Answer, Asked, Rule, fails, overflows


def completions_of(model: EngineModel) -> Rule:
    """Answers `/v1/completions` with this model, one request after another."""
    lock = threading.Lock()

    def rule(asked: Asked) -> Answer:
        if not asked.path.startswith("/v1/completions"):
            return fails(404, f"no such path: {asked.path}")
        with lock:
            return _answer(model, asked.body)

    return rule


def _answer(model: EngineModel, body: dict[str, Any]) -> Answer:
    tokens = tuple(model.tokenizer.encode(body["prompt"], special=True))
    if len(tokens) >= model.context_length:
        return overflows()
    stop = body.get("stop", [])
    temperature = float(body.get("temperature", 1.0))
    sampling = Sampling(temperature, float(body.get("top_p", 1.0)), int(body.get("seed", 0)))
    request = GenerationRequest(tokens, int(body["max_tokens"]), sampling, tuple(stop))
    (generated,) = model.generate([request])
    choice: dict[str, Any] = {
        "index": 0,
        "text": generated.text,
        "finish_reason": generated.finish,
    }
    if body.get("echo"):
        choice["text"] = body["prompt"] + generated.text
        choice["logprobs"] = _log_probabilities(model, [*tokens, *generated.tokens])
    return completion(choice, len(tokens), len(generated.tokens))


def completion(choice: dict[str, Any], asked: int, answered: int) -> Answer:
    """The answer's form."""
    usage = {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }
    body = {"id": "cmpl-1", "object": "text_completion", "choices": [choice], "usage": usage}
    return Answer(json.dumps(body).encode())


def _log_probabilities(model: EngineModel, tokens: list[int]) -> dict[str, Any]:
    rows = np.array([tokens], np.int64)
    scores, greedy = model.network.token_scores(rows, np.array([len(tokens)], np.int64))
    names = [f"token {token}" for token in tokens]
    values: list[float | None] = [None]
    tops: list[dict[str, float] | None] = [None]
    for name, score, is_likeliest in zip(
        names[1:], scores[0].tolist(), greedy[0].tolist(), strict=True
    ):
        values.append(score)
        likelier = {} if is_likeliest else {"another": score / 2}
        tops.append({name: score, **likelier})
    return {"tokens": names, "token_logprobs": values, "top_logprobs": tops}
