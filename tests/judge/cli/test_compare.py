"""`judge compare`: both values, differences, flips with evidence, and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from results.records import Outcome
from tests.judge.cli.compared_runs import (
    DATA,
    MET,
    TASKS,
    UNMET,
    benchmark_run,
    called,
    judgment_files,
    judgment_run,
    needs_data,
)
from tests.support.command import judge


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs of both kinds."""
    folder = tmp_path_factory.mktemp("home")
    runs = folder / "runs"
    judgment_run(runs, "before", {task: [MET, MET, UNMET] for task in TASKS})
    worse = {task: [MET if i < 2 else UNMET, MET, UNMET] for i, task in enumerate(TASKS)}
    judgment_run(runs, "after", {**worse, TASKS[0]: [MET, Outcome.ABSTAINED, Outcome.ERROR]})
    judgment_run(runs, "other-judge", {task: [MET] * 3 for task in TASKS}, judge="llm")
    judgment_run(runs, "other-prompt", {t: [MET] * 3 for t in TASKS}, hashes={"prompt:x": "1"})
    judgment_run(runs, "few", {task: [MET, MET, MET] for task in TASKS[:2]})
    videos = {f"v{i}": [0.5 + i / 40, 0.6] for i in range(10)}
    benchmark_run(runs, "model-a", videos)
    benchmark_run(runs, "model-b", {v: [x - 0.1, 0.6] for v, (x, _) in videos.items()})
    benchmark_run(runs, "model-c", videos, scorer="sav")
    benchmark_run(runs, "model-d", videos, hashes={"dataset": "other"})
    benchmark_run(runs, "model-e", videos, config={"asked": {"clicks": 5, "data": "/a"}})
    half = {"asked": {"clicks": 3, "data": "/b", "device": "cpu", "limit": 2}}
    benchmark_run(runs, "model-f", dict(list(videos.items())[:7]), config=half)
    whole = {"asked": {"clicks": 3, "data": "/a", "device": "cuda", "limit": None}}
    benchmark_run(runs, "model-g", videos, config=whole)
    return folder


def compared(home: Path, *arguments: str | Path) -> dict[str, Any]:
    ended = called("compare", *arguments, "--json", folder=home)
    assert ended.status == 0, ended.err
    document: dict[str, Any] = ended.json
    return document


def metric(document: dict[str, Any], name: str, part: str = "") -> dict[str, Any]:
    (found,) = [m for m in document["metrics"] if (m["name"], m["slice"]) == (name, part)]
    assert isinstance(found, dict)
    return found


def test_judgment_runs_are_compared_in_all_readings_with_the_evidence_of_both(home: Path) -> None:
    document = compared(home, "before", "after")
    assert (document["baseline"], document["candidate"]) == ("before", "after")
    independent = metric(document, "independent")
    assert (independent["n"], independent["clusters"], independent["undecided"]) == (34, 12, 2)
    assert independent["baseline"] == pytest.approx(23 / 34)
    assert independent["candidate"] == pytest.approx(13 / 34)
    assert independent["difference"] == pytest.approx(-10 / 34)
    assert independent["ci"]["low"] < independent["difference"] < independent["ci"]["high"] < 0
    assert independent["p"] < 0.05
    flips = independent["flips"]
    assert (len(flips["harmful"]), len(flips["beneficial"])) == (10, 0)
    first = flips["harmful"][0]
    assert (first["cluster"], first["key"]) == (TASKS[2], "0")
    assert first["candidate_reason"] == "after says unsatisfied"
    assert first["baseline_evidence"][0]["path"] == "src/0.py"
    # What builds on the first requirement falls with it.
    assert len(metric(document, "dependent")["flips"]["harmful"]) == 20
    assert len(metric(document, "transitive")["flips"]["harmful"]) == 20
    assert metric(document, "solve")["difference"] == 0
    assert metric(document, "independent", "category=Code")["n"] == 12
    assert metric(document, "independent", "tag=Small")["n"] == 34
    assert metric(document, "independent", f"task={TASKS[3]}")["difference"] == pytest.approx(
        -1 / 3
    )


def test_only_common_tasks_are_compared_and_the_rest_is_listed(home: Path) -> None:
    document = compared(home, "before", "few")
    assert metric(document, "independent")["n"] == 6
    assert len(document["only_in_baseline"]) == 30
    assert f"{TASKS[5]}/1" in document["only_in_baseline"]
    assert document["only_in_candidate"] == []


@pytest.mark.parametrize(
    ("baseline", "candidate", "reason"),
    [
        ("before", "other-judge", "the judge differs (checks and llm)"),
        ("before", "other-prompt", "the prompt x differs"),
        ("model-a", "model-c", "the scorer differs (davis and sav)"),
        ("model-a", "model-d", "the hash of dataset differs"),
        ("model-e", "model-f", "the setting clicks differs (5 and 3)"),
        ("before", "model-a", "judgment run"),
    ],
)
def test_what_was_measured_otherwise_is_refused_unless_allowed(
    baseline: str, candidate: str, reason: str, home: Path
) -> None:
    refused = called("compare", baseline, candidate, folder=home)
    assert refused.status == 2
    assert reason in refused.err and "--allow" in refused.err
    assert not refused.out
    if candidate == "model-a":
        return
    document = compared(home, baseline, candidate, "--allow", "it is the same in effect")
    assert document["allowed"] == "it is the same in effect"
    assert any(reason in warning for warning in document["warnings"])


