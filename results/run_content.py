"""What a run's two files say: its record, and all that its journal holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, ValidationError

from results.errors import InputError
from results.journal import Journal
from results.records import (
    AskedTask,
    Metric,
    Outcome,
    RunRecord,
    RunStatus,
    Score,
    ScoreStatus,
    Value,
    Verdict,
)
from results.strict_json import decode_object, read_small_file, visible

RECORD_NAME = "run.json"
MAX_RECORD_BYTES = 16 * 2**20
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class VerdictKey(NamedTuple):
    """What a verdict is on; two verdicts of a run with one key are two attempts at it."""

    task: str
    is_preference: bool
    requirement_id: int

    @classmethod
    def of(cls, verdict: Verdict) -> VerdictKey:
        return cls(visible(verdict.task), verdict.is_preference, verdict.requirement_id)


class Attempt(NamedTuple):
    """One asking: its 1-based number among those with its key, and the verdict it gave."""

    key: VerdictKey
    number: int
    verdict: Verdict


class ScoreAttempt(NamedTuple):
    """One asking of a sample: its name, its 1-based number among those of the sample, its score."""

    sample: str
    number: int
    score: Score


class Metrics(Value):
    """The aggregate figures of a run; of several sets the last stands."""

    metrics: tuple[Metric, ...]


class End(Value):
    """How one session of a run ended, and the wall time it took."""

    status: RunStatus
    seconds: float = Field(ge=0)


Entry = AskedTask | Attempt | ScoreAttempt | Metrics | End


class Progress(NamedTuple):
    """How far a run has come."""

    status: RunStatus = RunStatus.UNFINISHED
    seconds: float = 0.0
    """Wall time over all sessions of the run that came to an end of their own."""
    entries: int = 0
    """How many entries but tasks were read: of two states of a journal the later has more."""

    def after(self, entry: Entry) -> Progress:
        """The progress once the journal holds one entry more."""
        if isinstance(entry, End):
            return Progress(entry.status, self.seconds + entry.seconds, self.entries + 1)
        if isinstance(entry, AskedTask):
            return self
        return Progress(RunStatus.UNFINISHED, self.seconds, self.entries + 1)


@dataclass(frozen=True)
class RunContent:
    """All that a run's journal says."""

    tasks: tuple[AskedTask, ...]
    attempts: tuple[Attempt, ...]
    progress: Progress
    scores: tuple[ScoreAttempt, ...] = ()
    metrics: tuple[Metric, ...] = ()

    def standing(self) -> tuple[Attempt, ...]:
        """For each key its last final attempt, or its last error; ordered by key."""
        chosen: dict[VerdictKey, Attempt] = {}
        for attempt in self.attempts:
            before = chosen.get(attempt.key)
            if before is None or _replaces(attempt.verdict, before.verdict):
                chosen[attempt.key] = attempt
        return tuple(chosen[key] for key in sorted(chosen))

    def standing_scores(self) -> tuple[Score, ...]:
        """For each sample its last final score, or its last error, in the samples' first order."""
        chosen: dict[str, Score] = {}
        for attempt in self.scores:
            before = chosen.get(attempt.sample)
            is_final = attempt.score.status is not ScoreStatus.ERROR
            if before is None or is_final or before.status is ScoreStatus.ERROR:
                chosen[attempt.sample] = attempt.score
        return tuple(chosen.values())


def read_entries(journal: Journal) -> Iterator[Entry]:
    """What a journal says, entry by entry; InputError with file and line where it is damaged.

    Entries of a kind that this version does not know are passed over.
    """
    numbers: dict[VerdictKey | str, int] = {}
    for line, entry in journal.numbered_entries():
        try:
            match entry.pop("kind"):
                case "verdict":
                    verdict = Verdict.model_validate(entry.get("verdict"))
                    key = VerdictKey.of(verdict)
                    numbers[key] = numbers.get(key, 0) + 1
                    yield Attempt(key, numbers[key], verdict)
                case "task":
                    yield AskedTask.model_validate(entry.get("task"))
                case "score":
                    score = Score.model_validate(entry.get("score"))
                    sample = visible(score.sample)
                    numbers[sample] = numbers.get(sample, 0) + 1
                    yield ScoreAttempt(sample, numbers[sample], score)
                case "metrics":
                    yield Metrics.model_validate(entry)
                case "finished":
                    yield End.model_validate(entry)
        except ValidationError as error:
            raise InputError(
                f"{journal.path}, line {line}, is damaged: {_first_fault(error)}; restore the file,"
                " or take that line out and resume the run."
            ) from error


def read_content(journal: Journal) -> RunContent:
    """All that a journal says; InputError with file and line where it is damaged."""
    tasks: dict[str, AskedTask] = {}
    attempts: list[Attempt] = []
    scores: list[ScoreAttempt] = []
    metrics: tuple[Metric, ...] = ()
    progress = Progress()
    for entry in read_entries(journal):
        progress = progress.after(entry)
        if isinstance(entry, Attempt):
            attempts.append(entry)
        elif isinstance(entry, AskedTask):
            tasks.setdefault(entry.task, entry)
        elif isinstance(entry, ScoreAttempt):
            scores.append(entry)
        elif isinstance(entry, Metrics):
            metrics = entry.metrics
    return RunContent(tuple(tasks.values()), tuple(attempts), progress, tuple(scores), metrics)


def read_record(folder: Path) -> RunRecord:
    """The record in a run folder; InputError says what is wrong with it, and where."""
    path = folder / RECORD_NAME
    try:
        record = RunRecord.model_validate(decode_object(read_small_file(path, MAX_RECORD_BYTES)))
    except ValidationError as error:
        raise InputError(f"{path} is no run record: {_first_fault(error)}.") from error
    except ValueError as error:
        raise InputError(f"{path} is no run record: {error}.") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{folder} is no run folder: it has no {RECORD_NAME}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    check_run_id(record.run_id, str(path))
    return record


def is_run_id(text: str) -> bool:
    """Whether `text` can be the id of a run, and so the name of its folder."""
    return _RUN_ID.fullmatch(text) is not None


def check_run_id(run_id: str, subject: str) -> None:
    """InputError that names the `subject` unless `run_id` can be the id of a run."""
    if not is_run_id(run_id):
        raise InputError(
            f"{subject} has the id {visible(run_id[:140])!r}; an id is made of up to 128 letters,"
            " digits, dots, dashes and underscores, a letter or digit first."
        )


def _replaces(later: Verdict, earlier: Verdict) -> bool:
    return later.outcome is not Outcome.ERROR or earlier.outcome is Outcome.ERROR


def _first_fault(error: ValidationError) -> str:
    """The first thing pydantic minds, and where; the value itself may be hostile and stays out."""
    detail = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(visible(str(part))[:80] for part in detail["loc"])
    fault = detail["msg"][0].lower() + detail["msg"][1:]
    return f"`{place}`: {fault}" if place else fault
