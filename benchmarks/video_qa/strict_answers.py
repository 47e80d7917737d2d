"""The `strict` reading of a reply to a multiple-choice question.

What a reply says as its answer, in this order; the first kind that it holds decides:

1. the whole reply is a letter, with marks around it;
2. a statement of the final answer: "final answer: C", `\\boxed{C}`;
3. a statement of the answer: "the correct answer is (C)", "I choose C", "Answer: C";
4. a letter that opens the reply and is set apart, or the text of one option and nothing else;
5. a letter set apart at the reply's end, after a word such as "so".

Where that kind names several options, or none of the kinds is there, the reply is unparsed. Letters
inside words, an "A" that is an article, and options that are only weighed do not count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

MAX_CHARACTERS = 100_000

_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL | re.IGNORECASE)
_NO_WORD = re.compile(r"[\W_]+")

_IS = r"\s*(?:is|are|would\s+be|should\s+be|must\s+be|has\s+to\s+be|:|=|->|→|：)"
_FINAL = re.compile(rf"\bfinal\s+(?:answer|option|choice){_IS}", re.IGNORECASE)
_STATED = re.compile(
    rf"\b(?:answer|option|choice){_IS}"
    r"|\bi(?:['’]d|['’]ll|\s+would|\s+will)?\s+(?:choose|select|pick|go\s+(?:with|for)|answer)\b"
    r"|정답은|정답:|답은|답:|옵션|答案是|答案为|答案：|答案:|我选|选择|选|答えは|答え：|答え:",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"\s*(?:not\s+\(?[A-Z]\)?\s*,?\s*but\s+)?(?:(?:the\s+)?(?:option|choice|letter)\s+)?"
    r"[\s:(\[{\"'`“‘]*",
    re.IGNORECASE,
)
# "A" before a word in lower case is an article, unless the word goes on with the statement.
_ARTICLE = re.compile(r"A\s+(?!(?:because|since|as|and|or|is|but|for)\b)[a-z]")


def strict_answer(reply: str, letters: str, options: Sequence[str] = ()) -> str | None:
    """The letter that a reply gives as its one answer, or None.

    Args:
        reply: what the model said; thoughts in <think> tags are passed over, and so is what stands
            before its last MAX_CHARACTERS.
        letters: the letters of the options.
        options: their texts in order, without the letters; empty where they are not known.

    >>> strict_answer("A man points at B, so the answer is (C).", "ABCD")
    'C'
    """
    text = _THOUGHT.sub(" ", reply[-MAX_CHARACTERS:]).replace("**", "").strip()
    choices = _Choices(letters, options)
    for read in (choices.alone, choices.final, choices.stated, choices.opening, choices.closing):
        named = read(text)
        if named:
            return named.pop() if len(named) == 1 else None
    return None


class _Choices:
    """The options of a question, and where a text names them."""

    def __init__(self, letters: str, options: Sequence[str]) -> None:
        self.letters = letters
        self.texts = [_normal(option) for option in options[: len(letters)]]

    def alone(self, text: str) -> set[str]:
        """The letter that is the whole text but for marks around it."""
        found = _alone(self.letters).fullmatch(text)
        return {found.group(1).upper()} if found else set()

    def final(self, text: str) -> set[str]:
        """What is boxed, or called the final answer."""
        boxed = {found.group(1).upper() for found in _boxed(self.letters).finditer(text)}
        return boxed | self._after(_FINAL, text)

    def stated(self, text: str) -> set[str]:
        """What is called the answer, or chosen."""
        return self._after(_STATED, text)

    def opening(self, text: str) -> set[str]:
        """The letter that the text begins with, set apart; or the option that the text is."""
        found = _opening(self.letters).match(text)
        if not found:
            return self._with_text(text)
        return self._all_at(text, found.start(1))

    def closing(self, text: str) -> set[str]:
        """The letter that the text ends with, after a word that concludes or in parentheses."""
        found = _closing(self.letters).search(text)
        return {found.group(1)} if found else set()

    def _after(self, statement: re.Pattern[str], text: str) -> set[str]:
        named: set[str] = set()
        for found in statement.finditer(text):
            lead = _LEAD.match(text, found.end())
            at = lead.end() if lead else found.end()
            here = self._all_at(text, at)
            if not here:
                here = self._with_text(re.split(r"[.\n;]", text[found.end() :], maxsplit=1)[0])
            named |= here
        return named

    def _all_at(self, text: str, at: int) -> set[str]:
        """The letter at a place, and those that "and", "or" or a stroke joins to it."""
        found = _letter(self.letters).match(text, at)
        if not found or _ARTICLE.match(text, at):
            return set()
        named = {found.group().upper()}
        end = found.end()
        while more := _joined(self.letters).match(text, end):
            named.add(more.group(1))
            end = more.end()
        # "B. Apple", where Apple is another option, says two things.
        meant = self._with_text(text[end:].split("\n")[0])
        return named if meant & named else named | meant

    def _with_text(self, text: str) -> set[str]:
        """The options that have this text."""
        said = _normal(text)
        return {
            letter
            for letter, option in zip(self.letters, self.texts, strict=False)
            if said and option == said
        }


def _normal(text: str) -> str:
    return _NO_WORD.sub(" ", text).strip().lower()


@cache
def _alone(letters: str) -> re.Pattern[str]:
    return re.compile(rf"[\W_]*([{letters}{letters.lower()}])[\W_]*")


@cache
def _boxed(letters: str) -> re.Pattern[str]:
    any_case = f"[{letters}{letters.lower()}]"
    return re.compile(rf"\\boxed\{{\s*(?:\\text\{{)?\s*\(?({any_case})\)?\s*\}}")


@cache
def _letter(letters: str) -> re.Pattern[str]:
    # A small letter counts only where a mark or the end follows: "a" is mostly an article.
    return re.compile(
        rf"[{letters}](?![A-Za-z0-9_'’])|[{letters.lower()}](?=\s*$|[)\]}}.:,;!\"'])(?!['’]\w)"
    )


@cache
def _opening(letters: str) -> re.Pattern[str]:
    return re.compile(
        rf"\W*(?:(?i:option|choice)\s+)?[(\[\"']?([{letters}])"
        r"(?:[)\].:,\n]+|\s*$|\s+-\s|(?=\s+(?:because|since|and|or)\b))"
    )


@cache
def _closing(letters: str) -> re.Pattern[str]:
    return re.compile(rf"(?:\b(?i:so|thus|therefore|hence|then)[\s,:]+|[(\[])([{letters}])[\W_]*$")


@cache
def _joined(letters: str) -> re.Pattern[str]:
    return re.compile(
        rf"[)\]]?\s*(?:,?\s*(?:and|or)\b|/|&|,(?=\s*[(\[]?[{letters}][)\]]?\s*(?:,|and\b|or\b|$)))"
        rf"\s*[(\[]?([{letters}])(?![A-Za-z0-9_'’])"
    )
