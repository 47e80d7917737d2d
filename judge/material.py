"""Untrusted text on its way to a model: fenced, labelled, and without hidden characters.

A fence carries a nonce that the material cannot predict, so no text inside can close it.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass, field

# Control characters but tab and line feed; among them the escape that starts terminal sequences.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Format characters hide or reorder text (bidirectional marks, zero widths, tags).
_FORMAT = "Cf"


def new_nonce() -> str:
    """64 random bits as text."""
    return secrets.token_hex(8)


def plain(text: str) -> str:
    """The text with control and invisible format characters shown as their code points."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub(_shown, text)
    if text.isascii():
        return text
    return "".join(_shown_character(c) if unicodedata.category(c) == _FORMAT else c for c in text)


def _shown(match: re.Match[str]) -> str:
    return _shown_character(match.group())


def _shown_character(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


@dataclass(frozen=True)
class Fence:
    """Marks what is material; one nonce serves a whole run."""

    nonce: str = field(default_factory=new_nonce)

    def block(self, label: str, text: str) -> str:
        """The text between two lines that carry the mark; a label is one line."""
        head = " ".join(plain(label).split())
        body = plain(text).replace(self.nonce, "⟨mark⟩")
        return f"<<{self.nonce} {head}\n{body}\n{self.nonce}>>"

    @property
    def announcement(self) -> str:
        """What tells the model how material is marked."""
        return f"Data blocks start with <<{self.nonce} and end with {self.nonce}>>."

    @property
    def volatile(self) -> dict[str, str]:
        """For the chat client: the nonce means the same whichever it is."""
        return {"nonce": self.nonce}
