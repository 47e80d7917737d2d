"""One way to name a model, and what has to be installed for it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

EXTRA = "pip install 'agent-judge[{}]'"


@dataclass(frozen=True)
class Form:
    """One way to name a model. `modules` must be importable for it, or `install` is to be run."""

    spec: str
    kinds: tuple[str, ...]
    models: str
    modules: tuple[str, ...] = ()
    install: str | None = None

    @property
    def is_available(self) -> bool:
        """Whether what it needs is installed; nothing is imported to find out."""
        return all(importlib.util.find_spec(module) is not None for module in self.modules)
