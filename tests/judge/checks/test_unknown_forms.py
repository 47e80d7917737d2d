"""Forms that the vocabulary does not know: hand-written work is seen, the rest is left open.

The workspaces are written in styles of their own; none is a copy of a measured project.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from results.records import Outcome
from tests.judge.checks.scenes import verdict_on

STANDARDISED = "Data is standardized in `src/prep.py`."
STOP_WORDS = "Stop words are removed from the texts in `src/prep.py`."
KNN = 'The "KNN classifier" is implemented in `src/model.py`.'
NCF = 'The "NCF" algorithm is implemented in `src/model.py`.'
TUNED = "Hyperparameter tuning is performed using `GridSearchCV` in `src/tune.py`."
FIELD = "The `unit_price` field of each order is displayed on the page (`src/page.py`)."
SAVED = "The trained model is saved as `out/net.safetensors`."

SEEN: list[tuple[str, str, dict[str, str]]] = [
    (
        "standardising under names of another trade",
        STANDARDISED,
        {
            "src/prep.py": """
            import numpy as np

            def centred(rows):
                level, width = np.mean(rows, axis=0), np.std(rows, axis=0)
                return (rows - level) / width

            print(centred(np.loadtxt("flow.csv")))
            """
        },
    ),
    (
        "standardising in two statements and in place",
        STANDARDISED,
        {
            "src/prep.py": """
            import pandas as pd

            table = pd.read_csv("flow.csv")
            middle = table.mean()
            table -= middle
            table /= table.std()
            print(table)
            """
        },
    ),
    (
        "stop words as a difference of sets",
        STOP_WORDS,
        {
            "src/prep.py": """
            from words import STOPLIST

            def bag(text):
                return set(text.lower().split()) - STOPLIST

            print(bag(open("mail.txt").read()))
            """,
            "src/words.py": "STOPLIST = {'the', 'of', 'and'}\n",
        },
    ),
    (
        "neighbours by a sorted list and a count",
        KNN,
        {
            "src/model.py": """
            from collections import Counter
            from math import dist

            def classify(point, known, k=3):
                ranked = sorted(known, key=lambda pair: dist(point, pair[0]))
                return Counter(label for _, label in ranked[:k]).most_common(1)[0][0]
            """
        },
    ),
    (
        "a field read out of a record",
        FIELD,
        {
            "src/page.py": """
            import streamlit as st
            from shop import orders

            for order in orders():
                st.write(f"costs {order['unit_price']} each")
            """,
            "src/shop.py": """
            import json

            def orders():
                return json.load(open("orders.json"))
            """,
            "orders.json": '[{"unit_price": 3}]',
        },
    ),
]

SEEN += [
    (
        "settings tried in a loop over a literal list",
        "Hyperparameter tuning is performed in `src/tune.py`.",
        {
            "src/tune.py": """
            import numpy as np
            from sklearn.linear_model import Lasso

            table = np.loadtxt("flow.csv")
            best = None
            for penalty in (0.01, 0.1, 1):
                model = Lasso(alpha=penalty).fit(table[:80, 1:], table[:80, 0])
                score = model.score(table[80:, 1:], table[80:, 0])
                if best is None or score > best[0]:
                    best = score, penalty
            print(best)
            """
        },
    ),
    (
        "a count of bad rounds that ends the training",
        "Early stopping is used during training in `src/tune.py`.",
        {
            "src/tune.py": """
            import numpy as np
            from sklearn.linear_model import SGDRegressor

            table = np.loadtxt("flow.csv")
            model, lowest, bad = SGDRegressor(), 9e9, 0
            while bad < 5:
                model.partial_fit(table[:80, 1:], table[:80, 0])
                gap = ((model.predict(table[80:, 1:]) - table[80:, 0]) ** 2).mean()
                if gap < lowest:
                    lowest, bad = gap, 0
                else:
                    bad += 1
            """
        },
    ),
]

NOT_DONE: list[tuple[str, str, dict[str, str]]] = [
    (
        "standardised values that nothing takes up",
        STANDARDISED,
        {
            "src/prep.py": """
            import numpy as np

            def ready(rows):
                level, width = rows.mean(0), rows.std(0)
                clean = (rows - level) / width
                return rows

            print(ready(np.loadtxt("flow.csv")))
            """
        },
    ),
    (
        "a search over one setting",
        TUNED,
        {
            "src/tune.py": """
            from sklearn.datasets import load_wine
            from sklearn.model_selection import GridSearchCV
            from sklearn.tree import DecisionTreeClassifier

            SPACE = {"max_depth": [4], "criterion": ["gini"]}
            X, y = load_wine(return_X_y=True)
            found = GridSearchCV(DecisionTreeClassifier(), SPACE).fit(X, y)
            print(found.best_params_)
            """
        },
    ),
    (
        "a search that is set up and never started",
        "Hyperparameter tuning is performed in `src/tune.py`.",
        {
            "src/tune.py": """
            from sklearn.model_selection import GridSearchCV
            from sklearn.tree import DecisionTreeClassifier

            search = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [2, 4, 8]})
            print(search.best_params_)
            """
        },
    ),
    (
        "a loop over settings that tries none",
        "Hyperparameter tuning is performed in `src/tune.py`.",
        {
            "src/tune.py": """
            import itertools

            board = []
            for rate, width in itertools.product((0.1, 0.01), (8, 16)):
                board.append((1 / width, rate, width))
            print(min(board))
            """
        },
    ),
    (
        "a class that bears the name of a method and does another",
        KNN,
        {
            "src/model.py": """
            class KNN:
                def fit(self, rows, labels):
                    self.line = sum(r[0] * s for r, s in zip(rows, labels)) / len(rows)
                    return self

                def predict(self, rows):
                    return [int(r[0] * 2 > self.line) for r in rows]
            """
        },
    ),
    (
        "layers that are made and never used",
        NCF,
        {
            "src/model.py": """
            from torch import nn

            class NCF(nn.Module):
                def __init__(self, users, films):
                    super().__init__()
                    self.left = nn.Embedding(users, 4)
                    self.right = nn.Embedding(films, 4)
                    self.deep = nn.Linear(8, 1)

                def forward(self, u, f):
                    return (self.left(u) * self.right(f)).sum(1)
            """
        },
    ),
    (
        "a field's name as a caption",
        FIELD,
        {
            "src/page.py": """
            import streamlit as st
            from shop import orders

            for order in orders():
                st.write(order["title"])
            st.caption("unit_price")
            """,
            "src/shop.py": """
            import json

            def orders():
                return json.load(open("orders.json"))
            """,
        },
    ),
    (
        "a table whose source gives the same for whatever it is asked",
        FIELD,
        {
            "src/page.py": """
            import streamlit as st
            from shop import orders_of

            for order in orders_of(st.text_input("customer")):
                st.write(order["unit_price"])
            """,
            "src/shop.py": "def orders_of(customer):\n    return []\n",
        },
    ),
    (
        "a call with an argument too many before the act",
        STANDARDISED,
        {
            "src/prep.py": """
            import numpy as np

            def read(path):
                return np.loadtxt(path)

            rows = read("flow.csv", ",")
            print((rows - rows.mean(0)) / rows.std(0))
            """
        },
    ),
]

OPEN: list[tuple[str, str, dict[str, str]]] = [
    (
        "a filter of the spectrum without a name for it",
        "Noise removal is performed on the audio in `src/prep.py`.",
        {
            "src/prep.py": """
            import numpy as np
            import soundfile

            wave, rate = soundfile.read("a.wav")
            parts = np.fft.rfft(wave)
            power = np.abs(parts)
            parts[power < np.median(power) * 2] = 0
            soundfile.write("b.wav", np.fft.irfft(parts), rate)
            """
        },
    ),
    (
        "a library that nobody has told the checks of",
        STOP_WORDS,
        {
            "src/prep.py": """
            import lexikon

            def tidy(texts):
                cleaner = lexikon.Pipeline("fold", without="stop words")
                return [cleaner(text) for text in texts]

            print(tidy(open("mail.txt")))
            """
        },
    ),
]


@pytest.mark.parametrize(("name", "criteria", "files"), SEEN, ids=[case[0] for case in SEEN])
def test_hand_written_work_is_seen(
    name: str, criteria: str, files: dict[str, str], tmp_path: Path
) -> None:
    verdict = verdict_on(tmp_path, criteria, files)
    assert verdict.outcome is Outcome.SATISFIED, verdict.reason


@pytest.mark.parametrize(
    ("name", "criteria", "files"), NOT_DONE, ids=[case[0] for case in NOT_DONE]
)
def test_what_comes_to_nothing_is_not_passed(
    name: str, criteria: str, files: dict[str, str], tmp_path: Path
) -> None:
    verdict = verdict_on(tmp_path, criteria, files)
    assert verdict.outcome in (Outcome.UNSATISFIED, Outcome.ABSTAINED), verdict.reason


@pytest.mark.parametrize(("name", "criteria", "files"), OPEN, ids=[case[0] for case in OPEN])
def test_working_code_in_an_unknown_form_is_left_open(
    name: str, criteria: str, files: dict[str, str], tmp_path: Path
) -> None:
    verdict = verdict_on(tmp_path, criteria, files)
    assert verdict.outcome is Outcome.ABSTAINED, verdict.reason


def test_a_model_that_is_made_in_the_statement_that_saves_it_is_not_trained(
    tmp_path: Path,
) -> None:
    code = """
    import torch
    from safetensors.torch import save_file
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.deep = nn.Linear(2, 1)

        def forward(self, x):
            return self.deep(x)

    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(10):
        loss = net(torch.rand(8, 2)).pow(2).mean()
        loss.backward()
        optimizer.step()
    save_file({saved}.state_dict(), "out/net.safetensors")
    """
    model = _saved_network()
    kept = verdict_on(
        tmp_path / "kept",
        SAVED,
        {"main.py": code.replace("{saved}", "net"), "out/net.safetensors": model},
    )
    fresh = verdict_on(
        tmp_path / "fresh",
        SAVED,
        {"main.py": code.replace("{saved}", "Net()"), "out/net.safetensors": model},
    )
    assert kept.outcome is Outcome.SATISFIED, kept.reason
    assert fresh.outcome is Outcome.UNSATISFIED, fresh.reason


def test_a_figure_that_stands_in_the_code_as_a_text_is_not_computed(tmp_path: Path) -> None:
    criteria = "The accuracy of the model is saved as `out/score.txt`."
    code = """
    from pathlib import Path

    from sklearn.datasets import load_wine
    from sklearn.metrics import accuracy_score
    from sklearn.tree import DecisionTreeClassifier

    X, y = load_wine(return_X_y=True)
    guess = DecisionTreeClassifier().fit(X, y).predict(X)
    share = accuracy_score(y, guess)
    text = {text}
    Path("out/score.txt").write_text(text)
    """
    outcomes = []
    for name, text in (("real", 'f"accuracy {share:.3f}"'), ("typed", '"accuracy 0.973"')):
        files = {"main.py": code.replace("{text}", text), "out/score.txt": "accuracy 0.973\n"}
        outcomes.append(verdict_on(tmp_path / name, criteria, files).outcome)
    assert outcomes == [Outcome.SATISFIED, Outcome.UNSATISFIED]


def _saved_network() -> bytes:
    """A safetensors file of one tensor: https://github.com/huggingface/safetensors#format."""
    values = struct.pack("<16f", *[0.1 * k + 0.01 for k in range(16)])
    tensor = {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, len(values)]}
    header = json.dumps({"deep.weight": tensor}).encode()
    return struct.pack("<Q", len(header)) + header + values
