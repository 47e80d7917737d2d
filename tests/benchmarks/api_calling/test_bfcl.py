"""BFCL's rules on hand-worked cases, what is read as calls, and the command."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.api_calling.bfcl import CATEGORIES, check_calls, decode, overall_of
from benchmarks.api_calling.bfcl.categories import Language
from benchmarks.api_calling.bfcl.replies import WrongReply
from tests.support.command import judge

PYTHON = CATEGORIES["simple_python"]

Answers = list[dict[str, dict[str, list[Any]]]]


def document(name: str = "f", required: tuple[str, ...] = (), **types: Any) -> dict[str, Any]:
    properties = {
        key: {"type": of} if isinstance(of, str) else {"type": of[0], "items": {"type": of[1]}}
        for key, of in types.items()
    }
    return {
        "name": name,
        "parameters": {"type": "dict", "properties": properties, "required": list(required)},
    }


def fault(given_: dict[str, Any], allowed: dict[str, list[Any]], **types: Any) -> str:
    """The type of what is wrong with `f(**given)`; empty where nothing is."""
    try:
        check_calls([{"f": given_}], [document(**types)], [{"f": allowed}], PYTHON)
    except WrongReply as wrong:
        assert wrong.message
        return wrong.type
    return ""


@pytest.mark.parametrize(
    ("value", "allowed", "declared", "expected"),
    [
        (5, [5], "integer", ""),
        (5.0, [5], "integer", "type_error:simple"),
        (True, [1], "integer", "type_error:simple"),
        (5, [5.0], "float", ""),
        (5, [5], "float", ""),
        (True, [1.0], "float", "type_error:simple"),
        ("New York, NY", ["new york ny"], "string", ""),
        ("it's", ['it"s'], "string", ""),
        ("a-b_c*d^e/f.g", ["ABCDEFG"], "string", ""),
        ("a!", ["a"], "string", "value_error:string"),
        ((1, 2), [[1, 2]], ("array", "integer"), "type_error:simple"),
        ((1, 2), [[1, 2]], ("tuple", "integer"), ""),
        ([1, 2], [[1, 2]], ("tuple", "integer"), ""),
        ([2, 1], [[1, 2]], ("array", "integer"), "value_error:list/tuple"),
        ([1], [[1, 2]], ("array", "integer"), "value_error:list/tuple"),
        ([1, 2], [[1, 2]], ("array", "float"), ""),
        ([1, 2], [[1.0, 2.0]], ("array", "float"), "type_error:nested"),
        ([], [[1], ""], ("array", "integer"), ""),
        ([], [[1]], ("array", "integer"), "value_error:list/tuple"),
        ({"a": "X Y"}, [{"a": ["xy"]}], "dict", ""),
        ({}, [{"a": ["x", ""]}], "dict", ""),
        ({}, [{"a": ["x"]}], "dict", "value_error:dict_key"),
        ({"b": 1}, [{"a": ["", 1]}], "dict", "value_error:dict_key"),
        ({"a": 2}, [{"a": [1]}], "dict", "value_error:dict_value"),
        ({"a": {"b": [1]}}, [{"a": [{"b": [1]}]}], "dict", ""),
        ({"a": {"b": 1}}, [{"a": [{"b": [1]}]}], "dict", "value_error:dict_value"),
        ([{"a": 1}], [[{"a": [1]}]], ("array", "dict"), ""),
        ([{"a": 1}, {"a": 1}], [[{"a": [1]}]], ("array", "dict"), "value_error:list_dict_count"),
        ("x", ["x"], "integer", ""),
        ("X", ["x"], "integer", "value_error:others"),
    ],
)
def test_a_value_passes_as_the_original_has_it(
    value: Any, allowed: list[Any], declared: Any, expected: str
) -> None:
    assert fault({"a": value}, {"a": allowed}, a=declared) == expected


def test_parameters_are_required_optional_or_unexpected() -> None:
    kinds = {"a": "integer", "b": "integer"}
    allowed: dict[str, list[Any]] = {"a": [1], "b": ["", 2]}
    prefix = "simple_function_checker"
    assert fault({"a": 1}, allowed, **kinds) == ""
    assert fault({}, allowed, required=("a",), **kinds) == f"{prefix}:missing_required"
    assert fault({}, allowed, **kinds) == f"{prefix}:missing_optional"
    assert fault({"a": 1, "c": 1}, allowed, **kinds) == f"{prefix}:unexpected_param"
    assert fault({"a": 1, "b": 3}, allowed, **kinds) == "value_error:others"


def test_dots_of_names_are_underscores_only_when_asked() -> None:
    documents = [document("math.add", a="integer")]
    answers: Answers = [{"math.add": {"a": [1]}}]
    underscored = [{"math_add": {"a": 1}}]
    check_calls(underscored, documents, answers, PYTHON, underscore_names=True)
    with pytest.raises(WrongReply, match=r"not 'math\.add'"):
        check_calls(underscored, documents, answers, PYTHON)


def test_parallel_calls_may_stand_in_any_order_and_each_counts_once() -> None:
    parallel = CATEGORIES["parallel"]
    documents = [document(a="integer")]
    answers: Answers = [{"f": {"a": [1, 2]}}, {"f": {"a": [1]}}]
    check_calls([{"f": {"a": 2}}, {"f": {"a": 1}}], documents, answers, parallel)
    # Greedy, as the original: the first answer takes the 1 that the second alone could have used.
    with pytest.raises(WrongReply, match="No call") as caught:
        check_calls([{"f": {"a": 1}}, {"f": {"a": 2}}], documents, answers, parallel)
    assert caught.value.type == "parallel_function_checker_no_order:cannot_find_match"
    with pytest.raises(WrongReply) as caught:
        check_calls([{"f": {"a": 1}}], documents, answers, parallel)
    assert caught.value.type == "parallel_function_checker_no_order:wrong_count"


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("[f(a=1), g.h(b='x')]", [{"f": {"a": 1}}, {"g.h": {"b": "x"}}]),
        ("f(a=-1, b=8 + 2, c=(1, 2))", [{"f": {"a": -1, "b": 10, "c": (1, 2)}}]),
        ("```\nf(a=true)\n```", [{"f": {"a": "true"}}]),
        ("f(1, 2, a=3)", [{"f": {"a": 3}}]),
        ("f(a=1, a=2)", [{"f": {"a": 2}}]),
        ("f(a={'x': [None, ...]})", [{"f": {"a": {"x": [None, "..."]}}}]),
        ("f(a=g(), b=g(c=1), d=e[0])", [{"f": {"a": "g()", "b": {"g": {"c": 1}}, "d": "e[0]"}}]),
        ("f(a='x' * 3)", [{"f": {"a": "xxx"}}]),
        ("[]", []),
    ],
)
def test_python_calls_are_read_from_their_syntax(text: str, calls: list[Any]) -> None:
    assert decode(text, Language.PYTHON) == calls


@pytest.mark.parametrize(
    "text",
    [
        "I would call f.",
        "```python\nf(a=1)\n```",
        "f(a=",
        "f(a=lambda: 1)",
        "f(a=x.y)",
        "f",
        "f(a=9**9**9)",
        "f(a='x' * 10**12)",
        "f(a=1 << 10**12)",
        "f(a='%1000000000d' % 1)",
        "f(a=" + "(" * 5000 + ")" * 5000 + ")",
        "f(a=__import__('os').system('touch pwned') + 1)",
        "f(a=1/0)",
        "\x00",
    ],
)
def test_what_is_no_call_is_unreadable_at_once(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    began = time.monotonic()
    with pytest.raises(WrongReply) as caught:
        decode(text, Language.PYTHON)
    assert caught.value.type == "ast_decoder:decoder_failed"
    assert time.monotonic() - began < 5
    assert not list(tmp_path.iterdir())


@given(st.text(max_size=60), st.sampled_from(list(Language)))
def test_any_text_is_calls_or_wrong(text: str, language: Language) -> None:
    try:
        calls = decode(text, language)
    except WrongReply:
        return
    assert all(len(call) == 1 for call in calls)


def test_java_and_javascript_values_are_converted_first() -> None:
    java, javascript = CATEGORIES["simple_java"], CATEGORIES["simple_javascript"]
    documents = [document("A.f", x="float", n="long", s=("Array", "String"), b="boolean")]
    answers: Answers = [{"A.f": {"x": [1.5], "n": [3], "s": [["a"]], "b": [True]}}]
    text = 'A.f(x=1.5f, n=3L, s=new String[]{"a"}, b=true)'
    with pytest.raises(WrongReply) as caught:
        check_calls(decode(text, Language.JAVA), documents, answers, java)
    assert caught.value.type == "value_error:list/tuple"  # the texts keep their quotes
    answers = [{"A.f": {"x": [1.5], "n": [3], "s": [['"a"']], "b": [True]}}]
    check_calls(decode(text, Language.JAVA), documents, answers, java)
    with pytest.raises(WrongReply, match="'x' is a float"):
        check_calls(decode(text.replace("1.5f", "1.5"), Language.JAVA), documents, answers, java)

    documents = [document("f", n="Bigint", o="dict", l=("array", "integer"))]
    answers = [{"f": {"n": [7], "o": [{"k": [1]}], "l": [[1, 2]]}}]
    text = "f(n=7n, o={k: 1}, l=[1, 2])"
    check_calls(decode(text, Language.JAVASCRIPT), documents, answers, javascript)
    with pytest.raises(WrongReply) as caught:
        check_calls([{"f": {"n": 7}}], documents, answers, javascript)
    assert caught.value.type == "type_error:js"


def test_a_value_that_would_take_for_ever_to_read_is_wrong_soon() -> None:
    documents = [document("f", l=("array", "any"))]
    answers: Answers = [{"f": {"l": [["a"]]}}]
    began = time.monotonic()
    with pytest.raises(WrongReply):
        check_calls(
            [{"f": {"l": "[[a]" + ", [a]" * 60}}],
            documents,
            answers,
            CATEGORIES["simple_javascript"],
        )
    assert time.monotonic() - began < 5


def test_overall_weighs_what_is_there_and_counts_what_is_missing_as_nothing() -> None:
    found = {"simple_python": (0.9, 400), "simple_java": (0.6, 100), "multiple": (0.8, 200)}
    overall = overall_of(found)
    assert overall.non_live == pytest.approx(((0.9 + 0.6) / 3 + 0.8) / 4)
    assert overall.overall == pytest.approx(overall.non_live / 10)
    assert "live_simple" in overall.missing and "memory_kv" in overall.missing
    assert not set(found) & set(overall.missing)
    live = overall_of({"live_simple": (1.0, 30), "live_parallel": (0.0, 10)})
    assert live.live == pytest.approx(0.75)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "possible_answer").mkdir(parents=True)
    for category, count in (("simple_python", 3), ("irrelevance", 2)):
        rows = [
            {
                "id": f"{category}_{n}",
                "question": [[{"role": "user", "content": "?"}]],
                "function": [document("m.f", ("a",), a="integer")],
            }
            for n in range(count)
        ]
        write_lines(folder / f"BFCL_v4_{category}.json", rows)
    answers = [
        {"id": f"simple_python_{n}", "ground_truth": [{"m.f": {"a": [n]}}]} for n in range(3)
    ]
    write_lines(folder / "possible_answer" / "BFCL_v4_simple_python.json", answers)
    return folder


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_command_scores_a_file(data: Path, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": "simple_python_0", "result": [{"m.f": '{"a": 0}'}]},
        {"id": "simple_python_1", "result": "m.f(a=5)"},
    ]
    write_lines(tmp_path / "mine.jsonl", rows)
    arguments = ("bench", "score", "bfcl", "--data", data, "--predictions", "mine.jsonl")
    ended = judge(*arguments, "--json", folder=tmp_path)
    assert ended.status == 0
    document_ = ended.json
    assert (document_["n"], document_["correct"], document_["accuracy"]) == (2, 1, 0.5)
    assert document_["errors"]["simple_python_1"]["type"] == "value_error:others"
    assert document_["without_prediction"] == ["simple_python_2"]
    assert document_["accuracy_worst"] == pytest.approx(1 / 3)
    assert "1 of 3 items have no prediction" in ended.err
    table = judge(*arguments, folder=tmp_path)
    assert "50.00 %" in table.out and "simple_python_1" in table.out


def test_the_command_scores_a_folder_of_the_originals_files(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "result" / "model" / "non_live"
    folder.mkdir(parents=True)
    calls = [{"id": f"simple_python_{n}", "result": f"[m.f(a={n})]"} for n in range(3)]
    write_lines(folder / "BFCL_v4_simple_python_result.json", calls)
    none = [{"id": "irrelevance_0", "result": "No."}, {"id": "irrelevance_1", "result": "m.f(a=1)"}]
    write_lines(folder / "irrelevance.jsonl", none)
    arguments = ("bench", "score", "bfcl", "--data", data, "--predictions", "result", "--json")
    document_ = judge(*arguments, folder=tmp_path).json
    assert document_["by_category"]["simple_python"]["accuracy"] == 1
    assert document_["by_category"]["irrelevance"]["accuracy"] == 0.5
    assert document_["errors"]["irrelevance_1"]["type"] == "irrelevance_error:decoder_success"
    assert document_["overall"] == pytest.approx(0.1 * (1 / 3 / 4) + 0.1 * 0.25)
    assert "multiple" in document_["missing"] and "simple_python" not in document_["missing"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"id": "simple_python_9", "result": ""}, "no item of simple_python"),
        ({"id": "simple_python_0"}, "no `result`"),
        ({"id": 3, "result": ""}, "`id` is no text"),
        ({"id": "mine_0", "result": ""}, "says no category"),
    ],
)
def test_a_malformed_line_ends_in_one_sentence(
    data: Path, tmp_path: Path, row: dict[str, Any], words: str
) -> None:
    write_lines(tmp_path / "mine.jsonl", [row])
    ended = judge(
        "bench", "score", "bfcl", "--data", data, "--predictions", "mine.jsonl", folder=tmp_path
    )
    assert ended.status == 2
    assert words in ended.err and ended.err.count("\n") == 1


def test_missing_files_end_in_one_sentence(data: Path, tmp_path: Path) -> None:
    for arguments, words in (
        (("--data", tmp_path / "none", "--predictions", "x.jsonl"), "holds no file of BFCL"),
        (("--data", data, "--predictions", "x.jsonl"), "There is no file"),
        (("--data", data, "--predictions", "x", "--category", "no"), "no category 'no'"),
    ):
        ended = judge("bench", "score", "bfcl", *arguments, folder=tmp_path)
        assert ended.status == 2 and words in ended.err
