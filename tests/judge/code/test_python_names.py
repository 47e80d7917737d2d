"""Calls are named by what they call, whatever the code calls it."""

from __future__ import annotations

import pytest

from judge.code import build_graph
from tests.judge.code.reading import graph_of, names


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import numpy as np\nnp.linalg.solve(a, b)", "numpy.linalg.solve"),
        ("from sklearn.svm import SVC as Machine\nMachine()", "sklearn.svm.SVC"),
        ("from sklearn import svm\nclf = svm.SVC()\nclf.fit(X, y)", "sklearn.svm.SVC.fit"),
        ("from sklearn.svm import SVC\nSVC().fit(X, y).predict(X)", "sklearn.svm.SVC.predict"),
        ("import pandas as pd\npd.read_csv('a').dropna().to_csv('b')",
         "pandas.DataFrame.to_csv"),
        ("import torch.nn as nn\nnet = nn.Linear(1, 2).to('cpu')\nnet(x)",
         "torch.nn.Linear.__call__"),
        ("import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.bar(1, 2)",
         "matplotlib.axes.Axes.bar"),
        ("from stable_baselines3 import PPO\nm = PPO.load('x')\nm.learn(9)",
         "stable_baselines3.PPO.learn"),
        ("model = unknown()\nmodel.fit(X)", "model.fit"),
        ("try:\n    import cupy as xp\nexcept ImportError:\n    xp = None\nxp.sum(a)", "cupy.sum"),
    ],
)  # fmt: skip
def test_a_call_has_the_dotted_name_of_what_it_calls(source: str, name: str) -> None:
    assert name in names(graph_of(source))


def test_the_class_of_an_attribute_is_known_in_other_methods() -> None:
    graph = graph_of("""
        import torch.nn as nn
        class Trainer:
            def __init__(self):
                self.model = nn.Linear(2, 1)
            def run(self):
                self.model.train()
        Trainer().run()
    """)
    assert "torch.nn.Linear.train" in names(graph)


def test_the_class_of_what_a_function_returns_is_known_to_its_callers() -> None:
    graph = graph_of(
        src__model_py="""
            from sklearn.ensemble import RandomForestClassifier
            def build(depth=3):
                model = RandomForestClassifier(max_depth=depth)
                return model
        """,
        src__train_py="""
            from src.model import build
            def main():
                model = build(depth=5)
                model.fit(X, y)
            main()
        """,
    )
    fit = next(call for call in graph.calls_in("src/train.py") if call.written == "model.fit")
    assert fit.name == "sklearn.ensemble.RandomForestClassifier.fit"
    assert fit.origin == "sklearn.ensemble.RandomForestClassifier"


def test_an_argument_has_the_classes_that_callers_pass() -> None:
    graph = graph_of("""
        from sklearn.svm import SVC
        from sklearn.linear_model import LogisticRegression
        def evaluate(model, X, y):
            model.fit(X, y)
        evaluate(SVC(), 1, 2)
        evaluate(LogisticRegression(), 1, 2)
    """)
    found = {call.name for call in graph.calls if call.written == "model.fit"}
    assert found == {"sklearn.svm.SVC.fit", "sklearn.linear_model.LogisticRegression.fit"}


def test_models_in_a_table_are_all_fitted() -> None:
    graph = graph_of("""
        from sklearn.svm import SVC
        from sklearn.naive_bayes import GaussianNB
        models = {"svm": SVC(), "bayes": GaussianNB()}
        for name, model in models.items():
            model.fit(X, y)
    """)
    assert {"sklearn.svm.SVC.fit", "sklearn.naive_bayes.GaussianNB.fit"} <= set(names(graph))


def test_methods_that_a_class_inherits_from_a_library_carry_its_name() -> None:
    graph = graph_of("""
        import torch
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(1, 1)
            def forward(self, x):
                return self.layer(x)
        net = Net()
        net.state_dict()
        net(torch.zeros(1))
    """)
    net = graph.definition("main.py", "Net")
    assert net is not None
    assert net.bases == ("torch.nn.Module",)
    assert "torch.nn.Module.state_dict" in names(graph)
    assert "torch.nn.Module.__init__" in names(graph)
    call = next(call for call in graph.calls if call.written == "net")
    assert call.targets == (("main.py", "Net.forward"),)


def test_calls_lead_to_definitions_in_other_files() -> None:
    graph = build_graph(
        {
            "pkg/__init__.py": "from .core import work\n",
            "pkg/core.py": "def work(x):\n    return x + 1\n",
            "main.py": "import pkg\nfrom pkg import work as w\npkg.work(1)\nw(2)\n",
        }
    )
    assert [call.targets for call in graph.calls_in("main.py")] == [
        (("pkg/core.py", "work"),),
        (("pkg/core.py", "work"),),
    ]
    assert [call.line for call in graph.callers_of("pkg/core.py", "work")] == [3, 4]


def test_literal_arguments_are_shown_and_others_are_not() -> None:
    graph = graph_of("""
        SIZE = 0.2
        split(data, "stratified", -1, [1, "a"], test_size=SIZE, seed=make())
    """)
    split = next(call for call in graph.calls if call.written == "split")
    assert split.arguments == (None, "stratified", "-1", "[1, 'a']")
    assert split.keywords == {"test_size": "0.2", "seed": None}


def test_it_is_told_whether_a_result_is_used_and_where_a_call_stands() -> None:
    graph = graph_of("""
        def f():
            g()
            return h(k())
    """)
    used = {call.written: call.result_is_used for call in graph.calls}
    assert used == {"g": False, "h": True, "k": True}
    assert {call.scope for call in graph.calls} == {"f"}


def test_definitions_carry_their_parameters_decorators_and_lines() -> None:
    graph = graph_of('''
        from flask import Flask
        app = Flask(__name__)
        @app.route("/")
        def index(page=1, *rest, **more):
            """Shows a page."""
            return render(page)
    ''')
    index = graph.definition("main.py", "index")
    assert index is not None
    assert (index.start_line, index.end_line) == (4, 7)
    assert index.parameters == ("page", "*rest", "**more")
    assert index.decorators == ("flask.Flask.route",)
    assert index.docstring == "Shows a page."
