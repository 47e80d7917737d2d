"""`hf:` chat models in this process: a transformers model behind the same interface as an endpoint.

The weights come from a folder or the hub; remote code is never run. One generation at a time.
"""

from __future__ import annotations

import importlib
import json
import re
import threading
from collections.abc import Mapping
from typing import Any

from results.errors import InputError, MissingExtra
from runners.models.chat.deadline import in_time
from runners.models.chat.failures import Failure, FailureKind

DEFAULT_OUTPUT_TOKENS = 1_024
_CALL = re.compile(r"<tool_call>\s*(\{.*?\})\s*</tool_call>", re.DOTALL)


class LocalEndpoint:
    """Answers Chat Completions bodies with a causal language model that has a chat template.

    Tools are offered where the template takes them, and read back in the `<tool_call>` form that
    Hermes and Qwen templates use; other templates make the caller do without tools.
    """

    def __init__(self, model: str, *, device: str | None = None) -> None:
        try:
            torch: Any = importlib.import_module("torch")
            transformers: Any = importlib.import_module("transformers")
        except ImportError as error:
            raise MissingExtra("An hf: model", "models") from error
        try:
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(model)
            self._model: Any = transformers.AutoModelForCausalLM.from_pretrained(model)
        except (OSError, ValueError) as error:
            first = (str(error).strip().splitlines() or ["no reason was given"])[0][:300]
            raise InputError(
                f"The model hf:{model} cannot be loaded: {first}; give a folder with a transformers"
                " model, or the name of one that the hub has."
            ) from error
        if not self._tokenizer.chat_template:
            raise InputError(f"The model hf:{model} has no chat template; use a chat model.")
        chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self._model.to(chosen).eval()
        self._torch = torch
        self._device = chosen
        self._lock = threading.Lock()
        self.address = f"hf:{model}"

    def __repr__(self) -> str:
        return f"LocalEndpoint({self.address!r} on {self._device})"

    def send(
        self, body: dict[str, Any], timeout: float, stop: threading.Event
    ) -> dict[str, Any] | Failure:
        return in_time(lambda is_left: self._send(body, is_left), timeout, stop)

    def _send(self, body: Mapping[str, Any], is_left: threading.Event) -> dict[str, Any] | Failure:
        tools = body.get("tools") or None
        if tools and "tools" not in str(self._tokenizer.chat_template):
            detail = "the model's chat template has no place for tools"
            return Failure(FailureKind.NO_TOOLS, detail, status=400)
        messages = [_plain(message) for message in body["messages"]]
        try:
            encoded = self._tokenizer.apply_chat_template(
                messages,
                tools=tools,
                add_generation_prompt=True,
                return_tensors="pt",
                return_dict=True,
            )
        except Exception as error:  # noqa: BLE001 -- a template is a program of the model's author
            return Failure(FailureKind.BAD_REQUEST, f"the chat template failed: {error}"[:300], 400)
        wanted = int(body.get("max_tokens") or DEFAULT_OUTPUT_TOKENS)
        asked = int(encoded["input_ids"].shape[1])
        longest = getattr(self._model.config, "max_position_embeddings", None)
        if longest is not None and asked >= longest:
            detail = f"{asked} tokens where {longest} fit"
            return Failure(FailureKind.TOO_LONG, detail, status=400)
        if longest is not None:
            wanted = min(wanted, longest - asked)
        with self._lock:
            produced = self._generate(encoded, wanted, body, is_left)
        if is_left.is_set():
            return Failure(FailureKind.TIMEOUT)
        new = produced[0, asked:]
        text = self._tokenizer.decode(new, skip_special_tokens=True)
        is_cut = len(new) >= wanted and int(new[-1]) not in self._ends()
        return _answer(text, self.address, asked, len(new), is_cut=is_cut, has_tools=bool(tools))

    def _generate(
        self, encoded: Any, wanted: int, body: Mapping[str, Any], is_left: threading.Event
    ) -> Any:
        temperature = float(body.get("temperature") or 0.0)
        sampling: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            sampling = {"do_sample": True, "temperature": temperature}
        with self._torch.inference_mode():
            return self._model.generate(
                **encoded.to(self._device),
                max_new_tokens=wanted,
                pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id,
                stopping_criteria=[_Stop(self._torch, is_left)],
                **sampling,
            )

    def _ends(self) -> set[int]:
        ends = self._model.generation_config.eos_token_id
        return set(ends) if isinstance(ends, list) else {ends}

    def cost(
        self, model: str, input_tokens: int, output_tokens: int, cached_input_tokens: int
    ) -> float | None:
        """Nothing is billed."""
        return 0.0

    def close(self) -> None:
        return None


class _Stop:
    """Ends a generation that nobody waits for any more."""

    def __init__(self, torch: Any, is_left: threading.Event) -> None:
        self._torch = torch
        self._is_left = is_left

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        is_over = self._is_left.is_set()
        shape = (input_ids.shape[0],)
        return self._torch.full(shape, is_over, dtype=self._torch.bool, device=input_ids.device)


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


def _answer(
    text: str, model: str, asked: int, answered: int, *, is_cut: bool, has_tools: bool
) -> dict[str, Any]:
    """The body of a Chat Completions answer."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    calls = _calls_in(text) if has_tools else []
    if calls:
        message = {"role": "assistant", "content": None, "tool_calls": calls}
    finish = "length" if is_cut else ("tool_calls" if calls else "stop")
    return {
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": asked, "completion_tokens": answered},
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
