"""Judges by name: what `--judge` says, made ready to judge.

A panel is written `panel:` with its members joined by `+`, each a judge by name, `@n` after one
that is to be asked n times: `panel:checks+agent@3`. Every draw is one vote, or as many as `*w`
after it says: `panel:checks*2+agent@3*0.5`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from judge.judges.interface import Judge
from judge.material import Fence, new_nonce
from results.errors import InputError

if TYPE_CHECKING:
    from runners.models.chat.client import ChatClient

MOST_DRAWS = 25
# At temperature 0 all draws of one question would be the same draw.
DRAW_TEMPERATURE = 0.7
_MEMBER = re.compile(
    r"(?P<name>[a-z]+)(?:@(?P<draws>\d{1,3}))?(?:\*(?P<weight>\d{1,3}(?:\.\d+)?))?"
)


@dataclass(frozen=True)
class Keeping:
    """What a run keeps of its judge: the mark of its fences, and its model exchanges."""

    nonce: str = field(default_factory=new_nonce)
    exchanges: Path | None = None
    replayed_from: str | None = None
    """The address that the replayed run asked; None outside a replay."""


@dataclass(frozen=True)
class JudgeSpec:
    """Which judge, and what it is told; `modules` to `max_steps` are the `agent` judge's."""

    name: str = "checks"
    model: str | None = None
    modules: tuple[str, ...] | None = None
    planning: str | None = None
    vision: bool = False
    embeddings: str | None = None
    max_steps: int | None = None
    keeping: Keeping = field(default_factory=Keeping)


@dataclass(frozen=True)
class _Draw:
    """One of several askings of the same judge."""

    sample: int = 0
    temperature: float | None = None


def open_judge(
    name: str,
    model: str | None = None,
    *,
    modules: tuple[str, ...] | None = None,
    planning: str | None = None,
    vision: bool = False,
    embeddings: str | None = None,
    max_steps: int | None = None,
    keeping: Keeping | None = None,
) -> Judge:
    """The judge that `name` means: `checks`, `llm`, `agent`, or a panel of them.

    All but `checks` ask the chat model that `model` names. `modules` limits the `agent` judge to
    some of its modules, `planning` says how it lays out its first look, with `vision` it is shown
    pictures, `embeddings` names a model that re-ranks what it searches for, and `max_steps` bounds
    its turns on one requirement; `keeping` is the run's.
    InputError for an unknown name, and for an option that is missing or of no use.
    """
    spec = JudgeSpec(
        name, model, modules, planning, vision, embeddings, max_steps, keeping or Keeping()
    )
    members = _members(name)
    asked = {member for member, _, _ in members}
    if model is not None and asked == {"checks"}:
        raise InputError("The judge 'checks' asks no model; leave --model out, or use --judge llm.")
    if model is None and asked != {"checks"}:
        asking = sorted(asked - {"checks"})[0]
        raise InputError(f"The judge '{asking}' asks a model; name it with --model openai:<model>.")
    for option, value in _options_of_agent(spec).items():
        if value and "agent" not in asked:
            raise InputError(f"{option} belongs to the judge 'agent', which is not asked here.")
    if not name.startswith("panel:"):
        return _OPENERS[name](spec, _Draw())
    from judge.judges.panel import Member, PanelJudge

    panel = []
    for member, draws, weight in members:
        for sample in range(draws):
            draw = _Draw(sample, DRAW_TEMPERATURE) if draws > 1 else _Draw()
            label = f"{member} {sample + 1}" if draws > 1 else member
            panel.append(Member(_OPENERS[member](spec, draw), weight, label))
    return PanelJudge(panel)


def _options_of_agent(spec: JudgeSpec) -> dict[str, object]:
    """The options that only the `agent` judge takes, by their names on the command line."""
    return {
        "--modules": spec.modules,
        "--planning": spec.planning,
        "--vision": spec.vision,
        "--embeddings": spec.embeddings,
        "--max-steps": spec.max_steps,
    }


def has_price(judge: Judge) -> bool:
    """Whether the cost of everything that the judge asks can be told."""
    members = getattr(judge, "members", None)
    if members is not None:
        return all(has_price(member.judge) for member in members)
    chat = getattr(judge, "chat", None)
    return chat is None or bool(chat.has_price)


def _members(name: str) -> list[tuple[str, int, float]]:
    """(judge, number of draws, weight of each) a member; one for a judge that is no panel."""
    kind, colon, rest = name.partition(":")
    if not colon:
        _check_name(name)
        return [(name, 1, 1.0)]
    if kind != "panel":
        raise _unknown(name)
    found = []
    for part in rest.split("+"):
        match = _MEMBER.fullmatch(part.strip())
        if match is None:
            raise InputError(
                f"The panel {name!r} has a member {part!r}, which is no judge; write a panel as"
                " panel:checks+agent@3."
            )
        _check_name(match["name"])
        draws = int(match["draws"] or 1)
        if not 1 <= draws <= MOST_DRAWS or (match["name"] == "checks" and draws > 1):
            raise InputError(
                f"The panel {name!r} cannot have {part}: a judge with a model is asked 1 to"
                f" {MOST_DRAWS} times, and checks once, because it never says anything else."
            )
        weight = float(match["weight"] or 1)
        if weight <= 0:
            raise InputError(f"The panel {name!r} gives {part} no weight; leave it out instead.")
        found.append((match["name"], draws, weight))
    return found


def _check_name(name: str) -> None:
    if name not in _OPENERS:
        raise _unknown(name)


def _unknown(name: str) -> InputError:
    return InputError(
        f"There is no judge {name!r}; use {', '.join(_OPENERS)} or a panel such as"
        " panel:checks+agent@3."
    )


def _open_checks(spec: JudgeSpec, draw: _Draw) -> Judge:
    from judge.judges.checks import ChecksJudge

    return ChecksJudge()


def _open_llm(spec: JudgeSpec, draw: _Draw) -> Judge:
    from judge.judges.llm import LLMJudge

    return LLMJudge(
        _open_chat(spec),
        fence=Fence(spec.keeping.nonce),
        sample=draw.sample,
        temperature=draw.temperature,
    )


def _open_agent(spec: JudgeSpec, draw: _Draw) -> Judge:
    from judge.judges.agent.judge import AgentJudge, Limits
    from judge.modules import ALL_MODULES, modules_named
    from judge.modules.planning import Planning
    from runners.models.chat.embedding import open_embedding

    return AgentJudge(
        _open_chat(spec),
        fence=Fence(spec.keeping.nonce),
        modules=ALL_MODULES if spec.modules is None else modules_named(spec.modules),
        planning=Planning(spec.planning or Planning.EFFICIENT),
        limits=Limits() if spec.max_steps is None else Limits(steps=spec.max_steps),
        sees_images=spec.vision,
        embed=None if spec.embeddings is None else open_embedding(spec.embeddings),
        sample=draw.sample,
        temperature=draw.temperature,
    )


def _open_chat(spec: JudgeSpec) -> ChatClient:
    from runners.models.chat.exchanges import Exchanges
    from runners.models.chat.opening import open_chat

    assert spec.model is not None
    keeping = spec.keeping
    exchanges = None
    if keeping.exchanges is not None:
        exchanges = Exchanges(keeping.exchanges, replayed_from=keeping.replayed_from)
    return open_chat(spec.model, exchanges=exchanges)


_OPENERS: dict[str, Callable[[JudgeSpec, _Draw], Judge]] = {
    "checks": _open_checks,
    "llm": _open_llm,
    "agent": _open_agent,
}
