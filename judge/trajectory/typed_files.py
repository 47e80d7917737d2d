"""What is known of the files' text from what an agent typed, step by step."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from judge.trajectory.bounds import LONGEST_TEXT
from judge.trajectory.code_facts import CodeFacts, code_facts
from judge.trajectory.programs import programs_of
from judge.trajectory.shell import parse_shell

MOST_MODULES = 60


@dataclass
class TypedFiles:
    """By path, the pieces of text that stand in a file and the step that typed each."""

    pieces: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def write(self, path: str, step: int, text: str | None) -> None:
        """The file now holds this text alone; None when what it holds is unknown."""
        self.pieces[path] = [] if text is None else [(step, text)]

    def add(self, path: str, step: int, text: str | None) -> None:
        if text:
            self.pieces.setdefault(path, []).append((step, text))

    def replace(self, path: str, step: int, old: str, new: str) -> None:
        """Puts `new` for `old` where that is known, else takes `new` as one more piece."""
        known = self.pieces.setdefault(path, [])
        for at, (_, text) in enumerate(known):
            if old in text and len(text) + len(new) < LONGEST_TEXT:
                known[at : at + 1] = [(step, text.replace(old, new, 1))]
                return
        self.add(path, step, new)

    def copy(self, source: str, target: str) -> str | None:
        """Gives the target what is known of the source, and returns that text, if it is whole."""
        self.pieces[target] = list(self.pieces.get(source, []))
        return self.pieces[target][0][1] if len(self.pieces[target]) == 1 else None

    def has(self, path: str) -> bool:
        return bool(self.pieces.get(path))

    def program(self, path: str) -> list[tuple[str, int, CodeFacts]]:
        """The path, step and facts of each typed piece of a program and the modules it imports.

        A module is found by its name wherever it was typed, because programs change their search
        path.
        """
        found: list[tuple[str, int, CodeFacts]] = []
        waiting, seen = [path], {path}
        by_module: dict[str, list[str]] = {}
        for known in self.pieces:
            if known.endswith(".py"):
                name = known.rsplit("/", 1)[-1].removesuffix(".py")
                module = known.rsplit("/", 2)[-2] if name == "__init__" and "/" in known else name
                by_module.setdefault(module, []).append(known)
        while waiting and len(seen) <= MOST_MODULES:
            current = waiting.pop(0)
            if not current.endswith((".py", ".ipynb")):
                continue
            for step, text in self.pieces.get(current, ()):
                facts = code_facts(code_cells(text) if current.endswith(".ipynb") else text)
                found.append((current, step, facts))
                for module in facts.imports:
                    for candidate in by_module.get(module.rsplit(".", 1)[-1], ()):
                        if candidate not in seen:
                            seen.add(candidate)
                            waiting.append(candidate)
        return found

    def started_by(self, program: str) -> tuple[str, ...]:
        """The programs that a shell script starts in its turn, or a Python program by shell."""
        found: dict[str, None] = {}
        waiting = [program]
        while waiting and len(found) < MOST_MODULES:
            current = waiting.pop(0)
            texts = [text for _, text in self.pieces.get(current, ())]
            if not current.endswith((".sh", ".bash")):
                texts = [text for _, _, facts in self.program(current) for text in facts.shell]
            for text in texts:
                for command in parse_shell(text):
                    for started in programs_of(command):
                        if started not in found and started != program:
                            found[started] = None
                            waiting.append(started)
        return tuple(found)


def code_cells(text: str) -> str:
    """The code of a notebook's cells, joined; "" where it is none."""
    try:
        cells = json.loads(text)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return "\n".join(
            source if isinstance(source, str) else "".join(source) for source in sources
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
