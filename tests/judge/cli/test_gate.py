"""`judge gate`: its exit status, its policy, its baselines and its reports."""

from __future__ import annotations

from pathlib import Path

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
    """A folder with a baseline run and candidates that are better and worse."""
    folder = tmp_path_factory.mktemp("home")
    runs = folder / "runs"
    judgment_run(runs, "base", {task: [MET, MET, UNMET] for task in TASKS})
    judgment_run(runs, "same", {task: [MET, MET, UNMET] for task in TASKS})
    judgment_run(runs, "broken", {task: [UNMET, UNMET, UNMET] for task in TASKS})
    some = {task: [UNMET if i < 2 else MET, MET, UNMET] for i, task in enumerate(TASKS)}
    judgment_run(runs, "unclear", some)
    judgment_run(runs, "abstaining", {task: [Outcome.ABSTAINED] * 3 for task in TASKS})
    half = {t: [Outcome.ERROR if i < 6 else MET, MET, UNMET] for i, t in enumerate(TASKS)}
    judgment_run(runs, "failing", half)
    judgment_run(runs, "one-task", {TASKS[0]: [UNMET, UNMET, UNMET]})
    judgment_run(runs, "other-judge", {task: [MET] * 3 for task in TASKS}, judge="llm")
    return folder


@pytest.mark.parametrize(
    ("candidate", "verdict", "status"),
    [
        ("same", "PASS", 0),
        ("base", "PASS", 0),
        ("broken", "FAIL", 1),
        ("unclear", "INCONCLUSIVE", 4),
        ("abstaining", "INCONCLUSIVE", 4),
        ("failing", "INCONCLUSIVE", 4),
        ("one-task", "INCONCLUSIVE", 4),
    ],
)
def test_the_exit_status_is_the_verdict(
    candidate: str, verdict: str, status: int, home: Path
) -> None:
    ended = judge("gate", "--baseline", "base", "--candidate", candidate, "--json", folder=home)
    assert ended.status == status, ended.err
    assert ended.json["verdict"] == verdict
    (rule,) = ended.json["rules"]
    assert (rule["metric"], rule["verdict"], rule["margin"]) == ("independent", verdict, 0.02)
    assert "minimum_detectable_effect" in rule


def test_inconclusive_can_be_mapped(home: Path) -> None:
    arguments = ("gate", "--baseline", "base", "--candidate", "unclear", "--inconclusive")
    assert called(*arguments, "pass", folder=home).status == 0
    mapped = called(*arguments, "fail", "--json", folder=home)
    assert (mapped.status, mapped.json["verdict"]) == (1, "INCONCLUSIVE")
    broken = ("gate", "--baseline", "base", "--candidate", "broken", "--inconclusive", "pass")
    assert called(*broken, folder=home).status == 1


def test_a_wide_margin_lets_a_worsening_pass(home: Path) -> None:
    arguments = ("gate", "--baseline", "base", "--candidate", "unclear")
    assert called(*arguments, "--margin", "0.3", folder=home).status == 0
    assert called(*arguments, "--margin", "0", folder=home).status == 4


def test_a_green_tick_says_what_it_would_have_seen(home: Path) -> None:
    shown = called("gate", "--baseline", "base", "--candidate", "same", folder=home)
    assert shown.status == 0
    assert "would have seen" in shown.out and "(80 % power)" in shown.out
    assert "PASS  independent: None of 36 units flipped." in shown.out


def test_every_rule_of_a_policy_is_tried(home: Path) -> None:
    policy = home / "policy.toml"
    policy.write_text(
        """
        [[rules]]
        metric = "independent"
        slice = "category=Code"
        [[rules]]
        metric = "solve"
        [[budgets]]
        measure = "seconds"
        maximum = 1
        [[drift]]
        metric = "transitive"
        maximum = 0.0
        """
    )
    arguments = ("gate", "--baseline", "base", "--candidate", "broken", "--policy", policy)
    ended = called(*arguments, "--json", folder=home)
    assert ended.status == 1
    verdicts = {rule["rule"]: rule["verdict"] for rule in ended.json["rules"]}
    assert verdicts == {
        "independent category=Code": "FAIL",
        "solve": "PASS",
        "budget of seconds": "FAIL",
        "drift of transitive": "FAIL",
    }


def test_a_baseline_is_kept_in_a_file_and_says_the_same(home: Path) -> None:
    kept = called(
        *("gate", "--candidate", "base", "--write-baseline", "main.parquet", "--json"), folder=home
    )
    assert kept.status == 0
    assert kept.json["units"] == 108
    by_file, by_run = (
        called("gate", "--baseline", baseline, "--candidate", "broken", "--json", folder=home)
        for baseline in ("main.parquet", "base")
    )
    assert by_file.status == 1
    assert by_file.json == by_run.json
    other = ("gate", "--baseline", "main.parquet", "--candidate", "other-judge")
    refused = called(*other, folder=home)
    assert refused.status == 2 and "the judge differs" in refused.err
    assert called(*other, "--allow", "a trial", folder=home).status == 0


