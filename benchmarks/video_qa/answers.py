"""Which option a model's reply chooses, by the rule that one asks for.

`official` is Video-MME's own script, `lmms-eval` that of lmms-eval 0.7.3 (`mcq_extract`), and
`strict` that of this project, which is meant to be right where the other two are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from benchmarks.video_qa.strict_answers import strict_answer

PARSERS = ("strict", "official", "lmms-eval")

# What the official script takes out, in this order; missing commas there join two pairs of them.
_OFFICIAL_PHRASES = (
    "The best answer is",
    "The correct answer is",
    "The answer is",
    "The answer",
    "The best option isThe correct option is",
    "Best answer:Best option:",
    "Answer:",
    "Option:",
    "The correct answer",
    "The correct option",
)
_MOST_WORDS_WITHOUT_LETTER = 10

# lmms-eval's phrases before an answer, in any case.
_LMMS_PHRASES = (
    *(
        f"{article}{of}{noun} is"
        for noun in ("answer", "option")
        for of in ("correct ", "best ")
        for article in ("", "the ")
    ),
    "the answer is",
    "answer is",
    *(f"{of}choice is" for of in ("the ", "", "the correct ", "correct ", "my ")),
    "my answer is",
    "i choose",
    "i select",
    "i pick",
    "옵션",
    "정답은",
    "답은",
    "답:",
    "答案是",
    "答案为",
    "选",
    "答えは",
)
# lmms-eval's ranks of the forms in which a letter may stand.
_START, _END, _PHRASE, _PARENTHESES, _PERIOD, _COLON, _PARENTHESIS, _SPACE, _ANYWHERE = range(
    9, 0, -1
)


def read_answer(
    reply: str, parser: str = "strict", *, options: Sequence[str] = (), n_options: int = 4
) -> str | None:
    """The letter of the option that a reply chooses, or None where the rule finds none.

    Args:
        reply: what the model said.
        parser: one of PARSERS.
        options: the texts of the options, without their letters; only `strict` looks at them.
        n_options: how many options there are, 2 to 26: the letters are A, B, C …

    >>> reply = "Between A and C, I choose A because C is wrong"
    >>> [read_answer(reply, parser) for parser in PARSERS]
    ['A', 'B', 'C']
    """
    letters = letters_of(n_options)
    if parser == "strict":
        return strict_answer(reply, letters, options)
    rules: dict[str, Callable[[str, str], str | None]] = {
        "official": official_answer,
        "lmms-eval": lmms_eval_answer,
    }
    return rules[parser](reply, letters)


def letters_of(n_options: int) -> str:
    """The letters of so many options; ValueError unless 2 to 26.

    >>> letters_of(4)
    'ABCD'
    """
    if not 2 <= n_options <= 26:
        raise ValueError(f"a question has 2 to 26 options: got {n_options}")
    return "".join(chr(ord("A") + index) for index in range(n_options))


def official_answer(reply: str, letters: str = "ABCD") -> str | None:
    """The first letter that is one of an option, once known phrases are taken out.

    Capital letters of words count as well; that is the original's rule. None where there is none.
    """
    text = reply.strip()
    for phrase in _OFFICIAL_PHRASES:
        text = text.replace(phrase, "")
    has_letter = re.search(f"[{letters}]", text)
    if len(text.split()) > _MOST_WORDS_WITHOUT_LETTER and not has_letter:
        return None
    return has_letter.group() if has_letter else None


def lmms_eval_answer(reply: str, letters: str = "ABCD") -> str | None:
    """The last letter in the form that ranks highest; None where there is none.

    Forms from the highest: alone at the start, alone at the end, after a phrase such as "answer
    is", `(A)`, `A.`, `A:`, `A)`, `A `, and where none of these is, anywhere.
    """
    if not reply.strip():
        return None
    text = reply.strip()
    for mark in ",.!?;:'\"":
        text = text.strip(mark)
    bare = text.strip()
    text = f" {text} "
    found: list[tuple[int, int, str]] = []
    written = (
        (_PARENTHESES, "({})"),
        (_PERIOD, "{}."),
        (_COLON, "{}:"),
        (_PARENTHESIS, "{})"),
        (_SPACE, "{} "),
    )
    for rank, form in written:
        for letter in letters:
            at = text.rfind(form.format(letter))
            if at >= 0:
                found.append((rank, at, letter))
    lower = text.lower()
    for phrase in _LMMS_PHRASES:
        at = lower.find(phrase)
        if at >= 0:
            for letter in letters:
                place = text.find(letter, at + len(phrase))
                if place >= 0:
                    found.append((_PHRASE, place, letter))
    for letter in letters:
        if bare.startswith(letter) and (len(bare) == 1 or not bare[1].isalpha()):
            found.append((_START, 0, letter))
        if bare.endswith(letter) and (len(bare) == 1 or not bare[-2].isalpha()):
            found.append((_END, len(text) - 1, letter))
    if not found:
        found = [(_ANYWHERE, text.rfind(letter), letter) for letter in letters if letter in text]
    # Of equals the first found stands, as in the original's stable sort.
    return max(found, key=lambda each: each[:2])[2] if found else None
