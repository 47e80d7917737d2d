"""Reads all Python files of a workspace and gives their facts."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from judge.code.facts import Call, Definition, FileUse, Import, Key, Module
from judge.code.python_facts import FactWriter, connect, definitions, docstring_lines, import_fact
from judge.code.python_frames import RawCall
from judge.code.python_imports import Project
from judge.code.python_reading import Reader
from judge.code.python_source import PythonSource, read_python, unwarned
from judge.code.reachability import ReachClass, ReachModule, ReachScope
from judge.code.resolving import Resolver, library_base
from judge.code.values import Instance, LocalClass, Value, alternatives

_TEST_FRAMEWORKS = frozenset({"pytest", "unittest", "nose"})


@dataclass(slots=True, eq=False)
class LanguageFacts:
    """The facts of all files of some languages, before it is known what is reached."""

    modules: dict[str, Module] = field(default_factory=dict)
    definitions: list[Definition] = field(default_factory=list)
    scopes: dict[Key, list[ReachScope]] = field(default_factory=dict)
    classes: dict[Key, ReachClass] = field(default_factory=dict)
    reach_modules: list[ReachModule] = field(default_factory=list)
    docstring_lines: dict[str, frozenset[int] | None] = field(default_factory=dict)


class PythonGraph:
    """All Python files read; facts of calls and files follow when reachability is known."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        with unwarned():
            self._sources = {path: read_python(path, text) for path, text in texts.items()}
        self._calls: list[RawCall] = []
        project = Project(self._sources)
        for source in self._sources.values():
            Reader(source, project, self._calls).read()
        self._resolver = Resolver()
        self._settle_bases()
        connect(self._calls, self._resolver)
        self._writer = FactWriter(self._resolver)
        self._callees = [self._writer.note_edges(raw) for raw in self._calls]
        self.facts = LanguageFacts()
        for source in self._sources.values():
            self._describe(source)

    def _settle_bases(self) -> None:
        for source in self._sources.values():
            for cls in source.classes.values():
                cls.bases = [
                    each
                    for base in cls.bases
                    for each in alternatives(self._resolver.resolve(base))
                ]
        self._resolver.forget()

    def _describe(self, source: PythonSource) -> None:
        facts = self.facts
        _note_missing_names(source, self._sources)
        tree = source.tree
        facts.modules[source.path] = Module(
            source.path,
            "python",
            tree is not None,
            source.fault,
            (ast.get_docstring(tree, clean=False) or "") if tree is not None else "",
            source.text.count("\n") + 1 if source.text else 0,
            source.has_main,
            _is_test(source),
        )
        facts.docstring_lines[source.path] = docstring_lines(source)
        facts.definitions.extend(definitions(source, self._resolver))
        owners = [source.scope, *(function.scope for function in source.functions.values())]
        for scope in owners:
            live = {each for path in scope.imports for each in self._with_packages(path)}
            facts.scopes.setdefault(scope.key, []).append(
                ReachScope(scope.key, scope.calls, scope.references, scope.loose_names, live)
            )
        for cls in source.classes.values():
            known = facts.classes.setdefault(cls.key, ReachClass(cls.key))
            for name, method in cls.methods.items():
                known.methods.setdefault(name, []).append(method.scope.key)
            known.bases += tuple(base.cls.key for base in cls.bases if isinstance(base, LocalClass))
            known.has_framework_base = known.has_framework_base or bool(
                library_base(cls) or any(_is_unknown_base(base) for base in cls.bases)
            )
        imports = frozenset(
            each
            for raw in source.imports
            if raw.resolved_path
            for each in self._with_packages(raw.resolved_path)
        )
        facts.reach_modules.append(
            ReachModule(source.path, source.has_main, _is_test(source), imports)
        )

    def _with_packages(self, path: str) -> list[str]:
        """A module and the packages it lies in, which run first when it is imported."""
        found = [path]
        parts = path.split("/")[:-1]
        while parts:
            package = "/".join(parts) + "/__init__.py"
            if package in self._sources:
                found.append(package)
            parts.pop()
        return found

    def imports(self, reached: frozenset[Key]) -> list[Import]:
        return [
            import_fact(source, raw, not raw.is_dead and raw.scope.key in reached)
            for source in self._sources.values()
            for raw in source.imports
        ]

    def calls_and_uses(self, reached: frozenset[Key]) -> tuple[list[Call], list[FileUse]]:
        calls: list[Call] = []
        uses: list[FileUse] = []
        for raw, callees in zip(self._calls, self._callees, strict=True):
            is_reached = not raw.is_dead and raw.scope.key in reached
            calls.extend(self._writer.calls(raw, callees, is_reached))
            uses.extend(self._writer.uses(raw, callees, is_reached))
        return calls, uses


def _is_unknown_base(base: Value) -> bool:
    return not isinstance(base, (LocalClass, Instance)) and getattr(base, "name", "") not in (
        "object",
        "abc.ABC",
    )


def _is_test(source: PythonSource) -> bool:
    """A test by its path; one named so outside a tests folder may be a program that is started."""
    if not source.is_test:
        return False
    if not source.has_main or "/test" in f"/{source.folder}/".lower():
        return True
    return any(raw.module.split(".", 1)[0] in _TEST_FRAMEWORKS for raw in source.imports)


def _note_missing_names(source: PythonSource, sources: Mapping[str, PythonSource]) -> None:
    for raw in source.imports:
        module = sources.get(raw.resolved_path)
        if module is None or module.tree is None or module.has_star_import:
            continue
        missing = tuple(
            name
            for name, _ in raw.names
            if name != "*"
            and name not in module.names
            and not re.search(rf"\b{re.escape(name)}\b", module.text)
            and "__getattr__" not in module.names
            and "globals()" not in module.text
        )
        raw.missing_names = missing
