"""`judge results` over benchmark runs and published figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from results.records import Interval, Metric, RunRecord, Score, ScoreStatus
from runners.benchmark_runs import benchmark_run
from tests.support.command import judge
from tests.support.sample_runs import record

FIGURES = (
    Metric(
        name="J&F",
        value=0.877,
        n=2,
        worst=0.585,
        best=0.918,
        interval=Interval(low=0.8, high=0.9, level=0.95, method="made up", clusters=2),
    ),
    Metric(name="J&F", slice="length=short", value=None, n=0, note="no such sequence"),
    Metric(name="fps", value=15.73, n=2, unit="frames/s"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of a model that failed on one sample, and a judgment run."""
    folder = tmp_path_factory.mktemp("home")
    assert judge("run", "--quiet", folder=folder).status == 0
    with benchmark_run(asked(), runs_dir=folder / "runs", store=folder / "results.duckdb") as run:
        for sample in ("bear", "camel"):
            run.add(Score(sample=sample, values={"J": 0.8, "F": 0.9}))
        run.add(Score(sample="dog\x1b[2J", status=ScoreStatus.ERROR, reason="no memory\x1b[31m"))
        run.set_metrics(FIGURES)
    return folder


def asked() -> RunRecord:
    return record(
        "bench-1",
        kind="benchmark",
        agent="",
        judge="",
        model="hf:edgetam",
        benchmark="davis2017",
        split="val",
        variant="onnx int8",
        scorer="davis",
    )


def found(home: Path) -> dict[str, Any]:
    runs = judge("results", "list", "--json", folder=home).json["runs"]
    (run,) = [run for run in runs if run["kind"] == "benchmark"]
    assert len(runs) == 2
    return dict(run)


def test_benchmark_runs_are_listed_beside_judgments_with_what_failed(home: Path) -> None:
    run = found(home)
    assert (run["benchmark"], run["split"], run["model"]) == ("davis2017", "val", "hf:edgetam")
    assert (run["variant"], run["scorer"], run["status"]) == ("onnx int8", "davis", "incomplete")
    assert run["samples"] == {"scored": 2, "unparsed": 0, "error": 1}
    assert [metric["name"] for metric in run["metrics"]] == ["J&F", "fps"]
    assert run["metrics"][0]["interval"]["low"] == 0.8
    shown = judge("results", "list", folder=home).out
    for text in ("davis2017 val", "hf:edgetam", "87.7 %", "(n=2)", "1 failed", "checks"):
        assert text in " ".join(shown.split()), text


def test_only_the_latest_runs_are_listed_on_request(home: Path) -> None:
    everything = judge("results", "list", "--json", folder=home).json["runs"]
    latest = judge("results", "list", "--last", "1", "--json", folder=home).json["runs"]
    assert latest == everything[-1:]


def test_a_benchmark_run_is_shown_with_every_figure_and_failed_sample(home: Path) -> None:
    document = judge("results", "show", "bench", "--json", folder=home).json
    assert [(m["name"], m["slice"]) for m in document["metrics"]] == [
        ("J&F", ""),
        ("J&F", "length=short"),
        ("fps", ""),
    ]
    assert document["failed"] == [{"sample": "dog\x1b[2J", "reason": "no memory\x1b[31m"}]
    shown = judge("results", "show", "bench", folder=home).out
    assert "\x1b" not in shown
    for text in ("80.0 % to 90.0 %", "58.5 % to 91.8 %", "15.73 frames/s", "no such sequence"):
        assert text in " ".join(shown.split()), text


def test_a_benchmark_run_has_no_verdicts_to_show(home: Path) -> None:
    shown = judge("show", "bench-1", folder=home)
    assert shown.status == 2
    assert "judge results show bench-1" in shown.err


def test_exported_tables_hold_scores_figures_and_the_papers_apart(home: Path) -> None:
    assert judge("results", "export", "--out", "t", "--format", "csv", folder=home).status == 0

    def rows(table: str) -> list[dict[str, str]]:
        with (home / "t" / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    assert len(rows("scores")) == 3
    assert {row["run_id"] for row in rows("metrics")} == {"bench-1"}
    assert len(rows("published")) == 1141
    stcn = [
        float(row["value"])
        for row in rows("published")
        if (row["canonical_system"], row["canonical_benchmark"]) == ("STCN", "sav")
        and row["canonical_split"] == "test"
    ]
    assert sorted(stcn) == [57.3, 62.5]


def test_a_judgment_run_brings_the_published_figures_along(tmp_path: Path) -> None:
    assert judge("run", "--quiet", folder=tmp_path).status == 0
    imported = judge("results", "import-reference", "--json", folder=tmp_path).json
    assert imported == {"source": "reference", "rows": 1141, "known": 0, "imported": 0}


def test_published_figures_are_imported_into_a_new_store_once(tmp_path: Path) -> None:
    first = judge("results", "import-reference", "--json", folder=tmp_path)
    assert (first.status, first.json["imported"]) == (0, 1141)
    assert judge("results", "import-reference", "--json", folder=tmp_path).json["imported"] == 0


def test_sync_makes_a_store_with_runs_and_figures(home: Path) -> None:
    options = ("--store", "other.duckdb", "--run-dir", "runs", "--json")
    synced = judge("results", "sync", *options, folder=home)
    assert synced.status == 0
    assert (synced.json["runs"], synced.json["scores"]) == (2, 3)
    assert Path(synced.json["snapshot"], "published.parquet").is_file()


def test_figures_of_ones_own_are_imported_and_replaced(tmp_path: Path) -> None:
    figure = {
        "paper": "Mine",
        "system": "A",
        "benchmark": "DAVIS 2017",
        "split": "val",
        "metric": "J&F",
        "value": 90.0,
        "unit": "%",
        "higher_is_better": True,
        "source_table": "Table 1",
        "verified": False,
    }
    file = tmp_path / "mine.json"
    for rows in ([figure], [{**figure, "value": 91.5}, {**figure, "system": "B"}]):
        file.write_text(json.dumps(rows))
        imported = judge("results", "import-reference", "mine.json", "--json", folder=tmp_path)
        assert imported.json == {
            "source": "mine.json",
            "rows": len(rows),
            "known": 0,
            "imported": len(rows),
        }
    judge("results", "export", "--out", "t", "--format", "csv", folder=tmp_path)
    with (tmp_path / "t" / "published.csv").open(newline="", encoding="utf-8") as opened:
        mine = [row for row in csv.DictReader(opened) if row["source"] == "mine.json"]
    assert [(row["system"], float(row["value"])) for row in mine] == [("A", 91.5), ("B", 90.0)]
    assert mine[0]["family"] == "video segmentation"


def test_a_file_of_something_else_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text('[{"paper": "x"}]')
    refused = judge("results", "import-reference", "bad.json", folder=tmp_path)
    assert refused.status == 2
    assert refused.err == "judge: bad.json, `0.system`: field required.\n"
    missing = judge("results", "import-reference", "none.json", folder=tmp_path)
    assert (missing.status, missing.err) == (2, "judge: There is no file none.json.\n")
