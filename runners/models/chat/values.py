"""What goes to a chat model and what comes back, as frozen values."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from results.records import Usage

Role = Literal["system", "user", "assistant", "tool"]
ToolChoice = Literal["auto", "required", "none"]
_PNG = b"\x89PNG\r\n\x1a\n"


def sendable(text: str) -> str:
    """The text with lone surrogates replaced, because JSON in UTF-8 cannot carry them."""
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants called; `arguments` is its JSON text, unchecked."""

    id: str
    name: str
    arguments: str

    def wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "function",
            "function": {"name": self.name, "arguments": sendable(self.arguments)},
        }


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, in the terms of Chat Completions.

    `images` are PNG files and go with a user's message, because Chat Completions takes them
    nowhere else; ValueError otherwise.
    """

    role: Role
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    images: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.images and self.role != "user":
            raise ValueError(f"images go with a user's message, not with the {self.role}'s")
        if any(not image.startswith(_PNG) for image in self.images):
            raise ValueError("an image of a message is not a PNG file")

    def wire(self) -> dict[str, Any]:
        text = sendable(self.text)
        message: dict[str, Any] = {"role": self.role, "content": text}
        if self.images:
            message["content"] = [{"type": "text", "text": text}] + [
                {"type": "image_url", "image_url": {"url": _data_url(image)}}
                for image in self.images
            ]
        if self.tool_calls:
            message["tool_calls"] = [call.wire() for call in self.tool_calls]
            message["content"] = text or None
        if self.tool_call_id is not None:
            message["tool_call_id"] = self.tool_call_id
        return message


def _data_url(image: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(image).decode("ascii")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool the model may call; `parameters` is a JSON Schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]

    def wire(self) -> dict[str, Any]:
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": dict(self.parameters),
            },
        }


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """The JSON object that a reply must be, where the endpoint can hold the model to it."""

    name: str
    schema: Mapping[str, Any]

    def wire(self) -> dict[str, Any]:
        return {
            "type": "json_schema",
            "json_schema": {"name": self.name, "strict": True, "schema": dict(self.schema)},
        }


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model.

    `sample` tells apart repeated draws of the same question. `volatile` names strings in the
    messages that differ each time and mean the same, such as a fence's nonce: the reply cache
    sees their names instead.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    schema: ObjectSchema | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    top_p: float | None = None
    seed: int | None = None
    sample: int = 0
    volatile: Mapping[str, str] = field(default_factory=dict)

    def wire(self, model: str) -> dict[str, Any]:
        """The body of a Chat Completions request."""
        body: dict[str, Any] = {"model": model, "messages": [m.wire() for m in self.messages]}
        if self.tools:
            body["tools"] = [tool.wire() for tool in self.tools]
            if self.tool_choice is not None:
                body["tool_choice"] = self.tool_choice
        if self.schema is not None:
            body["response_format"] = self.schema.wire()
        if self.temperature is not None:
            body["temperature"] = self.temperature
        if self.max_output_tokens is not None:
            body["max_tokens"] = self.max_output_tokens
        if self.top_p is not None:
            body["top_p"] = self.top_p
        if self.seed is not None:
            body["seed"] = self.seed
        return body


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model answered. `usage` is what this answer took, 0 calls when it was kept."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    finish_reason: str = "stop"
    model: str = ""
    usage: Usage = field(default_factory=Usage)
    is_cached: bool = False
    is_exchanged: bool = False
    """It comes from the run's own exchanges, so its usage was paid in this run."""
    cache_key: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    """Of a model in this process: `seconds_to_first` and `seconds` from the beginning of its batch,
    `reused_tokens` of the prompt, and `batch`, how many were generated together. Else empty."""

    @property
    def is_complete(self) -> bool:
        """The model said all it wanted to: neither refused, nor cut short, nor empty."""
        is_whole = self.refusal is None and self.finish_reason not in ("length", "content_filter")
        return is_whole and bool(self.text.strip() or self.tool_calls)

    @property
    def message(self) -> Message:
        """The reply as the assistant's message, for the conversation to go on."""
        return Message("assistant", self.text, tool_calls=self.tool_calls)
