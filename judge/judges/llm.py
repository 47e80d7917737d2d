"""The `llm` judge: one prompt with everything in it (LLM-as-a-Judge, arXiv 2410.10934, sec. 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from judge.evidence import check_citation, verified
from judge.facts import Fact, establish
from judge.inspection import Inspection
from judge.judges.interface import Case, Question
from judge.judges.llm_material import Material, Room
from judge.judges.reply import SCHEMA, UnreadableReply, VerdictReply, read_reply
from judge.material import Fence
from judge.modules.memory import recall
from judge.prompts import load_prompt
from results.errors import ModelError
from results.records import ArtifactEvidence, FileEvidence, Outcome, Usage, Verdict
from runners.models.chat.failures import ChatError, FailureKind
from runners.models.chat.values import Message, ObjectSchema, Reply

if TYPE_CHECKING:
    from runners.models.chat.client import ChatClient

MOST_HALVINGS = 4
_AGAIN = "Answer again with the whole JSON object, and nothing else."


@dataclass
class _Asking:
    """One question's conversation and what its calls took so far."""

    messages: list[Message] = field(default_factory=list)
    spent: Usage = field(default_factory=Usage)


class LLMJudge:
    """Asks a chat model once a requirement; once more for a reply or a citation to be mended.

    Safe for threads. `sample` tells apart repeated draws, for a panel of them.
    """

    name = "llm"

    def __init__(
        self,
        chat: ChatClient,
        *,
        fence: Fence | None = None,
        room: Room | None = None,
        sample: int = 0,
        temperature: float | None = None,
    ) -> None:
        self.chat = chat
        self.fence = fence or Fence()
        self.room = room or Room()
        self.sample = sample
        self.temperature = chat.settings.temperature if temperature is None else temperature
        self._system = load_prompt("llm_judge")
        self._question = load_prompt("llm_question")

    def describe(self) -> dict[str, Any]:
        return {
            "model": self.chat.spec,
            "endpoint": self.chat.address,
            "temperature": self.temperature,
            "sample": self.sample,
            "prompts": {p.name: p.sha256 for p in (self._system, self._question)},
        }

    def judge(self, case: Case, question: Question, earlier: Mapping[int, Verdict]) -> Verdict:
        facts = establish(case.inspection, question.criteria)
        asking = _Asking()
        try:
            reply = self._first_reply(asking, case, question, earlier, facts)
            read, fault = self._read(reply)
            if read is None:
                self._say(asking, reply, f"That could not be read: {fault}. {_AGAIN}")
                reply = self._complete(asking)
                read, fault = self._read(reply)
            if read is None:
                reason = f"the model's reply could not be read twice: {fault}"
                return question.verdict(Outcome.ERROR, 0.0, reason, usage=asking.spent)
            faults = _faults(case.inspection, read, facts)
            if faults:
                found = self.fence.block("what was found instead", "\n".join(faults))
                self._say(asking, reply, f"This does not hold. Mend it. {_AGAIN}\n{found}")
                read = self._mended(asking) or read
        except ModelError as error:
            return question.verdict(Outcome.ERROR, 0.0, str(error), usage=asking.spent)
        verdict = question.verdict(
            read.decision, read.confidence, read.reason, read.evidence, usage=asking.spent
        )
        return _standing(verdict, case.inspection, facts)

    def prompt(
        self,
        case: Case,
        question: Question,
        earlier: Mapping[int, Verdict],
        facts: tuple[Fact, ...],
        room: Room,
    ) -> str:
        """The message about one question, bounded by `room`, with what was left out named in it."""
        material = Material(case, question, self.fence, room)
        known = recall(earlier)
        return self._question.fill(
            announcement=self.fence.announcement,
            query=material.query(),
            kind="Preference" if question.is_preference else "Requirement",
            criteria=material.criteria(),
            facts=material.facts(facts),
            earlier=self.fence.block("earlier verdicts", known) if known else "none",
            listing=material.listing(),
            contents=material.contents(),
            trajectory=material.trajectory(),
            left_out=material.left_out(),
        )

    def _first_reply(
        self,
        asking: _Asking,
        case: Case,
        question: Question,
        earlier: Mapping[int, Verdict],
        facts: tuple[Fact, ...],
    ) -> Reply:
        """The first reply, of a shorter prompt where the model's context is too small."""
        room = self.room
        halvings = 0
        while True:
            text = self.prompt(case, question, earlier, facts, room)
            asking.messages = [Message("system", self._system.text), Message("user", text)]
            try:
                return self._complete(asking)
            except ChatError as error:
                if error.failure.kind is not FailureKind.TOO_LONG or halvings == MOST_HALVINGS:
                    raise
                room = room.halved()
                halvings += 1

    def _complete(self, asking: _Asking) -> Reply:
        try:
            reply = self.chat.complete(
                asking.messages,
                schema=ObjectSchema("verdict", SCHEMA),
                temperature=self.temperature,
                sample=self.sample,
                volatile=self.fence.volatile,
            )
        except ChatError as error:
            asking.spent += error.usage
            raise
        asking.spent += reply.usage
        return reply

    def _mended(self, asking: _Asking) -> VerdictReply | None:
        """The verdict after repair; None when it cannot be read, or did not fit any more."""
        try:
            return self._read(self._complete(asking))[0]
        except ChatError as error:
            if error.failure.kind is FailureKind.TOO_LONG:
                return None
            raise

    def _read(self, reply: Reply) -> tuple[VerdictReply | None, str]:
        """The verdict; or None and why it cannot be read, and then the reply is not kept."""
        try:
            if reply.refusal is not None:
                raise UnreadableReply(f"the model refused: {reply.refusal[:200]}")
            if reply.finish_reason == "length":
                raise UnreadableReply("the reply was cut at the endpoint's length limit")
            return read_reply(reply.text), ""
        except UnreadableReply as fault:
            self.chat.forget(reply)
            return None, str(fault)

    @staticmethod
    def _say(asking: _Asking, reply: Reply, words: str) -> None:
        said = Message("assistant", reply.text or "(no text)")
        asking.messages = [*asking.messages, said, Message("user", words)]


