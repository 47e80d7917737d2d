"""Edits of Python source leave Python source that does what the edit says."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.calibration.python_edits import (
    Stub,
    called,
    functions,
    parsed,
    renamed_imports,
    stubbed,
    with_calls,
    without_start,
)

SOURCE = '''\
"""Words."""
import math

SIZE = 3


def double(number):
    """Twice the number."""
    text = """kept
as it is"""
    return number * 2


class Box:
    sides = 4

    def area(self, side): return side ** 2

    def twice(self, side):
        # nothing to see
        return (
            self.area(side)
            * 2
        )
'''


def tree_of(text: str) -> ast.Module:
    tree = parsed(text)
    assert tree is not None
    return tree


def run(text: str) -> dict[str, Any]:
    """The names that this test's own source defines."""
    names: dict[str, Any] = {"__name__": "made_here"}
    exec(compile(text, "made here", "exec"), names)
    return names


@pytest.mark.parametrize("stub", Stub)
def test_a_stub_does_nothing_of_what_the_function_did(stub: Stub) -> None:
    names = run(stubbed(SOURCE, tree_of(SOURCE), stub))
    assert names["double"].__doc__ == "Twice the number."
    assert names["SIZE"] == 3 and names["Box"].sides == 4
    for function in (names["double"], names["Box"]().twice):
        if stub is Stub.RAISES:
            with pytest.raises(NotImplementedError):
                function(3)
        else:
            assert not function(3)


def test_one_definition_can_be_stubbed_and_the_others_stay() -> None:
    tree = tree_of(SOURCE)
    box = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    names = run(stubbed(SOURCE, box, Stub.PASS))
    assert names["double"](3) == 6
    assert names["Box"]().area(3) is None


NAMES = st.sampled_from(["a", "b", "über", "x1"])
BODIES = st.lists(
    st.sampled_from(
        ["pass", "return 1", "x = (\n        1,\n    )", 's = """a\n  b"""', "if x:\n        y = 2"]
    ),
    min_size=1,
    max_size=4,
)


@given(st.lists(st.tuples(NAMES, BODIES), min_size=1, max_size=4), st.sampled_from(Stub))
def test_every_stubbed_source_parses_and_keeps_its_functions(
    written: list[tuple[str, list[str]]], stub: Stub
) -> None:
    source = "".join(
        f"def {name}(x=0, y=1):\n" + "".join(f"    {part}\n" for part in body)
        for name, body in written
    )
    edited = tree_of(stubbed(source, tree_of(source), stub))
    assert [f.name for f in functions(edited)] == [name for name, _ in written]
    for function in functions(edited):
        reached = [s for s in function.body if not isinstance(s, ast.If)]
        assert not any(isinstance(n, ast.Assign) for s in reached for n in ast.walk(s))


def test_calls_are_replaced_whole_and_the_outer_one_stands() -> None:
    source = (
        'é = "ü"; found = search.fit(load(x), y).best_\nmodel.fit(\n    a,\n    b,\n)\nfit(1)\n'
    )

    def without_fit(call: ast.Call, receiver: str) -> str | None:
        return receiver if called(call) == "fit" and receiver else None

    assert with_calls(source, tree_of(source), without_fit) == (
        'é = "ü"; found = search.best_\nmodel\nfit(1)\n'
    )
    assert with_calls(source, tree_of(source), lambda call, receiver: None) is None


def test_a_module_without_its_start_defines_and_does_nothing() -> None:
    source = (
        '"""Doc."""\nfrom pathlib import Path\nimport sys\n\nROOT = Path("here")\nseen = []\n\n\n'
        "def main():\n    seen.append(1)\n\n\nstate = main()\nfor _ in range(2):\n    main()\n\n"
        'if __name__ == "made_here":\n    main()\n'
    )
    assert run(source)["seen"] == [1, 1, 1, 1]
    edited = without_start(source, tree_of(source))
    assert edited is not None
    names = run(edited)
    assert names["seen"] == [] and str(names["ROOT"]) == "here"
    assert without_start("X = 1\n", tree_of("X = 1\n")) is None


def test_imports_follow_a_renamed_module_and_no_other() -> None:
    text = "from model import a\nimport model\nfrom src.model import b\nimport models\nmodel = 1\n"
    assert renamed_imports(text, "model", "net") == (
        "from net import a\nimport net\nfrom src.net import b\nimport models\nmodel = 1\n"
    )


@pytest.mark.parametrize("text", ["def f(:\n", "x = '\0'", "(" * 5_000])
def test_what_is_no_python_is_none(text: str) -> None:
    assert parsed(text) is None
