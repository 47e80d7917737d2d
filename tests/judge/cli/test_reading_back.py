"""What a run found, read back: shown, exported, aligned with labels, listed, deleted."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pytest

from devai_tasks import bundled_example
from tests.support.command import judge
from tests.support.outputs import write_files, write_output, write_task

DATA = os.environ.get("JUDGE_TEST_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="JUDGE_TEST_DATA is not set")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the bundled example was judged once."""
    folder = tmp_path_factory.mktemp("home")
    assert judge("run", "--quiet", folder=folder).status == 0
    return folder


def run_id(home: Path) -> str:
    (run,) = (home / "runs").iterdir()
    return run.name


def verdicts(home: Path, run: str | None = None) -> list[dict[str, Any]]:
    shown = judge("show", run or run_id(home), "--json", folder=home)
    assert shown.status == 0
    return [
        {"task": task["name"], **verdict}
        for task in shown.json["tasks"]
        for verdict in task["verdicts"]
    ]


def test_a_run_is_named_by_id_prefix_or_folder(home: Path) -> None:
    whole = run_id(home)
    for name in (whole, whole[:18], f"runs/{whole}", str(home / "runs" / whole)):
        assert judge("show", name, "--json", folder=home).json["run"] == whole


def test_the_tree_shows_outcomes_reasons_and_citations(home: Path) -> None:
    task = "02_Time_Series_Forecasting_Ridge_Sunspots_ML"
    shown = judge("show", run_id(home), "--task", task, folder=home).out
    assert task in shown
    assert "03_Spam" not in shown
    assert "✘ unsatisfied  6. The trained model is saved as `models/ridge.pkl`." in shown
    assert "models/ridge.pkl  no such file" in shown
    assert "also needs" in shown


def test_every_satisfied_verdict_cites_something_that_is_there(home: Path) -> None:
    workspaces = bundled_example().workspaces
    passed = [v for v in verdicts(home) if v["outcome"] == "satisfied"]
    assert passed
    for verdict in passed:
        assert verdict["evidence"]
        for evidence in verdict["evidence"]:
            if evidence["kind"] == "file":
                text = (workspaces / verdict["task"] / evidence["path"]).read_text()
                assert " ".join(evidence["quote"].split()) in " ".join(text.split())


def test_an_unknown_task_is_named_with_those_there_are(home: Path) -> None:
    ended = judge("show", run_id(home), "--task", "99_None", folder=home)
    assert ended.status == 2
    assert "01_Digit" in ended.err


def test_devai_judgments_come_back_as_the_run_that_they_came_from(
    home: Path, tmp_path: Path
) -> None:
    exported = judge(
        "export", run_id(home), "--format", "devai", "--out", tmp_path / "devai", folder=home
    )
    assert exported.status == 0
    file = json.loads(
        (tmp_path / "devai" / "03_Spam_Filter_NaiveBayes_Messages_Web.json").read_text()
    )
    flags = {r["requirement_id"]: (r["satisfied"], r["outcome"]) for r in file["requirements"]}
    assert flags[4] == (False, "unsatisfied")
    assert file["is_training_needed"] is True
    assert file["judge_stats"][0]["reason"]
    back = verdicts(home, str(tmp_path / "devai"))
    kept = ("task", "requirement_id", "outcome", "confidence", "reason", "evidence")
    assert [[v[k] for k in kept] for v in back] == [[v[k] for k in kept] for v in verdicts(home)]


def test_all_forms_hold_the_same_verdicts(home: Path, tmp_path: Path) -> None:
    for form in ("jsonl", "csv", "parquet", "markdown"):
        ended = judge("export", run_id(home), "--format", form, "--out", tmp_path, folder=home)
        assert ended.status == 0
    wanted = [(v["task"], v["requirement_id"], v["outcome"]) for v in verdicts(home)]
    lines = map(json.loads, (tmp_path / "verdicts.jsonl").read_text().splitlines())
    assert [(r["task"], r["requirement_id"], r["outcome"]) for r in lines] == wanted
    with (tmp_path / "verdicts.csv").open(newline="") as file:
        rows = [(r["task"], int(r["requirement_id"]), r["outcome"]) for r in csv.DictReader(file)]
    assert rows == wanted
    query = "SELECT task, requirement_id, outcome, prerequisites FROM read_parquet(?)"
    table = duckdb.execute(query, [str(tmp_path / "verdicts.parquet")]).fetchall()
    assert [row[:3] for row in table] == wanted
    assert table[1][3] == [0]
    report = (tmp_path / "report.md").read_text()
    assert report.count("**✔ satisfied**") == sum(o == "satisfied" for _, _, o in wanted)
    assert not list(tmp_path.glob(".export-*"))


