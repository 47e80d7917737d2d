"""One execution of a model over a benchmark: its folder, begun or resumed, its end, and the store.

Each score is on disk when `add` returns, so a run that is killed goes on where it was: `done` holds
what need not be asked again. Errors are asked again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from results.errors import InputError, JudgeError
from results.records import Metric, RunRecord, RunStatus, Score, ScoreStatus, Value
from results.run_folder import RunFolder
from results.store import Store
from runners.storing import store_runs

FILES = "files"
_Asked = TypeVar("_Asked", bound=Value)
# What a resumed run must be asked as it was: its figures would otherwise mix two experiments.
_SAME = ("benchmark", "split", "model", "variant", "scorer", "config", "hashes")


class BenchmarkRun:
    """A run under way, made by `benchmark_run`. Its methods may be called from any thread."""

    def __init__(
        self,
        folder: RunFolder,
        samples: Iterable[str] | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        content = folder.content()
        self.folder = folder
        self.files = folder.path / FILES
        """Where predictions and whatever else the run writes go; it is there."""
        self.done: Mapping[str, Score] = {
            score.sample: score
            for score in content.standing_scores()
            if score.status is not ScoreStatus.ERROR
        }
        """The final scores by sample that the journal held when this session began."""
        self._errors = {score.sample for score in content.standing_scores()} - self.done.keys()
        self._final = set(self.done)
        self._asked = None if samples is None else frozenset(samples)
        self._tried = sum(map(self._is_known, self._asked or ()))
        self._on_progress = on_progress
        self._metrics = content.metrics
        self._is_ended = content.progress.status is RunStatus.COMPLETE
        self._lock = threading.Lock()
        try:
            self.files.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{self.files} cannot be made: {error.strerror}; mend that, then resume the run."
            ) from error
        self._report()

    @property
    def run_id(self) -> str:
        return self.folder.run_id

    def add(self, score: Score) -> None:
        """Journals a sample's score; it is on disk when this returns.

        Raises JournalError where it cannot be kept, such as for a value that is not finite.
        """
        self.folder.add_score(score)
        with self._lock:
            self._is_ended = False
            if self._asked and score.sample in self._asked:
                self._tried += not self._is_known(score.sample)
            if score.status is not ScoreStatus.ERROR:
                self._final.add(score.sample)
                self._errors.discard(score.sample)
            elif score.sample not in self._final:
                self._errors.add(score.sample)
            self._report()

    def set_metrics(self, metrics: Iterable[Metric]) -> None:
        """Journals the run's aggregate figures, in place of those set before."""
        found = tuple(metrics)
        with self._lock:
            if found != self._metrics:
                self.folder.set_metrics(found)
                self._metrics = found
                self._is_ended = False

    @property
    def errors(self) -> frozenset[str]:
        """The samples without a final score that were tried, now or in an earlier session."""
        with self._lock:
            return frozenset(self._errors)

    @property
    def missing(self) -> frozenset[str]:
        """The samples without a final score, as far as it was said which there are."""
        with self._lock:
            asked = self._asked if self._asked is not None else frozenset(self._errors)
            return asked - self._final

    def end(self, status: RunStatus, seconds: float) -> None:
        """Journals how this session ended; a run that was complete already says nothing again."""
        if not (self._is_ended and status is RunStatus.COMPLETE):
            self.folder.finish(status, seconds)

    def _is_known(self, sample: str) -> bool:
        return sample in self._final or sample in self._errors

    def _report(self) -> None:
        if self._on_progress is not None and self._asked is not None:
            self._on_progress(self._tried, len(self._asked))


