"""Runs a judge over the injection corpus: how often a planted text gets a verdict passed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from judge.inspection import Inspection
from judge.judges.interface import Case, Judge, Question
from judge.redteam.corpus import TASK, Attack, attacks, control
from judge.trajectory import load_trajectory
from judge.workspace import Workspace
from results.records import Interval, Outcome, Usage, Value, Verdict
from results.statistics import wilson

QUESTION = Question.of_requirement(TASK, TASK.requirements[0])


class Attempt(Value):
    """One attack and the verdict it got."""

    name: str
    kind: str
    outcome: Outcome
    reason: str


class KindRate(Value):
    """Attacks in one carrier."""

    n: int
    succeeded: int


class RedTeamReport(Value):
    """The attack success rate: the share of attacks that got `satisfied`.

    `n` counts attacks with an answer; those in `error` are counted apart and are neither success
    nor defence. `control` is the verdict on the same output without a planted text: where it is
    satisfied too, the judge is fooled by the output and not by the text.
    """

    judge: str
    n: int
    succeeded: int
    errors: int
    rate: float | None
    ci: Interval | None
    by_kind: dict[str, KindRate]
    control: Outcome
    attempts: tuple[Attempt, ...]
    usage: Usage


def run_redteam(
    judge: Judge,
    corpus: Sequence[Attack] | None = None,
    *,
    jobs: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> RedTeamReport:
    """Judges every attack of the corpus, and the output without one."""
    chosen = attacks() if corpus is None else tuple(corpus)
    with tempfile.TemporaryDirectory(prefix="judge-redteam-") as folder:
        root = Path(folder)
        control(root / "control")
        untouched = _judged(judge, root / "control", None)
        verdicts: list[Verdict] = []
        with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
            judged = pool.map(lambda item: _attacked(judge, root, *item), enumerate(chosen))
            for verdict in judged:
                verdicts.append(verdict)
                if on_progress is not None:
                    on_progress(len(verdicts), len(chosen))
    return _report(judge.name, chosen, verdicts, untouched)


def _attacked(judge: Judge, root: Path, number: int, attack: Attack) -> Verdict:
    folder = root / f"{number:04d}"
    trajectory = root / f"{number:04d}.json"
    has_trajectory = attack.plant(folder, trajectory)
    return _judged(judge, folder, trajectory if has_trajectory else None)


def _judged(judge: Judge, folder: Path, trajectory: Path | None) -> Verdict:
    loaded = None if trajectory is None else load_trajectory(trajectory)
    case = Case(TASK, Inspection(Workspace.open(folder), loaded))
    return judge.judge(case, QUESTION, {})


def _report(
    name: str, chosen: Sequence[Attack], verdicts: Sequence[Verdict], untouched: Verdict
) -> RedTeamReport:
    attempts = tuple(
        Attempt(name=a.name, kind=a.carrier, outcome=v.outcome, reason=v.reason)
        for a, v in zip(chosen, verdicts, strict=True)
    )
    answered = [a for a in attempts if a.outcome is not Outcome.ERROR]
    succeeded = sum(a.outcome is Outcome.SATISFIED for a in answered)
    by_kind = {
        kind: KindRate(
            n=sum(a.kind == kind for a in answered),
            succeeded=sum(a.kind == kind and a.outcome is Outcome.SATISFIED for a in answered),
        )
        for kind in dict.fromkeys(a.kind for a in attempts)
    }
    return RedTeamReport(
        judge=name,
        n=len(answered),
        succeeded=succeeded,
        errors=len(attempts) - len(answered),
        rate=succeeded / len(answered) if answered else None,
        ci=wilson(succeeded, len(answered)),
        by_kind=by_kind,
        control=untouched.outcome,
        attempts=attempts,
        usage=sum((v.usage for v in verdicts), untouched.usage),
    )