def test_reports_are_written_beside_the_answer(home: Path) -> None:
    ended = called(
        *("gate", "--baseline", "base", "--candidate", "broken", "--json"),
        *("--junit", "out.xml", "--sarif", "out.sarif", "--summary", "out.md"),
        folder=home,
    )
    assert ended.status == 1
    assert ended.json["verdict"] == "FAIL"
    assert "<testsuite" in (home / "out.xml").read_text()
    assert "src/0.py" in (home / "out.sarif").read_text()
    assert "FAIL" in (home / "out.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--baseline", "base"], "--candidate"),
        (["--candidate", "base"], "--baseline"),
        (["--baseline", "nowhere", "--candidate", "base"], "No run is called"),
        (["--baseline", "base", "--candidate", "nowhere"], "No run is called"),
        (["--baseline", "no.parquet", "--candidate", "base"], "There is no baseline no.parquet"),
        (["--baseline", "base", "--candidate", "base", "--policy", "no.toml"], "no.toml"),
        (["--baseline", "base", "--candidate", "base", "--margin", "-1"], "--margin is -1"),
        (["--baseline", "base", "--candidate", "base", "--margin", "nan"], "--margin is nan"),
        (["--baseline", "base", "--candidate", "base", "--margin", "wide"], "--margin"),
        (["--baseline", "base", "--candidate", "base", "--inconclusive", "x"], "--inconclusive"),
        (["--candidate", "base", "--write-baseline", "base.csv"], "name it base.parquet"),
        (["--baseline", "base", "--candidate", "other-judge"], "the judge differs"),
    ],
)
def test_unusable_input_ends_with_2_and_a_sentence(
    arguments: list[str], words: str, home: Path
) -> None:
    ended = called("gate", *arguments, folder=home)
    assert ended.status == 2
    assert words in ended.err and "Traceback" not in ended.err


def test_a_policys_fault_ends_with_2_and_its_place(home: Path) -> None:
    policy = home / "faulty.yaml"
    policy.write_text("rules: [{metric: independent, margn: 0.1}]")
    arguments = ("gate", "--baseline", "base", "--candidate", "same", "--policy", policy)
    ended = called(*arguments, folder=home)
    assert ended.status == 2
    assert "faulty.yaml" in ended.err and "rules[0].margn is not a key" in ended.err
    policy.write_text("rules: [{metric: J&F}]")
    ended = called(*arguments, folder=home)
    assert ended.status == 2
    assert "J&F" in ended.err and "independent" in ended.err


def test_a_variant_is_gated_on_its_reference(tmp_path: Path) -> None:
    videos = {f"v{i}": [0.5 + i / 40, 0.7] for i in range(12)}
    benchmark_run(tmp_path / "runs", "reference", videos)
    candidates: dict[str, dict[str, list[float | None]]] = {
        "near": {video: [value - 0.002 for value in found] for video, found in videos.items()},
        "far": {
            video: [value - 0.03 - place / 200 for value in found]
            for place, (video, found) in enumerate(videos.items())
        },
        "lost": {video: [None if video != "v0" else x for x in f] for video, f in videos.items()},
    }
    for name, values in candidates.items():
        benchmark_run(tmp_path / "runs", name, values, variant="onnx int8")
    for name, status in (("near", 0), ("far", 1), ("lost", 4)):
        ended = called(
            "gate", "--baseline", "reference", "--candidate", name, "--json", folder=tmp_path
        )
        assert (name, ended.status) == (name, status)
        assert ended.json["rules"][0]["metric"] == "J&F"


def test_judgment_files_are_gated(tmp_path: Path) -> None:
    good = judgment_files(tmp_path / "good", {task: [True] * 4 for task in TASKS})
    bad = judgment_files(tmp_path / "bad", {task: [False] * 4 for task in TASKS})
    assert called("gate", "--baseline", good, "--candidate", bad, folder=tmp_path).status == 1
    assert called("gate", "--baseline", bad, "--candidate", good, folder=tmp_path).status == 0


@needs_data
@pytest.mark.parametrize(("agent", "status"), [("MetaGPT", 1), ("GPT-Pilot", 4), ("OpenHands", 0)])
def test_the_released_labels_are_told_apart(agent: str, status: int, tmp_path: Path) -> None:
    labels = Path(str(DATA)) / "devai" / "judgments"
    ended = called(
        *("gate", "--baseline", labels / "OpenHands" / "human"),
        *("--candidate", labels / agent / "human", "--margin", "0"),
        folder=tmp_path,
    )
    assert ended.status == status
