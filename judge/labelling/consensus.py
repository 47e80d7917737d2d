"""From several people's labels to one: majority first, then discussion of what they disagree on.

As in DevAI's human study (arXiv 2410.10934, section 3): everyone labels alone, then the
disagreements are discussed and one outcome is recorded with a note. Unanimous labels stand as they
are; a majority is what holds until the discussion says otherwise; a tie, or a majority that cannot
tell, is open until it is discussed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from judge.labelling.sessions import CONSENSUS, LabelSession, Study, begin_session, clean_name
from judge.running.planning import RunPlan
from results.errors import InputError
from results.records import AskedRequirement, Evidence, Outcome, Verdict

DISCUSSED = "discussed"
_MOST_CITATIONS = 12


@dataclass(frozen=True)
class Standing:
    """One requirement: everyone's label on it, and what was recorded as the consensus."""

    task: str
    requirement: AskedRequirement
    votes: tuple[tuple[str, Verdict], ...]
    """(annotator, label), in the order in which the sessions began."""
    recorded: Verdict | None = None

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(label.outcome for _, label in self.votes)

    @property
    def is_disputed(self) -> bool:
        """Whether two people said something different."""
        return len(set(self.outcomes)) > 1

    @property
    def majority(self) -> Outcome | None:
        return majority(self.outcomes)

    @property
    def is_discussed(self) -> bool:
        """Whether a moderator recorded the outcome, which no majority takes away again."""
        return self.recorded is not None and self.recorded.reason.startswith(DISCUSSED)

    @property
    def outcome(self) -> Outcome | None:
        """What stands: the recorded outcome of a discussion, else the majority."""
        if self.recorded is not None and self.is_discussed:
            return self.recorded.outcome
        return self.majority

    @property
    def is_open(self) -> bool:
        """Whether it has to be discussed, because there is no majority to stand for it."""
        return bool(self.votes) and self.outcome is None


def majority(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The decided outcome that more than half of all labels give; None where there is none.

    >>> majority([Outcome.SATISFIED, Outcome.SATISFIED, Outcome.ABSTAINED])
    <Outcome.SATISFIED: 'satisfied'>
    >>> majority([Outcome.SATISFIED, Outcome.UNSATISFIED]) is None
    True
    """
    for outcome, number in Counter(outcomes).most_common(1):
        if outcome.is_decided and 2 * number > len(outcomes):
            return outcome
    return None


def settle(study: Study) -> tuple[Standing, ...]:
    """Every requirement of a study, in the order of its tasks, with all that people said."""
    if not study.annotators:
        return ()
    given = [(session.about.annotator, session.labels()) for session in study.annotators]
    recorded = study.consensus.labels() if study.consensus is not None else {}
    found = []
    for task in study.annotators[0].tasks():
        for requirement in task.requirements:
            if requirement.is_preference:
                continue
            key = (task.task, requirement.requirement_id)
            votes = tuple((name, labels[key]) for name, labels in given if key in labels)
            found.append(Standing(task.task, requirement, votes, recorded.get(key)))
    return tuple(found)


def record_majorities(
    runs_dir: Path, plan: RunPlan, study: Study, standings: Iterable[Standing]
) -> tuple[LabelSession, int]:
    """Writes every majority that is not written yet into the consensus; (it, how many).

    What was discussed stays. Where a majority went away because a label changed, the requirement
    becomes undecided again. A requirement that only one person labelled is no consensus yet,
    unless the study has that one annotator.
    """
    session = _consensus(runs_dir, plan, study)
    fewest = min(2, len(study.annotators))
    written = 0
    for standing in standings:
        if standing.is_discussed or len(standing.votes) < fewest:
            continue
        outcome = standing.majority or Outcome.ABSTAINED
        if standing.recorded is None and standing.majority is None:
            continue
        reason = _counted(standing)
        known = standing.recorded
        if known is not None and (known.outcome, known.reason) == (outcome, reason):
            continue
        session.give(
            standing.task,
            standing.requirement.requirement_id,
            outcome,
            reason,
            _evidence(standing, outcome),
        )
        written += 1
    return session, written


def record_decision(
    runs_dir: Path, plan: RunPlan, study: Study, standing: Standing, outcome: Outcome, note: str
) -> LabelSession:
    """Writes what a discussion came to; InputError without a note that says why."""
    if not note.strip():
        raise InputError("Say in the note why it came out so; it is kept with the outcome.")
    session = _consensus(runs_dir, plan, study)
    session.give(
        standing.task,
        standing.requirement.requirement_id,
        outcome,
        f"{DISCUSSED} ({_counted(standing)}): {note.strip()}",
        _evidence(standing, outcome),
    )
    return session


def _consensus(runs_dir: Path, plan: RunPlan, study: Study) -> LabelSession:
    if study.consensus is not None:
        return study.consensus
    return begin_session(runs_dir, plan, study.name, clean_name("consensus", ""), CONSENSUS)


def _counted(standing: Standing) -> str:
    counted = Counter(standing.outcomes)
    if len(counted) == 1:
        return f"unanimous, {len(standing.votes)} of {len(standing.votes)}"
    said = ", ".join(f"{number} {outcome.value}" for outcome, number in sorted(counted.items()))
    return f"majority of {said}" if standing.majority is not None else f"no majority of {said}"


def _evidence(standing: Standing, outcome: Outcome) -> tuple[Evidence, ...]:
    """What those cited who said the same, each citation once."""
    cited = dict.fromkeys(
        evidence
        for _, label in standing.votes
        if label.outcome is outcome
        for evidence in label.evidence
    )
    return tuple(cited)[:_MOST_CITATIONS]
