"""The looking tools of the `agent` judge, and the one call that ends it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from judge.inspection import Inspection
from judge.judges.reply import SCHEMA
from judge.material import Fence
from judge.modules import Module, graph, read, retrieve
from judge.modules.excerpts import Shown
from judge.modules.search import Found, Search
from results.errors import InputError
from runners.models.chat.values import Tool

SUBMIT = "submit_verdict"
ROOM = 6_000
LONGEST_HIT = 240
MOST_STEPS_AT_ONCE = 12

_TEXT = {"type": "string"}
_LINE = {"type": "integer", "minimum": 1}
_STEP = {"type": "integer", "minimum": 0}


def _tool(name: str, description: str, properties: dict[str, Any], required: str = "") -> Tool:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }
    return Tool(name, description, schema)


_SUBMIT = Tool(SUBMIT, "Ends the judgment with your verdict and its citations.", SCHEMA)
_LOOKING: tuple[tuple[Module, Tool], ...] = (
    (
        Module.GRAPH,
        _tool(
            "list_files", "Files of a folder with what code measured in each.", {"folder": _TEXT}
        ),
    ),
    (
        Module.GRAPH,
        _tool(
            "look_up",
            "Where a function, class or name is defined, called and mentioned, and whether it is "
            "reached when the program runs.",
            {"name": _TEXT},
            "name",
        ),
    ),
    (
        Module.READ,
        _tool(
            "read_file",
            "Numbered lines of a file of any kind (pdf, notebook, office and tables as text).",
            {"path": _TEXT, "start_line": _LINE, "end_line": _LINE},
            "path",
        ),
    ),
    (
        Module.READ,
        _tool("artifact_facts", "What code measured in a file.", {"path": _TEXT}, "path"),
    ),
    (
        Module.SEARCH,
        _tool(
            "search",
            "Searches all files and trajectory steps: exact text, a regular expression, or the "
            "passages most about some words.",
            {
                "query": _TEXT,
                "how": {"type": "string", "enum": ["exact", "regex", "ranked"]},
                "folder": _TEXT,
            },
            "query how",
        ),
    ),
    (
        Module.RETRIEVE,
        _tool(
            "trajectory_steps",
            "Steps of the trajectory by number: claims, actions, observations.",
            {"first": _STEP, "last": _STEP},
            "first",
        ),
    ),
)
_VIEW = _tool("view_image", "Shows you a picture file.", {"path": _TEXT}, "path")


@dataclass(frozen=True)
class Answer:
    """What a tool gives: text for the model, and pictures for those that see."""

    text: str
    images: tuple[bytes, ...] = ()


class Toolbox:
    """Runs the tools on one agent output for one requirement; keeps which lines were shown.

    A tool never raises for what a model asks or a workspace holds: what is wrong is its answer.
    """

    def __init__(
        self,
        inspection: Inspection,
        modules: frozenset[Module],
        fence: Fence,
        search: Search,
        *,
        sees_images: bool = False,
    ) -> None:
        self.inspection = inspection
        self.shown = Shown()
        self._fence = fence
        self._search = search
        self._sees_images = sees_images and Module.READ in modules
        self._modules = modules

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the model is offered. It is the same for every requirement of a run."""
        return tools_for(self._modules, sees_images=self._sees_images)

    def run(self, name: str, arguments: str) -> Answer:
        """The answer of one call; `arguments` is JSON text as the model wrote it."""
        offered = {tool.name for tool in self.tools}
        runner = _RUNNERS.get(name)
        if runner is None or name not in offered:
            return Answer(
                f"There is no tool {name[:60]!r}; use one of {', '.join(sorted(offered))}."
            )
        try:
            read_arguments = json.loads(arguments or "{}")
        except (ValueError, RecursionError):
            return Answer("The arguments are not valid JSON; call again.")
        if not isinstance(read_arguments, dict):
            return Answer("The arguments must be one JSON object; call again.")
        try:
            return runner(self, read_arguments)
        except InputError as error:
            return Answer(str(error))

    def list_files(self, arguments: Mapping[str, Any]) -> Answer:
        folder = _text(arguments, "folder", "")
        listed = graph.structure(self.inspection, ROOM, folder)
        return Answer(self._fence.block(f"files of {folder or 'the workspace'}", listed))

    def look_up(self, arguments: Mapping[str, Any]) -> Answer:
        name = _text(arguments, "name")
        return Answer(self._fence.block(f"code: {name}", graph.look_up(self.inspection, name)))

    def read_file(self, arguments: Mapping[str, Any]) -> Answer:
        path = _path(arguments)
        start = _number(arguments, "start_line", 1)
        end = _number(arguments, "end_line", 0) or None
        excerpt = read.read_file(self.inspection, path, start, end, ROOM)
        self.shown.add(excerpt)
        total = "many" if excerpt.total is None else excerpt.total
        if not excerpt.text:
            return Answer(f"{path}: {excerpt.cut or f'it has only {total} lines'}")
        label = f"{path} lines {excerpt.start}-{excerpt.end} of {total}"
        return Answer(self._fence.block(label, excerpt.text))

    def artifact_facts(self, arguments: Mapping[str, Any]) -> Answer:
        path = _path(arguments)
        lines = [read.summary(self.inspection, path), graph.touching(self.inspection, path)]
        return Answer(self._fence.block(f"facts: {path}", "\n".join(filter(None, lines))))

    def search(self, arguments: Mapping[str, Any]) -> Answer:
        query, how = _text(arguments, "query"), _text(arguments, "how", "exact")
        folder = _text(arguments, "folder", "")
        if how == "ranked":
            found = self._search.ranked(query)
        elif how == "regex":
            found = self._search.regular(query, folder=folder)
        else:
            found = self._search.exact(query, folder=folder)
        return Answer(self._fence.block(f"search: {query[:80]}", _listed(found)))

    def trajectory_steps(self, arguments: Mapping[str, Any]) -> Answer:
        trajectory = self.inspection.trajectory
        if trajectory is None:
            return Answer("No trajectory was given with this workspace.")
        first = _number(arguments, "first", 0)
        last = max(first, _number(arguments, "last", first))
        steps = [s for s in trajectory.steps if first <= s.number <= last]
        chosen = steps[:MOST_STEPS_AT_ONCE]
        if not chosen:
            numbers = [step.number for step in trajectory.steps]
            known = f"{numbers[0]}..{numbers[-1]}" if numbers else "none"
            return Answer(f"There is no step {first}..{last}; the steps are {known}.")
        parts = [p for step in chosen for p in retrieve.step_parts(step, ROOM // len(chosen))]
        cuts = [f"the middle of {part.name}" for part in parts if part.is_cut]
        if len(steps) > len(chosen):
            cuts.append(f"steps after {chosen[-1].number}")
        blocks = [self._fence.block(part.name, part.text) for part in parts]
        if cuts:
            blocks.append(f"Cut: {'; '.join(cuts)}")
        return Answer("\n".join(blocks) or "The step is empty.")

    def view_image(self, arguments: Mapping[str, Any]) -> Answer:
        path = _path(arguments)
        drawn = read.picture(self.inspection, path)
        if drawn is None:
            return Answer(f"{path} cannot be shown: {read.summary(self.inspection, path)}")
        return Answer(f"{path} is shown in the next message.", (drawn,))


_RUNNERS: dict[str, Callable[[Toolbox, Mapping[str, Any]], Answer]] = {
    "list_files": Toolbox.list_files,
    "look_up": Toolbox.look_up,
    "read_file": Toolbox.read_file,
    "artifact_facts": Toolbox.artifact_facts,
    "search": Toolbox.search,
    "trajectory_steps": Toolbox.trajectory_steps,
    "view_image": Toolbox.view_image,
}


def tools_for(modules: frozenset[Module], *, sees_images: bool = False) -> tuple[Tool, ...]:
    """The tools of these modules, `submit_verdict` last; of a run all questions get the same."""
    offered = [tool for module, tool in _LOOKING if module in modules]
    if sees_images:
        offered.append(_VIEW)
    return (*offered, _SUBMIT)


def _listed(found: Found) -> str:
    lines = [
        f"{hit.place}: {' / '.join(hit.text.strip().splitlines())[:LONGEST_HIT]}"
        for hit in found.hits
    ]
    if found.left_out:
        lines.append(found.left_out)
    return "\n".join(lines) or "nothing was found"


def _text(arguments: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = arguments.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise InputError(f"`{name}` must be a text; call again.")
    return value


def _path(arguments: Mapping[str, Any]) -> str:
    return _text(arguments, "path").strip().removeprefix("./").lstrip("/")


def _number(arguments: Mapping[str, Any], name: str, default: int) -> int:
    value = arguments.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise InputError(f"`{name}` must be a whole number; call again.")
    return value
