"""Conversations with the interface of longvu/conversation.py."""

from __future__ import annotations

import dataclasses
from enum import Enum, auto


class SeparatorStyle(Enum):
    CHATML = auto()
    TWO = auto()


@dataclasses.dataclass
class Conversation:
    roles: tuple[str, str]
    sep: str
    sep2: str | None = None
    sep_style: SeparatorStyle = SeparatorStyle.CHATML
    messages: list[tuple[str, str | None]] = dataclasses.field(default_factory=list)

    def append_message(self, role: str, message: str | None) -> None:
        self.messages.append((role, message))

    def get_prompt(self) -> str:
        return "".join(
            role if message is None else role + message + self.sep
            for role, message in self.messages
        )

    def copy(self) -> Conversation:
        return dataclasses.replace(self, messages=list(self.messages))


conv_templates = {
    "qwen": Conversation(("[user]", "[assistant]"), "|"),
    "llama3": Conversation(("^[user]", "[assistant]"), "|"),
}
