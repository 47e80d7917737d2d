"""Judges mutants of good outputs: how many a judge finds, and how often it raises a false alarm."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from judge.calibration.artifact_mutations import artifact_mutations
from judge.calibration.code_mutations import code_mutations
from judge.calibration.copying import copy_workspace, write_mutant
from judge.calibration.good import GoodOutput, Known, open_case
from judge.calibration.mutation import Kind, Mutation
from judge.calibration.report_mutations import report_mutations
from judge.calibration.result_mutations import result_mutations
from judge.calibration.work_mutations import work_mutations
from judge.evidence import verified
from judge.judges.interface import Case, Judge, Question
from results.errors import InputError
from results.records import Interval, Outcome, Rate, Usage, Value, Verdict
from results.statistics import clustered_ratio_interval, rate_of, wilson

LEFT_ALONE = 2


class Asked(Value):
    """One verdict on a requirement of a mutant, or of an output that was left as it is."""

    task: str
    mutant: str
    kind: Kind | None
    requirement_id: int
    criteria: str
    outcome: Outcome
    reason: str


class Share(Value):
    """A share of verdicts with its worst and best case over undecided ones, and its interval.

    Verdicts on one requirement move together, so the interval's clusters are the requirements;
    where there is but one, Wilson's interval takes the verdicts as independent.
    """

    right: int
    n: int
    abstained: int
    errors: int
    rate: Rate
    ci: Interval | None


class CalibrationReport(Value):
    """What a judge makes of mutants.

    `sensitivity` is the share of broken requirements that are found, `specificity` that of the
    untouched outputs' requirements that pass, and `left_alone` that of requirements of mutants
    which the mutation does not touch. What is to be detected is a fault: where a judge is measured
    on requirements that are met, as by `judge align`, the two names change places.
    """

    judge: str
    seed: int
    tasks: tuple[str, ...]
    mutants: int
    sensitivity: Share
    specificity: Share
    left_alone: Share
    by_kind: dict[str, Share]
    missed: tuple[Asked, ...]
    false_alarms: tuple[Asked, ...]
    undecided: tuple[Asked, ...]
    usage: Usage


def mutations_of(known: Known) -> tuple[Mutation, ...]:
    """Every mutation that applies to a good output, in a fixed order."""
    found = (
        *artifact_mutations(known),
        *report_mutations(known),
        *result_mutations(known),
        *code_mutations(known),
        *work_mutations(known),
    )
    unique = {(m.kind, m.name, m.breaks): m for m in found}
    return tuple(unique.values())


def calibrate(
    judge: Judge,
    outputs: Sequence[GoodOutput],
    *,
    seed: int = 0,
    most: int | None = None,
    jobs: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> CalibrationReport:
    """Makes the mutants of every output and judges what each breaks, and some of what it leaves.

    `most` bounds the number of mutants, which are then drawn by `seed`, kind by kind in turn.
    InputError where nothing of the outputs can be broken for certain.
    """
    draw = random.Random(seed)
    known = [Known(output) for output in outputs]
    made = [(one, mutation) for one in known for mutation in mutations_of(one)]
    chosen = _chosen(made, most, draw)
    if not chosen:
        raise InputError(
            "There is nothing to break for certain: no requirement names a file that is in the"
            " workspace; give an output whose requirements name files."
        )
    with tempfile.TemporaryDirectory(prefix="judge-calibrate-") as folder:
        root = Path(folder)
        units = []
        for number, one in enumerate(known):
            base = root / f"good-{number}"
            copy_workspace(one.workspace, base)
            wanted = [r.requirement_id for r in one.requirements]
            units.append(_Unit(judge, one, base, None, tuple(wanted)))
        bases = {id(one): unit.folder for one, unit in zip(known, units, strict=True)}
        for one, mutation in chosen:
            left = sorted(mutation.leaves)
            some = draw.sample(left, min(LEFT_ALONE, len(left)))
            wanted = [*sorted(mutation.breaks), *sorted(some)]
            units.append(_Unit(judge, one, bases[id(one)], mutation, tuple(wanted)))
        verdicts: list[list[Verdict]] = []
        with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
            for number, judged in enumerate(pool.map(lambda u: u.judged(root), units), 1):
                verdicts.append(judged)
                if on_progress is not None:
                    on_progress(number, len(units))
    return _report(judge.name, seed, known, chosen, units, verdicts)


class _Unit:
    """One mutant, or an output as it is, and the requirements it is to be judged on."""

    def __init__(
        self,
        judge: Judge,
        known: Known,
        folder: Path,
        mutation: Mutation | None,
        wanted: tuple[int, ...],
    ) -> None:
        self.known = known
        self.folder = folder
        self.mutation = mutation
        self.wanted = wanted
        self._judge = judge

    def judged(self, root: Path) -> list[Verdict]:
        """The verdicts on what is wanted, from a folder that is gone afterwards."""
        if self.mutation is None:
            return self._verdicts(open_case(self.known.output, self.folder))
        with tempfile.TemporaryDirectory(dir=root) as folder:
            place = Path(folder) / "workspace"
            write_mutant(self.folder, place, self.mutation)
            return self._verdicts(open_case(self.known.output, place))

    def _verdicts(self, case: Case) -> list[Verdict]:
        return [self._verdict(case, number) for number in self.wanted]

    def _verdict(self, case: Case, number: int) -> Verdict:
        question = Question.of_requirement(case.task, case.task.requirement(number))
        try:
            verdict = self._judge.judge(case, question, {})
            return verified(verdict, case.inspection.workspace, case.inspection.trajectory)
        except Exception as error:  # noqa: BLE001
            # What a workspace holds may bring any reader down; that is no verdict on the mutant.
            what = f"{type(error).__name__}: {error}"[:500]
            return question.verdict(Outcome.ERROR, 0.0, f"the judge broke down ({what})")


def _chosen(
    made: Sequence[tuple[Known, Mutation]], most: int | None, draw: random.Random
) -> list[tuple[Known, Mutation]]:
    if most is None or most >= len(made):
        return list(made)
    by_kind: dict[Kind, list[int]] = {}
    for number, (_, mutation) in enumerate(made):
        by_kind.setdefault(mutation.kind, []).append(number)
    for numbers in by_kind.values():
        draw.shuffle(numbers)
    taken: list[int] = []
    while len(taken) < most:
        for numbers in by_kind.values():
            if numbers and len(taken) < most:
                taken.append(numbers.pop())
    return [made[number] for number in sorted(taken)]


def _report(
    name: str,
    seed: int,
    known: Sequence[Known],
    chosen: Sequence[tuple[Known, Mutation]],
    units: Sequence[_Unit],
    verdicts: Sequence[Sequence[Verdict]],
) -> CalibrationReport:
    broken: list[Asked] = []
    untouched: list[Asked] = []
    left: list[Asked] = []
    for unit, judged in zip(units, verdicts, strict=True):
        for verdict in judged:
            asked = _asked(unit, verdict)
            if unit.mutation is None:
                untouched.append(asked)
            elif verdict.requirement_id in unit.mutation.breaks:
                broken.append(asked)
            else:
                left.append(asked)
    kinds = dict.fromkeys(mutation.kind for _, mutation in chosen)
    decided = [*broken, *untouched, *left]
    return CalibrationReport(
        judge=name,
        seed=seed,
        tasks=tuple(one.task.name for one in known),
        mutants=len(chosen),
        sensitivity=_share(broken, Outcome.UNSATISFIED),
        specificity=_share(untouched, Outcome.SATISFIED),
        left_alone=_share(left, Outcome.SATISFIED),
        by_kind={
            kind.value: _share([b for b in broken if b.kind is kind], Outcome.UNSATISFIED)
            for kind in kinds
        },
        missed=tuple(b for b in broken if b.outcome is Outcome.SATISFIED),
        false_alarms=tuple(a for a in (*untouched, *left) if a.outcome is Outcome.UNSATISFIED),
        undecided=tuple(a for a in decided if not a.outcome.is_decided),
        usage=sum((v.usage for judged in verdicts for v in judged), Usage()),
    )


def _asked(unit: _Unit, verdict: Verdict) -> Asked:
    task = unit.known.task
    return Asked(
        task=task.name,
        mutant="" if unit.mutation is None else unit.mutation.name,
        kind=None if unit.mutation is None else unit.mutation.kind,
        requirement_id=verdict.requirement_id,
        criteria=task.requirement(verdict.requirement_id).criteria,
        outcome=verdict.outcome,
        reason=verdict.reason,
    )


def _share(asked: Iterable[Asked], wanted: Outcome) -> Share:
    units = list(asked)
    values = [float(u.outcome is wanted) if u.outcome.is_decided else None for u in units]
    by_requirement: dict[tuple[str, int], list[float]] = {}
    for unit, value in zip(units, values, strict=True):
        if value is not None:
            by_requirement.setdefault((unit.task, unit.requirement_id), []).append(value)
    clusters = list(by_requirement.values())
    right = sum(value == 1 for value in values)
    decided = sum(value is not None for value in values)
    return Share(
        right=right,
        n=decided,
        abstained=sum(u.outcome is Outcome.ABSTAINED for u in units),
        errors=sum(u.outcome is Outcome.ERROR for u in units),
        rate=rate_of(values),
        ci=clustered_ratio_interval([sum(c) for c in clusters], [len(c) for c in clusters])
        or wilson(right, decided),
    )
