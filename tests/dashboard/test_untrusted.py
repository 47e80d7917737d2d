"""What text of strangers becomes before a page shows it."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.untrusted import LONGEST_NAME, csv_bytes, csv_cell, escaped, name, shown

TEXTS = st.text(st.characters(codec="utf-8"), max_size=300) | st.text(max_size=300)


@given(TEXTS)
def test_a_name_is_one_bounded_line_in_which_nothing_steers(text: str) -> None:
    made = name(text)
    assert len(made) <= LONGEST_NAME
    assert not [c for c in made if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    made.encode("utf-8")


def test_marks_that_reorder_or_hide_are_shown_as_their_codes() -> None:
    assert name("\u202egnp.exe") == "⟨202E⟩gnp.exe"
    assert name("a\u200bb\x1b[31m") == "a⟨200B⟩b⟨001B⟩[31m"


def test_a_long_name_costs_no_more_than_its_beginning() -> None:
    assert name("x" * 50_000_000) == "x" * (LONGEST_NAME - 1) + "…"


def test_what_was_cut_of_a_text_is_said() -> None:
    assert shown("a" * 12, 10) == "a" * 10 + "\n… 2 characters more"
    assert shown("first\nsecond") == "first\nsecond"


@given(TEXTS)
def test_a_name_in_a_sentence_has_a_backslash_before_every_mark_of_markdown(text: str) -> None:
    made = escaped(text)
    for place, character in enumerate(made):
        if character in "*_[]()<>`!#|~$:&":
            assert made[place - 1] == "\\"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-1+cmd", "@SUM(A1)", "  =1", "\t=1", "\uff1d1", "=cmd|' /C calc'!A0"]
)
def test_a_formula_is_text_for_a_spreadsheet(text: str) -> None:
    cell = csv_cell(text)
    assert isinstance(cell, str)
    assert cell.startswith("'")


@pytest.mark.parametrize("value", ["-1.5", "+3", "1e-9", -2.5, 7, None, "hf:models/edge"])
def test_numbers_and_ordinary_names_stay_as_they_are(value: object) -> None:
    assert csv_cell(value) == value


@given(st.lists(st.tuples(TEXTS, st.floats(allow_nan=False)), max_size=5))
def test_a_csv_file_reads_back_with_as_many_cells(rows: list[tuple[str, float]]) -> None:
    made = csv_bytes([{"a": text, "b": number} for text, number in rows], ["a", "b"])
    read = list(csv.reader(io.StringIO(made.decode("utf-8"), newline="")))
    assert [len(row) for row in read] == [2] * (len(rows) + 1)
    assert [float(row[1]) for row in read[1:]] == [number for _, number in rows]
    assert not [row for row in read[1:] if row[0].lstrip().startswith(("=", "@"))]
