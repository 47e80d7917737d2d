"""The planning module: how much is laid before a model at first, and who chooses it.

- `efficient`: facts, the located files and steps, in little room; the model asks for the rest.
- `comprehensive`: every module's material in much room, before the first question.
- `planned`: the model first chooses the modules whose material it wants (the paper's planning).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from judge.modules import Module
from runners.models.chat.values import Tool, ToolCall


class Planning(StrEnum):
    """How the first look is planned."""

    EFFICIENT = "efficient"
    COMPREHENSIVE = "comprehensive"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the first message holds: the modules in use, and its room in characters."""

    modules: frozenset[Module]
    files_room: int
    steps_room: int
    most_files: int
    most_steps: int


LOOKING = (Module.GRAPH, Module.LOCATE, Module.READ, Module.SEARCH, Module.RETRIEVE)
_EFFICIENT = Plan(frozenset({Module.LOCATE, Module.READ, Module.RETRIEVE}), 2_400, 1_600, 4, 3)
_COMPREHENSIVE = Plan(frozenset(LOOKING), 24_000, 12_000, 12, 12)

PLAN_TOOL = Tool(
    "plan",
    "Chooses what you are shown first: graph (structure and definitions), locate (files the "
    "requirement is about), read (their content), search (passages about its words), retrieve "
    "(relevant trajectory steps).",
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["modules"],
        "properties": {
            "modules": {"type": "array", "items": {"type": "string", "enum": [*map(str, LOOKING)]}}
        },
    },
)


def plan_for(planning: Planning, modules: frozenset[Module]) -> Plan:
    """The plan that needs no question to a model; for `planned`, what it falls back on."""
    plan = _COMPREHENSIVE if planning is Planning.COMPREHENSIVE else _EFFICIENT
    return _within(plan, modules)


def plan_from(call: ToolCall | None, modules: frozenset[Module]) -> Plan:
    """The plan that the model chose; the efficient one where its choice cannot be read."""
    try:
        chosen = json.loads(call.arguments)["modules"] if call is not None else None
        wanted = frozenset(Module(name) for name in chosen or ())
    except (ValueError, KeyError, TypeError, RecursionError):
        wanted = frozenset()
    if not wanted:
        return _within(_EFFICIENT, modules)
    roomy = Plan(wanted, 12_000, 6_000, 8, 8)
    return _within(roomy, modules)


def _within(plan: Plan, modules: frozenset[Module]) -> Plan:
    return Plan(
        plan.modules & modules, plan.files_room, plan.steps_room, plan.most_files, plan.most_steps
    )
