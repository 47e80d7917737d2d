"""Tells a text that says something from one that only holds a place.

A text that bears a number, or that is long, is never called a stand-in: the rules are for the few
words that people and programs write where a result should stand.
"""

from __future__ import annotations

import re

MOST_WORDS = 25
_WORD = re.compile(r"[^\W_]+(?:'[a-z]+)?")
_NOT_GIVEN = re.compile(r"(?<!\w)n\.?/a\.?(?!\w)", re.I)
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d,_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?%?(?![\w])")

# Words that say "nothing is here yet"; one is needed.
_MARKERS = frozenset(
    "placeholder placeholders dummy stub stubs stubbed todo tbd tba tbc fixme wip mock mocked fake"
    " lorem ipsum pending untitled blank empty nothing none null nil nan na undefined unknown"
    " unavailable foo bar baz foobar xxx asdf qwerty".split()
)
# Words that may stand beside them without saying anything of the matter.
_FILLERS = frozenset(
    "a an the this that these it its is are was be been being as at by for from in into of on or"
    " and to with here there now yet not no only just some any file files folder document page"
    " section content contents text data value values output outputs result results report image"
    " images picture plot figure chart graph model models weights metric metrics score scores"
    " table row rows column columns number numbers line lines name title description example"
    " sample test temp temporary generated automatically created made added written inserted saved"
    " filled will would should must go goes later soon before after real actual final code"
    " function implementation notebook script program video audio sound pdf png gif html json csv"
    " txt md pkl pt pth bytes please your my our".split()
)
_LATIN = frozenset(
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut"
    " labore et dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris"
    " nisi aliquip ex ea commodo consequat duis aute irure in reprehenderit voluptate velit esse"
    " cillum eu fugiat nulla pariatur excepteur sint occaecat cupidatat non proident sunt culpa"
    " qui officia deserunt mollit anim id est laborum".split()
)
# Sentences about the text's own absence or future.
_ABSENCE = (
    re.compile(
        r"\b(?:goes?|be|add(?:ed)?|written|inserted?|placed?|appears?|put|shown|paste|your)\b"
        r".{0,40}\bhere\b"
    ),
    re.compile(
        r"^(?:this|the|these|a|an)? ?(?:\w+ ){0,3}?(?:file|report|document|page|section|image|model"
        r"|plot|figure|text|results?|metrics|content|table)s? (?:will|would|should|(?:is|are)"
        r" (?:meant to|supposed to|intended to|going to|to)) (?:\w+ )?(?:be|go|contain|hold|have"
        r"|show|include|appear)\b"
    ),
    re.compile(r"^(?:to be|will be) \w+(?: \w+){0,6}$"),
    re.compile(r"^coming (?:very )?soon\b"),
    re.compile(r"^(?:page |site )?under construction$|^work in progress$"),
)
_UNDONE = re.compile(
    r"\b(?:not|yet|still)(?: yet)?(?: to)?(?: been| be)? (?:generated|implemented|written|trained"
    r"|available|computed|calculated|filled|added|done|determined|completed|provided|saved|created"
    r"|ready|run|finished)\b"
)
_MOST_UNDONE_WORDS = 12


def words_in(text: str) -> int:
    """How many words a text has, numbers among them."""
    return sum(1 for _ in _WORD.finditer(text))


def numbers_in(text: str) -> int:
    """How many numbers stand in a text on their own (`0.93`, `1e-4`, `93 %`; not `x1` or `v2`)."""
    return sum(1 for _ in _NUMBER.finditer(text))


def stand_in(text: str) -> str | None:
    """Why a whole text is a stand-in, in a few words; None when it says something of its own."""
    head = text[:4_000]
    words = [word.lower() for word in _WORD.findall(_NOT_GIVEN.sub("none", head))]
    if not words:
        return "it holds no words"
    latin = sum(word in _LATIN for word in words)
    if latin >= 4 and latin > 0.8 * len(words):
        return "it is filler text"
    if len(words) > 3 and len(set(words)) == 1 and not words[0].isdigit():
        return f"it only repeats {words[0][:40]!r}"
    if len(words) > MOST_WORDS or len(text) > len(head):
        return None
    plain = " ".join(words)
    shown = f"the whole text is {plain[:60]!r}"
    if _says_nothing(head, words):
        return shown
    if _bears_number(head):
        return None
    if any(sentence.search(plain) for sentence in _ABSENCE):
        return shown
    return shown if len(words) <= _MOST_UNDONE_WORDS and _UNDONE.search(plain) else None


def _says_nothing(text: str, words: list[str]) -> bool:
    """Whether every word is one of those that stand where a matter should be named."""
    numbers = [match.group() for match in _NUMBER.finditer(text)]
    if len(numbers) > 1 or any("." in number or "%" in number for number in numbers):
        return False
    if not all(word in _MARKERS or word in _FILLERS or word.isdigit() for word in words):
        return False
    has_marker = any(word in _MARKERS for word in words)
    return has_marker or (not numbers and len(words) > 1 and "\n" not in text.strip())


def _bears_number(text: str) -> bool:
    """Whether a number is given for something: `accuracy 0.9`, not the 1 of `version 1`."""
    found = [match.group() for match in _NUMBER.finditer(text)]
    return len(found) > 1 or any(
        "." in number or "%" in number or len(number) > 2 for number in found
    )
