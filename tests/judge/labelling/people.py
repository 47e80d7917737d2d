"""People who label the bundled example, in a folder of runs of the test's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from judge.labelling import LabelSession, Study, begin_session, studies
from judge.labelling.sessions import planned
from judge.running.planning import RunPlan
from judge.running.sessions import BUNDLED_AGENT, run_request
from results.records import Outcome

YES, NO, UNSURE = Outcome.SATISFIED, Outcome.UNSATISFIED, Outcome.ABSTAINED
DIGITS = "01_Digit_Recognition_MLP_Digits_ML"
STUDY = "pilot"


def bundled_plan() -> RunPlan:
    """The bundled example's outputs."""
    return planned(run_request(), BUNDLED_AGENT)


def label(
    runs: Path, plan: RunPlan, name: str, outcomes: Sequence[Outcome], task: str = DIGITS
) -> LabelSession:
    """A person who gives these outcomes to the first requirements of a task."""
    session = begin_session(runs, plan, STUDY, name)
    for number, outcome in enumerate(outcomes):
        session.give(task, number, outcome, f"{name} on {number}", seconds=2.0)
    return session


def only_study(runs: Path) -> Study:
    (study,) = studies(runs)
    return study


def names(sessions: Iterable[LabelSession]) -> list[str]:
    return [session.about.annotator for session in sessions]
