"""A few items in BFCL's form and two dialogues in API-Bank's, with a model that knows them all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.chat_server import Answer, Asked, calls_tools, says

HYPOT = {
    "name": "math.hypot",
    "description": "The length of the hypotenuse.",
    "parameters": {
        "type": "dict",
        "properties": {
            "x": {"type": "float", "description": "One side."},
            "y": {"type": "float", "description": "The other."},
        },
        "required": ["x", "y"],
    },
}
GREET = {
    "name": "greet",
    "description": "Greets.",
    "parameters": {
        "type": "dict",
        "properties": {"name": {"type": "string", "description": "Whom."}},
        "required": ["name"],
    },
}
JAVA = {
    "name": "Lamp.turn",
    "description": "Turns a lamp.",
    "parameters": {
        "type": "dict",
        "properties": {
            "on": {"type": "boolean", "description": "Whether it shines."},
            "rooms": {
                "type": "ArrayList",
                "items": {"type": "String"},
                "description": "Where.",
            },
        },
        "required": ["on"],
    },
}

# category -> id -> (what is said, functions, the right calls; None where no function fits)
ITEMS: dict[str, dict[str, tuple[str, list[dict[str, Any]], list[dict[str, Any]] | None]]] = {
    "simple_python": {
        "simple_python_0": (
            "How long is the hypotenuse over 3 and 4?",
            [HYPOT],
            [{"math.hypot": {"x": [3.0], "y": [4.0]}}],
        ),
        "simple_python_1": ("Greet Ada.", [GREET], [{"greet": {"name": ["Ada"]}}]),
    },
    "simple_java": {
        "simple_java_0": ("Light on.", [JAVA], [{"Lamp.turn": {"on": [True], "rooms": [""]}}]),
    },
    "parallel": {
        "parallel_0": (
            "Greet Ada and Alan.",
            [GREET],
            [{"greet": {"name": ["Ada"]}}, {"greet": {"name": ["Alan"]}}],
        ),
    },
    "irrelevance": {"irrelevance_0": ("What is for lunch?", [GREET], None)},
}
SAMPLES = [id_ for items in ITEMS.values() for id_ in items]

RIGHT_CALLS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "How long is the hypotenuse over 3 and 4?": [("math.hypot", {"x": 3, "y": 4.0})],
    "Greet Ada.": [("greet", {"name": "Ada"})],
    "Light on.": [("Lamp.turn", {"on": "true"})],
    "Greet Ada and Alan.": [("greet", {"name": "Alan"}), ("greet", {"name": "Ada"})],
}

DIALOGUES: dict[str, list[dict[str, Any]]] = {
    "level-1/alarm": [
        {"role": "User", "text": "Wake me at two."},
        {"role": "AI", "text": "What is your password?"},
        {"role": "User", "text": "It is x."},
        {
            "role": "API",
            "api_name": "AddAlarm",
            "param_dict": {"token": "x", "time": "14:00"},
            "result": {"output": "success", "exception": None},
        },
        {"role": "AI", "text": "The alarm is set."},
    ],
    "level-2/search": [
        {"role": "User", "text": "Play some jazz."},
        {
            "role": "API",
            "api_name": "ToolSearcher",
            "param_dict": {"keywords": "play music"},
            "result": {
                "output": {
                    "name": "PlayMusic",
                    "description": "Plays music of a kind.",
                    "input_parameters": {"kind": {"type": "str", "description": "Such as rock."}},
                },
                "exception": None,
            },
        },
        {"role": "AI", "text": "I found a player."},
        {
            "role": "API",
            "api_name": "PlayMusic",
            "param_dict": {"kind": "jazz"},
            "result": {"output": "playing", "exception": None},
        },
        {"role": "AI", "text": "Here is jazz."},
    ],
}


def write_bfcl(folder: Path) -> Path:
    """The items as BFCL releases its own."""
    for category, items in ITEMS.items():
        name = f"BFCL_v4_{category}.json"
        _write_lines(
            folder / name,
            [
                {"id": id_, "question": [[{"role": "user", "content": said}]], "function": offered}
                for id_, (said, offered, _) in items.items()
            ],
        )
        answers = [{"id": id_, "ground_truth": right} for id_, (_, _, right) in items.items()]
        if category != "irrelevance":
            _write_lines(folder / "possible_answer" / name, answers)
    return folder


def write_dialogues(folder: Path) -> Path:
    """The dialogues as API-Bank releases its own."""
    for id_, rows in DIALOGUES.items():
        _write_lines(folder / f"{id_}.jsonl", rows)
    return folder


def knows_all(asked: Asked) -> Answer:
    """BFCL's right calls as tool calls, under the names that are on offer."""
    offered = {tool["function"]["name"] for tool in asked.body.get("tools", [])}
    calls = [
        (name if name in offered else name.replace(".", "_"), arguments)
        for name, arguments in RIGHT_CALLS.get(asked.last, [])
    ]
    return calls_tools(*calls) if calls else says("There is no function for that.")


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
