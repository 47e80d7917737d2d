"""A body that does work is told from a stub, a constant and a note; in doubt it works."""

from __future__ import annotations

import pytest

from judge.code import Body
from tests.judge.code.reading import graph_of


def body_of(source: str, name: str = "f") -> Body:
    found = graph_of(source).definition("main.py", name)
    assert found is not None
    return found.body


@pytest.mark.parametrize(
    "lines",
    [
        "pass",
        "...",
        '"""Trains the model."""',
        "return None",
        "return",
        "raise NotImplementedError",
        'raise NotImplementedError("later")',
        'raise RuntimeError("not implemented yet")',
        "import torch\n    pass",
        '"""Doc."""\n    # TODO: train\n    pass',
        "return NotImplemented",
    ],
)
def test_stubs(lines: str) -> None:
    assert body_of(f"def f(x, y=1):\n    {lines}\n") is Body.STUB


@pytest.mark.parametrize(
    "lines",
    [
        "return 0.98",
        "return x",
        "return x, y",
        "return [1, 2, 3]",
        "return {'lr': 0.1, 'layers': [2, 3]}",
        "return True",
        "x = x\n    return x",
        "total = 0\n    for i in range(10):\n        total += i\n    return total",
        "return len(['a', 'b'])",
    ],
)
def test_constants(lines: str) -> None:
    assert body_of(f"def f(x, y=1):\n    {lines}\n") is Body.CONSTANT


@pytest.mark.parametrize(
    "lines",
    [
        "return 'a trained model'",
        "return ['rotation', 'scaling']",
        "return {'status': 'ok', 'n': 1}",
        "print('Training ...')",
        "print('Training ...')\n    return x",
        "return '\\n'.join(WORDS)",
        "return {'notes': notes(), 'keywords': WORDS}",
        "for epoch in range(10):\n        loss = 1.0 / (epoch + 1)\n        "
        "print(f'epoch {epoch} loss {loss:.2f}')",
        "import logging\n    logging.info('loading data')",
        "found = []\n    for w in WORDS:\n        found.append(w.upper())\n    return found",
        "if 'svm' in ' '.join(WORDS):\n        return 'SVM'\n    return 'none'",
        "import time\n    time.sleep(1)\n    print('done')",
    ],
)
def test_notes(lines: str) -> None:
    source = f"""
WORDS = ["svm", "dash"]
def notes():
    return ", ".join(WORDS)
def f(x, y=1):
    {lines}
"""
    assert body_of(source) is Body.NOTE


@pytest.mark.parametrize(
    "lines",
    [
        "return x + 1",
        "return sorted(x)",
        "return x.strip()",
        "return self.x",
        "return open('a').read()",
        "model.fit(x)",
        "return [each for each in x]",
        "for each in x:\n        total = each\n    return total",
        "print(f'accuracy {x:.3f}')",
        "print(sum(x))",
        "CACHE.append(1)",
        "if x is None:\n        return ''\n    return x",
        "raise ValueError('wrong')",
        "global STATE\n    STATE = compute()",
        "yield from x",
        "a, b = 0, 1\n    for _ in range(x):\n        a, b = b, a + b\n    return a",
        "return lambda: x",
        "with lock:\n        pass",
        "return SETTINGS",
        "return REGISTRY['a']",
        "WORDS.append(x)\n    return WORDS",
    ],
)
def test_work(lines: str) -> None:
    source = f"""
import os
SETTINGS = dict(os.environ)
REGISTRY = {{}}
REGISTRY["a"] = make()
WORDS = []
def f(x, y=1):
    {lines}
"""
    assert body_of(source) is Body.WORKS


def test_counting_up_to_a_default_number_is_no_work_but_summing_to_an_argument_is() -> None:
    loop = "    score = 0\n    for step in {}:\n        score += step\n    return score\n"
    assert body_of("def f(steps: int = 5):\n" + loop.format("range(steps)")) is Body.CONSTANT
    assert body_of("def f(steps):\n" + loop.format("range(steps)")) is Body.WORKS
    assert body_of("def f(items=()):\n" + loop.format("items")) is Body.WORKS


def test_setting_only_flags_while_ignoring_the_data_is_no_work() -> None:
    source = """
class Model:
    def fit(self, X, y):
        self.fitted = True
        return self
    def reset(self):
        self.count = 0
    def store(self, X):
        self.X = X
"""
    assert body_of(source, "Model.fit") is Body.CONSTANT
    assert body_of(source, "Model.reset") is Body.WORKS
    assert body_of(source, "Model.store") is Body.WORKS


def test_a_class_amounts_to_its_best_method() -> None:
    assert (
        body_of("class C:\n    def a(self): pass\n    def b(self): return ['x']\n", "C")
        is Body.NOTE
    )
    assert body_of("class C:\n    def a(self): pass\n    def b(self): go()\n", "C") is Body.WORKS
    hollow = """
class C:
    def __init__(self, alpha=1):
        self.alpha = alpha
    def fit(self, X): pass
"""
    assert body_of(hollow, "C") is Body.STUB


def test_classes_without_methods() -> None:
    assert body_of("class C: pass\n", "C") is Body.STUB
    assert body_of("class C:\n    WORDS = ['a', 'b']\n", "C") is Body.NOTE
    assert body_of("class C:\n    rate = 0.1\n", "C") is Body.CONSTANT
    assert body_of("class CError(ValueError):\n    pass\n", "CError") is Body.WORKS
    assert body_of("from x import B\nclass C(B):\n    name: str\n", "C") is Body.WORKS
    assert body_of("import torch\nclass C(torch.nn.Module): pass\n", "C") is Body.STUB


def test_only_statements_that_can_do_something_are_counted() -> None:
    graph = graph_of('''
        def f(x):
            """Doc."""
            import os
            pass
            if x:
                y = 1
            else:
                ...
            return y
    ''')
    found = graph.definition("main.py", "f")
    assert found is not None
    assert found.effective_statements == 3
    assert found.does_something
