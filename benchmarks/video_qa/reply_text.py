"""A model's reply without what is no part of what it says: thoughts, marks of look, echoes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

MAX_CHARACTERS = 100_000

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_THOUGHT_ENDS = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_THOUGHT_BEGINS = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_END_OF_TURN = re.compile(
    r"<\|(?:im_end|eot_id|end|endoftext|end_of_text)\|>|</s>|<eos>|<end_of_turn>"
)
_SPEAKER = re.compile(r"\b(?:assistant|model)\s*:", re.IGNORECASE)
_LATEX = re.compile(r"\\(?:text|textbf|textrm|mathrm|mathbf|bf|rm)\b\s*|\\[()\[\]]|\$")
_LOOK = re.compile(r"\*+|`+|(?<!\w)_+|_+(?!\w)|^[ \t]*(?:#+|>)[ \t]+", re.MULTILINE)


def plain_reply(reply: str, letters: str = "", options: Sequence[str] = ()) -> str:
    """What a reply says.

    Passed over is what stands before its last MAX_CHARACTERS, thoughts in <think> tags (one that is
    cut off has no answer after it), what follows the end of the turn, the speaker's name, marks of
    Markdown and LaTeX, and the list of the options where it is given back whole.

    >>> plain_reply("<think>B?</think>\\n### Answer\\n**C**</s>")
    'Answer\\nC'
    """
    text = unicodedata.normalize("NFKC", reply[-MAX_CHARACTERS:])
    text = _THOUGHT.sub(" ", text)
    text = _THOUGHT_ENDS.split(text)[-1]
    text = _THOUGHT_BEGINS.split(text, maxsplit=1)[0]
    turns = [part for part in _END_OF_TURN.split(text) if part.strip()]
    text = turns[0] if turns else ""
    text = _SPEAKER.split(text)[-1]
    text = _LOOK.sub("", _LATEX.sub("", text))
    if options and len(options) == len(letters):
        text = _without_list(text, letters, options)
    return text.strip()


def _without_list(text: str, letters: str, options: Sequence[str]) -> str:
    """The text without a list of all options, in their order and words."""
    listed = r"[\s,;]*".join(
        rf"(?:[Oo]ption\s+)?\(?{letter}[).:]{{1,2}}\s*{_words(option)}[.,;]?"
        for letter, option in zip(letters, options, strict=True)
    )
    return re.sub(rf"(?:\b[Oo]ptions?(?:\s+are)?\s*:?\s*)?{listed}", "\n", text)


def _words(option: str) -> str:
    cleaned = _LOOK.sub("", unicodedata.normalize("NFKC", option)).split()
    return r"\s+".join(re.escape(word) for word in cleaned)
