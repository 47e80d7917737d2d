"""Where an artifact came from: the code that writes it, the step that wrote it."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from posixpath import basename, dirname, splitext

from judge.code import Body, Call, FileUse
from judge.inspection import Inspection
from judge.judges.checks.fallbacks import Fallbacks, Observed
from judge.judges.checks.misfits import Misfit, Signatures
from judge.judges.checks.sight import CodeSight
from judge.judges.checks.structures import functions_of
from judge.trajectory import CommandRun, Write, runs, writes
from results.records import FileEvidence, TrajectoryEvidence

_TYPED = ("heredoc", "redirect", "editor")
_HANDLE = re.compile(r"\bas\s+(\w+)\s*:?\s*$|^(\w+)\s*=|\bas\s+(\w+)\b")
_LOOKS = frozenset({"exists", "isfile", "is_file", "isdir", "is_dir", "stat", "glob", "listdir"})
_LOCAL = re.compile(r"[\w.-]+(?:/[\w.-]+)*")
_PATH_WRITERS = re.compile(r"save|write|dump|export|to_|plot|draw|report|render|make|figure|store")


@dataclass(frozen=True)
class Writer:
    """Code that writes a path, or is handed it to write to."""

    path: str
    line: int
    scope: str
    via: str
    is_reached: bool
    content: str | None  # all that is written, where it is constant
    is_exact: bool


class Origins:
    """What code and trajectory say of who wrote the files of a workspace."""

    def __init__(self, inspection: Inspection, sight: CodeSight) -> None:
        self.inspection = inspection
        self.sight = sight
        self.fallbacks = Fallbacks(inspection, sight)
        self._misfits: dict[tuple[str, str], tuple[Misfit, ...]] = {}

    # Code

    def writers(self, path: str) -> tuple[Writer, ...]:
        """Code that writes this path, reached code and exact paths first."""
        found = [
            Writer(u.path, u.line, u.scope, u.via, u.is_reached, u.content, u.target == path)
            for u in self._write_uses
            if _fits(u.target, path) and self._is_filled(u)
        ]
        found += [
            Writer(c.path, c.line, c.scope, c.written, c.is_reached, None, is_exact=False)
            for c in self._handing_calls(path)
        ]
        return tuple(sorted(found, key=lambda w: (not w.is_reached, not w.is_exact)))

    def _is_filled(self, use: FileUse) -> bool:
        """Whether something is done with a file that is opened for writing."""
        if use.via.rsplit(".", 1)[-1] != "open" or use.content is not None:
            return True
        statements = self.sight.statements(use.path)
        own = next((s for s in statements if s.line <= use.line <= s.end_line), None)
        bound = _HANDLE.search(own.bare) if own is not None else None
        if own is None or bound is None:
            return True
        name = next(group for group in bound.groups() if group)
        word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
        return any(
            word.search(s.bare)
            for s in statements
            if s is not own and not s.bare.startswith(f"{name}.close")
        )

    @cached_property
    def _write_uses(self) -> tuple[FileUse, ...]:
        return tuple(
            use
            for use in self.sight.graph.uses
            if use.mode in ("write", "append")
            and use.path in self.sight.product_paths
            and self.sight.is_live(use.path, use.line)
        )

    def _handing_calls(self, path: str) -> list[Call]:
        """Calls of project code that are given the path, or its name, as a literal."""
        name = basename(path)
        found: list[Call] = []
        for call in self.sight.graph.calls:
            if not self.sight.is_live(call.path, call.line):
                continue
            for text in (*call.arguments, *call.keywords.values()):
                if text and (text in (path, name) or text.endswith(f"/{name}")):
                    is_writer = (
                        self._writes_somewhere(call)
                        if call.targets
                        else bool(_PATH_WRITERS.search(call.method))
                    )
                    if is_writer:
                        found.append(call)
                    break
        return found

    def _writes_somewhere(self, call: Call) -> bool:
        """Whether project code that is handed a path writes to a place it is handed."""
        keys = self.sight.with_callees(call.targets)
        return any((use.path, use.scope) in keys for use in self._write_uses) or any(
            _PATH_WRITERS.search(inner.method) and not inner.targets
            for key in keys
            for inner in self.sight.calls_by_key.get(key, ())
        )

    def empty_hands(self, path: str) -> tuple[Call, str] | None:
        """A reached call that hands this path to project code which does nothing with it."""
        name = basename(path)
        for call in self.sight.graph.calls:
            if not call.targets or not call.is_reached:
                continue
            if not any(
                text and (text in (path, name) or text.endswith(f"/{name}"))
                for text in (*call.arguments, *call.keywords.values())
            ):
                continue
            for target in call.targets:
                definition = self.sight.graph.definition(*target)
                if definition is not None and definition.body is not Body.WORKS:
                    return call, definition.name
        return None

    def could_be_written(self) -> bool:
        """Whether some reached code writes to a path that cannot be told."""
        return any(
            use.is_reached and not re.search(r"\w{3}", splitext(basename(use.target))[0])
            for use in self._write_uses
        )

    @cached_property
    def has_writing_code(self) -> bool:
        return any(use.is_reached for use in self._write_uses)

    # Trajectory

    def last_write(self, path: str) -> Write | None:
        if self.inspection.trajectory is None:
            return None
        found = writes(self.inspection.trajectory, path)
        return found[-1] if found else None

    def typed_by_hand(self, path: str, text: str) -> Write | None:
        """The step in which the agent typed the content of this file itself, if it did."""
        write = self.last_write(path)
        if write is None or write.how not in _TYPED or not write.content:
            return None
        left, typed = _words(text), set(_words(write.content))
        share = sum(word in typed for word in left) / len(left) if left else 0.0
        return write if share > 0.8 else None

    @cached_property
    def all_runs(self) -> tuple[CommandRun, ...]:
        trajectory = self.inspection.trajectory
        return runs(trajectory) if trajectory is not None else ()

    def last_run_with(self, path: str) -> CommandRun | None:
        """The last run of a program, for a program that the workspace holds."""
        found = [run for run in self.all_runs if path in run.programs]
        return found[-1] if found else None

    def crash_before(self, path: str, line: int, scope: str) -> CommandRun | None:
        """The failed run that ended before this line was reached; None where none is known.

        Only where every program that uses the file failed in its last run, and the traceback
        tells on which side of the line it ended.
        """
        programs = {program for run in self.all_runs for program in run.programs}
        last = [
            run
            for program in sorted(programs)
            if path in self._imported_by(program)
            and (run := self.last_run_with(program)) is not None
        ]
        if not last or any(run.ended != "failed" for run in last):
            return None
        for run in last:
            if self._was_passed(run, path, line, scope) is not False:
                return None
        return last[-1]

    def failure_in(self, path: str, scope: str) -> CommandRun | None:
        """The last run of a program, where its traceback goes through this scope; or None."""
        trajectory = self.inspection.trajectory
        if trajectory is None:
            return None
        name = scope.rsplit(".", 1)[-1] or "<module>"
        programs = {program for run in self.all_runs for program in run.programs}
        last = [
            run
            for program in sorted(programs)
            if path in self._imported_by(program)
            and (run := self.last_run_with(program)) is not None
        ]
        if not last or any(run.ended != "failed" for run in last):
            return None
        for run in last:
            step = trajectory.step(run.step)
            frames = _frames(step.observation, self.inspection) if step is not None else []
            if any(frame[0] == path and frame[2] == name for frame in frames):
                return run
        return None

    @cached_property
    def _signatures(self) -> Signatures:
        trees = {path: self.sight.tree(path) for path in self.sight.graph.modules}
        return Signatures({path: tree for path, tree in trees.items() if tree is not None})

    def misfits(self, path: str, scope: str) -> tuple[Misfit, ...]:
        """Live calls of a Python scope that cannot work."""
        if (path, scope) not in self._misfits:
            tree = self.sight.tree(path)
            node = dict(functions_of(tree)).get(scope) if tree is not None else None
            body: list[ast.stmt] = getattr(node, "body", [])
            self._misfits[path, scope] = tuple(
                misfit
                for misfit in self._signatures.misfits(body)
                if self.sight.is_live(path, misfit.line)
            )
        return self._misfits[path, scope]

    def misfit_before(self, path: str, line: int, scope: str) -> tuple[str, Misfit] | None:
        """(path, call) of a call that fails before an act, in its scope or in one leading to it.

        Where several callers lead to the act, each of them must fail before.
        """
        for misfit in self.misfits(path, scope):
            if misfit.line < line:
                return path, misfit
        seen = {(path, scope)}
        while scope:
            callers = [
                c
                for c in self.sight.graph.callers_of(path, scope)
                if c.is_reached and (c.path, c.scope) not in seen
            ]
            failing = [
                (c.path, m)
                for c in callers
                for m in self.misfits(c.path, c.scope)
                if m.line < c.line
            ]
            if failing and len({(c.path, c.scope) for c in callers}) == 1:
                return failing[0]
            if len({(c.path, c.scope) for c in callers}) != 1:
                return None
            path, scope = callers[0].path, callers[0].scope
            seen.add((path, scope))
        return None

    def absent_input(self, path: str, line: int, scope: str) -> FileUse | None:
        """A file that a scope reads before a line, and that only code that never runs would make.

        None where the file is there, or where the scope looks first or carries on without it.
        """
        tree = self.sight.tree(path)
        if tree is None:
            return None
        for use in self.sight.graph.uses_in(path):
            if use.scope != scope or use.mode != "read" or use.line >= line:
                continue
            target = use.target.removeprefix("./")
            if not _LOCAL.fullmatch(target) or not splitext(target)[1]:
                continue
            if use.via.rsplit(".", 1)[-1] in _LOOKS or not self.sight.is_live(path, use.line):
                continue
            name = basename(target)
            if any(basename(entry.path) == name for entry in self.inspection.workspace.files):
                continue
            writers = self.writers(target)
            if not writers or any(writer.is_reached for writer in writers):
                continue  # data from outside may have been left out of the output
            if any(u.via.rsplit(".", 1)[-1] in _LOOKS for u in self.sight.graph.uses_in(path)):
                continue
            if any(
                isinstance(node, ast.Try) and node.lineno <= use.line <= (node.end_lineno or 0)
                for node in ast.walk(tree)
            ):
                continue
            return use
        return None

    def ended_before(self, path: str, line: int, scope: str) -> Observed | None:
        """A fallback that a run shows to have ended the program before this line."""
        for observed in self.fallbacks.observed:
            fallback = observed.fallback
            if not fallback.ends:
                continue
            if (path, scope) == (fallback.path, fallback.scope):
                if fallback.first[0] <= line:
                    return observed
                continue
            chain = self._chain(fallback.path, fallback.scope, fallback.first[0])
            for frame_path, frame_line, frame_scope in chain:
                lines = self._lines_leading(frame_path, frame_scope, path, line, scope)
                if lines:
                    if min(lines) > frame_line:
                        return observed
                    break
        return None

    def _chain(self, path: str, scope: str, line: int) -> list[tuple[str, int, str]]:
        """From an act outwards: the places of the calls that lead to it, one for each scope."""
        chain = [(path, line, scope)]
        while scope and len(chain) < 20:
            callers = self.sight.graph.callers_of(path, scope)
            if not callers:
                break
            path, line, scope = callers[0].path, callers[0].line, callers[0].scope
            chain.append((path, line, scope))
        return chain

    def _lines_leading(
        self, path: str, scope: str, to_path: str, to_line: int, to_scope: str
    ) -> list[int]:
        """Lines of one scope that are, or call what leads to, an act."""
        if (path, scope) == (to_path, to_scope):
            return [to_line]
        return [
            call.line
            for call in self.sight.calls_by_key.get((path, scope), ())
            if call.targets and (to_path, to_scope) in self.sight.with_callees(call.targets)
        ]

    def _imported_by(self, program: str) -> frozenset[str]:
        return frozenset(path for path, _ in self.sight.with_callees(self.sight.region(program)))

    def _was_passed(self, run: CommandRun, path: str, line: int, scope: str) -> bool | None:
        """Whether a failed run went past a line; None where its traceback does not tell."""
        trajectory = self.inspection.trajectory
        step = trajectory.step(run.step) if trajectory is not None else None
        frames = _frames(step.observation, self.inspection) if step is not None else []
        for frame_path, frame_line, function in reversed(frames):
            if frame_path == path and function == (scope.rsplit(".", 1)[-1] or "<module>"):
                return frame_line > line
        for frame_path, frame_line, _ in reversed(frames):
            frame_scope = self.sight.scope_of(frame_path, frame_line)
            lines = self._lines_leading(frame_path, frame_scope, path, line, scope)
            if lines:
                return min(lines) < frame_line
        return None

    def step_citation(self, step: int, text: str) -> TrajectoryEvidence | None:
        """A quote of a step's action or observation that holds the text's first line."""
        trajectory = self.inspection.trajectory
        found = trajectory.step(step) if trajectory is not None else None
        if found is None:
            return None
        for line in text.splitlines():
            quote = line.strip()[:200]
            if sum(map(str.isalnum, quote)) >= 3 and (
                quote in found.action or quote in found.observation
            ):
                return TrajectoryEvidence(step=step, quote=quote)
        return None

    def citation(self, writer: Writer) -> FileEvidence | None:
        return self.sight.citation(writer.path, writer.line)


_FRAME = re.compile(r'File "([^"]+)", line (\d+), in (\S+)')


def _frames(observation: str, inspection: Inspection) -> list[tuple[str, int, str]]:
    """The frames of the last traceback that lie in the workspace: (path, line, function)."""
    last = observation.rfind("Traceback (most recent call last)")
    if last < 0:
        return []
    found: list[tuple[str, int, str]] = []
    for match in _FRAME.finditer(observation[last:]):
        parts = match.group(1).strip("/").split("/")
        for at in range(len(parts)):
            candidate = "/".join(parts[at:])
            if inspection.workspace.has(candidate):
                found.append((candidate, int(match.group(2)), match.group(3)))
                break
    return found


def _fits(target: str, path: str) -> bool:
    """Whether a path as far as code tells it can be this path, and says something of it."""
    if target == path:
        return True
    if "*" not in target:
        # Programs are started from the root or from a folder of the workspace.
        return bool(dirname(target)) and path.endswith(f"/{target.removeprefix('../')}")
    known = re.sub(r"[*/.]", "", target)
    if len(known) < 4 or not re.search(r"\w{2}", basename(target).replace("*", "")):
        return False
    if splitext(basename(target))[0].strip("*") == "" and dirname(target).strip("*/") == "":
        return False
    return fnmatchcase(path, target) or fnmatchcase(path, f"*/{target}")


def _words(text: str) -> list[str]:
    return re.findall(r"[\w.]+", text)[:5_000]
