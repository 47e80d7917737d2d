"""What the code of a workspace holds, and what of it runs: scopes, statements, regions."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from judge.code import Call, CodeGraph, Definition
from judge.code.facts import Body, Key
from judge.inspection import Inspection
from judge.judges.checks.asking import Act
from judge.judges.checks.data_access import idle_lines, lines_with_access
from judge.judges.checks.lines import Statement, dead_lines, statements_of
from judge.judges.checks.substance import Substance, substance_of
from judge.judges.checks.undefined import undefined_names
from judge.judges.checks.wasted import attributes_read, wasted_lines
from results.records import FileEvidence

ASSIGNED = re.compile(r"^([A-Za-z_][\w.]*)\s*(?::[^=]+)?=(?!=)")


class CodeView:
    """Questions to the code of one workspace; answers are cached, nothing of it is run."""

    def __init__(self, inspection: Inspection) -> None:
        self.inspection = inspection
        self.graph: CodeGraph = inspection.graph
        self._statements: dict[str, tuple[Statement, ...]] = {}
        self._live: dict[str, frozenset[int]] = {}
        self._scopes: dict[tuple[str, int], str] = {}
        self._dead: dict[str, frozenset[int]] = {}
        self._wasted: dict[str, frozenset[int]] = {}
        self._accesses: dict[tuple[str, str], frozenset[int]] = {}
        self._trees: dict[str, ast.Module | None] = {}
        self._by_line: dict[str, dict[int, list[Call]]] = {}
        self._substance: dict[str, dict[str, Substance]] = {}

    def statements(self, path: str) -> tuple[Statement, ...]:
        if path not in self._statements:
            module = self.graph.modules.get(path)
            source = self.inspection.sources.get(path, "")
            language = module.language if module is not None else "css"
            self._statements[path] = statements_of(source, language, self.dead(path))
        return self._statements[path]

    def dead(self, path: str) -> frozenset[int]:
        """Lines of a Python file that cannot run."""
        if path not in self._dead:
            tree = self.tree(path)
            self._dead[path] = dead_lines(tree) if tree is not None else frozenset()
        return self._dead[path]

    @cached_property
    def local_names(self) -> frozenset[str]:
        """Names of everything that the project defines."""
        return frozenset(definition.name for definition in self.graph.definitions)

    def accesses(self, path: str, phrase: str) -> frozenset[int]:
        """Lines of a Python file that work with a field, table or key of this name."""
        if (path, phrase) not in self._accesses:
            tree = self.tree(path)
            found = lines_with_access(tree, phrase, idle_lines(tree)) if tree is not None else ()
            self._accesses[path, phrase] = frozenset(found)
        return self._accesses[path, phrase]

    def end_of(self, path: str, line: int) -> int:
        """The last line of the statement that begins on a line."""
        return next((s.end_line for s in self.statements(path) if s.line == line), line)

    def is_wasted(self, path: str, line: int) -> bool:
        """Whether a line of Python only works out what nothing of the project ever reads."""
        if path not in self._wasted:
            tree = self.tree(path)
            self._wasted[path] = (
                wasted_lines(tree, self._attributes_read) if tree is not None else frozenset()
            )
        return line in self._wasted[path]

    @cached_property
    def _attributes_read(self) -> frozenset[str]:
        trees = (self.tree(path) for path in self.graph.modules)
        return frozenset(
            name for tree in trees if tree is not None for name in attributes_read(tree)
        )

    def is_live(self, path: str, line: int) -> bool:
        """Whether a line of code can run at all."""
        if path not in self._live:
            self._live[path] = frozenset(
                number
                for statement in self.statements(path)
                for number in range(statement.line, statement.end_line + 1)
            )
        return line in self._live[path]

    def scope_of(self, path: str, line: int) -> str:
        """The qualified name of the innermost definition around a line; "" on module level."""
        if (path, line) not in self._scopes:
            around = [
                d for d in self.graph.definitions_in(path) if d.start_line <= line <= d.end_line
            ]
            narrowest = min(around, key=lambda d: d.end_line - d.start_line, default=None)
            self._scopes[path, line] = narrowest.qualified if narrowest is not None else ""
        return self._scopes[path, line]

    def substance(self, path: str, qualified: str) -> Substance:
        """How much a definition does; of other languages than Python, by its statements."""
        if path not in self._substance:
            tree = self.tree(path)
            self._substance[path] = substance_of(tree, self.dead(path)) if tree is not None else {}
        known = self._substance[path].get(qualified)
        if known is not None:
            return known
        definition = self.graph.definition(path, qualified)
        return Substance(definition.effective_statements if definition is not None else 0, "")

    @cached_property
    def shell_behind_results(self) -> Definition | None:
        """A function by the name of training or scoring that a run takes a constant from."""
        for call in self.graph.calls:
            if not call.is_reached or not call.result_is_used:
                continue
            for target in call.targets:
                definition = self.graph.definition(*target)
                if (
                    definition is not None
                    and re.search(r"train|fit|predict|eval|score|accuracy|test", definition.name)
                    and (definition.body is Body.STUB or self.substance(*target).is_fixed)
                ):
                    return definition
        return None

    def undefined_at_start(self, path: str) -> str:
        """A name that a Python file uses on module level and that is nowhere defined; or ""."""
        tree = self.tree(path)
        return undefined_names(tree, self.dead(path)).get("", "") if tree is not None else ""

    def hollow_reason(self, path: str, scope: str) -> str:
        """Why what stands in this scope does not count: its class leaves its work out; or ""."""
        parts = scope.split(".")
        for at in range(1, len(parts) + 1):
            reason = self.substance(path, ".".join(parts[:at])).hollow
            if reason:
                return reason
        return ""

    @cached_property
    def product_paths(self) -> tuple[str, ...]:
        return tuple(path for path, module in self.graph.modules.items() if not module.is_test)

    @cached_property
    def calls_by_key(self) -> dict[Key, list[Call]]:
        index: dict[Key, list[Call]] = defaultdict(list)
        for call in self.graph.calls:
            index[(call.path, call.scope)].append(call)
        return index

    def region(self, path: str) -> frozenset[Key]:
        """All scopes of a file."""
        return frozenset(
            {(path, ""), *(definition.key for definition in self.graph.definitions_in(path))}
        )

    def with_callees(self, keys: Iterable[Key]) -> frozenset[Key]:
        """Scopes, and all project code that they call or take as a value, however far."""
        reached = set(keys)
        pending = list(reached)
        while pending:
            key = pending.pop()
            for target in self._leads_to(key):
                if target not in reached:
                    reached.add(target)
                    pending.append(target)
        return frozenset(reached)

    def _leads_to(self, key: Key) -> Iterable[Key]:
        if key[1]:
            yield from self._nested.get(key, ())
        for call in self.calls_by_key.get(key, ()):
            for target in call.targets:
                yield target
                owner = target[1].rpartition(".")[0]
                definition = self.graph.definition(*target)
                if owner and target[1].endswith("__init__"):
                    yield from self.members(target[0], owner)
                elif definition is not None and definition.kind == "class":
                    yield from self.members(*target)
        if key[1] == "":
            for imported in self.graph.imports_in(key[0]):
                if imported.is_local and imported.is_used and imported.resolved_path:
                    yield (imported.resolved_path, "")
                    for name in imported.names:
                        if self.graph.definition(imported.resolved_path, name) is not None:
                            yield (imported.resolved_path, name)
                            yield from self.members(imported.resolved_path, name)

    @cached_property
    def _nested(self) -> dict[Key, list[Key]]:
        """Functions that are defined inside another function, by that one."""
        index: dict[Key, list[Key]] = defaultdict(list)
        for definition in self.graph.definitions:
            owner = definition.qualified.rpartition(".")[0]
            outer = self.graph.definition(definition.path, owner) if owner else None
            if outer is not None and outer.kind != "class":
                index[outer.key].append(definition.key)
        return index

    def members(self, path: str, owner: str) -> Iterable[Key]:
        yield (path, owner)
        for definition in self.graph.definitions_in(path):
            if definition.qualified.startswith(f"{owner}."):
                yield definition.key

    @cached_property
    def everywhere(self) -> frozenset[Key]:
        return frozenset(key for path in self.product_paths for key in self.region(path))

    def is_left_lying(self, call: Call) -> bool:
        """Whether the call's result is bound to a name that the scope never mentions again."""
        for statement in self.statements(call.path):
            if not statement.line <= call.line <= statement.end_line:
                continue
            bound = ASSIGNED.match(statement.bare)
            if bound is None or call.written not in statement.bare.split("=", 1)[-1]:
                return False
            if not statement.bare.split("=", 1)[-1].strip().startswith(call.written.split("(")[0]):
                return False
            name = bound.group(1)
            word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
            uses = sum(len(word.findall(other.bare)) for other in self.statements(call.path))
            exported = call.scope == "" and bool(self._importers(call.path))
            return uses <= 1 and not exported and "." not in name
        return False

    def _importers(self, path: str) -> list[str]:
        return [imported.path for imported in self.graph.imports if imported.resolved_path == path]

    @cached_property
    def own_names(self) -> frozenset[str]:
        """Names of definitions that are the project's own, and no extension of a library class."""
        return frozenset(
            definition.name
            for definition in self.graph.definitions
            if not any("." in base for base in definition.bases)
        )

    @cached_property
    def extensions(self) -> frozenset[str]:
        """Names of project classes that extend a library's."""
        return frozenset(d.name for d in self.graph.definitions) - self.own_names

    def tree(self, path: str) -> ast.Module | None:
        """The syntax tree of a Python file; None where it is none or does not parse."""
        if path not in self._trees:
            tree: ast.Module | None = None
            module = self.graph.modules.get(path)
            if module is not None and module.language == "python" and module.parses:
                try:
                    tree = ast.parse(self.inspection.sources[path])
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    tree = None
            self._trees[path] = tree
        return self._trees[path]

    def calls_on(self, path: str) -> dict[int, list[Call]]:
        if path not in self._by_line:
            index: dict[int, list[Call]] = defaultdict(list)
            for call in self.graph.calls_in(path):
                index[call.line].append(call)
            self._by_line[path] = index
        return self._by_line[path]

    def runs(self, path: str, scope: str, act: Act) -> bool:
        return act is Act.DEFINE or self.graph.is_reached(path, scope)

    def working_definitions(self, keys: frozenset[Key], act: Act) -> Iterable[Definition]:
        """Definitions of the region whose body does something with what it is given."""
        for key in sorted(keys):
            definition = self.graph.definition(*key)
            if (
                definition is not None
                and definition.body is Body.WORKS
                and definition.effective_statements >= 1
                and self.is_live(definition.path, definition.start_line)
                and self.runs(definition.path, definition.qualified, act)
            ):
                yield definition

    def citation(self, path: str, line: int) -> FileEvidence | None:
        """The line as evidence; None where it holds nothing that can be quoted."""
        for number in (line, line + 1, line - 1):
            quote = (self.inspection.line(path, number) or self._text_line(path, number)).strip()
            quote = quote[:300]
            if sum(map(str.isalnum, quote)) >= 3:
                return FileEvidence(path=path, start_line=number, end_line=number, quote=quote)
        return None

    def _text_line(self, path: str, number: int) -> str:
        """A line of a file that is no program, such as a style sheet."""
        lines = (self.inspection.workspace.text(path) or "").splitlines()
        return lines[number - 1] if 1 <= number <= len(lines) else ""