def _faults(inspection: Inspection, read: VerdictReply, facts: tuple[Fact, ...]) -> list[str]:
    """What of the verdict does not hold, for the model to mend."""
    checked = (
        check_citation(evidence, inspection.workspace, inspection.trajectory)
        for evidence in read.evidence
    )
    faults = [*read.faults, *(fault for fault in checked if fault is not None)]
    if read.decision is Outcome.SATISFIED:
        if not read.citations:
            faults.append("It has no citation, and satisfied needs one that holds.")
        faults += [f"Measured, and against satisfied: {f.sentence}" for f in facts if f.forbids]
    return faults


def _standing(verdict: Verdict, inspection: Inspection, facts: tuple[Fact, ...]) -> Verdict:
    """The verdict with the citations that hold; `satisfied` never against what code measured."""
    cited = verdict.evidence
    verdict = verified(verdict, inspection.workspace, inspection.trajectory)
    if verdict.outcome is not Outcome.SATISFIED:
        return verdict
    against = [fact.sentence for fact in facts if fact.forbids]
    for evidence in cited:
        if isinstance(evidence, FileEvidence | ArtifactEvidence):
            against += _unfit(inspection, evidence)
    if not against:
        return verdict
    return verdict.model_copy(
        update={
            "outcome": Outcome.ABSTAINED,
            "confidence": 0.0,
            "reason": f"the verdict contradicts what code measured: {against[0]}"
            f" (the model said: {verdict.reason})",
        }
    )


def _unfit(inspection: Inspection, evidence: FileEvidence | ArtifactEvidence) -> list[str]:
    """What speaks against a cited file: it is not what it should be, or not there at all.

    A quote from a file that is not there is merely a citation that does not hold.
    """
    workspace, path = inspection.workspace, evidence.path.rstrip("/")
    if workspace.has(path):
        artifact = workspace.artifact(path)
        return [] if artifact.is_valid else [f"{path}: {artifact.summary()}"]
    is_missing = isinstance(evidence, ArtifactEvidence) and path not in workspace.directories
    return [f"{path}: no such file"] if is_missing else []
