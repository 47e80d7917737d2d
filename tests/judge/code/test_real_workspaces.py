"""Facts of real agent outputs, looked up in their sources by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import devai_tasks
from judge.code import Body, CodeGraph, build_graph, language_of

BUNDLED = Path(devai_tasks.__file__).parent / "bundled" / "workspaces"
DATA = os.environ.get("JUDGE_TEST_DATA", "")
needs_data = pytest.mark.skipif(not DATA, reason="JUDGE_TEST_DATA names no folder of real data")


def graph_of(folder: Path) -> CodeGraph:
    return build_graph(
        {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(folder.rglob("*"))
            if path.is_file() and language_of(path.name) == "python"
        }
    )


def test_an_output_that_works_writes_its_artifacts_from_reached_code() -> None:
    graph = graph_of(BUNDLED / "01_Digit_Recognition_MLP_Digits_ML")
    assert {(use.target, use.is_reached) for use in graph.uses if use.mode == "write"} == {
        ("models/mlp_digits.joblib", True),
        ("results/metrics.txt", True),
        ("results/figures/confusion_matrix.png", True),
        ("results/report.md", True),
    }
    fits = {call.name for call in graph.calls_named("fit")}
    assert fits == {
        "sklearn.model_selection.GridSearchCV.fit",
        "sklearn.neural_network.MLPClassifier.fit",
    }


def test_an_output_that_works_in_part_leaves_a_function_uncalled() -> None:
    graph = graph_of(BUNDLED / "02_Time_Series_Forecasting_Ridge_Sunspots_ML")
    assert not graph.is_reached("src/evaluate.py", "compare_with_naive")
    assert graph.is_reached("src/model.py", "RidgeRegression.fit")


def test_a_hollow_output_has_no_body_that_works() -> None:
    graph = graph_of(BUNDLED / "03_Spam_Filter_NaiveBayes_Messages_Web")
    assert graph.definitions
    assert all(definition.body is not Body.WORKS for definition in graph.definitions)
    assert graph.uses == ()
    assert {mention.kind for mention in graph.mentions("TfidfVectorizer")} == {"comment"}


@needs_data
def test_the_real_output_of_task_39() -> None:
    folder = Path(DATA) / "devai/workspaces/OpenHands/39_Drug_Response_Prediction_SVM_GDSC_ML"
    graph = graph_of(folder)
    assert "sklearn.svm.SVR" in {call.name for call in graph.calls_in("src/model.py")}
    assert {use.target: use.via for use in graph.uses_in("src/train.py")} == {
        "results/metrics/performance.txt": "open",
        "results/figures/rmse_scores.png": "matplotlib.pyplot.savefig",
    }
    assert graph.is_reached("src/data_loader.py", "load_and_select_features")


@needs_data
def test_hollow_outputs_do_nothing_but_write_fixed_text() -> None:
    folders = sorted((Path(DATA) / "hollow/workspaces").iterdir())
    assert len(folders) == 27
    for folder in folders:
        graph = graph_of(folder)
        for definition in graph.definitions:
            if definition.body is Body.WORKS:
                uses = [use for use in graph.uses_in(definition.path)
                        if use.scope == definition.qualified]  # fmt: skip
                assert uses, definition
                assert all(use.content is not None for use in uses), definition
