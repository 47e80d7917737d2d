"""Opens chat clients on the scripted server with settings that suit tests."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from runners.models.chat import ChatClient, Message, Settings, open_chat
from tests.support.chat_server import ChatServer

KEY = "sk-loopback-0123456789abcdef"
QUESTION = [Message("user", "Is it done?")]


def settings_of(cache_dir: Path | None = None, **chat: Any) -> Settings:
    """Quick retries, and no reply cache unless a folder is given."""
    quick = {"first_wait_seconds": 0.01, "longest_wait_seconds": 2.0, "timeout_seconds": 5.0}
    kept = {"cache_max_mb": 0} if cache_dir is None else {"cache_dir": cache_dir}
    prices = chat.pop("prices", {})
    return Settings.model_validate({"chat": {**quick, **kept, **chat}, "prices": prices})


def client_of(
    server: ChatServer,
    cache_dir: Path | None = None,
    *,
    model: str = "m",
    key: str = KEY,
    stop: threading.Event | None = None,
    **chat: Any,
) -> ChatClient:
    """A client of `openai:<model>` on the server."""
    environment = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": key}
    settings = settings_of(cache_dir, **chat)
    return open_chat(f"openai:{model}", settings=settings, environment=environment, stop=stop)
