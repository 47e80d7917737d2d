"""The one chat client: retries, usage, price and a reply cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runners.models.chat.failures import ChatError, FailureKind
from runners.models.chat.settings import Settings, load_settings
from runners.models.chat.values import Message, ObjectSchema, Reply, Tool, ToolCall

if TYPE_CHECKING:
    from runners.models.chat.client import ChatClient
    from runners.models.chat.opening import open_cache, open_chat

__all__ = [
    "ChatClient",
    "ChatError",
    "FailureKind",
    "Message",
    "ObjectSchema",
    "Reply",
    "Settings",
    "Tool",
    "ToolCall",
    "load_settings",
    "open_cache",
    "open_chat",
]


def __getattr__(name: str) -> Any:
    """The client itself is imported when it is used, because the openai package is slow."""
    if name == "ChatClient":
        from runners.models.chat.client import ChatClient

        return ChatClient
    if name in ("open_cache", "open_chat"):
        from runners.models.chat import opening

        return getattr(opening, name)
    raise AttributeError(name)
