"""A registry with the interface of minigpt4/common/registry.py."""

from __future__ import annotations

from typing import Any


class Registry:
    def __init__(self) -> None:
        self.models: dict[str, Any] = {}
        self.processors: dict[str, Any] = {}

    def get_model_class(self, name: str) -> Any:
        return self.models.get(name)

    def get_processor_class(self, name: str) -> Any:
        return self.processors.get(name)


registry = Registry()
