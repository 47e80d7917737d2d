"""No text makes the graph raise, hang or take the process with it."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judge.code import build_graph
from judge.code.nesting import MAX_NESTING, nesting
from judge.code.python_source import MAX_SOURCE
from judge.code.tree_reading import read_tree
from judge.code.tree_records import from_record, to_record

LANGUAGES = ["javascript", "typescript", "java", "go", "rust", "c", "cpp", "shell"]
TOKENS = st.sampled_from(
    """
    def class if else for while return import from lambda with as try except : ( ) [ ] { } = == ,
    . + / % * ** -> @ # " ' \\" f"{ \\n \\n\\t function const let func fn struct impl use => ; < > &
    && | $ ${ << EOF then fi do done x y self open "a.txt" "w" print None pass ... 0 1.5 async await
    """.replace("\\n", "\n").split(" ")
)
CODE = st.lists(TOKENS, max_size=60).map(" ".join)


def ask_everything(text: str, path: str) -> None:
    graph = build_graph({path: text})
    assert list(graph.modules) == [path]
    assert graph.identifiers(path) is graph.identifiers(path)
    for mention in graph.mentions("x"):
        assert 1 <= mention.line <= text.count("\n") + 1
    for call in graph.calls:
        assert 1 <= call.line <= call.end_line
        assert call.name
    for definition in graph.definitions:
        assert definition.start_line <= definition.end_line


@given(st.text(max_size=300) | CODE)
@settings(deadline=None, max_examples=200)
def test_any_text_is_read_as_python(text: str) -> None:
    ask_everything(text, "a.py")


@given(st.text(max_size=300) | CODE, st.sampled_from(LANGUAGES))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_in_every_other_language(text: str, language: str) -> None:
    source = read_tree("a.tsx", text, language)
    assert all(start <= end <= len(text) for start, end, _ in source.spans)
    assert to_record(from_record(to_record(source))) == to_record(source)


@given(st.lists(CODE, min_size=2, max_size=4))
@settings(deadline=None, max_examples=60)
def test_the_graph_does_not_depend_on_the_order_of_the_files(texts: list[str]) -> None:
    sources = {f"f{number}.py": text for number, text in enumerate(texts)}
    backwards = dict(reversed(sources.items()))
    one, other = build_graph(sources), build_graph(backwards)
    assert one.calls == other.calls
    assert one.uses == other.uses
    assert one.definitions == other.definitions


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "x = " + "[" * 3000 + "]" * 3000,
        "x = " + "-" * 20_000 + "1",
        "x = " + " + ".join(["'a'"] * 20_000),
        "x" + ".a()" * 3000,
        "if x:\n    pass\n" + "elif y:\n    pass\n" * 2000,
        "\n".join("    " * depth + "if x:" for depth in range(90)) + "\n" + "    " * 90 + "f()",
        "f'" + "{x!r:>{y}}" * 300 + "'",
        "x = '''" + "a" * 50_000,
        '"' * 9999,
        "a = b = " * 500 + "1",
        "def f(" + ", ".join(f"a{n}" for n in range(3000)) + "): return a1",
        "lambda: " * 1500 + "1",
        "\x00x = 1",
        "print 'two'",
        "\ufeffx = 1",
        "x = '\ud800'",
    ],
    ids=range(17),
)
def test_strange_python_is_read_or_says_why_not(text: str) -> None:
    ask_everything(text, "a.py")


def test_long_sums_and_chains_of_branches_are_read_to_their_end() -> None:
    graph = build_graph({"a.py": "x = " + " + ".join(["f()"] * 900) + "\nlast(x)\n"})
    assert len(graph.calls) == 901
    branches = "if a:\n    f()\n" + "".join(f"elif b == {n}:\n    f()\n" for n in range(150))
    assert len(build_graph({"a.py": branches}).calls) == 151


def test_code_that_calls_itself_without_end_has_unknown_results() -> None:
    graph = build_graph(
        {
            "a.py": "from b import g\ndef f(x):\n    return g(f(x))\nopen(f('a'), 'w')\n",
            "b.py": "from a import f\ndef g(x):\n    return f(g(x))\nclass A(A): pass\n",
        }
    )
    assert [use.target for use in graph.uses] == ["*"]


def test_a_web_of_functions_that_fan_out_does_not_explode() -> None:
    lines = ["def f0(x):\n    return x\n"]
    lines += [
        f"def f{n}(x):\n    return f{n - 1}(f{n - 1}(x) or f{n - 1}('b'))\n" for n in range(1, 40)
    ]
    graph = build_graph({"a.py": "".join(lines) + "open(f39('a'), 'w')\n"})
    assert len(graph.uses) >= 1


def test_a_file_too_long_to_parse_says_so_and_can_be_searched() -> None:
    graph = build_graph({"a.py": "x = 1\n" * (MAX_SOURCE // 6 + 1), "b.js": "x();\n" * 100_000})
    assert [module.parses for module in graph.modules.values()] == [False, False]
    assert "longer than" in graph.modules["a.py"].fault
    assert "longer than" in graph.modules["b.js"].fault
    assert "x" in graph.identifiers("a.py")


def test_in_a_file_that_is_not_parsed_comments_are_still_no_code() -> None:
    text = "// word\nlet s = 'word';\n/* word\n*/\nword();\n" + "(" * 1000
    graph = build_graph({"a.js": text})
    assert not graph.modules["a.js"].parses
    assert [(each.line, each.kind) for each in graph.mentions("word")] == [
        (1, "comment"),
        (2, "string"),
        (3, "comment"),
        (5, "code"),
    ]


@pytest.mark.parametrize("text", ["a<" * 30_000, "->" * 30_000, "((((" * 9000, "a?b:" * 9000])
def test_texts_that_nest_without_end_are_not_parsed(text: str) -> None:
    assert nesting(text) > MAX_NESTING
    for path in ("A.java", "a.ts", "a.cpp"):
        graph = build_graph({path: text, "Ok.java": "class Ok { void f() { g(); } }"})
        assert not graph.modules[path].parses
        assert [call.written for call in graph.calls_in("Ok.java")] == ["g"]


def test_ordinary_sources_are_far_from_the_bound_of_nesting() -> None:
    text = """
        // ------------------------------------------------------------------
        const icon = "data:image/png;base64,%s";
        const total = a + b * (c - d) / e || (f && !g) ? h.i.j.k : -1;
    """ % ("iVBOR+/w0KGgo" * 500)  # fmt: skip
    assert nesting(text) < 30


def test_nothing_of_a_workspace_is_run(tmp_path: object, capfd: pytest.CaptureFixture[str]) -> None:
    build_graph({"a.py": "print('ran')\nimport this\n", "b.js": "console.log('ran')"})
    assert capfd.readouterr().out == ""


def test_the_bounds_of_python_itself_are_faults_not_errors() -> None:
    deep = "(" * 500 + "1" + ")" * 500
    with pytest.raises((SyntaxError, RecursionError, MemoryError)):
        ast.parse(deep)
    assert build_graph({"a.py": deep}).modules["a.py"].fault
