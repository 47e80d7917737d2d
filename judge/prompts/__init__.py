"""The prompts of the judges, as files; each is known by the hash of its content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Prompt:
    """A prompt file; `{{name}}` in it stands for a value."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def fill(self, **values: str) -> str:
        """The text with its placeholders replaced in one pass: values are never filled again."""
        parts = self.text.split("{{")
        filled = [parts[0]]
        for part in parts[1:]:
            name, closed, rest = part.partition("}}")
            filled.append(values[name.strip()] + rest if closed else "{{" + part)
        return "".join(filled)


@cache
def load_prompt(name: str) -> Prompt:
    """The prompt in `judge/prompts/<name>.md`."""
    return Prompt(name, files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8"))