def test_an_allowance_stands_in_the_table(home: Path) -> None:
    shown = called("compare", "model-a", "model-c", "--allow", "as agreed", folder=home)
    assert "ALLOWED, although measured otherwise: as agreed" in shown.out


def test_benchmark_runs_are_compared_by_video_and_slice(home: Path) -> None:
    document = compared(home, "model-a", "model-b")
    assert document["kind"] == "benchmark"
    whole = metric(document, "J&F")
    assert (whole["n"], whole["clusters"]) == (20, 10)
    assert whole["difference"] == pytest.approx(-0.05)
    assert metric(document, "J&F", "length=long")["n"] == 10


def test_where_and_on_how_much_a_model_was_tried_is_of_no_matter(home: Path) -> None:
    document = compared(home, "model-g", "model-f")
    assert metric(document, "J&F")["n"] == 14
    assert document["only_in_baseline"] == [f"v{i}/{j}" for i in (7, 8, 9) for j in (0, 1)]


def test_a_person_reads_a_table_and_hostile_text_stays_harmless(home: Path, tmp_path: Path) -> None:
    shown = judge("compare", "before", "after", folder=home)
    assert shown.status == 0
    for words in ("after against before", "independent", "10 got worse", "-29.4 points", "10 / 0"):
        assert words in shown.out
    bad = "\x1b[31m[red]hidden\u202e"
    judgment_run(tmp_path / "runs", "a", {f"{bad}{i}": [MET] for i in range(3)})
    judgment_run(tmp_path / "runs", "b", {f"{bad}{i}": [UNMET] for i in range(3)})
    out = called("compare", "a", "b", folder=tmp_path).out
    assert "[red]hidden" in out and "\x1b" not in out and "\u202e" not in out


def test_judgment_files_pair_by_text_and_need_no_hashes(tmp_path: Path) -> None:
    first = judgment_files(tmp_path / "one", {t: [True, True, None] for t in TASKS})
    second = judgment_files(tmp_path / "two", {t: [True, False, True] for t in TASKS})
    moved = json.loads((second / f"{TASKS[0]}.json").read_text())
    moved["requirements"].reverse()
    for number, requirement in enumerate(moved["requirements"]):
        requirement["requirement_id"] = number
    moved["requirements"][0]["criteria"] = "Something else altogether is asked for now."
    (second / f"{TASKS[0]}.json").write_text(json.dumps(moved))
    document = compared(tmp_path, first, second)
    independent = metric(document, "independent")
    assert (independent["n"], len(independent["flips"]["harmful"])) == (24, 12)
    assert document["only_in_baseline"] == [f"{TASKS[0]}/2"]
    assert len(document["only_in_candidate"]) == 1


def test_repeats_and_a_judges_errors_are_taken_in(home: Path) -> None:
    document = compared(
        home,
        *("before", "after", "--candidate-repeat", "before"),
        *("--sensitivity", "0.9", "--specificity", "0.8", "--labelled", "50", "40"),
    )
    independent = metric(document, "independent")
    assert independent["difference"] == pytest.approx(-5 / 35, abs=0.01)
    assert document["candidate_spread"]["n"] == 24
    assert independent["corrected"] is None  # means of repeats are no verdicts to correct
    once = metric(
        compared(home, "before", "after", "--sensitivity", "0.9", "--specificity", "0.8"),
        "independent",
    )
    assert once["corrected"]["baseline"]["raw"] == pytest.approx(23 / 34)
    assert "sensitivity 0.900" in once["corrected"]["baseline"]["warning"]
    refused = called("compare", "before", "after", "--sensitivity", "0.9", folder=home)
    assert refused.status == 2 and "--specificity" in refused.err


@pytest.mark.parametrize("missing", ["nothing-like-it", "runs", "./nowhere", "none.parquet"])
def test_what_is_not_there_is_said_in_a_sentence(missing: str, home: Path) -> None:
    ended = called("compare", "before", missing, "--json", folder=home)
    assert ended.status == 2
    assert ended.err.count("\n") == 1 and "Traceback" not in ended.err
    assert ended.json["exit_status"] == 2


@needs_data
@pytest.mark.parametrize(
    ("agent", "harmful", "beneficial", "p"),
    [("MetaGPT", 120, 44, 2.5e-9), ("GPT-Pilot", 53, 59, 0.637)],
)
def test_the_released_labels_differ_as_published(
    agent: str, harmful: int, beneficial: int, p: float, tmp_path: Path
) -> None:
    labels = Path(str(DATA)) / "devai" / "judgments"
    document = compared(tmp_path, labels / "OpenHands" / "human", labels / agent / "human")
    independent = metric(document, "independent")
    flips = independent["flips"]
    assert (independent["n"], independent["clusters"]) == (366, 55)
    assert (len(flips["harmful"]), len(flips["beneficial"])) == (harmful, beneficial)
    assert independent["mcnemar_p"] == pytest.approx(p, rel=0.02)
    assert independent["baseline"] == pytest.approx(0.4290, abs=5e-5)
    assert metric(document, "dependent")["baseline"] == pytest.approx(0.2869, abs=5e-5)
    assert metric(document, "solve")["baseline"] == pytest.approx(0.0182, abs=5e-5)
    assert document["only_in_baseline"] == document["only_in_candidate"] == []
