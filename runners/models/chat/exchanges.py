"""Every model exchange of one run, kept in its folder, so that it resumes and replays offline.

One file a reply under the hash of what was asked: model, parameters, prompt, tools, material, draw.
Unlike the reply cache nothing leaves, and the usage stays with the reply: a run that is resumed has
paid for what it was answered before.
"""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from results.records import Usage
from runners.models.chat.cache import ReplyCache

_NO_LIMIT = 1 << 60


class Exchanges:
    """The replies of one run; the folder is made with the first. Safe for threads.

    `replayed_from` is the address that the run's questions went to. Where it is given this is a
    replay: nothing is sent, and replies that a resumed run would ask for anew, because they could
    not be used, are given as well.
    """

    def __init__(self, folder: Path, *, replayed_from: str | None = None) -> None:
        self.folder = folder
        self.replayed_from = replayed_from
        self._lock = threading.Lock()
        self._counted: set[str] = set()

    @cached_property
    def _kept(self) -> ReplyCache:
        return ReplyCache(self.folder, _NO_LIMIT)

    def get(self, key: str) -> tuple[dict[str, Any], Usage] | None:
        """The reply and what it took; None where there is none that can be used."""
        entry = self._kept.get(key)
        if entry is None or (entry.get("is_spoiled") and self.replayed_from is None):
            return None
        try:
            reply, usage = entry["reply"], Usage.model_validate(entry["usage"])
        except (KeyError, ValidationError):
            return None
        if not isinstance(reply, dict):
            return None
        return reply, usage if self._counts(key) else Usage()

    def put(self, key: str, reply: dict[str, Any], usage: Usage) -> None:
        """Keeps a reply with what it took."""
        self._counts(key)
        self._kept.put(key, {"reply": reply, "usage": usage.model_dump(mode="json")})

    def spoil(self, key: str) -> None:
        """Marks a reply that could not be used: it is asked for anew, unless in a replay."""
        entry = self._kept.get(key) if self.replayed_from is None else None
        if entry is not None:
            self._kept.put(key, {**entry, "is_spoiled": True})

    def _counts(self, key: str) -> bool:
        """True once for each key: two questions that are the same were paid for once."""
        with self._lock:
            is_new = key not in self._counted
            self._counted.add(key)
        return is_new
