"""Chat models in this process: a causal language model behind the same interface as an endpoint.

`hf:`, `onnx:`, `executorch:` and `gguf:` models answer through one engine; questions that wait at
the same time share a batch.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from results.errors import InputError
from runners.models.chat.batching import Batcher
from runners.models.chat.failures import Failure, FailureKind
from runners.models.language.interface import (
    Generated,
    GenerationRequest,
    LanguageModel,
    Sampling,
)

DEFAULT_BATCH = 16
DEFAULT_OUTPUT_TOKENS = 1_024
_CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


class LocalEndpoint:
    """Answers Chat Completions bodies with a causal language model that has a chat template.

    Tools are offered where the template takes them, and read back in the `<tool_call>` form that
    Hermes and Qwen templates use; other templates make the caller do without tools. A
    `response_format` holds the reply to its JSON Schema while it is generated, unless tools are
    offered, whose calls it would forbid. Beside what such a body always has, an answer has
    `timings`: `seconds_to_first` and `seconds` from the beginning of its batch to its first and to
    its last token, `reused_tokens` of the prompt, and how many requests the `batch` held.
    """

    def __init__(self, model: LanguageModel, *, batch_size: int = DEFAULT_BATCH) -> None:
        """InputError where the model is none for chats."""
        if not model.tokenizer.chat_template:
            model.close()
            raise InputError(f"The model {model.name} has no chat template; use a chat model.")
        self.model = model
        # Replies are kept by this, and another precision may say something else.
        whole = model.precision == "fp32"
        self.address = model.name if whole else f"{model.name} in {model.precision}"
        self._batcher = Batcher(model, batch_size)
        self._lock = threading.Lock()
        self._draws: Counter[str] = Counter()

    def __repr__(self) -> str:
        return f"LocalEndpoint({self.address!r} on {self.model.device})"

    def identity(self) -> str:
        """The hash of the model's files and of its chat template."""
        template = self.model.tokenizer.chat_template
        files = str(self.model.describe().get("sha256", ""))
        return hashlib.sha256(f"{files}\0{template}".encode()).hexdigest()

    def send(
        self, body: dict[str, Any], timeout: float, stop: threading.Event
    ) -> dict[str, Any] | Failure:
        request = self._request(body)
        if isinstance(request, Failure):
            return request
        job = self._batcher.submit(request)
        outcome = job.wait(timeout, stop)
        if not isinstance(outcome, Failure):
            return _answer(outcome, job.batch, self.address, has_tools=bool(body.get("tools")))
        if request.schema is not None and outcome.kind is FailureKind.BAD_REQUEST:
            # A client that hears of the response_format asks again without it.
            detail = f"response_format: {outcome.detail}"
            return Failure(outcome.kind, detail, outcome.status)
        return outcome

    def cost(
        self, model: str, input_tokens: int, output_tokens: int, cached_input_tokens: int
    ) -> float | None:
        """Nothing is billed."""
        return 0.0

    def close(self) -> None:
        self._batcher.close()
        self.model.close()

    def _request(self, body: Mapping[str, Any]) -> GenerationRequest | Failure:
        tokenizer = self.model.tokenizer
        tools = body.get("tools") or None
        if tools and not tokenizer.takes_tools:
            detail = "the model's chat template has no place for tools"
            return Failure(FailureKind.NO_TOOLS, detail, status=400)
        try:
            # A tokenizer may change its settings for a call.
            with self._lock:
                tokens = tokenizer.chat([_plain(message) for message in body["messages"]], tools)
        except ValueError as error:
            return Failure(FailureKind.BAD_REQUEST, str(error)[:300], status=400)
        longest = self.model.context_length
        if len(tokens) >= longest:
            detail = f"{len(tokens)} tokens where {longest} fit"
            return Failure(FailureKind.TOO_LONG, detail, status=400)
        wanted = body.get("max_tokens") or body.get("max_completion_tokens")
        stop = body.get("stop") or ()
        return GenerationRequest(
            tokens=tuple(tokens),
            max_tokens=int(wanted or DEFAULT_OUTPUT_TOKENS),
            sampling=self._sampling(body),
            stop=(stop,) if isinstance(stop, str) else tuple(stop),
            schema=None if tools else _schema_of(body.get("response_format")),
        )

    def _sampling(self, body: Mapping[str, Any]) -> Sampling:
        """How to draw; the first, second … draw of the same question has the seed 0, 1 …"""
        temperature = float(body.get("temperature") or 0.0)
        if temperature <= 0:
            return Sampling()
        seed = body.get("seed")
        if seed is None:
            question = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
            with self._lock:
                seed = self._draws[question]
                self._draws[question] += 1
        return Sampling(temperature, float(body.get("top_p") or 1.0), int(seed))


def _plain(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message as chat templates take it: text content, arguments as objects."""
    content: Any = message.get("content") or ""
    if isinstance(content, list):
        content = "\n".join(part.get("text", "[a picture]") for part in content)
    plain: dict[str, Any] = {"role": message["role"], "content": content}
    if message.get("tool_calls"):
        plain["tool_calls"] = [
            {"type": "function", "function": _with_object(call["function"])}
            for call in message["tool_calls"]
        ]
    return plain


def _with_object(function: Mapping[str, Any]) -> dict[str, Any]:
    try:
        arguments = json.loads(function["arguments"])
    except ValueError:
        arguments = {"text": function["arguments"]}
    return {"name": function["name"], "arguments": arguments}


def _schema_of(wanted: Any) -> Mapping[str, Any] | None:
    """The JSON Schema that a `response_format` asks for."""
    kind = wanted.get("type") if isinstance(wanted, Mapping) else None
    if kind == "json_schema":
        schema: Mapping[str, Any] = wanted["json_schema"]["schema"]
        return schema
    return {"type": "object"} if kind == "json_object" else None


def _answer(generated: Generated, batch: int, model: str, *, has_tools: bool) -> dict[str, Any]:
    """The body of a Chat Completions answer."""
    message: dict[str, Any] = {"role": "assistant", "content": generated.text}
    calls = _calls_in(generated.text) if has_tools else []
    if calls:
        message = {"role": "assistant", "content": None, "tool_calls": calls}
    finish = "length" if generated.finish == "length" else ("tool_calls" if calls else "stop")
    return {
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": generated.prompt_tokens,
            "completion_tokens": generated.token_count,
            "prompt_tokens_details": {"cached_tokens": generated.reused_tokens},
        },
        "timings": {
            "seconds_to_first": generated.seconds_to_first,
            "seconds": generated.seconds,
            "reused_tokens": generated.reused_tokens,
            "batch": batch,
        },
    }


def _calls_in(text: str) -> list[dict[str, Any]]:
    """The calls that are the whole text; one that stands among other words is no call."""
    if _CALL.sub("", text).strip():
        return []
    found: list[dict[str, Any]] = []
    for number, match in enumerate(_CALL.finditer(text)):
        try:
            call = json.loads(match.group(1))
            name, arguments = str(call["name"]), json.dumps(call.get("arguments", {}))
        except (ValueError, KeyError, TypeError):
            return []
        function = {"name": name, "arguments": arguments}
        found.append({"id": f"call_{number}", "type": "function", "function": function})
    return found
