"""What every judge is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from devai_tasks import Preference, Requirement, Task
from judge.inspection import Inspection
from results.records import Evidence, Outcome, Usage, Verdict


@dataclass(frozen=True)
class Question:
    """One requirement or preference of a task, as a judge is asked about it."""

    task: str
    number: int
    criteria: str
    prerequisites: tuple[int, ...] = ()
    is_preference: bool = False

    @classmethod
    def of_requirement(cls, task: Task, requirement: Requirement) -> Question:
        return cls(
            task.name,
            requirement.requirement_id,
            requirement.criteria,
            requirement.prerequisites,
        )

    @classmethod
    def of_preference(cls, task: Task, preference: Preference) -> Question:
        return cls(task.name, preference.preference_id, preference.criteria, is_preference=True)

    def verdict(
        self,
        outcome: Outcome,
        confidence: float,
        reason: str,
        evidence: tuple[Evidence, ...] = (),
        usage: Usage | None = None,
    ) -> Verdict:
        """A verdict on this question."""
        return Verdict(
            task=self.task,
            requirement_id=self.number,
            is_preference=self.is_preference,
            outcome=outcome,
            confidence=round(min(max(confidence, 0.0), 1.0), 4),
            reason=reason,
            evidence=evidence,
            usage=usage or Usage(),
        )


@dataclass(frozen=True)
class Case:
    """One agent's output for one task: what a judge looks at."""

    task: Task
    inspection: Inspection


class Judge(Protocol):
    """Gives a verdict on one question; never raises for what a workspace holds."""

    name: str

    def describe(self) -> dict[str, Any]:
        """What run.json is to say of it: model, prompt hashes, settings; no secrets."""
        ...

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        """The verdict; `earlier` holds those on the question's own prerequisites."""
        ...
