"""A word in code is told from the same word in a string, a comment or a docstring."""

from __future__ import annotations

import pytest

from judge.code import build_graph
from tests.judge.code.reading import graph_of


def kinds(text: str, word: str, path: str = "main.py") -> list[tuple[int, str]]:
    return [(each.line, each.kind) for each in build_graph({path: text}).mentions(word)]


def test_the_four_kinds_in_python() -> None:
    text = '"""SVC here."""\nx = "SVC"  # SVC\nSVC(1)\ndef f():\n    """SVC"""\n'
    assert kinds(text, "svc") == [
        (1, "docstring"),
        (2, "string"),
        (2, "comment"),
        (3, "code"),
        (5, "docstring"),
    ]


def test_what_stands_in_the_braces_of_an_f_string_is_code() -> None:
    assert kinds('f"score {score:.2f} {{score}}"', "score") == [(1, "string"), (1, "code")]
    assert graph_of('print(f"a {value} {{brace}}")').identifiers("main.py") == {"print", "value"}


def test_whole_words_and_phrases_match_in_any_case() -> None:
    text = "# Naive   Bayes classifier\nnaive_bayes = 1\n"
    assert kinds(text, "naive bayes") == [(1, "comment")]
    assert kinds(text, "bayes") == [(1, "comment")]
    assert kinds(text, "") == []


def test_quotes_and_hashes_inside_strings_and_comments_do_not_mislead() -> None:
    text = "a = '# no comment \\' word'\n# it's \"word\nb = word\n'''\nword # word\n'''\n"
    assert kinds(text, "word") == [(1, "string"), (2, "comment"), (3, "code"), (5, "string")]


def test_a_source_that_does_not_parse_can_still_be_searched() -> None:
    graph = build_graph({"old.py": 'print "accuracy", score  # accuracy\n'})
    assert not graph.modules["old.py"].parses
    assert graph.modules["old.py"].fault
    assert [each.kind for each in graph.mentions("accuracy")] == ["string", "comment"]
    assert "score" in graph.identifiers("old.py")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.js", "// word\nlet s = 'word', t = `x ${word} word`;\n/* é word */ word();",
         [(1, "comment"), (2, "string"), (2, "code"), (3, "comment"), (3, "code")]),
        ("a.go", 'package word\n// word\nvar s = "word"',
         [(1, "code"), (2, "comment"), (3, "string")]),
        ("a.rs", '/// word\nfn word() { let s = r#"word"#; }',
         [(1, "comment"), (2, "code"), (2, "string")]),
        ("a.cpp", '#include "word.h"\nint word; // word',
         [(1, "string"), (2, "code"), (2, "comment")]),
        ("A.java", 'class A { String s = "word"; /** word */ }', [(1, "string"), (1, "comment")]),
        ("a.sh", "# word\necho 'word' $word\nword", [(1, "comment"), (2, "string"), (2, "code"),
                                                    (3, "code")]),
    ],
)  # fmt: skip
def test_the_kinds_in_other_languages(
    path: str, text: str, expected: list[tuple[int, str]]
) -> None:
    assert kinds(text, "word", path) == expected


def test_a_mention_carries_its_line_and_can_be_asked_for_one_file() -> None:
    graph = graph_of(a_py="x = 1\n  \ny = x\n", b_py="x = 2\n")
    assert [each.text for each in graph.mentions("x", "a.py")] == ["x = 1", "y = x"]
    assert graph.mentions("x", "gone.py") == ()
