"""Text from strangers, made harmless: names of models, agents and tasks, reasons, file contents.

Streamlit renders Markdown in labels, captions, badges, metrics, help and errors, and a picture in
it makes the viewer's browser call an address of the stranger's choice. Such text therefore goes
only where text stays text: cells of `st.dataframe`, `st.text`, `st.code`, the options of
`st.selectbox` and `st.multiselect`, and data of charts. `escaped` is for the one place where a name
has to stand within a sentence.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST_NAME = 80
LONGEST_TEXT = 4_000
# What a spreadsheet takes for the beginning of a formula; tab and newline are made visible before.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
# Unicode categories that steer rather than show: controls, formats, surrogates, private use.
_STEERING = {"Cc", "Cf", "Cs", "Co", "Cn"}
_LINE_ENDS = "\u2028\u2029\x85"
# What GitHub's Markdown takes for the beginning of an address, or the middle of one for mail.
_LINK = re.compile(r"[a-z]+:(?=/)|www(?=\.)|@", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:^&=@/'\"%])")


def name(text: object, longest: int = LONGEST_NAME) -> str:
    """Text on one line with nothing that reorders or hides it, cut with an ellipsis.

    >>> name("a\\u202eb\\nc")
    'a⟨202E⟩b c'
    """
    # Cut before it is read closely, so that a name of many megabytes costs nothing.
    known = str(text or "")[: longest * 4]
    folded = " ".join(shown(known).split())
    return folded if len(folded) <= longest else f"{folded[: longest - 1]}…"


def shown(text: str, longest: int = LONGEST_TEXT) -> str:
    """Text of several lines with steering characters as their codes; what was cut is said."""
    kept = "".join(_visible(character) for character in text[:longest].expandtabs(4))
    rest = len(text) - longest
    return kept if rest <= 0 else f"{kept}\n… {rest:,} characters more"


def escaped(text: object, longest: int = LONGEST_NAME) -> str:
    """A name for a sentence of Markdown, in which no mark of it means anything.

    Addresses are broken by a mark of no width, because Markdown makes links of them unasked.

    >>> print(escaped("![x](a)*"))
    \\!\\[x\\]\\(a\\)\\*
    """
    return _MARKDOWN.sub(r"\\\1", _LINK.sub("\\g<0>\u2060", name(text, longest)))


def csv_cell(value: object) -> object:
    """The value as a CSV cell that no spreadsheet runs: a text that begins a formula gets a quote.

    >>> csv_cell("=cmd|' /C calc'!A0"), csv_cell(-1.5), csv_cell("-1.5")
    ("'=cmd|' /C calc'!A0", -1.5, '-1.5')
    """
    if not isinstance(value, str):
        return value
    text = shown(value, 32_000)
    if text.lstrip().startswith(_FORMULA) and not _NUMBER.fullmatch(text.strip()):
        return f"'{text}"
    return text


def csv_bytes(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    """A CSV file of the rows, in UTF-8, each cell harmless."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow([csv_cell(column) for column in columns])
    for row in rows:
        writer.writerow(["" if row[c] is None else csv_cell(row[c]) for c in columns])
    return file.getvalue().encode("utf-8")


def _visible(character: str) -> str:
    if character == "\n" or (character.isascii() and character.isprintable()):
        return character
    if character in _LINE_ENDS or unicodedata.category(character) in _STEERING:
        return f"⟨{ord(character):04X}⟩"
    return character
