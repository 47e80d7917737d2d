"""Programs of the workspace that cannot run: syntax errors, missing modules, missing names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename, splitext

from judge.code import CodeGraph, Import
from judge.judges.checks.sight import CodeSight


@dataclass(frozen=True)
class Fault:
    """Why a module fails when it is started or imported."""

    path: str
    line: int
    text: str


class Health:
    """Which modules fail at import, by themselves or by what they import.

    `expected` are the source paths that the task names: an import of one that is not there is
    an import of a missing module, and not of a package that merely is not installed here.
    """

    def __init__(self, sight: CodeSight, expected: Iterable[str]) -> None:
        self.sight = sight
        self.graph: CodeGraph = sight.graph
        self._expected = {splitext(basename(path))[0] for path in expected}

    def fault_of(self, path: str) -> Fault | None:
        """Why this module fails when it is imported, or None."""
        return self._faults.get(path)

    def blocks(self, path: str) -> Fault | None:
        """Why no program that uses this module can run; None where at least one can."""
        own = self._faults.get(path)
        if own is not None:
            return own
        entries = [entry for entry in self._entries if path in self._reach[entry]]
        faults = [self._faults.get(entry) for entry in entries]
        return faults[0] if faults and all(fault is not None for fault in faults) else None

    @cached_property
    def _local(self) -> dict[str, tuple[Import, ...]]:
        """Imports that run when a module is imported and lead to another module."""
        index: dict[str, list[Import]] = {}
        for imported in self.graph.imports:
            if imported.is_local and imported.resolved_path and imported.scope == "":
                index.setdefault(imported.path, []).append(imported)
        return {path: tuple(found) for path, found in index.items()}

    @cached_property
    def _faults(self) -> dict[str, Fault]:
        faults: dict[str, Fault] = {}
        for path, module in self.graph.modules.items():
            if not module.parses:
                text = f"{path} does not parse ({module.fault})"
                faults[path] = Fault(path, 1, text)
                continue
            own = self._missing_import(path)
            if own is not None:
                faults[path] = own
        changed = True
        while changed:
            changed = False
            for path, imports in self._local.items():
                for imported in imports:
                    broken = faults.get(imported.resolved_path)
                    if path not in faults and broken is not None and path != broken.path:
                        text = f"{path} imports {imported.resolved_path} and cannot run: "
                        cause = broken.text.rsplit(" and cannot run: ", 1)[-1]
                        faults[path] = Fault(path, imported.line, text + cause)
                        changed = True
        return faults

    def _missing_import(self, path: str) -> Fault | None:
        module = self.graph.modules[path]
        if module.language != "python":
            return None
        for imported in self.graph.imports_in(path):
            if imported.scope != "" or not self.sight.is_live(path, imported.line):
                continue
            last = imported.module.rsplit(".", 1)[-1]
            is_missing = not imported.is_resolved or (
                not imported.is_local and last in self._expected and not self._is_guarded(imported)
            )
            if is_missing and not self._is_guarded(imported):
                text = f"{path} imports {imported.module}, which is not in the workspace"
                return Fault(path, imported.line, text)
            if imported.missing_names and not self._is_guarded(imported):
                source = imported.resolved_path or imported.module
                text = f"{path} imports {imported.missing_names[0]} from {source}, which has none"
                return Fault(path, imported.line, text)
        name = self.sight.undefined_at_start(path)
        if name:
            return Fault(
                path, self._first_use(path, name), f"{path} uses {name}, which is nowhere defined"
            )
        return None

    def _first_use(self, path: str, name: str) -> int:
        word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
        for statement in self.sight.statements(path):
            if self.sight.scope_of(path, statement.line) == "" and word.search(statement.bare):
                return statement.line
        return 1

    def _is_guarded(self, imported: Import) -> bool:
        """Whether the import stands in a `try` block, by its indentation on module level."""
        line = self.sight.inspection.line(imported.path, imported.line)
        return line[:1] in (" ", "\t")

    @cached_property
    def _reach(self) -> dict[str, set[str]]:
        """For every module, itself and all modules that it imports, however far."""
        every: dict[str, list[str]] = {}
        for imported in self.graph.imports:
            if imported.is_local and imported.resolved_path:
                every.setdefault(imported.path, []).append(imported.resolved_path)
        reach: dict[str, set[str]] = {}
        for path in self.graph.modules:
            seen = {path}
            pending = [path]
            while pending:
                for other in every.get(pending.pop(), ()):
                    if other not in seen:
                        seen.add(other)
                        pending.append(other)
            reach[path] = seen
        return reach

    @cached_property
    def _entries(self) -> tuple[str, ...]:
        """Modules that a person starts: with a main block, or imported by no other."""
        imported = {i.resolved_path for i in self.graph.imports if i.is_local}
        return tuple(
            path
            for path, module in self.graph.modules.items()
            if not module.is_test and (module.has_main or path not in imported)
        )
