"""Text, code, Markdown, HTML and notebooks: what they hold, and whether they only hold a place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.workspace import ArtifactState
from judge.workspace.decoding import decode
from judge.workspace.standins import numbers_in, stand_in
from tests.judge.workspace.conftest import Read

VALID, BROKEN = ArtifactState.VALID, ArtifactState.BROKEN
EMPTY, PLACEHOLDER = ArtifactState.EMPTY, ArtifactState.PLACEHOLDER

JAPANESE = "これは日本語の文章です。精度は高いです。データを読み込みました。" * 4
FRENCH = "Le modèle a été entraîné sur les données d'été, déjà très précises. " * 3
RUSSIAN = "Модель обучена на наборе данных, точность высокая, ошибка мала. " * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "utf-8"),
        (FRENCH, "utf-8-sig"),
        (FRENCH, "utf-16"),
        (FRENCH, "utf-16-le"),
        (FRENCH, "utf-32"),
        (FRENCH, "cp1252"),
        (RUSSIAN, "cp1251"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        ("caf\u00e9", "latin-1"),
        ("price: 5 \u20ac", "cp1252"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_character_torn_by_a_cut_is_dropped_and_no_other() -> None:
    content = "naïve é".encode()
    assert decode(content[:-1], is_cut=True) == "naïve "
    assert decode(content, is_cut=True) == "naïve é"


def test_bytes_that_are_no_text_are_none() -> None:
    assert decode(bytes(range(256)) * 4) is None
    assert decode(b"\x89PNG\r\n\x1a\n" + b"\0" * 50) is None


@given(st.binary(max_size=2_000), st.booleans())
def test_decoding_never_fails(content: bytes, is_cut: bool) -> None:
    text = decode(content, is_cut)
    assert text is None or "\r" not in text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=500))
def test_utf8_is_read_back(text: str) -> None:
    assert decode(text.encode()) == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    "text",
    [
        "placeholder",
        "Placeholder.",
        "TODO",
        "N/A",
        "dummy file",
        "This is a placeholder file.",
        "# TODO: add results here",
        "Results go here",
        "Insert your report here.",
        "This file will contain the evaluation metrics after training.",
        "The report will be generated once the model is trained",
        "coming soon...",
        "Not yet implemented",
        "model not trained yet",
        "lorem ipsum dolor sit amet, consectetur adipiscing elit",
        "test test test test test",
        "sample output",
        "null",
        "???",
        "placeholder 1",
    ],
)
def test_a_text_that_says_nothing_is_a_stand_in(text: str) -> None:
    assert stand_in(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Accuracy: 0.93",
        "0.87",
        "42 samples, 3 classes",
        "MSE 12",
        "setosa",
        "flask",
        "cat\ndog",
        "The model reaches an accuracy of 0.91 on the held-out test set.",
        "A spam filter for text messages. Run python train.py, then open app/index.html.",
        "Best kernel: rbf",
        "No significant correlation was found between dose and response.",
        "image\ntext",
        "Epoch 1: loss 0.5",
        "Warnung: Konvergenz erreicht",
        "a red panda sits in a tree",
        "true",
    ],
)
def test_a_short_text_that_says_something_is_no_stand_in(text: str) -> None:
    assert stand_in(text) is None


@given(st.text(max_size=300), st.floats(0.001, 0.999))
def test_a_text_with_a_measured_value_and_a_name_is_no_stand_in(text: str, value: float) -> None:
    assert stand_in(f"accuracy {value:.3f} f1 {value:.3f} reached by the kernel {text}") is None


def test_numbers_are_counted_where_they_stand_alone() -> None:
    assert numbers_in("a 1 b2 v3.4 0.93, 1e-5; 97.5% (-3) 1,000 and .5") == 7


def test_text_facts(read: Read) -> None:
    artifact = read("metrics.txt", "Accuracy: 0.93\nF1: 0.9\n")
    assert artifact.state is VALID
    assert artifact.facts == {"lines": 2, "words": 6, "numbers": 2}
    assert artifact.summary() == "txt text, lines: 2, words: 6, numbers: 2, 23 bytes"


@pytest.mark.parametrize(
    ("name", "content", "state"),
    [
        ("a.txt", b"", EMPTY),
        ("a.txt", b" \n\t\n", EMPTY),
        ("a.txt", b"\0" * 100, EMPTY),
        ("a.txt", bytes(range(256)), BROKEN),
        ("a.txt", b"placeholder", PLACEHOLDER),
        ("a.md", b"# Report\n\n## Results\n", PLACEHOLDER),
        ("a.md", b"# Report\n\nTODO\n\n## Results\n\nTBD\n", PLACEHOLDER),
        ("a.md", b"# Report\n\n![curve](curve.png)\n", VALID),
        ("README.md", b"# Tool\n\nSorts photographs by date.\n", VALID),
        ("a.py", b"# a comment\n# another\n", PLACEHOLDER),
        ("a.py", b'"""Only a docstring."""\n', PLACEHOLDER),
        ("a.py", b"x = 1\n", VALID),
        ("a.c", b"#include <stdio.h>\n", VALID),
        ("a.js", b"// nothing\n", PLACEHOLDER),
        ("style.css", b"#main { color: red }\n", VALID),
        ("LICENSE", b"Permission is hereby granted, free of charge, to any person\n", VALID),
        ("unknown", bytes(range(1, 256)) * 3, ArtifactState.UNREADABLE),
    ],
)
def test_states_of_text(read: Read, name: str, content: bytes, state: ArtifactState) -> None:
    assert read(name, content).state is state


def test_a_long_text_is_cut_and_says_so(read: Read) -> None:
    artifact = read("log.txt", "0123456789\n" * 50_000)
    assert len(artifact.text) == 200_000
    assert "text after 200000 characters" in artifact.cuts


def test_lone_surrogates_and_nulls_leave_text_that_can_be_written(read: Read) -> None:
    artifact = read("a.json", '{"k": "\\ud800", "\\udfff": 1}')
    json.dumps(artifact.facts).encode()
    artifact.text.encode()
    artifact.summary().encode()


def test_markdown_facts(read: Read) -> None:
    text = """Intro