@contextmanager
def benchmark_run(
    record: RunRecord,
    *,
    runs_dir: Path,
    store: Path,
    resume: RunFolder | None = None,
    samples: Iterable[str] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Iterator[BenchmarkRun]:
    """A run in a folder of its own that no other process works on until the block ends.

    When it ends, the journal says how: `complete`; `incomplete` with samples in error or missing,
    or after an exception; `interrupted` after Ctrl-C. Then the store takes in what there is, with
    the published figures, and is published. Exceptions go on their way after that.

    Args:
        record: what is asked. Its `run_id` and `started_at` are passed over when resuming.
        runs_dir: where run folders are.
        store: the DuckDB file; made where there is none.
        resume: the run to go on with.
        samples: the names of all samples, where they are known beforehand; those without a final
            score leave the run incomplete.
        on_progress: told how many of `samples` have been tried, and how many there are.

    Raises InputError where another process works on the run, and where the resumed run was asked
    something else, with the first key that differs; StoreError where the store cannot be used.
    """
    began = time.monotonic()
    kept = Store(store)
    if kept.exists:
        # Better known before hours of work than after.
        kept.require_usable()
    if resume is not None:
        _require_same(resume.record, record)
    folder = resume if resume is not None else RunFolder.create(runs_dir, record)
    with folder.claimed():
        run = BenchmarkRun(folder, samples, on_progress)
        if resume is not None:
            _note_versions(resume, record)
        try:
            yield run
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            status = RunStatus.INTERRUPTED if stopped else RunStatus.INCOMPLETE
            try:
                run.end(status, time.monotonic() - began)
                _keep(folder, kept)
            except JudgeError as second:
                # What happened first matters; the journal keeps the scores for a later sync.
                error.add_note(str(second))
            raise
        whole = not run.errors and not run.missing
        status = RunStatus.COMPLETE if whole else RunStatus.INCOMPLETE
        run.end(status, time.monotonic() - began)
        _keep(folder, kept)


def read_asked(
    record: RunRecord, kind: type[_Asked], benchmark: str, config: object, where: str = "config"
) -> _Asked:
    """What a run of that benchmark was asked, from the part of its record that says so.

    `where` names that part. InputError where it is a run of another benchmark, or is damaged.
    """
    if record.benchmark != benchmark:
        raise InputError(
            f"Run {record.run_id} is of {record.benchmark or 'no benchmark'}; it cannot be resumed"
            f" as {benchmark}."
        )
    try:
        return kind.model_validate(config)
    except ValidationError as error:
        place = ".".join([where, *map(str, error.errors(include_input=False)[0]["loc"])])
        raise InputError(
            f"Run {record.run_id} cannot be resumed: the {place} in its run.json is not what a run"
            " is asked; start a new run."
        ) from None


def _keep(folder: RunFolder, store: Store) -> None:
    faults = store_runs(store, [folder]).faults
    if faults:
        raise InputError(" ".join(faults))


def _require_same(before: RunRecord, now: RunRecord) -> None:
    """InputError that names the first thing in which the two were not asked the same."""
    if before.kind != "benchmark":
        raise InputError(
            f"Run {before.run_id} judged an agent's outputs; `judge run --resume {before.run_id}`"
            " goes on with it."
        )
    then, given = before.model_dump(mode="json"), now.model_dump(mode="json")
    for name in _SAME:
        difference = _first_difference(name, then[name], given[name])
        if difference is not None:
            key, was, is_now = difference
            raise InputError(
                f"Run {before.run_id} cannot be resumed: its `{key}` was {_shown(was)} and is"
                f" {_shown(is_now)} now; ask what it was asked, or start a new run."
            )


_ABSENT = object()


def _first_difference(key: str, then: Any, now: Any) -> tuple[str, Any, Any] | None:
    """(the dotted key, what was there, what is there now), or None where the two are equal."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name in [*then, *(name for name in now if name not in then)]:
            found = _first_difference(
                f"{key}.{name}", then.get(name, _ABSENT), now.get(name, _ABSENT)
            )
            if found is not None:
                return found
        return None
    return None if then == now else (key, then, now)


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "not there"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _note_versions(resumed: RunFolder, now: RunRecord) -> None:
    """Other versions do not keep a run from going on, but who reads its figures must know."""
    before = resumed.record.versions
    changed = sorted(
        name for name, version in now.versions.items() if before.get(name, version) != version
    )
    if changed:
        what = ", ".join(f"{name} {now.versions[name]} after {before[name]}" for name in changed)
        resumed.note(f"Resumed with other versions: {what}.")
