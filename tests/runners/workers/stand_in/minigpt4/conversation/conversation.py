"""Conversations with the interface of minigpt4/conversation/conversation.py."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Conversation:
    system: str
    roles: tuple[str, str]
    messages: list[tuple[str, str | None]]
    sep: str = ""

    def append_message(self, role: str, message: str | None) -> None:
        self.messages.append((role, message))

    def get_prompt(self) -> str:
        written = self.system + self.sep
        for role, message in self.messages:
            written += f"{role}{message}{self.sep}" if message else role
        return written

    def copy(self) -> Conversation:
        return dataclasses.replace(self, messages=list(self.messages))


CONV_VISION_minigptv2 = Conversation(
    system="To be taken away.", roles=("<s>[INST] ", " [/INST]"), messages=[]
)
