"""Artifacts count for what is in them and for where it comes from, never for their names."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from results.records import ArtifactEvidence, Outcome, Verdict
from tests.judge.checks.scenes import blank_picture, picture, verdict_on

ACCURACY = "The accuracy score is printed and saved as `results/metrics/accuracy_score.txt`."
TWO_METRICS = (
    'The "RMSE" and the "MAE" of the model are saved in `results/metrics/evaluation_metrics.txt`.'
)
MATRIX = "The confusion matrix is saved as `results/figures/confusion_matrix.png`."
REPORT = (
    "A report containing data preprocessing, model training, and evaluation process is created"
    " and saved as `results/report.md`."
)
MODEL = "The trained model is saved as `models/saved_models/model.npy`."
TRAIN = """
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix
import matplotlib.pyplot as plt

X, y = np.load("x.npy"), np.load("y.npy")
model = LogisticRegression().fit(X, y)
accuracy = accuracy_score(y, model.predict(X))
print("accuracy", accuracy)
with open("results/metrics/accuracy_score.txt", "w") as file:
    file.write(f"Accuracy: {accuracy:.3f}")
plt.imshow(confusion_matrix(y, model.predict(X)))
plt.savefig("results/figures/confusion_matrix.png")
np.save("models/saved_models/model.npy", model.coef_)
"""
GOOD_REPORT = """
# Report

## Data preprocessing

Rows without an age were dropped and the numeric columns were scaled to unit variance.

## Model training

A logistic regression was fitted on 800 rows with an L2 penalty of 0.1 until it converged.

## Evaluation

