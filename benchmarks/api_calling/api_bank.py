"""API-Bank: calls and replies within dialogues.

Li et al., "API-Bank: A Comprehensive Benchmark for Tool-Augmented LLMs", EMNLP 2023 (2304.08244),
Table 3; and, over the same dialogues, the measures of MobileLLM (2402.14905), Table 4, whose own
test dialogues are not public.

At an API turn of a dialogue a model is asked for `[Name(key='value', …)]`, at an AI turn for a
reply. The original executes calls and compares what they give; nothing is executed here, so
that its classes OUTPUT_MISMATCH and HAS_EXCEPTION are not checked, and a call is right when its
name and its arguments are. The functions' documents are not part of API-Bank's dialogues: what
parameters a function has is taken from the call that is asked for.

Measures:

- accuracy: the share of API turns with the right call.
- EM_intent: the share of API turns at which the right API is called.
- EM_structure: the share at which the content of the call is the same: name and arguments, in any
  order, values compared as texts without white space around them.
- ROUGE-1, ROUGE-L: F1 without stemming, the mean over AI turns.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.api_calling.dialogues import Dialogue, DialogueTurn
from benchmarks.api_calling.rouge import rouge_1, rouge_l
from benchmarks.json_lines import read_json_lines
from results.errors import InputError

# The original's classes (`evaluator_by_json.py`), in the order in which it meets them.
CHECKED = (
    "NO_API_CALL",
    "FAILED_PARSE_API_CALL",
    "API_NAME_MISMATCH",
    "INVALID_INPUT_PARAMETER",
    "MISS_INPUT_ARGUMENT",
    "INPUT_MISMATCH",
)
NOT_CHECKED = ("OUTPUT_MISMATCH", "HAS_EXCEPTION")

_MAX_CHARACTERS = 100_000
_MAX_ENDS = 20
_CALL = re.compile(r"\[(\w+)\((.*)\)\]")
# A value in quotes ends at the quote that a comma or the end follows, so that it may hold others.
_ARGUMENT = re.compile(
    r"""\s*(\w+)\s*=\s*(?:'(.*?)'(?=\s*(?:,\s*\w+\s*=|$))|"(.*?)"(?=\s*(?:,\s*\w+\s*=|$))"""
    r"""|(\[.*?\])(?=\s*(?:,\s*\w+\s*=|$))|([^'"\[\],=()]*?)(?=\s*(?:,\s*\w+\s*=|$)))\s*(?:,|$)"""
)


class WrongCall(Exception):
    """A call that is not the one asked for. `type` is one of CHECKED."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_


@dataclass(frozen=True)
class ApiCall:
    """A call: the API's name and its arguments, values as texts."""

    name: str
    arguments: Mapping[str, str]


@dataclass(frozen=True)
class Turn:
    """What is asked of a model at one line of a dialogue: a call, or a reply."""

    dialogue: str
    number: int
    """0-based among the dialogue's turns; in API-Bank's form, the line of its file."""
    call: ApiCall | None
    reply: str


@dataclass(frozen=True)
class ScoredTurn:
    """A prediction scored: of a call whether it is right and why not, of a reply its ROUGE."""

    turn: Turn
    is_intent_right: bool = False
    is_structure_right: bool = False
    type: str = ""
    message: str = ""
    rouge_1: float = 0.0
    rouge_l: float = 0.0


@dataclass(frozen=True)
class ApiBankScores:
    """All predictions scored, and the turns that have none."""

    scored: tuple[ScoredTurn, ...]
    missing: tuple[Turn, ...]

    @property
    def calls(self) -> tuple[ScoredTurn, ...]:
        return tuple(each for each in self.scored if each.turn.call is not None)

    @property
    def replies(self) -> tuple[ScoredTurn, ...]:
        return tuple(each for each in self.scored if each.turn.call is None)


def turns_of(dialogues: Iterable[Dialogue]) -> tuple[Turn, ...]:
    """The turns that a model is asked for: every call and every reply."""
    return tuple(
        _asked(dialogue.id, number, turn)
        for dialogue in dialogues
        for number, turn in dialogue.turns.items()
        if turn.role != "user"
    )


def _asked(dialogue: str, number: int, turn: DialogueTurn) -> Turn:
    if turn.arguments is None:
        return Turn(dialogue, number, None, turn.text)
    arguments = {str(key): _as_text(value) for key, value in turn.arguments.items()}
    return Turn(dialogue, number, ApiCall(turn.name, arguments), "")


def score_predictions(turns: Sequence[Turn], path: Path) -> ApiBankScores:
    """Scores a file of lines `{id, turn, call|reply}`.

    `id` is the dialogue's, or what stands after its last slash where that is unique; `turn` the
    0-based number of the turn;
    `call` a text with `[Name(key='value')]`, or `{"name", "arguments"}`; `reply` a text. Raises
    InputError that names the line of what is malformed or belongs to no turn.
    """
    asked = {(turn.dialogue, turn.number): turn for turn in turns}
    full_ids = _full_ids(turns)
    scored: dict[tuple[str, int], ScoredTurn] = {}
    for line, row in read_json_lines(path):
        place = f"{path}, line {line}"
        id_, number = row.get("id"), row.get("turn")
        if not isinstance(id_, str) or not isinstance(number, int) or isinstance(number, bool):
            raise InputError(
                f"{place}: a prediction needs an `id`, a text, and a `turn`, a number."
            )
        if ("call" in row) == ("reply" in row):
            raise InputError(f"{place}: a prediction has either a `call` or a `reply`.")
        key = (full_ids.get(id_, id_), number)
        turn = asked.get(key)
        if turn is None:
            raise InputError(
                f"{place}: the dialogue {id_[:80]!r} has no turn {number} that a model is asked"
                " for; ids are file names with their folder and without .jsonl, turns 0-based"
                " lines of the AI or the API."
            )
        if key in scored:
            raise InputError(f"{place}: turn {number} of {id_[:80]!r} is predicted twice.")
        scored[key] = score_turn(turn, row)
    if not scored:
        raise InputError(f"{path} holds no prediction; a line is {{id, turn, call|reply}}.")
    return ApiBankScores(
        tuple(scored[key] for key in asked if key in scored),
        tuple(turn for key, turn in asked.items() if key not in scored),
    )


def score_turn(turn: Turn, prediction: Mapping[str, Any]) -> ScoredTurn:
    """One prediction scored; of the wrong kind it is no call, or a reply without a shared word."""
    if turn.call is None:
        reply = prediction.get("reply")
        if not isinstance(reply, str):
            return ScoredTurn(turn, message="a call where a reply was due")
        return ScoredTurn(
            turn, rouge_1=rouge_1(turn.reply, reply), rouge_l=rouge_l(turn.reply, reply)
        )
    intended = False
    try:
        call = read_call(prediction.get("call", prediction.get("reply")))
        intended = call.name == turn.call.name
        check_call(call, turn.call)
    except WrongCall as wrong:
        return ScoredTurn(turn, intended, False, wrong.type, str(wrong))
    return ScoredTurn(turn, True, True)


def check_call(call: ApiCall, asked: ApiCall) -> None:
    """Raises WrongCall, with the first class that applies, unless both calls are the same."""
    if call.name != asked.name:
        raise WrongCall("API_NAME_MISMATCH", f"{call.name} is called, not {asked.name}.")
    for key in call.arguments:
        if key not in asked.arguments:
            raise WrongCall("INVALID_INPUT_PARAMETER", f"{key!r} is no argument of this call.")
    for key, value in asked.arguments.items():
        if key not in call.arguments:
            raise WrongCall("MISS_INPUT_ARGUMENT", f"{key!r} is not given.")
        given = call.arguments[key]
        if given.strip() != value.strip():
            raise WrongCall("INPUT_MISMATCH", f"{key!r} is {given!r}, not {value!r}.")


def read_call(written: object) -> ApiCall:
    """The call in a model's output: `[Name(key='value')]` within a text, or name and arguments.

    >>> read_call("API-Request: [AddAlarm(token='x', time='2023-09-12 13:50:00')]").arguments
    {'token': 'x', 'time': '2023-09-12 13:50:00'}

    Raises:
        WrongCall: NO_API_CALL where there is none, FAILED_PARSE_API_CALL where its arguments
            cannot be read.
    """
    match written:
        case {"name": str() as name, "arguments": dict() as given}:
            return ApiCall(name, {str(key): _as_text(value) for key, value in given.items()})
        case str() if len(written) <= _MAX_CHARACTERS:
            found = _CALL.search(written)
            if found:
                return ApiCall(found.group(1), _arguments(found.group(2)))
    raise WrongCall("NO_API_CALL", "There is no call of the form [Name(key='value', …)].")


def _arguments(written: str) -> dict[str, str]:
    """Arguments as Python has them; else, with quotes inside of values, as API-Bank writes them.

    Where more than one call follows, the first is the one.
    """
    ends = [found.start() for found in re.finditer(r"\)\]", written)][:_MAX_ENDS]
    for end in (*ends, len(written)):
        arguments = _as_python(written[:end])
        if arguments is not None:
            return arguments
    return _loosely_written(written)


def _as_python(written: str) -> dict[str, str] | None:
    """The arguments of a call in Python's syntax; None where it is not that."""
    source = f"f({written})"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            call = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(call, ast.Call) or call.args or not isinstance(call.func, ast.Name):
        return None
    arguments: dict[str, str] = {}
    for word in call.keywords:
        if word.arg is None:
            return None
        if isinstance(word.value, ast.Constant):
            arguments[word.arg] = _as_text(word.value.value)
        else:
            arguments[word.arg] = ast.get_source_segment(source, word.value) or ""
    return arguments


def _loosely_written(written: str) -> dict[str, str]:
    arguments: dict[str, str] = {}
    at = 0
    while at < len(written.rstrip()):
        found = _ARGUMENT.match(written, at)
        if not found or found.end() == at:
            raise WrongCall(
                "FAILED_PARSE_API_CALL",
                f"The arguments cannot be read from {written[at : at + 60]!r} on.",
            )
        key, *values = found.groups()
        arguments[key] = next((value for value in values if value is not None), "")
        at = found.end()
    return arguments


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _full_ids(turns: Sequence[Turn]) -> dict[str, str]:
    """File names without their folder, where only one dialogue has them -> the dialogue's id."""
    found: dict[str, set[str]] = {}
    for turn in turns:
        found.setdefault(turn.dialogue.rsplit("/", 1)[-1], set()).add(turn.dialogue)
    return {name: next(iter(ids)) for name, ids in found.items() if len(ids) == 1}
