"""Stores with benchmark runs and published figures for the pages, and a hostile one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from results.records import Interval, Metric, RunRecord, RunStatus, Score, ScoreStatus, Usage
from results.run_folder import RunFolder, new_run_id
from results.store import Store
from runners.storing import store_runs
from tests.support.judged_stores import ELSEWHERE, HOSTILE, LONG, SETS_A_MARK, said_run

EVERY_HOSTILE = (
    HOSTILE,
    LONG,
    f"![x]({ELSEWHERE}/name.png)",
    f"<img src={ELSEWHERE}/tag.png onerror={SETS_A_MARK}>",
    f"[click](javascript:{SETS_A_MARK})",
    "=HYPERLINK(1)",
    "-2+3+cmd|' /C calc'!A0",
    "\u202egnp.exe\u2066",
    ":material/home: :red[x] `code`",
    "a\x00b\x1b[31mc\nd",
)


def metric(
    name: str, value: float | None, *, n: int = 30, half: float | None = None, **changes: object
) -> Metric:
    """An aggregate figure, with an interval of `half` the width on each side."""
    interval = None
    if half is not None and value is not None:
        interval = Interval(
            low=value - half, high=value + half, level=0.95, method="bootstrap", clusters=10
        )
    return Metric.model_validate(
        {"name": name, "value": value, "n": n, "interval": interval, **changes}
    )


def benchmark_run(
    runs_dir: Path,
    model: str,
    benchmark: str,
    metrics: Sequence[Metric],
    *,
    split: str | None = "val",
    variant: str | None = None,
    scorer: str | None = "davis",
    started_at: str = "2026-11-20T10:00:00+00:00",
    scores: Mapping[str, float | None] | None = None,
    config: Mapping[str, object] | None = None,
) -> RunFolder:
    """A finished run of a model over a benchmark; a score of None is a sample that failed."""
    record = RunRecord(
        run_id=new_run_id(),
        kind="benchmark",
        model=model,
        benchmark=benchmark,
        split=split,
        variant=variant,
        scorer=scorer,
        started_at=started_at,
        config=dict(config or {}),
        versions={"agent-judge": "0.1.0"},
    )
    folder = RunFolder.create(runs_dir, record)
    name = metrics[0].name if metrics else "score"
    for sample, value in (scores or {}).items():
        folder.add_score(
            Score(sample=sample, status=ScoreStatus.ERROR, reason="no frame came")
            if value is None
            else Score(
                sample=sample,
                values={name: value},
                cluster=sample[:1],
                seconds=0.5,
                usage=Usage(calls=1, input_tokens=10, output_tokens=5, cost=0.01),
            )
        )
    folder.set_metrics(metrics)
    failed = any(value is None for value in (scores or {}).values())
    folder.finish(RunStatus.INCOMPLETE if failed else RunStatus.COMPLETE, 60.0)
    return folder


def stored(folder: Path, runs: Sequence[RunFolder]) -> Path:
    """A store with these runs and the published figures, published; its path."""
    store = Store(folder / "results.duckdb")
    ingested = store_runs(store, runs)
    assert not ingested.faults
    return store.path


def measured_runs(runs_dir: Path) -> list[RunFolder]:
    """A model with two variants and another model, on DAVIS and MOSE, as in a first week of use."""
    runs = []
    for day, (model, variant, quality, fps) in enumerate(
        (
            ("hf:models/edge", None, 0.70, 16.0),
            ("hf:models/edge", "onnx fp32", 0.70, 22.0),
            ("hf:models/edge", "executorch int8", 0.66, 31.0),
            ("hf:models/large", None, 0.78, 2.0),
        ),
        start=10,
    ):
        for benchmark, more in (("davis2017", 0.15), ("mose", 0.0)):
            whole = quality + more
            runs.append(
                benchmark_run(
                    runs_dir,
                    model,
                    benchmark,
                    [
                        metric("J&F", whole, half=0.02),
                        metric("J", whole - 0.02, half=0.02),
                        metric("J&F", whole - 0.1, n=12, slice="size=small"),
                        metric("fps", fps, unit="frames/s"),
                        metric("size_bytes", fps * 2**20, unit="bytes", higher_is_better=False),
                    ],
                    variant=variant,
                    started_at=f"2026-11-{day}T10:00:00+00:00",
                    scores={f"{letter}{n}": whole for letter in "abcdef" for n in range(2)},
                )
            )
    return runs


def measured_store(folder: Path) -> Path:
    """The store of `measured_runs` and of two agents that were judged; its path."""
    from results.records import Outcome

    yes, no = Outcome.SATISFIED, Outcome.UNSATISFIED
    judged = [
        said_run(folder / "runs", "Ada", "checks", {"t": [yes, no, yes], "u": [yes]}),
        said_run(folder / "runs", "Bob", "checks", {"t": [yes, Outcome.ABSTAINED, no]}),
    ]
    return stored(folder, [*measured_runs(folder / "runs"), *judged])


def hostile_measured_store(folder: Path) -> Path:
    """A store in which every name that a run can choose is hostile in turn; its path."""
    runs = []
    for name in EVERY_HOSTILE:
        for benchmark in ("mose", name):
            runs.append(
                benchmark_run(
                    folder / "runs",
                    name,
                    benchmark,
                    [
                        metric(name if benchmark != "mose" else "J&F", 0.5, half=0.1, note=name),
                        metric("fps", 3.0, unit="frames/s"),
                        metric("J&F", 0.4, slice=f"{name}={name}"),
                        metric("cost", 3.0, unit=name),
                    ],
                    split=name if benchmark != "mose" else "val",
                    variant=name,
                    scorer=name,
                    scores={name: None, f"b{name}": 0.5},
                    config={"told": name},
                )
            )
    return stored(folder, runs)
