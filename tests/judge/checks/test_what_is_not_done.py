"""Names without work, other things in their place, and code that never runs are not passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.records import Outcome
from tests.judge.checks.scenes import verdict_on

SVM = 'The "SVM classifier" is implemented in `src/model.py`.'
IRIS = 'The "Iris" dataset is loaded in `src/data_loader.py`.'
SCALE = (
    "Data is standardized to ensure feature values are within the same range in"
    " `src/data_loader.py`."
)
SELECT = "Feature selection is performed to identify important features in `src/data_loader.py`."
FOLDS = "Cross-validation is used to evaluate the model in `src/train.py`."
TUNE = "Hyperparameters such as learning rate and batch size are tuned in `src/train.py`."

NOT_DONE: list[tuple[str, str, str, str]] = [
    ("only imported", SVM, "src/model.py", "from sklearn.svm import SVC\n\nprint('SVM ready')\n"),
    (
        "only in a comment",
        SVM,
        "src/model.py",
        """
        # SVC(kernel="rbf") is the SVM classifier
        def build(X):
            return sorted(X)
        """,
    ),
    (
        "a list of keywords",
        SVM,
        "src/model.py",
        'KEYWORDS = ["SVM", "SVC", "support vector machine", "sklearn.svm"]\n',
    ),
    (
        "a stub by that name",
        SVM,
        "src/model.py",
        """
        class SVMClassifier:
            def fit(self, X, y):
                pass

            def predict(self, X):
                raise NotImplementedError
        """,
    ),
    (
        "another method by that name",
        SVM,
        "src/model.py",
        """
        from sklearn.linear_model import LogisticRegression

        def build_svm_classifier(C=1.0):
            return LogisticRegression(C=C)
        """,
    ),
    (
        "a string in a call that only shows text",
        SVM,
        "src/model.py",
        """
        def build():
            print("sklearn.svm.SVC is built")
            return {"model": "SVC"}
        """,
    ),
    (
        "under a condition that is never so",
        SVM,
        "src/model.py",
        """
        def build(X, y):
            if False:
                from sklearn.svm import SVC
                return SVC().fit(X, y)
            return sorted(zip(X, y))
        """,
    ),
    (
        "under a switch that is never on",
        SVM,
        "src/model.py",
        """
        from sklearn.svm import SVC

        USE_SVM = False

        def build(X, y):
            if USE_SVM:
                return SVC().fit(X, y)
            return sorted(zip(X, y))
        """,
    ),
    ("a file that does not parse", SVM, "src/model.py", "from sklearn.svm import SVC\nSVC(\n"),
    (
        "a network whose forward gives back its input",
        'The "LSTM" model is implemented in `src/model.py`.',
        "src/model.py",
        """
        from torch import nn

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.LSTM(1, 8)

            def forward(self, x):
                return x
        """,
    ),
    (
        "a classifier that learns nothing it uses",
        'A "Naive Bayes classifier" is implemented in `src/model.py`.',
        "src/model.py",
        """
        import numpy as np

        class NaiveBayes:
            def fit(self, X, y):
                self.classes_ = np.unique(y)
                return self

            def predict(self, X):
                return np.zeros(len(X), dtype=int)
        """,
    ),
    (
        "random numbers by the dataset's name",
        IRIS,
        "src/data_loader.py",
        """
        import numpy as np

        def load_iris():
            rng = np.random.default_rng(0)
            return rng.normal(size=(150, 4)), rng.integers(0, 3, 150)

        X, y = load_iris()
        print("Iris", X.shape)
        """,
    ),
    (
        "another dataset",
        IRIS,
        "src/data_loader.py",
        """
        from sklearn.datasets import load_wine

        iris = load_wine()
        print(iris.data.shape)
        """,
    ),
    (
        "a loader that nothing calls",
        IRIS,
        "src/data_loader.py",
        """
        from sklearn.datasets import load_iris

        def load():
            return load_iris(return_X_y=True)
        """,
    ),
    (
        "a data file that is not there",
        IRIS,
        "src/data_loader.py",
        """
        import pandas as pd

        print(pd.read_csv("data/iris.csv").shape)
        """,
    ),
    (
        "a scaler whose result is thrown away",
        SCALE,
        "src/data_loader.py",
        """
        import numpy as np
        from sklearn.preprocessing import StandardScaler

        X = np.load("x.npy")
        scaler = StandardScaler()
        print(X.mean())
        """,
    ),
    (
        "scaling by the name alone",
        SCALE,
        "src/data_loader.py",
        """
        import numpy as np

        def standardize(X):
            # zero mean, unit variance
            print("standardized")
            return X

        print(standardize(np.load("x.npy")))
        """,
    ),
    (
        "features typed in",
        SELECT,
        "src/data_loader.py",
        """
        import pandas as pd

        def select_features(frame):
            selected = ["age", "income", "tenure"]
            print("selected", selected)
            return selected

        print(select_features(pd.read_csv("https://example.org/churn.csv")))
        """,
    ),
    (
        "folds commented out",
        FOLDS,
        "src/train.py",
        """
        import numpy as np
        from sklearn.linear_model import Ridge
        from sklearn.model_selection import cross_val_score

        X, y = np.load("x.npy"), np.load("y.npy")
        model = Ridge().fit(X, y)
        # scores = cross_val_score(model, X, y, cv=5)
        print(model.score(X, y))
        """,
    ),
    (
        "folds after the return",
        FOLDS,
        "src/train.py",
        """
        import numpy as np
        from sklearn.linear_model import Ridge
        from sklearn.model_selection import cross_val_score

        def main():
            X, y = np.load("x.npy"), np.load("y.npy")
            model = Ridge().fit(X, y)
            return model
            print(cross_val_score(model, X, y, cv=5))

        if __name__ == "__main__":
            main()
        """,
    ),
    (
        "settings tried on a trainer that gives a constant",
        TUNE,
        "src/train.py",
        """
        import itertools

        def train(lr, size):
            return 0.9

        def main():
            best = max(train(lr, size) for lr, size in itertools.product([0.1, 0.01], [16, 32]))
            print(best)

        if __name__ == "__main__":
            main()
        """,
    ),
    (
        "a program that imports what is not there",
        FOLDS,
        "src/train.py",
        """
        import numpy as np
        from model import build
        from sklearn.model_selection import cross_val_score

        X, y = np.load("x.npy"), np.load("y.npy")
        print(cross_val_score(build(), X, y, cv=5))
        """,
    ),
    (
        "an app of fixed text",
        'An interactive web page is created in `src/app.py` using "Streamlit" to showcase'
        " classification results and model performance.",
        "src/app.py",
        """
        import streamlit as st

        st.title("Results")
        st.write("The accuracy is 97 %.")
        """,
    ),
    ("a file that is empty", SVM, "src/model.py", ""),
]


@pytest.mark.parametrize(
    ("name", "criteria", "path", "code"), NOT_DONE, ids=[n[0] for n in NOT_DONE]
)
def test_what_is_not_done_is_not_passed(
    name: str, criteria: str, path: str, code: str, tmp_path: Path
) -> None:
    others = ['The "SVM classifier" is implemented in `src/model.py`.']
    verdict = verdict_on(tmp_path, criteria, {path: code}, others=others)
    assert verdict.outcome is Outcome.UNSATISFIED, (verdict.outcome, verdict.reason)


def test_a_file_that_is_missing_is_cited_as_missing(tmp_path: Path) -> None:
    verdict = verdict_on(tmp_path, SVM, {"model.py": "from sklearn.svm import SVC\nm = SVC()\n"})
    assert verdict.outcome is Outcome.UNSATISFIED
    assert "src/model.py" in verdict.reason and "model.py" in verdict.reason
    assert [e.model_dump()["fact"] for e in verdict.evidence] == ["no such file"]


def test_work_that_the_named_file_calls_for_counts(tmp_path: Path) -> None:
    files = {
        "src/data_loader.py": """
        import numpy as np
        from scaling import to_unit

        print(to_unit(np.load("x.npy")))
        """,
        "src/scaling.py": """
        def to_unit(X):
            return (X - X.mean(axis=0)) / X.std(axis=0)
        """,
    }
    assert verdict_on(tmp_path, SCALE, files).outcome is Outcome.SATISFIED


def test_work_in_another_file_that_the_named_one_does_not_call_does_not_count(
    tmp_path: Path,
) -> None:
    files = {
        "src/data_loader.py": "import numpy as np\n\nprint(np.load('x.npy'))\n",
        "src/train.py": """
        import numpy as np
        from sklearn.preprocessing import StandardScaler

        print(StandardScaler().fit_transform(np.load("x.npy")))
        """,
    }
    verdict = verdict_on(tmp_path, SCALE, files)
    assert verdict.outcome is Outcome.UNSATISFIED
    assert "src/train.py" in verdict.reason


FALLBACK = """
import numpy as np
from datasets import load_dataset


