"""Carries a plan out: judges what is not judged yet, and journals each verdict as it is found."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devai_tasks import Rates, Task, flagged, rates
from judge.evidence import verified
from judge.findings import find_instructions
from judge.judges.interface import Case, Judge, Question
from judge.running.planning import RunPlan, asked_task
from judge.running.scheduling import Desk, key_of, key_of_verdict
from judge.running.skipping import doomed_by, is_audited, skipped
from results.errors import BudgetExceeded, InputError
from results.records import Outcome, RunStatus, Usage, Verdict
from results.run_folder import RunFolder

_log = logging.getLogger(__name__)

# How long a stopped run waits for the questions that are out; a model may take minutes to answer.
GRACE_SECONDS = 2.0


@dataclass(frozen=True)
class Budget:
    """What a session of a run may take; None is no limit. Reached, nothing more is asked."""

    max_cost: float | None = None
    """USD."""
    max_tokens: int | None = None

    def is_reached(self, usage: Usage) -> bool:
        tokens = usage.input_tokens + usage.output_tokens
        return (
            self.max_cost is not None and usage.cost is not None and usage.cost >= self.max_cost
        ) or (self.max_tokens is not None and tokens >= self.max_tokens)


@dataclass(frozen=True)
class Progress:
    """How far a run is; `verdict` is the latest, None at the start."""

    agent: str
    done: int
    total: int
    verdict: Verdict | None = None


@dataclass(frozen=True)
class RunOutcome:
    """What a run found."""

    folder: RunFolder
    tasks: tuple[Task, ...]
    verdicts: tuple[Verdict, ...]
    usage: Usage
    seconds: float
    status: RunStatus
    notes: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        return self.folder.run_id

    @property
    def agent(self) -> str:
        return self.folder.record.agent

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """How many requirements have each outcome; preferences are not counted."""
        counted = Counter(v.outcome for v in self.verdicts if not v.is_preference)
        return {outcome: counted[outcome] for outcome in Outcome}

    @property
    def outcomes_in_error(self) -> int:
        """How many requirements and preferences are in `error`, and can be asked again."""
        return sum(verdict.outcome is Outcome.ERROR for verdict in self.verdicts)

    @property
    def rates(self) -> Rates:
        """What share was met, with `dependent` in the direct reading."""
        by_task: dict[str, list[Verdict]] = {task.name: [] for task in self.tasks}
        for verdict in self.verdicts:
            by_task[verdict.task].append(verdict)
        return rates({task.name: flagged(task, by_task[task.name]) for task in self.tasks})


class _Cases:
    """Opens each output once and lets it go with its last question."""

    def __init__(self, plan: RunPlan, questions: list[Question], folder: RunFolder) -> None:
        self._plan = plan
        self._folder = folder
        self._noted = set(folder.notes())
        self._left = Counter(question.task for question in questions)
        self._locks = {task: threading.Lock() for task in self._left}
        self._open: dict[str, Case] = {}

    def open(self, task: str) -> Case:
        with self._locks[task]:
            if task not in self._open:
                self._open[task] = self._plan.open_case(task)
                self._report(task, self._open[task])
            return self._open[task]

    def _report(self, task: str, case: Case) -> None:
        """Journals what in the output speaks to its judge; a resumed run says it once."""
        for finding in find_instructions(case.inspection):
            note = f"{task}: {finding.place} {finding.what}: {finding.quote}"
            if note not in self._noted:
                self._folder.note(note)

    def close_one(self, task: str) -> None:
        with self._locks[task]:
            self._left[task] -= 1
            if not self._left[task]:
                self._open.pop(task, None)


def execute(
    plan: RunPlan,
    judge: Judge,
    folder: RunFolder,
    *,
    jobs: int = 1,
    budget: Budget | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> RunOutcome:
    """Judges every question of the plan that has no final verdict in the folder's journal.

    Each verdict is on disk before its worker takes the next question, so a run that is killed
    goes on where it was. BudgetExceeded and KeyboardInterrupt leave a run that can be resumed.
    InputError when another process works on this run.
    """
    began = time.monotonic()
    with folder.claimed():
        content = folder.content()
        known = {key_of_verdict(a.verdict): a.verdict for a in content.standing()}
        final = {k: v for k, v in known.items() if v.outcome is not Outcome.ERROR}
        kept = {task.task for task in content.tasks}
        for task in plan.tasks:
            if task.name not in kept:
                folder.add_task(asked_task(task))
        questions = [q for q in plan.questions if key_of(q) not in final]
        if not questions and content.progress.status is RunStatus.COMPLETE:
            return _outcome(plan, folder)
        desk = Desk(questions, final)
        cases = _Cases(plan, questions, folder)
        skips_doomed = plan.request.skip_doomed
        worker = _Worker(desk, judge, folder, cases, budget or Budget(), skips_doomed)
        worker.reports_to(on_progress, plan.agent, len(final), len(plan.questions))
        try:
            is_whole = _work(desk, worker, min(jobs, len(questions)))
        except KeyboardInterrupt:
            folder.finish(RunStatus.INTERRUPTED, time.monotonic() - began)
            raise
        has_errors = worker.errors > 0
        status = RunStatus.COMPLETE if is_whole and not has_errors else RunStatus.INCOMPLETE
        folder.finish(status, time.monotonic() - began)
    if not is_whole:
        raise BudgetExceeded(
            f"The budget is reached after {worker.spent.input_tokens:,} input and"
            f" {worker.spent.output_tokens:,} output tokens; the run is not complete."
        )
    return _outcome(plan, folder)


def _work(desk: Desk, worker: _Worker, jobs: int) -> bool:
    # Daemons, because a question that waits for a model must not keep a stopped process alive.
    threads = [threading.Thread(target=worker.run, daemon=True) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    try:
        return desk.wait()
    finally:
        desk.stop()
        deadline = time.monotonic() + GRACE_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


class _Worker:
    """What each thread does: take a question, judge it, write the verdict down."""

    def __init__(
        self,
        desk: Desk,
        judge: Judge,
        folder: RunFolder,
        cases: _Cases,
        budget: Budget,
        skips_doomed: bool,
    ) -> None:
        self.spent = Usage()
        self.errors = 0
        self._desk = desk
        self._judge = judge
        self._folder = folder
        self._cases = cases
        self._budget = budget
        self._skips_doomed = skips_doomed
        self._lock = threading.Lock()
        self._report: Callable[[Verdict | None], None] = lambda _: None

    def reports_to(
        self, on_progress: Callable[[Progress], None] | None, agent: str, done: int, total: int
    ) -> None:
        if on_progress is None:
            return
        count = done

        def report(verdict: Verdict | None) -> None:
            nonlocal count
            count += verdict is not None
            on_progress(Progress(agent, count, total, verdict))

        self._report = report
        report(None)

    def run(self) -> None:
        try:
            while (taken := self._desk.take()) is not None:
                self._settle(self._verdict(*taken))
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            self._desk.stop(error)

    def _settle(self, verdict: Verdict) -> None:
        self._folder.add_verdict(verdict)
        with self._lock:
            self.spent += verdict.usage
            self.errors += verdict.outcome is Outcome.ERROR
            self._report(verdict)
            is_over = self._budget.is_reached(self.spent)
        self._desk.settle(verdict)
        if is_over:
            self._desk.stop()

    def _verdict(self, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        began = time.monotonic()
        try:
            doomed = doomed_by(question, earlier) if self._skips_doomed else None
            if doomed is not None and not is_audited(question):
                return skipped(question, doomed)
            case = self._cases.open(question.task)
            verdict = self._judge.judge(case, question, earlier)
            verdict = verified(verdict, case.inspection.workspace, case.inspection.trajectory)
        except InputError as error:
            verdict = question.verdict(Outcome.ERROR, 0.0, str(error))
        except Exception as error:  # noqa: BLE001
            # What a workspace holds may bring any reader down; that is no verdict on the agent.
            _log.warning("%s, %d: %r", question.task, question.number, error, exc_info=True)
            what = f"{type(error).__name__}: {error}"[:500]
            verdict = question.verdict(Outcome.ERROR, 0.0, f"the judge broke down ({what})")
        finally:
            self._cases.close_one(question.task)
        return verdict.model_copy(update={"seconds": round(time.monotonic() - began, 6)})


def _outcome(plan: RunPlan, folder: RunFolder) -> RunOutcome:
    content = folder.content()
    usage = sum((attempt.verdict.usage for attempt in content.attempts), Usage())
    return RunOutcome(
        folder=folder,
        tasks=plan.tasks,
        verdicts=tuple(attempt.verdict for attempt in content.standing()),
        usage=usage,
        seconds=content.progress.seconds,
        status=content.progress.status,
        notes=(*plan.notes, *folder.notes()),
    )
