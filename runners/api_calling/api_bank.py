"""A chat model through API-Bank's dialogues: each step asked for after what truly came before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.api_calling.api_bank import Turn, score_turn, turns_of
from benchmarks.api_calling.dialogues import read_dialogue_set
from benchmarks.api_calling.prompting import without_thoughts
from benchmarks.api_calling.prompting_dialogues import (
    ASKS,
    ASKS_FOR_TEXT,
    CALL_IS_DUE,
    REPLY_IS_DUE,
    Dialogues,
    Step,
    histories_of,
    spelled,
)
from results.records import Metric, Score
from results.run_folder import RunFolder
from runners.api_calling.asking import NATIVE_CALLS, Given, Marked, Question
from runners.api_calling.figures import final, share_of, speed_of
from runners.api_calling.sessions import (
    Begun,
    ChatAsked,
    How,
    files_hash,
    record_of,
    text_hash,
    write_lines,
)
from runners.models.chat import Message, Tool, ToolCall

PREDICTIONS = "predictions.jsonl"
"""The file of predictions within a run's files."""
DUE = "due"
"""The slice that says whether a call or a reply was due."""
_UNREAD = ("NO_API_CALL", "FAILED_PARSE_API_CALL")


class ApiBankAsked(ChatAsked):
    """`limit` is of dialogues."""


def begin_api_bank(asked: ApiBankAsked, how: How, resumes: RunFolder | None = None) -> Begun:
    """Reads the data, then opens the model; InputError where either cannot be used."""
    data = Path(asked.data)
    whole = read_dialogue_set(data)
    kept = whole[: asked.limit]
    # Of all of them, because what an API takes is told from every call of it.
    dialogues = histories_of(whole)
    asked_turns = {sample_of(turn): turn for turn in turns_of(kept)}
    client = asked.open_model(how)

    def mark(question: Question, given: Given) -> Marked:
        return marked(asked_turns[question.sample], given)

    def write(scores: Sequence[Score], files: Path) -> None:
        write_lines(files / PREDICTIONS, prediction_rows(scores, asked_turns))

    def measure(scores: Sequence[Score]) -> tuple[Metric, ...]:
        return api_bank_metrics(scores, list(asked_turns.values()))

    record = record_of(
        asked,
        client,
        split=data.resolve().name.removesuffix(".jsonl").removesuffix(".json") or "dialogues",
        scorer="api-bank",
        scorer_version="1",
        hashes={
            "data": files_hash(dict.fromkeys(dialogue.path for dialogue in kept)),
            "prompt": text_hash("\n".join((ASKS, ASKS_FOR_TEXT, CALL_IS_DUE, REPLY_IS_DUE))),
        },
        resumes=resumes,
    )
    questions = [_question(turn, dialogues, asked) for turn in asked_turns.values()]
    return Begun(record, asked, how, client, questions, mark, write, measure, resumes)


def sample_of(turn: Turn) -> str:
    """A turn's name among all: its dialogue and its 0-based line."""
    return f"{turn.dialogue}#{turn.number}"


def marked(turn: Turn, given: Given) -> Marked:
    """A reply scored as the call or the reply that is due.

    A call is the first of those made by tools, else what the text spells.
    """
    text = without_thoughts(given.text)
    if turn.call is None:
        scored = score_turn(turn, {"reply": text})
        return Marked(
            prediction=text,
            values={"ROUGE-1": scored.rouge_1, "ROUGE-L": scored.rouge_l},
            reason="A tool is called where a reply is due." if given.calls else "",
        )
    call, is_native = _call(given, text)
    scored = score_turn(turn, {"call": call})
    right = float(scored.is_structure_right)
    return Marked(
        prediction=call if isinstance(call, str) else json.dumps(call, ensure_ascii=False),
        values={
            "accuracy": right,
            "EM_intent": float(scored.is_intent_right),
            "EM_structure": right,
        },
        is_read=scored.type not in _UNREAD,
        reason=f"{scored.type}: {scored.message}" if scored.type else "",
        native_calls=int(is_native),
    )


def api_bank_metrics(scores: Sequence[Score], turns: Sequence[Turn]) -> tuple[Metric, ...]:
    """The measures over calls and over replies, with intervals over dialogues, and the speed."""
    found = final(scores)
    calls = sum(turn.call is not None for turn in turns)
    replies = len(turns) - calls
    return (
        share_of("accuracy", found, calls),
        share_of("EM_intent", found, calls),
        share_of("EM_structure", found, calls),
        share_of("ROUGE-1", found, replies),
        share_of("ROUGE-L", found, replies),
        *speed_of(found),
    )


def prediction_rows(scores: Iterable[Score], turns: Mapping[str, Turn]) -> Iterable[dict[str, Any]]:
    """The lines that `judge bench score api-bank` reads."""
    for score in final(scores):
        turn = turns[score.sample]
        is_native = score.measures.get(NATIVE_CALLS, 0) > 0
        given = json.loads(score.prediction) if is_native else score.prediction
        kind = "reply" if turn.call is None else "call"
        yield {"id": turn.dialogue, "turn": turn.number, kind: given}


def _call(given: Given, text: str) -> tuple[str | dict[str, Any], bool]:
    """The call in the form of a prediction, and whether a tool was called for it."""
    if not given.calls:
        return text, False
    name, written = given.calls[0]
    try:
        arguments = json.loads(written)
    except (ValueError, RecursionError):
        arguments = None
    if isinstance(arguments, dict):
        return {"name": name, "arguments": arguments}, True
    # As it would be spelled, so that it counts as a call whose arguments cannot be read.
    return f"[{name}({written})]", False


def _question(turn: Turn, dialogues: Dialogues, asked: ApiBankAsked) -> Question:
    slices = {DUE: "reply" if turn.call is None else "call"}
    if "/" in turn.dialogue:
        slices["set"] = turn.dialogue.rpartition("/")[0]
    reference = turn.reply
    if turn.call is not None:
        slices["api"] = turn.call.name
        reference = spelled(turn.call.name, turn.call.arguments)
    if asked.mode == "prompt":
        return Question(
            sample=sample_of(turn),
            messages=_messages(dialogues.as_text(turn)),
            cluster=turn.dialogue,
            slices=slices,
            reference=reference,
        )
    tools = tuple(
        Tool(api.name, api.description, api.parameters) for api in dialogues.on_offer(turn)
    )
    return Question(
        sample=sample_of(turn),
        messages=_messages(dialogues.as_tool_calls(turn)),
        tools=tools,
        tool_choice=("none" if turn.call is None else "required") if tools else None,
        cluster=turn.dialogue,
        slices=slices,
        reference=reference,
    )


def _messages(steps: Iterable[Step]) -> tuple[Message, ...]:
    """The steps as messages of a chat; each call has an id under which its result goes back."""
    messages: list[Message] = []
    id_ = ""
    for number, step in enumerate(steps):
        if step.role == "tool":
            messages.append(Message("tool", step.text, tool_call_id=id_))
        elif step.call is None:
            messages.append(Message(step.role, step.text))
        else:
            id_ = f"call_{number}"
            name, arguments = step.call
            call = ToolCall(id_, name, json.dumps(arguments, ensure_ascii=False))
            messages.append(Message("assistant", step.text, tool_calls=(call,)))
    return tuple(messages)