# Report

## Data

Loaded 500 rows.

## Method

```python
# not a heading
```

## Results

## Outlook

### Next

Soon we measure more.

Setext
------

| a | b |
|---|---|
| 1 | 2 |

![local](figures/roc.png) ![far](https://example.org/x.png) [data](data.csv)
<img src="figures/two.png" width="3">
"""
    facts = read("report.md", text).facts
    assert facts["headings"] == [
        "Report", "Data", "Method", "Results", "Outlook", "Next", "Setext",
    ]  # fmt: skip
    assert facts["empty_sections"] == ["Results"]
    assert facts["image_links"] == ["figures/roc.png", "figures/two.png"]
    assert facts["images"] == 3
    assert facts["links"] == ["data.csv"]
    assert facts["tables"] == 1
    assert facts["code_blocks"] == 1


PAGE = """<!doctype html><html><head><title>Spam check</title>
<script src="https://cdn.example.org/d3.js"></script><script>const a = 1;</script>
<style>p { color: red }</style></head>
<body><h1>Spam <b>check</b></h1><form><input id="message"><select></select>
<input type="submit" value="Go"><button>Clear</button></form>
<img src="plot.png" alt="A plot"><p>Paste 3 messages.</p></body></html>"""


def test_html_facts(read: Read) -> None:
    artifact = read("index.html", PAGE)
    facts = artifact.facts
    assert artifact.state is VALID
    assert facts["title"] == "Spam check"
    assert facts["headings"] == ["Spam check"]
    assert (facts["inputs"], facts["buttons"], facts["forms"]) == (3, 2, 1)
    assert facts["external_scripts"] == ["https://cdn.example.org/d3.js"]
    assert facts["scripts"] == 2
    assert facts["image_links"] == ["plot.png"]
    assert facts["ids"] == ["message"]
    assert "Paste 3 messages." in artifact.text
    assert "color" not in artifact.text
    assert "const a" not in artifact.text


@pytest.mark.parametrize(
    ("content", "state"),
    [
        ("<html><body></body></html>", EMPTY),
        ("<html><body><p>placeholder</p></body></html>", PLACEHOLDER),
        ("just words", BROKEN),
        ("   ", EMPTY),
        ('<div id="root"></div><script src="app.js"></script>', VALID),
        ("<html><body><div id=x></div><script>draw([1,2])</script></body></html>", VALID),
        ("<p>Accuracy 0.93 on 200 samples</p>", VALID),
    ],
)
def test_states_of_html(read: Read, content: str, state: ArtifactState) -> None:
    assert read("page.html", content).state is state


def notebook(*cells: dict[str, object]) -> str:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": list(cells)})


def test_notebook_facts(read: Read) -> None:
    shown = {
        "output_type": "display_data",
        "data": {"image/png": "iVBORw0KGgo=", "text/plain": ["<Figure>"]},
    }
    artifact = read(
        "n.ipynb",
        notebook(
            {"cell_type": "markdown", "source": ["# Study"]},
            {
                "cell_type": "code",
                "execution_count": 1,
                "source": ["print(0.9)\n", "plot()"],
                "outputs": [{"output_type": "stream", "text": ["0.9\n"]}, shown],
            },
            {"cell_type": "code", "execution_count": None, "source": "x = 1", "outputs": []},
            {
                "cell_type": "code",
                "execution_count": 3,
                "source": "1/0",
                "outputs": [{"output_type": "error", "ename": "ZeroDivisionError", "evalue": "no"}],
            },
        ),
    )
    assert artifact.state is VALID
    wanted = {"cells": 4, "code_cells": 3, "cells_run": 2, "images": 1, "outputs": 3, "errors": 1}
    assert {key: artifact.facts[key] for key in wanted} == wanted
    assert artifact.code == "print(0.9)\nplot()\n\nx = 1\n\n1/0"
    assert "# > 0.9" in artifact.text
    assert "# > ZeroDivisionError: no" in artifact.text


def test_a_notebook_that_never_ran_says_so(read: Read) -> None:
    artifact = read("n.ipynb", notebook({"cell_type": "code", "source": "x = 1", "outputs": []}))
    assert artifact.signs == ("no code cell was run",)


@pytest.mark.parametrize(
    ("content", "state"),
    [
        (notebook(), EMPTY),
        (notebook({"cell_type": "code", "source": "", "outputs": []}), EMPTY),
        ("{", BROKEN),
        ("[]", BROKEN),
        ('{"cells": 3}', BROKEN),
        ('{"cells": [1]}', BROKEN),
        (notebook({"cell_type": "code", "source": "x", "outputs": 7}), BROKEN),
        ("print('no notebook')", BROKEN),
    ],
)
def test_states_of_notebooks(read: Read, content: str, state: ArtifactState) -> None:
    assert read("n.ipynb", content).state is state
