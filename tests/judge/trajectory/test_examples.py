"""What a person reads in the bundled and the released trajectories, and the answers to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from devai_tasks import bundled_example
from judge.evidence import check_citation
from judge.trajectory import (
    Trajectory,
    claims,
    data_origins,
    find_trajectory,
    last_run_of,
    load_trajectory,
    runs,
    writes,
)
from judge.workspace import Workspace
from results.records import TrajectoryEvidence

EXAMPLE = bundled_example()
DIGITS = "01_Digit_Recognition_MLP_Digits_ML"
SUNSPOTS = "02_Time_Series_Forecasting_Ridge_Sunspots_ML"
SPAM = "03_Spam_Filter_NaiveBayes_Messages_Web"


def bundled(task: str) -> Trajectory:
    path = find_trajectory(EXAMPLE.trajectories, "agent", task)
    assert path is not None
    return load_trajectory(path)


def released() -> Trajectory:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("the released OpenHands trajectory is needed; set JUDGE_TEST_DATA")
    (path,) = (Path(data) / "devai" / "trajectories" / "OpenHands").glob("39_*.json")
    return load_trajectory(path)


def how_written(trajectory: Trajectory, path: str) -> list[tuple[int, str]]:
    return [(write.step, write.how) for write in writes(trajectory, path)]


def test_every_file_of_the_digits_output_was_written_by_a_step() -> None:
    """Five files were typed, four come from the run in step 4."""
    trajectory = bundled(DIGITS)
    files = [e.path for e in Workspace.open(EXAMPLE.workspaces / DIGITS).files]
    unwritten = [path for path in files if not writes(trajectory, path)]
    assert unwritten == []
    assert how_written(trajectory, "src/data_loader.py") == [(1, "heredoc")]
    for path in ("models/mlp_digits.joblib", "results/metrics.txt", "results/report.md",
                 "results/figures/confusion_matrix.png"):  # fmt: skip
        assert how_written(trajectory, path) == [(4, "program")], path


def test_the_digits_training_failed_first_and_ran_then() -> None:
    trajectory = bundled(DIGITS)
    ran = [run for run in runs(trajectory) if "src/train.py" in run.programs]
    assert [(r.step, r.ended, r.failure) for r in ran] == [
        (3, "failed", "ModuleNotFoundError: No module named 'report'"),
        (4, "ok", ""),
    ]


def test_the_digits_come_with_scikit_learn_and_what_is_said_holds() -> None:
    trajectory = bundled(DIGITS)
    assert [(o.step, o.kind) for o in data_origins(trajectory)] == [(1, "loaded")]
    said = claims(trajectory)
    assert "models/mlp_digits.joblib" in [claim.about for claim in said]
    assert not any(claim.is_contradicted or claim.doubt for claim in said)


def test_the_sunspots_were_made_up_after_the_library_was_missing() -> None:
    trajectory = bundled(SUNSPOTS)
    first = runs(trajectory)[0]
    assert first.failure == "ModuleNotFoundError: No module named 'statsmodels'"
    (origin,) = data_origins(trajectory)
    assert (origin.step, origin.kind) == (1, "made_up")
    assert "rng.normal" in origin.quote


def test_the_ridge_model_is_said_to_be_saved_and_the_listing_shows_that_it_is_not() -> None:
    trajectory = bundled(SUNSPOTS)
    assert writes(trajectory, "models/ridge.pkl") == ()
    assert how_written(trajectory, "results/metrics.json") == [(3, "program")]
    assert how_written(trajectory, "results/figures/forecast.png") == [(3, "program")]
    denied = [claim for claim in claims(trajectory) if claim.is_contradicted]
    assert [(c.step, c.about, c.by_step, c.by_quote) for c in denied] == [
        (5, "model", 4, "models:")
    ]
    doubted = [claim.about for claim in claims(trajectory) if claim.doubt]
    assert doubted == ["data"]


def test_the_spam_filters_artifacts_were_typed_by_hand() -> None:
    trajectory = bundled(SPAM)
    (model,) = writes(trajectory, "models/spam_filter.pkl")
    (metrics,) = writes(trajectory, "results/metrics.csv")
    (picture,) = writes(trajectory, "results/figures/top_words.png")
    assert (model.step, model.content) == (3, "")
    assert (metrics.step, metrics.content) == (3, "metric,value\n")
    assert picture.how == "python" and picture.content is not None
    assert picture.content.startswith("iVBORw0KGgo")
    assert not [write for write in writes(trajectory) if write.how == "program"]


def test_the_spam_filters_figures_are_printed_words() -> None:
    trajectory = bundled(SPAM)
    run = last_run_of(trajectory, "src/train.py")
    assert run is not None and run.ended == "ok"
    doubts = {claim.about: claim.doubt for claim in claims(trajectory)}
    literal = "the program of step 2 prints this figure as a literal"
    assert doubts["precision 0.98"] == doubts["recall 0.97"] == literal
    assert data_origins(trajectory) == ()


def test_the_drug_response_programs_were_written_mended_and_run() -> None:
    trajectory = released()
    assert how_written(trajectory, "src/train.py") == [
        (0, "redirect"), (6, "editor"), (10, "editor"),
    ]  # fmt: skip
    ran = [run for run in runs(trajectory) if "src/train.py" in run.programs]
    assert [(r.step, r.ended) for r in ran] == [(8, "failed"), (11, "failed"), (17, "ok")]
    assert how_written(trajectory, "results/metrics/performance.txt") == [(17, "program")]
    assert how_written(trajectory, "results/figures/rmse_scores.png") == [(17, "program")]
    pdf = how_written(trajectory, "results/drug_response_prediction_report.pdf")
    assert pdf[-1] == (31, "program") and (25, "program") not in pdf


def test_the_drug_response_data_was_made_up() -> None:
    trajectory = released()
    made = [o for o in data_origins(trajectory) if o.kind == "made_up"]
    assert {o.step for o in made} == {7}
    assert "path_to_gdsc_dataset.csv" in [o.path for o in made]
    assert not [o for o in data_origins(trajectory) if o.kind == "downloaded"]
    said = claims(trajectory)
    assert not any(claim.is_contradicted for claim in said)
    assert ("data", "step 7 makes data up") in [(claim.about, claim.doubt) for claim in said]


@pytest.mark.parametrize("task", [DIGITS, SUNSPOTS, SPAM])
def test_every_quote_of_an_answer_can_be_cited(task: str) -> None:
    trajectory = bundled(task)
    workspace = Workspace.open(EXAMPLE.workspaces / task)
    quotes = [(o.step, o.quote) for o in data_origins(trajectory)]
    quotes += [(run.step, run.failure) for run in runs(trajectory) if run.failure]
    quotes += [(c.by_step or 0, c.by_quote) for c in claims(trajectory) if c.is_contradicted]
    for step, quote in quotes:
        evidence = TrajectoryEvidence(step=step, quote=quote)
        assert check_citation(evidence, workspace, trajectory) is None


FOREIGN = {
    "atif/hello-world-timeout.trajectory.json": ("atif", 4, 982, 145),
    "swe-agent/test-repo-i1.traj": ("swe-agent", 5, 52_861, 326),
    "swe-agent/function_calling_simple.traj": ("swe-agent", 5, 0, 0),
    "mini-swe-agent/local.traj.json": ("mini-swe-agent", 2, 0, 0),
    "mini-swe-agent/rfc-mini-swe-agent.json": ("mini-swe-agent", 3, 2_512, 199),
    "claude-code/representative_messages.jsonl": ("claude-code", 6, 218, 445),
    "openhands/events.jsonl": ("openhands", 3, 107_458, 1_347),
}
"""Format, steps and tokens, counted by hand in the files."""


@pytest.mark.parametrize("name", sorted(FOREIGN))
def test_real_trajectories_of_other_agents_are_read(name: str) -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("real trajectories are needed; set JUDGE_TEST_DATA")
    trajectory = load_trajectory(Path(data) / "trajectories" / name)
    usage = trajectory.usage
    told = (trajectory.format, len(trajectory.steps), usage.input_tokens, usage.output_tokens)
    assert told == FOREIGN[name]


def test_the_syntax_error_of_swe_agents_task_was_mended_and_the_program_ran() -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("real trajectories are needed; set JUDGE_TEST_DATA")
    for name in ("test-repo-i1.traj", "function_calling_simple.traj"):
        trajectory = load_trajectory(Path(data) / "trajectories" / "swe-agent" / name)
        (write,) = writes(trajectory, "tests/missing_colon.py")
        assert (write.step, write.how) == (2, "editor")
        run = last_run_of(trajectory, "tests/missing_colon.py")
        assert run is not None and (run.step, run.ended) == (3, "ok")
        assert trajectory.ended_by_agent is True


def test_the_timed_out_terminal_session_only_slept() -> None:
    data = os.environ.get("JUDGE_TEST_DATA")
    if not data:
        pytest.skip("real trajectories are needed; set JUDGE_TEST_DATA")
    path = Path(data) / "trajectories" / "atif" / "hello-world-timeout.trajectory.json"
    trajectory = load_trajectory(path)
    assert [run.command for run in runs(trajectory)] == [
        "echo 'Hello, world!'", "sleep 50", "sleep 50",
    ]  # fmt: skip
    assert not writes(trajectory) and not claims(trajectory)
    assert trajectory.ended_by_agent is None
