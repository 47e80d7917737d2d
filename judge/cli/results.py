"""`judge results`: the runs that the store holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call, judge_command

if TYPE_CHECKING:
    from results.records import Metric
    from results.store import StoredRun

SHOWN_RUNS = 200


@click.group("results", help="List, show and keep what runs have found.")
def command() -> None:
    pass


@judge_command(
    "list",
    touches_store=True,
    example="judge results list",
    help="List the runs in the store, oldest first.",
)
@click.option(
    "--last",
    type=click.IntRange(min=1),
    help=f"Only the latest N runs; a table shows {SHOWN_RUNS} of them by default.",
)
def list_runs(call: Call, *, last: int | None) -> None:
    from judge.reporting.benchmarks import benchmark_runs_table
    from judge.reporting.tables import text_table
    from results.store import Store

    store = Store(call.store)
    known = store.runs()
    runs = known[-last:] if last else known
    # A table of thousands of rows takes minutes to lay out, and nobody reads it.
    shown = runs if last or call.as_json else runs[-SHOWN_RUNS:]
    if len(shown) < len(runs):
        call.note(f"The latest {len(shown):,} of {len(runs):,} runs; --last {len(runs)} shows all.")
    metrics = store.overall_metrics()
    judgments = [run for run in shown if run.record.kind == "judgment"]
    measured = [run for run in shown if run.record.kind == "benchmark"]
    rows = [
        (
            run.record.run_id,
            run.record.agent,
            run.record.judge,
            run.record.model or "",
            run.status.value,
            " / ".join(str(n) for n in run.outcomes.values()),
        )
        for run in judgments
    ]
    names = ("run", "agent", "judge", "model", "status", "met / unmet / abstained / error")
    tables = [text_table(rows, names)] if judgments or not measured else []
    if measured:
        tables.append(benchmark_runs_table(measured, metrics))
    described = [
        {**_described(run), "metrics": _documented(metrics.get(run.record.run_id, ()))}
        for run in runs
    ]
    call.answer({"runs": described}, *tables)


@judge_command(
    "show",
    touches_store=True,
    example="judge results show 20261124-231559",
    help="Show what the store knows of a run: what was asked, with which versions, what it took;"
    " of a benchmark run its figures and the samples that failed.",
)
@click.argument("run")
def show(call: Call, *, run: str) -> None:
    import json

    from judge.reporting.benchmarks import failed_table, metrics_table
    from judge.reporting.tables import text_table
    from results.records import ScoreStatus
    from results.store import Store

    store = Store(call.store)
    found = store.run(_stored_id(call, run))
    run_id = found.record.run_id
    document = {**_described(found), **found.record.model_dump(mode="json")}
    rows = [
        (name, value if isinstance(value, str) else json.dumps(value, indent=1))
        for name, value in document.items()
    ]
    tables = [text_table(rows, ("", ""))]
    if found.record.kind == "benchmark":
        metrics = store.metrics(run_id)
        failed = store.scores(run_id, ScoreStatus.ERROR)
        document["metrics"] = _documented(metrics)
        document["failed"] = [{"sample": s.sample, "reason": s.reason} for s in failed]
        tables.append(metrics_table(metrics, "figures; shares in percent"))
        if failed:
            tables.append(failed_table(failed))
    call.answer(document, *tables)


@judge_command(
    "sync",
    touches_store=True,
    example="judge results sync --store results.duckdb",
    help="Bring the store up to date with the journals of all run folders and with the papers'"
    " published figures, and publish the Parquet snapshot that a leaderboard reads.",
)
def sync(call: Call) -> int:
    from results.run_folder import open_runs
    from results.snapshot import snapshot_folder, snapshot_version
    from results.store import Store
    from runners.storing import store_runs

    folders, unreadable = open_runs(call.run_dir)
    ingested = store_runs(Store(call.store), folders)
    snapshot = snapshot_folder(call.store) / (snapshot_version(call.store) or "")
    faults = [*unreadable, *ingested.faults]
    for fault in faults:
        call.say(fault)
    document = {
        "runs": ingested.runs,
        "verdicts": ingested.verdicts,
        "scores": ingested.scores,
        "torn": ingested.torn,
        "faults": faults,
        "snapshot": str(snapshot),
    }
    torn = f", {ingested.torn} journals end in a torn line" if ingested.torn else ""
    new = f"{ingested.verdicts} new verdicts, {ingested.scores} new scores"
    summary = f"{ingested.runs} runs read, {new}{torn}; {call.store}"
    call.answer(document, summary)
    return 1 if faults else 0


@judge_command(
    "delete",
    touches_store=True,
    example="judge results delete 20261124-231559 --with-folder",
    help="Take a run out of the store. Its folder stays, and `judge results sync` would bring it"
    " back, unless --with-folder removes that too, which cannot be undone.",
)
@click.argument("run")
@click.option("--with-folder", is_flag=True, help="Remove the run's folder as well.")
def delete(call: Call, *, run: str, with_folder: bool) -> None:
    from results.store import Store
    from runners.storing import publish

    store = Store(call.store)
    run_id = _stored_id(call, run)
    folder = Path(store.run(run_id).folder)
    store.delete(run_id)
    publish(store)
    if with_folder:
        _remove(folder, run_id)
    document = {"run_id": run_id, "folder": str(folder), "folder_removed": with_folder}
    kept = f"; removed {folder}" if with_folder else f"; {folder} stays"
    call.answer(document, f"run {run_id} is out of {call.store}{kept}")


@judge_command(
    "export",
    touches_store=True,
    example="judge results export --out tables/ --format csv",
    help="Write the store's tables as files, one a table, all from one moment: runs, verdicts,"
    " scores, metrics, published figures and the rest.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="The files' form.",
)
def export(call: Call, *, out: Path, form: str) -> None:
    from judge.reporting.exports import export_tables

    files = export_tables(call.store, form, out)
    document = {"format": form, "files": [str(file) for file in files]}
    call.answer(document, f"{len(files)} tables in {out}")


@judge_command(
    "import-reference",
    touches_store=True,
    example="judge results import-reference\njudge results import-reference figures.yaml",
    help="Put published figures into the store: those that come with this program, which every run"
    " brings along anyway, or those in a JSON or YAML FILE, a list of objects with paper, system,"
    " benchmark, metric, value, unit, higher_is_better, source_table and verified, and if need be"
    " arxiv_id, variant, split, verified_in and note. A file's figures replace those that the same"
    " file gave before; what this program has already is not taken twice.",
)
@click.argument("file", type=click.Path(path_type=Path), required=False)
def import_published(call: Call, *, file: Path | None) -> None:
    from benchmarks.reference import published_rows, read_rows, table_of, unknown_rows
    from results.store import Store
    from runners.storing import import_reference, publish

    store = Store(call.store)
    given = published_rows() if file is None else read_rows(file)
    if file is None:
        known, is_new = 0, import_reference(store)
    else:
        own = unknown_rows(given)
        known = len(given) - len(own)
        is_new = store.import_published(*table_of(own), source=file.name)
    publish(store)
    document = {
        "source": "reference" if file is None else file.name,
        "rows": len(given),
        "known": known,
        "imported": len(given) - known if is_new else 0,
    }
    already = f", {known} of them among this program's own" if known else ""
    done = "imported" if is_new else "in the store already"
    call.answer(document, f"published figures: {len(given)}{already}; {done}: {call.store}")


def _stored_id(call: Call, run: str) -> str:
    """The id of the stored run that a person means by an id, a beginning of one, or a folder."""
    from results.errors import InputError
    from results.store import Store

    known = [stored.record.run_id for stored in Store(call.store).runs()]
    meant = Path(run).name if (Path(run) / "run.json").is_file() else run
    found = [run_id for run_id in known if run_id == meant]
    found = found or [run_id for run_id in known if meant and run_id.startswith(meant)]
    if len(found) != 1:
        which = f"{len(found)} runs begin with" if found else "no run is called"
        raise InputError(
            f"In {call.store} {which} {run!r}; `judge results list` shows all, write one whole id."
        )
    return found[0]


def _remove(folder: Path, run_id: str) -> None:
    """Removes a run's folder, and only if it is one: the store's word alone is not trusted."""
    import shutil

    from results.errors import InputError
    from results.run_folder import RunFolder

    opened = RunFolder.open(folder)
    if opened.run_id != run_id or folder.is_symlink():
        raise InputError(f"{folder} is not the folder of run {run_id}, so it stays.")
    with opened.claimed():
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise InputError(f"{error.filename} cannot be removed: {error.strerror}.") from error


def _described(run: StoredRun) -> dict[str, Any]:
    record = run.record
    return {
        "run_id": record.run_id,
        "kind": record.kind,
        "agent": record.agent,
        "judge": record.judge,
        "model": record.model,
        "setting": record.setting,
        "started_at": record.started_at,
        "status": run.status.value,
        "seconds": run.seconds,
        "outcomes": {outcome.value: n for outcome, n in run.outcomes.items()},
        "benchmark": record.benchmark,
        "split": record.split,
        "variant": record.variant,
        "scorer": record.scorer,
        "samples": {status.value: n for status, n in run.samples.items()},
        "usage": run.usage.model_dump(mode="json"),
        "folder": run.folder,
    }


def _documented(metrics: Iterable[Metric]) -> list[dict[str, Any]]:
    return [metric.model_dump(mode="json") for metric in metrics]


for _subcommand in (list_runs, show, sync, delete, export, import_published):
    command.add_command(_subcommand)
