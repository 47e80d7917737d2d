"""ROUGE-1 and ROUGE-L as F1, without stemming (Lin 2004), with the tokens of rouge-score.

Equal to the rouge-score package (0.1.2), against which the tests hold it; that package takes
seconds to import, for a stemmer that is not used here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_NO_TOKEN = re.compile(r"[^a-z0-9]+")


def rouge_1(reference: str, reply: str) -> float:
    """F1 of the words that two texts share, each as often as both have it; 0..1.

    0 where a text has no word of Latin letters or digits.

    >>> rouge_1("the cat sat", "The cat!")
    0.8
    """
    expected, given = tokens(reference), tokens(reply)
    shared = sum((Counter(expected) & Counter(given)).values())
    return _f1(shared, len(expected), len(given))


def rouge_l(reference: str, reply: str) -> float:
    """F1 of the longest common subsequence of words; 0..1.

    >>> rouge_l("the cat sat", "sat the cat")
    0.6666666666666666
    """
    expected, given = tokens(reference), tokens(reply)
    return _f1(_longest_common(expected, given), len(expected), len(given))


def tokens(text: str) -> list[str]:
    """The words of a text in lower case: runs of a..z and 0..9.

    >>> tokens("It's 2pm.")
    ['it', 's', '2pm']
    """
    return [word for word in _NO_TOKEN.split(text.lower()) if word]


def _f1(shared: int, of_reference: int, of_reply: int) -> float:
    if not shared:
        return 0.0
    precision, recall = shared / of_reply, shared / of_reference
    return 2 * precision * recall / (precision + recall)


def _longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest common subsequence, a row of the table at a time."""
    row = [0] * (len(second) + 1)
    for word in first:
        diagonal = 0
        for at, other in enumerate(second, start=1):
            above = row[at]
            row[at] = diagonal + 1 if word == other else max(above, row[at - 1])
            diagonal = above
    return row[-1]
