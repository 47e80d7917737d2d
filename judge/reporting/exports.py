"""A run's verdicts as files: DevAI judgments, JSON lines, CSV, Parquet, or a Markdown report."""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devai_tasks import Preference, Requirement, Task, judgment_file, write_judgment
from judge.reporting.judged import JudgedRun, JudgedTask
from judge.reporting.markdown import report
from results.errors import InputError
from results.records import AskedRequirement, Verdict
from results.strict_json import encode_visibly, visible

# Column -> its type in Parquet. JSON holds what is nested.
COLUMNS = {
    "run_id": "VARCHAR",
    "agent": "VARCHAR",
    "judge": "VARCHAR",
    "model": "VARCHAR",
    "setting": "VARCHAR",
    "task": "VARCHAR",
    "requirement_id": "BIGINT",
    "is_preference": "BOOLEAN",
    "criteria": "VARCHAR",
    "category": "VARCHAR",
    "prerequisites": "BIGINT[]",
    "outcome": "VARCHAR",
    "confidence": "DOUBLE",
    "reason": "VARCHAR",
    "evidence": "JSON",
    "calls": "BIGINT",
    "input_tokens": "BIGINT",
    "output_tokens": "BIGINT",
    "cost": "DOUBLE",
    "seconds": "DOUBLE",
}
# A cell that begins so is a formula to a spreadsheet; reasons and quotes come from strangers.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_run(run: JudgedRun, form: str, folder: Path) -> tuple[Path, ...]:
    """Writes the run's verdicts into `folder`, which is made where it is missing; the files' paths.

    Each file appears whole or not at all. InputError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FORMS[form](run, folder)
    except OSError as error:
        raise _unwritable(error, folder) from error


def export_tables(store: Path, form: str, folder: Path) -> tuple[Path, ...]:
    """Writes the store's tables into `folder` as `parquet` or `csv`, all from one moment."""
    import duckdb

    from results.database import quoted
    from results.snapshot import opened_snapshot
    from results.store import Store
    from runners.storing import publish

    publish(Store(store))
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with opened_snapshot(store) as snapshot, tempfile.TemporaryDirectory() as staging:
            for table in snapshot.tables:
                source = snapshot.file(table)
                target = folder / f"{table}.{form}"
                if form == "csv":
                    # DuckDB takes a question mark in a path for the start of options.
                    parquet, source = Path(staging, "in.parquet"), Path(staging, "out.csv")
                    shutil.copyfile(snapshot.file(table), parquet)
                    with duckdb.connect() as connection:
                        connection.execute(f"COPY (FROM {quoted(parquet)}) TO {quoted(source)}")
                with _appearing_whole(target) as draft:
                    shutil.copyfile(source, draft)
                written.append(target)
    except OSError as error:
        raise _unwritable(error, folder) from error
    return tuple(written)


def rows_of(run: JudgedRun) -> Iterator[dict[str, Any]]:
    """A row for each requirement with a verdict, and each preference, in the tasks' order."""
    record = run.record
    for task in run.tasks:
        for requirement in task.asked.requirements:
            verdict = task.verdict(requirement)
            if verdict is not None:
                yield {
                    "run_id": run.name,
                    "agent": run.agent,
                    "judge": run.judge,
                    "model": record.model if record else None,
                    "setting": record.setting if record else None,
                    **_row(requirement, verdict),
                }


def _row(requirement: AskedRequirement, verdict: Verdict) -> dict[str, Any]:
    said = verdict.model_dump(mode="json", exclude={"usage"})
    usage = verdict.usage.model_dump(mode="json")
    row = {**requirement.model_dump(mode="json"), **usage, **said}
    return {name: row[name] for name in COLUMNS if name in row}


def _unwritable(error: OSError, folder: Path) -> InputError:
    return InputError(
        f"{error.filename or folder} cannot be written: {error.strerror}; name another folder with"
        " --out."
    )


def _write_devai(run: JudgedRun, folder: Path) -> tuple[Path, ...]:
    flags: dict[str, list[str]] = run.record.config.get("task_flags", {}) if run.record else {}
    return tuple(
        write_judgment(
            judgment_file(
                _task(task, flags.get(task.name, [])),
                [v for r in task.asked.requirements if (v := task.verdict(r)) is not None],
            ),
            folder,
        )
        for task in run.tasks
    )


def _task(task: JudgedTask, flags: list[str]) -> Task:
    """The task as it was asked; its texts were checked when the run began."""
    given: dict[str, Any] = dict.fromkeys(flags, True)
    return Task.model_construct(
        name=task.name,
        query=task.asked.query,
        tags=task.asked.tags,
        requirements=tuple(
            Requirement(
                requirement_id=requirement.requirement_id,
                prerequisites=requirement.prerequisites,
                criteria=requirement.criteria,
                category=requirement.category,
            )
            for requirement in task.requirements
        ),
        preferences=tuple(
            Preference(preference_id=p.requirement_id, criteria=p.criteria)
            for p in task.preferences
        ),
        **given,
    )


def _write_jsonl(run: JudgedRun, folder: Path) -> tuple[Path, ...]:
    target = folder / "verdicts.jsonl"
    with _appearing_whole(target) as draft, draft.open("wb") as file:
        for row in rows_of(run):
            file.write(encode_visibly(row) + b"\n")
    return (target,)


def _write_csv(run: JudgedRun, folder: Path) -> tuple[Path, ...]:
    target = folder / "verdicts.csv"
    with (
        _appearing_whole(target) as draft,
        draft.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.DictWriter(file, list(COLUMNS), lineterminator="\n")
        writer.writeheader()
        for row in rows_of(run):
            writer.writerow({name: _cell(value) for name, value in row.items()})
    return (target,)


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value)
    if isinstance(value, str):
        text = visible(value)
        return f"'{text}" if text.startswith(FORMULA) else text
    return value


def _write_parquet(run: JudgedRun, folder: Path) -> tuple[Path, ...]:
    import duckdb

    from results.database import quoted

    target = folder / "verdicts.parquet"
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    with _appearing_whole(target) as draft, tempfile.TemporaryDirectory() as staging:
        # DuckDB reads a question mark in a path as the start of options, so it gets paths of ours.
        lines, table = Path(staging, "rows.jsonl"), Path(staging, "rows.parquet")
        with lines.open("wb") as file:
            for row in rows_of(run):
                file.write(encode_visibly(row) + b"\n")
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT * FROM read_json({quoted(lines)}, format = 'newline_delimited',"
                f" maximum_object_size = {2**27}, columns = {{{columns}}}))"
                f" TO {quoted(table)} (FORMAT parquet)"
            )
        draft.write_bytes(table.read_bytes())
    return (target,)


def _write_markdown(run: JudgedRun, folder: Path) -> tuple[Path, ...]:
    target = folder / "report.md"
    with _appearing_whole(target) as draft:
        draft.write_text(visible(report(run)), encoding="utf-8")
    return (target,)


@contextmanager
def _appearing_whole(target: Path) -> Iterator[Path]:
    """A draft beside the target that takes its place when all went well."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".export-", suffix=".part")
    os.close(descriptor)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


FORMS: dict[str, Callable[[JudgedRun, Path], tuple[Path, ...]]] = {
    "devai": _write_devai,
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "parquet": _write_parquet,
    "markdown": _write_markdown,
}
