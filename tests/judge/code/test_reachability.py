"""What runs when the product runs is told from what is only written down."""

from __future__ import annotations

import pytest

from tests.judge.code.reading import graph_of


def reached_calls(source: str) -> set[str]:
    return {call.written for call in graph_of(source).calls if call.is_reached}


def test_a_function_that_is_called_is_reached_and_one_that_is_not_is_not() -> None:
    graph = graph_of("""
        def used():
            inner()
        def inner():
            pass
        def unused():
            lost()
        def lost():
            pass
        if __name__ == "__main__":
            used()
    """)
    assert graph.is_reached("main.py", "used")
    assert graph.is_reached("main.py", "inner")
    assert not graph.is_reached("main.py", "unused")
    assert not graph.is_reached("main.py", "lost")
    assert graph.modules["main.py"].has_main


@pytest.mark.parametrize(
    "lines",
    [
        "if False:\n    dead()",
        "if 0:\n    dead()",
        "if not True:\n    dead()",
        "if True:\n    live()\nelse:\n    dead()",
        "while False:\n    dead()",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    dead()",
        "import sys\nsys.exit()\ndead()",
        "raise SystemExit\ndead()",
        "def f():\n    return 1\n    dead()\nf()",
        "def f(x):\n    if x:\n        return 1\n    else:\n        raise E\n    dead()\nf(1)",
        "for i in range(3):\n    continue\n    dead()",
        "RUN = False\nif RUN:\n    dead()",
        "if __name__ == 'main':\n    dead()",
        "def f():\n    while True:\n        work()\n    dead()\nf()",
        "def f():\n    dead()",
        "def f():\n    if False:\n        dead()\nf()",
    ],
)
def test_code_that_cannot_run_is_not_reached(lines: str) -> None:
    assert "dead" not in reached_calls(lines)


@pytest.mark.parametrize(
    "lines",
    [
        "if x:\n    live()",
        "try:\n    import a\nexcept ImportError:\n    live()",
        "def f():\n    if x:\n        return\n    live()\nf()",
        "while True:\n    if x:\n        break\nlive()",
        "found = False\nfor a in b:\n    if found:\n        live()\n    found = True",
        "FLAG = False\ndef on():\n    global FLAG\n    FLAG = True\non()\nif FLAG:\n    live()",
        "def f(flag=False):\n    if flag:\n        live()\nf(True)",
        "with open('a') as f:\n    pass\nlive()",
        "def f():\n    live()\nmap(f, [1])",
        "def f():\n    live()\ntable = {'a': f}\ntable['a']()",
        "import threading\ndef f():\n    live()\nthreading.Thread(target=f).start()",
        "f = lambda: live()\nf()",
        "class C:\n    def run(self):\n        live()\nC().run()",
        "class C:\n    def run(self):\n        live()\ndef go(c):\n    c.run()\ngo(C())",
        "class C:\n    def __enter__(self):\n        live()\nwith C():\n    pass",
        "class C:\n    @property\n    def p(self):\n        live()\nprint(C().p)",
        "class C:\n    @staticmethod\n    def s():\n        live()\nC.s()",
        "class B:\n    def go(self):\n        self.step()\n    def step(self):\n        pass\n"
        "class D(B):\n    def step(self):\n        live()\nD().go()",
        "from torch import nn\nclass N(nn.Module):\n    def forward(self, x):\n        live()\n"
        "model = N()",
        "import pytorch_lightning as pl\nclass N(pl.LightningModule):\n"
        "    def training_step(self, b, i):\n        live()\npl.Trainer().fit(N())",
        "from flask import Flask\napp = Flask(__name__)\n@app.route('/')\ndef index():\n    live()",
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/x')\nasync def x():\n    live()",
        "import streamlit as st\nst.button('go', on_click=live())",
        "import asyncio\nasync def main():\n    await live()\nasyncio.run(main())",
        "def wrap(f):\n    live()\n    return f\n@wrap\ndef g():\n    pass",
        "REGISTRY = {}\ndef register(f):\n    REGISTRY[f.__name__] = f\n    return f\n"
        "@register\ndef handler():\n    live()",
        "def outer():\n    def inner():\n        live()\n    inner()\nouter()",
    ],
)
def test_code_that_can_run_is_reached(lines: str) -> None:
    assert "live" in reached_calls(lines)


def test_methods_of_a_class_that_is_never_made_are_not_reached() -> None:
    graph = graph_of("""
        class Used:
            def run(self): ...
            def other(self): ...
        class Unused:
            def run(self): ...
        Used().run()
    """)
    assert graph.is_reached("main.py", "Used.run")
    assert not graph.is_reached("main.py", "Used.other")
    assert not graph.is_reached("main.py", "Unused")
    assert not graph.is_reached("main.py", "Unused.run")


def test_a_method_of_a_library_does_not_reach_one_of_the_same_name() -> None:
    graph = graph_of("""
        from sklearn.svm import SVC
        class Mine:
            def fit(self, X): ...
        mine = Mine()
        SVC().fit(1)
    """)
    assert not graph.is_reached("main.py", "Mine.fit")


def test_a_module_runs_when_it_is_imported_by_what_runs() -> None:
    graph = graph_of(
        main_py="import helper\n",
        helper_py="import lazy_part\ndef later():\n    import never\n",
        lazy_part_py="x()\n",
        never_py="y()\n",
    )
    assert graph.reached_modules() == ("helper.py", "lazy_part.py", "main.py")


def test_a_library_alone_runs_its_own_level_and_no_function() -> None:
    graph = graph_of(src__model_py="def build():\n    return make()\nSETTINGS = load()\n")
    assert graph.is_reached("src/model.py", "")
    assert not graph.is_reached("src/model.py", "build")


def test_modules_that_import_each_other_in_a_circle_have_an_entry() -> None:
    graph = graph_of(a_py="import b\n", b_py="import a\n")
    assert graph.reached_modules() == ("a.py", "b.py")


def test_tests_start_nothing_of_the_product() -> None:
    graph = graph_of(
        model_py="def build():\n    return make()\n",
        tests__test_model_py="from model import build\ndef test_it():\n    build()\nbuild()\n",
    )
    assert graph.modules["tests/test_model.py"].is_test
    assert not graph.is_reached("model.py", "build")
    assert graph.is_reached("model.py", "")


def test_a_program_that_a_shell_script_starts_is_reached_through_it() -> None:
    graph = graph_of(
        run_sh="python src/steps.py --fast\n",
        src__steps_py="go()\n",
        other_py="import src.steps\n",
    )
    assert graph.is_reached("src/steps.py", "")