def test_exported_text_is_neither_a_formula_nor_markup(tmp_path: Path) -> None:
    write_task(tmp_path / "tasks", "a", [('=HYPERLINK("http://x") <script>alert(1)</script>', ())])
    write_output(tmp_path / "out" / "a")
    arguments = ("run", "--tasks", "tasks", "--workspaces", "out", "--quiet")
    run = judge(*arguments, folder=tmp_path).out.strip()
    for form in ("csv", "markdown"):
        judge("export", run, "--format", form, "--out", "files", folder=tmp_path)
    with (tmp_path / "files" / "verdicts.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["criteria"].startswith("'=")
    assert "<script>" not in (tmp_path / "files" / "report.md").read_text().replace("\\<", "")


def test_an_export_into_a_file_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    ended = judge(
        "export", run_id(home), "--format", "csv", "--out", tmp_path / "taken", folder=home
    )
    assert ended.status == 2
    assert "taken" in ended.err


def test_align_takes_a_run_and_a_folder_of_judgments_on_either_side(home: Path) -> None:
    labels = bundled_example().labels
    ended = judge("align", "--labels", labels, "--judgments", run_id(home), "--json", folder=home)
    assert ended.status == 0
    found = ended.json
    assert found["n"] == 23
    assert found["labels"]["independent"]["value"] == pytest.approx(12 / 23)
    assert found["alignment"] >= 0.85
    assert found["left_out"] == []
    other = judge("align", "--labels", run_id(home), "--judgments", labels, "--json", folder=home)
    assert other.json["agree"] == found["agree"]
    itself = judge("align", "--labels", labels, "--judgments", labels, folder=home)
    assert "100.0 %" in itself.out


# specs/metrics.md, "Golden values from data/devai/judgments".
GOLDEN = {
    "MetaGPT": {
        "agree": 337,
        "alignment": 0.9208,
        "kappa": 0.775,
        "sensitivity": 0.852,
        "specificity": 0.940,
        "majority_baseline": 0.779,
        "ci": (0.891, 0.950),
        "labels": (0.2213, 0.0656, 0.0492, 0.0),
        "judgments": (0.2350, 0.0601, 0.0328, 0.0),
    },
    "GPT-Pilot": {
        "agree": 317,
        "alignment": 0.8661,
        "kappa": 0.730,
        "sensitivity": 0.871,
        "specificity": 0.862,
        "majority_baseline": 0.555,
        "ci": (0.826, 0.906),
        "labels": (0.4454, 0.2896, 0.2760, 0.0909),
        "judgments": (0.4645, 0.3060, 0.2896, 0.0545),
    },
    "OpenHands": {
        "agree": 330,
        "alignment": 0.9016,
        "kappa": 0.800,
        "sensitivity": 0.892,
        "specificity": 0.909,
        "majority_baseline": 0.571,
        "ci": (0.870, 0.933),
        "labels": (0.4290, 0.2869, 0.2596, 0.0182),
        "judgments": (0.4344, 0.2814, 0.2486, 0.0364),
    },
}


@needs_data
@pytest.mark.parametrize("agent", GOLDEN)
def test_align_gives_the_papers_figures(agent: str, tmp_path: Path) -> None:
    folder = Path(DATA or "") / "devai" / "judgments" / agent
    ended = judge(
        *("align", "--labels", folder / "human", "--judgments", folder / "agent_gray_box"),
        "--json",
        "--quiet",
        folder=tmp_path,
    )
    assert ended.status == 0
    found, golden = ended.json, GOLDEN[agent]
    assert found["n"] == found["decided"] == 366
    assert found["coverage"] == 1
    assert found["agree"] == golden["agree"]
    names = ("alignment", "kappa", "sensitivity", "specificity", "majority_baseline")
    for name in names:
        assert found[name] == pytest.approx(golden[name], abs=0.0006), name
    assert (found["ci"]["low"], found["ci"]["high"]) == pytest.approx(golden["ci"], abs=0.0006)
    for side in ("labels", "judgments"):
        readings = ("independent", "dependent", "transitive", "solve")
        values = [found[side][reading]["value"] for reading in readings]
        assert values == pytest.approx(golden[side], abs=0.0001), side


@needs_data
def test_validate_lists_the_self_loops_of_instance_45_and_ends_with_1(tmp_path: Path) -> None:
    ended = judge("tasks", "validate", Path(DATA or "") / "devai", "--json", folder=tmp_path)
    assert ended.status == 1
    assert ended.json["tasks"] == 55
    places = [fault["place"] for fault in ended.json["faults"]]
    assert places == ["/requirements/3/prerequisites", "/requirements/4/prerequisites"]


def test_validate_lists_all_faults_at_once(tmp_path: Path) -> None:
    write_task(tmp_path, "a", [("One.", (1,)), ("Two.", (0, 7))], query=" ")
    write_files(tmp_path, {"b.json": "{oops"})
    ended = judge("tasks", "validate", tmp_path, folder=tmp_path)
    assert ended.status == 1
    for part in ("0 → 1 → 0", "7", "/query", "b.json, line 1"):
        assert part in ended.out


def test_tasks_without_fault_end_with_0_and_are_shown_as_trees(tmp_path: Path) -> None:
    tasks = bundled_example().tasks
    assert judge("tasks", "validate", tasks, folder=tmp_path).status == 0
    shown = judge("tasks", "show", tasks, "--select", "03_*", folder=tmp_path)
    assert "A page with a message box" in shown.out
    assert "01_Digit" not in shown.out
    document = judge("tasks", "show", tasks, "--json", folder=tmp_path).json
    assert [len(task["requirements"]) for task in document["tasks"]] == [8, 8, 7]


def test_a_trajectory_is_shown_and_converted(tmp_path: Path) -> None:
    file = bundled_example().trajectories / "02_Time_Series_Forecasting_Ridge_Sunspots_ML.json"
    shown = judge("trajectory", "show", file, "--json", folder=tmp_path).json
    assert [step["number"] for step in shown["steps"]] == list(range(len(shown["steps"])))
    assert "step 0" in judge("trajectory", "show", file, folder=tmp_path).out
    converted = judge("trajectory", "convert", file, "--out", "x.json", "--json", folder=tmp_path)
    assert converted.json["steps"] == len(shown["steps"])
    again = judge("trajectory", "show", "x.json", "--json", folder=tmp_path).json
    assert again["format"] != shown["format"]
    actions = [step["action"] for step in shown["steps"] if step["action"]]
    assert len(actions) >= 5
    for action in actions:
        command = action.removeprefix("Running command: ")
        assert any(command in step["action"] for step in again["steps"])


def test_a_deleted_run_leaves_the_store_and_with_its_folder_does_not_come_back(
    tmp_path: Path,
) -> None:
    write_task(tmp_path / "tasks", "a")
    write_output(tmp_path / "out" / "a")
    arguments = ("run", "--tasks", "tasks", "--workspaces", "out", "--quiet")
    first, second = (judge(*arguments, folder=tmp_path).out.strip() for _ in range(2))

    def listed() -> list[str]:
        runs = judge("results", "list", "--json", folder=tmp_path).json["runs"]
        return [run["run_id"] for run in runs]

    assert listed() == [first, second]
    assert judge("results", "show", first, "--json", folder=tmp_path).json["run_id"] == first
    assert judge("results", "delete", first, folder=tmp_path).status == 0
    assert listed() == [second]
    assert judge("results", "sync", folder=tmp_path).status == 0
    assert listed() == [first, second]
    assert judge("results", "delete", first, "--with-folder", folder=tmp_path).status == 0
    judge("results", "sync", folder=tmp_path)
    assert listed() == [second]
    assert [run.name for run in (tmp_path / "runs").iterdir()] == [second]


def test_a_run_that_cannot_be_read_does_not_keep_others_from_the_store(tmp_path: Path) -> None:
    assert judge("run", "--quiet", folder=tmp_path).status == 0
    broken = tmp_path / "runs" / "20260101-000000-000-deadbeef"
    write_files(broken, {"run.json": "{", "journal.jsonl": ""})
    (tmp_path / "results.duckdb").unlink()
    synced = judge("results", "sync", "--json", folder=tmp_path)
    assert synced.status == 1
    assert synced.json["runs"] == 1
    assert "deadbeef" in synced.json["faults"][0]


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_the_stores_tables_are_written_as_files(form: str, home: Path, tmp_path: Path) -> None:
    ended = judge(
        "results", "export", "--format", form, "--out", tmp_path / "what?", "--json", folder=home
    )
    assert ended.status == 0
    names = {Path(file).stem for file in ended.json["files"]}
    assert {"runs", "verdicts", "evidence"} <= names
    assert all(Path(file).stat().st_size > 0 for file in ended.json["files"])