On the 200 rows held back it reaches an accuracy of 0.87 and a recall of 0.81.
"""


def _array(content: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, content)
    return file.getvalue()


def _on(folder: Path, criteria: str, files: Mapping[str, str | bytes]) -> Verdict:
    return verdict_on(folder, criteria, files)


def test_a_metric_that_a_program_computes_and_writes_counts(tmp_path: Path) -> None:
    files = {"train.py": TRAIN, "results/metrics/accuracy_score.txt": "Accuracy: 0.973"}
    verdict = _on(tmp_path, ACCURACY, files)
    assert verdict.outcome is Outcome.SATISFIED, verdict.reason
    assert "0.973" in verdict.reason


@pytest.mark.parametrize(
    "content",
    [
        "",
        "placeholder",
        "Accuracy: to be added",
        "accuracy score saved",
        "The accuracy score is printed and saved as results metrics accuracy score txt",
        "Precision: 0.91",
        "Accuracy: nan",
    ],
)
def test_a_metric_file_without_the_value_does_not_count(content: str, tmp_path: Path) -> None:
    files = {"train.py": TRAIN, "results/metrics/accuracy_score.txt": content}
    assert _on(tmp_path, ACCURACY, files).outcome is Outcome.UNSATISFIED


def test_a_metric_that_is_typed_into_the_code_does_not_count(tmp_path: Path) -> None:
    code = """
    import numpy as np
    from sklearn.metrics import accuracy_score

    print("accuracy", accuracy_score(np.load("y.npy"), np.load("p.npy")))
    with open("results/metrics/accuracy_score.txt", "w") as file:
        file.write("Accuracy: 0.97")
    """
    files = {"train.py": code, "results/metrics/accuracy_score.txt": "Accuracy: 0.97"}
    assert _on(tmp_path, ACCURACY, files).outcome is Outcome.UNSATISFIED


def test_a_metric_that_is_typed_into_a_variable_does_not_count(tmp_path: Path) -> None:
    code = """
    accuracy = 0.97
    print("accuracy", accuracy)
    with open("results/metrics/accuracy_score.txt", "w") as file:
        file.write(f"Accuracy: {accuracy}")
    """
    files = {"train.py": code, "results/metrics/accuracy_score.txt": "Accuracy: 0.97"}
    assert _on(tmp_path, ACCURACY, files).outcome is Outcome.UNSATISFIED


def test_a_metric_that_the_agent_typed_in_does_not_count(tmp_path: Path) -> None:
    path = "results/metrics/accuracy_score.txt"
    step = f"Running command: cat > {path} <<'EOF'\nAccuracy: 0.97\nEOF"
    files: dict[str, str | bytes] = {path: "Accuracy: 0.97\n", "train.py": "print('accuracy')\n"}
    verdict = verdict_on(tmp_path, ACCURACY, files, steps=[(step, "")])
    assert verdict.outcome is Outcome.UNSATISFIED


def test_one_metric_of_two_is_not_enough(tmp_path: Path) -> None:
    code = """
    import numpy as np
    from sklearn.metrics import mean_absolute_error, mean_squared_error

    y, p = np.load("y.npy"), np.load("p.npy")
    with open("results/metrics/evaluation_metrics.txt", "w") as file:
        file.write(f"RMSE: {mean_squared_error(y, p) ** 0.5}")
        file.write(f"MAE: {mean_absolute_error(y, p)}")
    """
    path = "results/metrics/evaluation_metrics.txt"
    both = _on(tmp_path / "a", TWO_METRICS, {"e.py": code, path: "RMSE: 1.21\nMAE: 0.98\n"})
    assert both.outcome is Outcome.SATISFIED, both.reason
    one = _on(tmp_path / "b", TWO_METRICS, {"e.py": code, path: "RMSE: 1.21\n"})
    assert one.outcome is Outcome.UNSATISFIED


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("evaluation_metrics.txt", "metric,value\nRMSE,1.21\nMAE,0.98\n"),
        ("evaluation_metrics.txt", '{"rmse": 1.21, "mae": 0.98}'),
        ("evaluation_metrics.txt", "rmse,mae\n1.21,0.98\n"),
        ("evaluation_metrics.txt", "Root Mean Squared Error = 1.21\nMean Absolute Error = 0.98"),
    ],
)
def test_metrics_are_read_in_the_forms_in_which_they_are_written(
    path: str, content: str, tmp_path: Path
) -> None:
    code = """
    import numpy as np
    from sklearn.metrics import mean_absolute_error, mean_squared_error

    y, p = np.load("y.npy"), np.load("p.npy")
    values = {"rmse": mean_squared_error(y, p) ** 0.5, "mae": mean_absolute_error(y, p)}
    open("results/metrics/evaluation_metrics.txt", "w").write(str(values))
    """
    files = {"e.py": code, f"results/metrics/{path}": content}
    verdict = _on(tmp_path, TWO_METRICS, files)
    assert verdict.outcome is Outcome.SATISFIED, verdict.reason


def test_a_figure_that_a_program_draws_counts(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "train.py": TRAIN,
        "results/figures/confusion_matrix.png": picture(),
    }
    assert _on(tmp_path, MATRIX, files).outcome is Outcome.SATISFIED


@pytest.mark.parametrize(
    "content", [b"", blank_picture(), picture(1, 1), b"no png", picture()[:90]]
)
def test_a_picture_that_shows_nothing_does_not_count(content: bytes, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "train.py": TRAIN,
        "results/figures/confusion_matrix.png": content,
    }
    assert _on(tmp_path, MATRIX, files).outcome is Outcome.UNSATISFIED


def test_a_figure_in_another_folder_does_not_count(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"train.py": TRAIN, "outputs/confusion_matrix.png": picture()}
    verdict = _on(tmp_path, MATRIX, files)
    assert verdict.outcome is Outcome.UNSATISFIED
    assert "outputs/confusion_matrix.png" in verdict.reason


def test_a_figure_of_random_numbers_does_not_count(tmp_path: Path) -> None:
    code = """
    import matplotlib.pyplot as plt
    import numpy as np

    plt.imshow(np.random.rand(5, 5))
    plt.title("Confusion matrix")
    plt.savefig("results/figures/confusion_matrix.png")
    """
    files: dict[str, str | bytes] = {
        "train.py": code,
        "results/figures/confusion_matrix.png": picture(),
    }
    assert _on(tmp_path, MATRIX, files).outcome is Outcome.UNSATISFIED


def test_a_report_with_every_section_counts(tmp_path: Path) -> None:
    verdict = _on(tmp_path, REPORT, {"train.py": TRAIN, "results/report.md": GOOD_REPORT})
    assert verdict.outcome is Outcome.SATISFIED, verdict.reason


@pytest.mark.parametrize(
    "content",
    [
        "# Report\n\n## Data preprocessing\n\n## Model training\n\n## Evaluation\n",
        "preprocessing, training, evaluation, accuracy, model, report",
        GOOD_REPORT.split("## Evaluation")[0] + "## Evaluation\n\nTODO\n",
        GOOD_REPORT.split("## Model training")[0],
        "A report containing data preprocessing, model training, and evaluation process is created"
        " and saved as results/report.md.",
    ],
)
def test_a_report_that_lacks_a_part_does_not_count(content: str, tmp_path: Path) -> None:
    files = {"train.py": TRAIN, "results/report.md": content}
    assert _on(tmp_path, REPORT, files).outcome is Outcome.UNSATISFIED


def test_a_report_that_links_to_a_missing_figure_does_not_show_it(tmp_path: Path) -> None:
    criteria = (
        "A Markdown file containing results and visualizations is generated and saved as"
        " `results/report.md`."
    )
    text = GOOD_REPORT + "\n## Results\n\nThe matrix:\n\n![matrix](figures/confusion_matrix.png)\n"
    without = _on(tmp_path / "a", criteria, {"train.py": TRAIN, "results/report.md": text})
    assert without.outcome is Outcome.UNSATISFIED
    files: dict[str, str | bytes] = {
        "train.py": TRAIN,
        "results/report.md": text,
        "results/figures/confusion_matrix.png": picture(),
    }
    assert _on(tmp_path / "b", criteria, files).outcome is Outcome.SATISFIED


def test_a_model_with_parameters_counts_and_one_without_does_not(tmp_path: Path) -> None:
    path = "models/saved_models/model.npy"
    full = _on(tmp_path / "a", MODEL, {"train.py": TRAIN, path: _array(np.arange(12.0))})
    assert full.outcome is Outcome.SATISFIED, full.reason
    empty = _on(tmp_path / "b", MODEL, {"train.py": TRAIN, path: _array(np.zeros(0))})
    assert empty.outcome is Outcome.UNSATISFIED


def test_any_fitting_file_meets_a_folder_and_no_other_does(tmp_path: Path) -> None:
    criteria = "The trained model is saved under `models/saved_models/`."
    code = TRAIN.replace("model.npy", "weights.npy")
    model: dict[str, str | bytes] = {
        "train.py": code,
        "models/saved_models/weights.npy": _array(np.arange(9.0)),
    }
    assert _on(tmp_path / "a", criteria, model).outcome is Outcome.SATISFIED
    note = {"train.py": code, "models/saved_models/README.md": "The model goes here."}
    assert _on(tmp_path / "b", criteria, note).outcome is Outcome.UNSATISFIED


def test_a_pickle_of_a_dictionary_of_words_is_no_model(tmp_path: Path) -> None:
    criteria = "The trained model is saved as `models/spam_filter.pkl`."
    content = pickle.dumps({"model": "svm", "status": "trained"})
    files: dict[str, str | bytes] = {"train.py": TRAIN, "models/spam_filter.pkl": content}
    assert _on(tmp_path, criteria, files).outcome is Outcome.UNSATISFIED


def test_a_header_is_no_table(tmp_path: Path) -> None:
    criteria = "Prediction results are saved in `results/predictions.csv`."
    code = """
    import pandas as pd

    frame = pd.read_csv("https://example.org/a.csv")
    frame.rolling(3).mean().to_csv("results/predictions.csv")
    """
    bare = {"p.py": code, "results/predictions.csv": "day,price\n"}
    assert _on(tmp_path / "a", criteria, bare).outcome is Outcome.UNSATISFIED
    full = {"p.py": code, "results/predictions.csv": "day,price\n1,3.5\n2,3.75\n"}
    assert _on(tmp_path / "b", criteria, full).outcome is Outcome.SATISFIED


def test_what_is_cited_is_what_was_measured(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "train.py": TRAIN,
        "results/figures/confusion_matrix.png": picture(),
    }
    cited = [e for e in _on(tmp_path, MATRIX, files).evidence if isinstance(e, ArtifactEvidence)]
    assert cited and "320 x 240 pixels" in cited[0].fact


def test_an_empty_workspace_satisfies_nothing(tmp_path: Path) -> None:
    for number, criteria in enumerate((ACCURACY, MATRIX, REPORT, MODEL)):
        verdict = _on(tmp_path / str(number), criteria, {})
        assert verdict.outcome is Outcome.UNSATISFIED