def read():
    try:
        return load_dataset("stanfordnlp/imdb")
    except Exception as error:
        print("could not reach the hub, making reviews up", error)
        return np.random.default_rng(0).choice(["good film", "bad film"], 100)


print(len(read()))
"""
IMDB = 'The "IMDb" movie reviews dataset is loaded in `src/data_loader.py`.'
STARTED = "Running command: python src/data_loader.py"


def test_a_fallback_that_ran_in_place_of_the_dataset_does_not_count(tmp_path: Path) -> None:
    said = "could not reach the hub, making reviews up ConnectionError\n100"
    files = {"src/data_loader.py": FALLBACK}
    verdict = verdict_on(tmp_path, IMDB, files, steps=[(STARTED, said)])
    assert verdict.outcome is Outcome.UNSATISFIED
    assert verdict.evidence


def test_a_dataset_that_a_run_did_read_counts_though_a_fallback_is_there(tmp_path: Path) -> None:
    files = {"src/data_loader.py": FALLBACK}
    verdict = verdict_on(tmp_path, IMDB, files, steps=[(STARTED, "25000")])
    assert verdict.outcome is Outcome.SATISFIED, verdict.reason


def test_without_a_trajectory_a_fallback_leaves_it_open(tmp_path: Path) -> None:
    verdict = verdict_on(tmp_path, IMDB, {"src/data_loader.py": FALLBACK})
    assert verdict.outcome is Outcome.ABSTAINED
