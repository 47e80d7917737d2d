"""The code graph of a workspace: its facts, indexed by file, definition and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Protocol, TypeVar

from judge.code.facts import Call, Definition, FileUse, Import, Key, Mention, Module
from judge.code.mentions import SourceText, word_pattern


class _Located(Protocol):
    @property
    def path(self) -> str: ...


_Fact = TypeVar("_Fact", bound=_Located)


class CodeGraph:
    """What is defined, imported, called, read and written in a set of source files.

    Facts stand in the order of path and line, the same on every machine. Queries by path, key or
    name look into indexes that are made once.
    """

    def __init__(
        self,
        modules: Mapping[str, Module],
        definitions: Iterable[Definition],
        imports: Iterable[Import],
        calls: Iterable[Call],
        uses: Iterable[FileUse],
        reached: frozenset[Key],
        sources: Mapping[str, SourceText],
    ) -> None:
        self.modules = dict(modules)
        self.definitions = tuple(definitions)
        self.imports = tuple(imports)
        self.calls = tuple(calls)
        self.uses = tuple(uses)
        self._reached = reached
        self._sources = dict(sources)

    def definitions_in(self, path: str) -> tuple[Definition, ...]:
        return self._definitions_by_path.get(path, ())

    def imports_in(self, path: str) -> tuple[Import, ...]:
        return self._imports_by_path.get(path, ())

    def calls_in(self, path: str) -> tuple[Call, ...]:
        return self._calls_by_path.get(path, ())

    def uses_in(self, path: str) -> tuple[FileUse, ...]:
        return self._uses_by_path.get(path, ())

    def definition(self, path: str, qualified: str) -> Definition | None:
        """The definition of that name; where a name is defined twice, the last one."""
        return self._definition_by_key.get((path, qualified))

    def callers_of(self, path: str, qualified: str) -> tuple[Call, ...]:
        """The calls that may reach a definition; of a class, those that make an instance."""
        return tuple(self._calls_by_target.get((path, qualified), ()))

    def calls_named(self, method: str) -> tuple[Call, ...]:
        """The calls whose name ends in this part ("fit"), anywhere in the workspace."""
        return tuple(self._calls_by_method.get(method, ()))

    def is_reached(self, path: str, qualified: str) -> bool:
        """Whether a definition, or with "" a module's own level, runs when the product runs."""
        return (path, qualified) in self._reached

    def reached_modules(self) -> tuple[str, ...]:
        return tuple(path for path in self.modules if (path, "") in self._reached)

    def mentions(self, word: str, path: str | None = None) -> tuple[Mention, ...]:
        """Where a word or phrase stands, as a whole word and in any case, file by file."""
        if not word.strip():
            return ()
        pattern = word_pattern(word)
        first = word.split()[0].lower()
        found: list[Mention] = []
        for name in self._sources if path is None else (path,):
            source = self._sources.get(name)
            if source is not None and first in source.lowered:
                found.extend(source.mentions(pattern))
        return tuple(found)

    def identifiers(self, path: str) -> frozenset[str]:
        """Names used in the code of a file: none that stand only in strings or comments."""
        source = self._sources.get(path)
        return source.identifiers if source is not None else frozenset()

    @cached_property
    def _definitions_by_path(self) -> dict[str, tuple[Definition, ...]]:
        return _by_path(self.definitions)

    @cached_property
    def _imports_by_path(self) -> dict[str, tuple[Import, ...]]:
        return _by_path(self.imports)

    @cached_property
    def _calls_by_path(self) -> dict[str, tuple[Call, ...]]:
        return _by_path(self.calls)

    @cached_property
    def _uses_by_path(self) -> dict[str, tuple[FileUse, ...]]:
        return _by_path(self.uses)

    @cached_property
    def _definition_by_key(self) -> dict[Key, Definition]:
        return {definition.key: definition for definition in self.definitions}

    @cached_property
    def _calls_by_target(self) -> dict[Key, list[Call]]:
        index: dict[Key, list[Call]] = {}
        for call in self.calls:
            for target in call.targets:
                index.setdefault(target, []).append(call)
                owner, _, method = target[1].rpartition(".")
                if method == "__init__":
                    index.setdefault((target[0], owner), []).append(call)
        return index

    @cached_property
    def _calls_by_method(self) -> dict[str, list[Call]]:
        index: dict[str, list[Call]] = {}
        for call in self.calls:
            index.setdefault(call.method, []).append(call)
        return index


def _by_path(facts: Iterable[_Fact]) -> dict[str, tuple[_Fact, ...]]:
    index: dict[str, list[_Fact]] = {}
    for fact in facts:
        index.setdefault(fact.path, []).append(fact)
    return {path: tuple(found) for path, found in index.items()}
