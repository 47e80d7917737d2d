"""What a model judge said on the way to one verdict, from the exchanges that its run kept.

A run keeps every reply under the hash of what was asked. Judging the one requirement again, offline
and against those replies, gives them back in their order; nothing is sent and nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devai_tasks import Task, load_tasks
from judge.inspection import Inspection
from judge.judges.interface import Case, Question
from judge.judges.opening import Keeping
from judge.running.sessions import EXCHANGES, nonce_of, open_requested, request_of
from judge.trajectory import Trajectory
from judge.workspace import Workspace
from results.errors import InputError
from results.records import Usage, Verdict
from results.run_folder import RunFolder
from runners.models.chat.exchanges import Exchanges


@dataclass(frozen=True)
class JudgeStep:
    """One reply of the judge's model: what it said, what it called, what that took."""

    text: str
    calls: tuple[tuple[str, str], ...]
    """(tool, its arguments as JSON text)."""
    model: str
    usage: Usage


@dataclass(frozen=True)
class JudgeSteps:
    """The steps in order, and whether they end in the recorded verdict, byte for byte."""

    steps: tuple[JudgeStep, ...]
    is_same: bool


class _Watched(Exchanges):
    """Exchanges that remember what was asked for, in order."""

    def __init__(self, exchanges: Exchanges) -> None:
        super().__init__(exchanges.folder, replayed_from=exchanges.replayed_from)
        self.given: list[JudgeStep] = []

    def get(self, key: str) -> tuple[dict[str, Any], Usage] | None:
        found = super().get(key)
        if found is not None:
            self.given.append(_step(*found))
        return found


def keeps_exchanges(folder: RunFolder) -> bool:
    """Whether the run kept what its model was asked."""
    return (folder.path / EXCHANGES).is_dir()


def judge_steps(
    folder: RunFolder, verdict: Verdict, workspace: Workspace, trajectory: Trajectory | None
) -> JudgeSteps:
    """The steps that led to a run's verdict; the workspace must be the one that was judged.

    InputError where the run kept no exchanges, or its tasks cannot be read any more.
    """
    if not keeps_exchanges(folder):
        raise InputError("The run kept no model exchanges.")
    request = request_of(folder)
    if request.embeddings is not None:
        raise InputError("The judge searched with embeddings, which are not kept.")
    task = load_tasks(request.tasks).named(verdict.task)
    if task is None:
        raise InputError(f"{request.tasks} has no such task any more.")
    described: dict[str, Any] = folder.record.config.get("judge") or {}
    said = [described, *described.get("members", ())]
    address = next((str(m["endpoint"]) for m in said if m.get("endpoint")), "no endpoint")
    keeping = Keeping(nonce_of(folder.record), folder.path / EXCHANGES, address)
    judge = open_requested(request, keeping)
    members = [member.judge for member in getattr(judge, "members", ())]
    watched = [_watch(asked) for asked in members or [judge]]
    question = _question(task, verdict)
    known = {v.requirement_id: v for v in folder.verdicts() if v.task == task.name}
    earlier = {p: known[p] for p in question.prerequisites if p in known}
    again = judge.judge(Case(task, Inspection(workspace, trajectory)), question, earlier)
    steps = tuple(step for one in watched if one is not None for step in one.given)
    return JudgeSteps(steps, _said(again) == _said(verdict))


def _watch(judge: Any) -> _Watched | None:
    """Puts a watch on the exchanges of a judge; None where it asks no model."""
    chat = getattr(judge, "chat", None)
    if chat is None or getattr(chat, "exchanges", None) is None:
        return None
    chat.exchanges = _Watched(chat.exchanges)
    watched: _Watched = chat.exchanges
    return watched


def _question(task: Task, verdict: Verdict) -> Question:
    if verdict.is_preference:
        for preference in task.preferences:
            if preference.preference_id == verdict.requirement_id:
                return Question.of_preference(task, preference)
        raise InputError("The task has no such preference any more.")
    try:
        return Question.of_requirement(task, task.requirement(verdict.requirement_id))
    except KeyError:
        raise InputError("The task has no such requirement any more.") from None


def _step(reply: dict[str, Any], usage: Usage) -> JudgeStep:
    """A kept reply as a value; what is not of its form is left out."""
    calls = reply.get("tool_calls")
    return JudgeStep(
        text=str(reply.get("text") or reply.get("refusal") or ""),
        calls=tuple(
            (str(call[1]), str(call[2]))
            for call in (calls if isinstance(calls, list) else ())
            if isinstance(call, list) and len(call) == 3
        ),
        model=str(reply.get("model", "")),
        usage=usage,
    )


def _said(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.outcome, verdict.reason, verdict.evidence
