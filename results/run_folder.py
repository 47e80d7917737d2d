"""A run on disk: `<runs>/<run_id>/` with `run.json` (what was asked) and `journal.jsonl`."""

from __future__ import annotations

import difflib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from results.errors import InputError, JournalError
from results.journal import MAX_LINE_BYTES, EntryTooLong, Journal, sync_folder
from results.locks import Held, file_lock
from results.records import AskedTask, Metric, RunRecord, RunStatus, Score, Verdict
from results.run_content import (
    MAX_RECORD_BYTES,
    RECORD_NAME,
    RunContent,
    check_run_id,
    is_run_id,
    read_content,
    read_record,
)
from results.shortening import shortened, shortened_score
from results.store import Store
from results.strict_json import encode_object, visible

JOURNAL_NAME = "journal.jsonl"
LOCK_NAME = "run.lock"
_SHOWN_IDS = 5


def new_run_id(now: datetime | None = None) -> str:
    """A name that sorts by time (UTC) and that no other run has: `20261124-231559-481-9f3c1a2b`."""
    moment = now or datetime.now(UTC)
    milliseconds = moment.microsecond // 1000
    return f"{moment:%Y%m%d-%H%M%S}-{milliseconds:03d}-{secrets.token_hex(4)}"


class RunFolder:
    """A run's folder. Make one with `create` or `open`; write to it only while `claimed`."""

    def __init__(self, path: Path, record: RunRecord) -> None:
        self.path = path
        self.record = record
        self.journal = Journal(path / JOURNAL_NAME)

    @property
    def run_id(self) -> str:
        return self.record.run_id

    @classmethod
    def create(cls, runs_dir: Path | str, record: RunRecord) -> RunFolder:
        """A new folder that holds the record, whole, or InputError and no folder at all."""
        check_run_id(record.run_id, "A run")
        runs = Path(runs_dir)
        path = runs / record.run_id
        try:
            data = encode_object(record.model_dump(mode="json"), MAX_RECORD_BYTES - 1)
        except ValueError as error:
            raise InputError(
                f"What run {record.run_id} was asked cannot be kept: {error}."
            ) from error
        beginning = runs / f".{record.run_id}.{secrets.token_hex(4)}.new"
        try:
            runs.mkdir(parents=True, exist_ok=True)
            beginning.mkdir()
            try:
                _write_synced(beginning / RECORD_NAME, data + b"\n")
                _write_synced(beginning / JOURNAL_NAME, b"")
                sync_folder(beginning)
                # Renaming a folder onto one that holds files fails, so no run is overwritten.
                beginning.rename(path)
            except BaseException:
                shutil.rmtree(beginning, ignore_errors=True)
                raise
            sync_folder(runs)
        except OSError as error:
            raise InputError(
                f"The run folder {path} cannot be made: {error.strerror}; name another folder with"
                " --run-dir, or mend that."
            ) from error
        return cls(path, record)

    @classmethod
    def open(cls, path: Path | str) -> RunFolder:
        """The run in a folder; InputError says what is wrong with its `run.json`, and where."""
        folder = Path(path)
        return cls(folder, read_record(folder))

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Keeps every other process from running this run; InputError where one does already."""
        with ExitStack() as stack:
            try:
                stack.enter_context(file_lock(self.path / LOCK_NAME, wait=0))
            except Held as held:
                raise InputError(
                    f"Run {self.run_id} is being worked on by {held}; wait until that ends, or"
                    " stop it."
                ) from None
            except OSError as error:
                raise InputError(
                    f"Run {self.run_id} cannot be worked on: {error.filename}: {error.strerror}."
                ) from error
            yield

    def add_task(self, task: AskedTask) -> None:
        """Journals a task's text; of several texts of one task the first stands."""
        self.journal.append({"kind": "task", "task": task.model_dump(mode="json")})

    def add_verdict(self, verdict: Verdict) -> None:
        """Journals a verdict; it is on disk when this returns.

        Texts too long for one line of the journal are cut, which they say at their ends.
        """
        try:
            self.journal.append(_verdict_entry(verdict))
        except EntryTooLong:
            self.journal.append(_verdict_entry(shortened(verdict, MAX_LINE_BYTES // 2)))

    def add_score(self, score: Score) -> None:
        """Journals a sample's score; it is on disk when this returns.

        Texts too long for one line of the journal are cut, which they say at their ends. Raises
        JournalError where a number is not finite: that is no score.
        """
        for name, value in (*score.values.items(), *score.measures.items()):
            if not isfinite(value):
                raise JournalError(
                    f"The score of sample {visible(score.sample)[:200]!r} cannot be kept: its"
                    f" {visible(name)[:100]!r} is {value}; a sample without a value is an error,"
                    " and what was not measured is left out."
                )
        try:
            self.journal.append(_score_entry(score))
        except EntryTooLong:
            self.journal.append(_score_entry(shortened_score(score, MAX_LINE_BYTES // 2)))

    def set_metrics(self, metrics: Iterable[Metric]) -> None:
        """Journals the run's aggregate figures, in place of those set before.

        Raises JournalError where a value is not finite: a figure that there is none of is None.
        """
        rows = []
        for metric in metrics:
            if metric.value is not None and not isfinite(metric.value):
                raise JournalError(
                    f"The metric {visible(metric.name)[:100]!r} cannot be kept: it is"
                    f" {metric.value}; where there is nothing to average its value is None."
                )
            rows.append(metric.model_dump(mode="json"))
        self.journal.append({"kind": "metrics", "metrics": rows})

    def note(self, text: str) -> None:
        """Journals a remark for people, such as that the run was resumed."""
        self.journal.append({"kind": "note", "text": text})

    def notes(self) -> tuple[str, ...]:
        """The remarks in the journal, each once, in their order."""
        found = (
            str(entry.get("text", ""))
            for _, entry in self.journal.numbered_entries()
            if entry.get("kind") == "note"
        )
        return tuple(dict.fromkeys(found))

    def finish(self, status: RunStatus, seconds: float) -> None:
        """Journals how this session of the run ended and the wall time it took."""
        self.journal.append(
            {"kind": "finished", "status": RunStatus(status).value, "seconds": float(seconds)}
        )

    def content(self) -> RunContent:
        """All that the journal says; InputError with file and line where it is damaged."""
        return read_content(self.journal)

    def tasks(self) -> tuple[AskedTask, ...]:
        """The texts of the tasks that the run was asked, in their journalled order."""
        return self.content().tasks

    def verdicts(self) -> tuple[Verdict, ...]:
        """The last final verdict on each requirement and preference, else its last `error`.

        Ordered by task, requirements before preferences, then id. A resumed run asks again what
        stands at `error` here, and what is not here.
        """
        return tuple(attempt.verdict for attempt in self.content().standing())

    def scores(self) -> tuple[Score, ...]:
        """The last final score of each sample, else its last `error`, in the samples' order."""
        return self.content().standing_scores()

    def metrics(self) -> tuple[Metric, ...]:
        """The aggregate figures that stand."""
        return self.content().metrics

    @property
    def status(self) -> RunStatus:
        return self.content().progress.status

    @property
    def is_finished(self) -> bool:
        """Whether every unit has its final verdict, so that there is nothing to resume."""
        return self.status is RunStatus.COMPLETE


def run_paths(runs_dir: Path | str) -> tuple[Path, ...]:
    """The run folders in `runs_dir`, oldest first; none where it is missing."""
    runs = Path(runs_dir)
    try:
        names = sorted(entry.name for entry in os.scandir(runs))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise InputError(f"The runs in {runs} cannot be listed: {error.strerror}.") from error
    return tuple(
        runs / name for name in names if is_run_id(name) and (runs / name / RECORD_NAME).is_file()
    )


def open_runs(runs_dir: Path | str) -> tuple[tuple[RunFolder, ...], tuple[str, ...]]:
    """(the runs in `runs_dir`, oldest first; one sentence for each that cannot be opened)."""
    folders: list[RunFolder] = []
    faults: list[str] = []
    for path in run_paths(runs_dir):
        try:
            folders.append(RunFolder.open(path))
        except InputError as error:
            faults.append(str(error))
    return tuple(folders), tuple(faults)


def resolve_run(text: str, runs_dir: Path | str, store: Path | str | None = None) -> RunFolder:
    """The run that a person means: a run folder's path, an id, or the unique beginning of one.

    Looks in `runs_dir`, then among the runs of `store`, which knows their folders. InputError
    where nothing or more than one thing is meant.
    """
    if os.sep in text or text in (".", ".."):
        return RunFolder.open(text)
    here = {path.name: path for path in run_paths(runs_dir)}
    path = _meant(text, here)
    if path is None and text and _is_run_folder(Path(text)):
        path = Path(text)
    elsewhere: dict[str, Path] = {}
    if path is None and store is not None and Store(store).exists:
        elsewhere = {run.record.run_id: Path(run.folder) for run in Store(store).runs()}
        path = _meant(text, elsewhere)
        if path is not None and not _is_run_folder(path):
            raise InputError(f"Run {path.name} is in the store, but its folder {path} is gone.")
    if path is None:
        raise InputError(
            f"No run is called {visible(text)!r} in {runs_dir}"
            f"{_near(text, [*here, *elsewhere])}; `judge results list` shows all."
        )
    return RunFolder.open(path)


def _verdict_entry(verdict: Verdict) -> dict[str, Any]:
    return {"kind": "verdict", "verdict": verdict.model_dump(mode="json")}


def _score_entry(score: Score) -> dict[str, Any]:
    return {"kind": "score", "score": score.model_dump(mode="json")}


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _is_run_folder(path: Path) -> bool:
    try:
        return (path / RECORD_NAME).is_file()
    except (OSError, ValueError):  # a name too long, or with a NUL, names nothing
        return False


def _meant(text: str, paths: dict[str, Path]) -> Path | None:
    """The one path whose id is `text` or begins with it; InputError where several do."""
    if not text or text in paths:
        return paths.get(text)
    found = [run_id for run_id in paths if run_id.startswith(text)]
    if len(found) > 1:
        more = f" and {len(found) - _SHOWN_IDS} more" if len(found) > _SHOWN_IDS else ""
        raise InputError(
            f"{len(found)} runs begin with {text!r}: {', '.join(found[:_SHOWN_IDS])}{more}; write"
            " more of the id."
        )
    return paths[found[0]] if found else None


def _near(text: str, run_ids: Iterable[str]) -> str:
    known = sorted(set(run_ids), reverse=True)
    near = difflib.get_close_matches(text[:200], known, n=_SHOWN_IDS, cutoff=0.6)
    if near:
        return f"; near it are {', '.join(near)}"
    return f"; the latest are {', '.join(known[:_SHOWN_IDS])}" if known else ", which holds none"
