"""Task, Requirement and Preference in DevAI's form (arXiv 2410.10934), as frozen values."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
)


class DevAIValue(BaseModel):
    """A frozen value read from a DevAI file; keys that the form does not name are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _can_name_a_file(name: str) -> str:
    """A task's name becomes `<name>.json` and `<workspaces>/<name>/`, so it must stay inside."""
    if not name.strip():
        raise ValueError("is empty")
    if name in (".", "..") or any(c in "/\\" or ord(c) < 32 for c in name):
        raise ValueError("cannot name a file")
    if len(name.encode()) > 200:
        raise ValueError("is longer than 200 bytes")
    return name


TaskName = Annotated[StrictStr, AfterValidator(_can_name_a_file)]
Text = Annotated[StrictStr, AfterValidator(_says_something)]
Identifier = Annotated[StrictInt, Field(ge=0)]


class Requirement(DevAIValue):
    """One thing the task asks for, and the requirements that it builds on."""

    requirement_id: Identifier
    prerequisites: tuple[StrictInt, ...] = ()
    criteria: Text
    category: StrictStr | None = None
    satisfied: StrictBool | None = None


class Preference(DevAIValue):
    """Something the asker would like; never counted among the requirements."""

    preference_id: Identifier
    criteria: Text
    satisfied: StrictBool | None = None


class Task(DevAIValue):
    """What is asked of an agent: a query, and requirements that form a DAG."""

    name: TaskName
    query: Text
    tags: tuple[StrictStr, ...] = ()
    requirements: Annotated[tuple[Requirement, ...], Field(min_length=1)]
    preferences: tuple[Preference, ...] = ()
    is_kaggle_api_needed: StrictBool = False
    is_training_needed: StrictBool = False
    is_web_navigation_needed: StrictBool = False

    def requirement(self, requirement_id: int) -> Requirement:
        """The requirement of that id; KeyError when the task has none."""
        for requirement in self.requirements:
            if requirement.requirement_id == requirement_id:
                return requirement
        raise KeyError(requirement_id)

    @property
    def graph(self) -> dict[int, tuple[int, ...]]:
        """Requirement id -> ids of its direct prerequisites, in the file's order."""
        return {r.requirement_id: r.prerequisites for r in self.requirements}
