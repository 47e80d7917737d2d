"""Where in the code of a workspace a concept shows, and how surely."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from judge.code import Call, CodeGraph, Definition
from judge.code.facts import Body, Key
from judge.inspection import Inspection
from judge.judges.checks.asking import Act
from judge.judges.checks.lines import Statement, dead_lines, statements_of
from judge.judges.checks.structures import DETECTORS, functions_of
from judge.judges.checks.substance import Substance, substance_of
from judge.judges.checks.undefined import undefined_names
from judge.judges.checks.vocabulary import METHODS, Concept, Kind, matches_call
from results.records import FileEvidence

# Calls whose text is shown to people: a name in it says nothing of what the code does.
_TALK = frozenset(
    "print info debug warning error critical exception log write writelines write_text title "
    "suptitle xlabel ylabel set_title set_xlabel set_ylabel legend text annotate header subheader "
    "markdown caption add_argument ArgumentParser append join format ValueError RuntimeError "
    "KeyError FileNotFoundError Exception set_description echo H1 H2 H3 P Div println printf "
    "add_heading add_paragraph Paragraph cell multi_cell set_page_config".split()
)
# Calls that only handle a path: a name in it is a file's, not a thing that is read.
_PLACES = frozenset(
    "Path exists isfile is_file isdir is_dir makedirs mkdir join savefig dump save to_csv remove "
    "unlink rename basename dirname stat glob write_html".split()
)
# Calls in which a bare number can be the number of a dataset.
_FETCHES = re.compile(r"fetch|openml|ucirepo|dataset", re.I)
_OUTPUT = re.compile(
    r"^(?!\w+://).*\.(?:pdf|png|jpe?g|gif|svg|md|html?|py|pkl|joblib|pth?|h5|mp4)$"
)
# Calls that change their receiver or the outside world, so that a result thrown away is no loss.
_ACTS_ON_ITS_OWN = re.compile(
    r"^(?:fit\w*|train\w*|learn|step|backward|append|update|add\w*|compile|save\w*|write\w*|dump\w*"
    r"|to_\w+|eval|partial_fit|load\w*|download\w*|make\w*|seed|set\w*|show|close|plot\w*|imshow|"
    r"run\w*|main|register\w*|load_state_dict|normal_|[A-Z]\w*)$"
)
_ASSIGNED = re.compile(r"^([A-Za-z_][\w.]*)\s*(?::[^=]+)?=(?!=)")


# Networks that are also parts of others, and so stand in place of none.
_PARTS = ("CNN", "RNN", "attention", "sequence-to-sequence model", "transformer")
_DRAWS = re.compile(
    r"^(?:plot\w*|scatter\w*|barh?|barplot|hist\w*|imshow|matshow|heatmap|lineplot|fill_between|"
    r"boxplot|violinplot|pie|stem|contourf?|regplot|countplot|kdeplot|displot|pairplot|catplot|"
    r"specshow|waveshow|draw\w*|from_(?:estimator|predictions)|step|errorbar|generate\w*|"
    r"summary_plot|waterfall|force_plot|add_(?:scatter|bar|trace|histogram|image)|line|graph|"
    r"clustermap|jointplot|quiver|pcolormesh|loglog|semilogy|text|table|show_\w+|polygon|fromarray|"
    r"Figure|image|circle|figimage|axvline|hlines|vlines|bar_label|plot_importance|quad|vbar)$"
)


def is_drawing(call: Call) -> bool:
    """Whether a call puts something that is not typed into it on a picture."""
    if not _DRAWS.match(call.method) and ".plot." not in call.name:
        return False
    values = [*call.arguments, *call.keywords.values()]
    return any(value is None for value in values) or not values or bool(call.targets)


@dataclass(frozen=True)
class Sighting:
    """One place where a concept shows; `strength` in 0..1 says how surely it is the concept."""

    path: str
    line: int
    scope: str
    what: str
    strength: float


class CodeSight:
    """Questions to the code of one workspace; answers are cached, nothing of it is run."""

    def __init__(self, inspection: Inspection) -> None:
        self.inspection = inspection
        self.graph: CodeGraph = inspection.graph
        self._statements: dict[str, tuple[Statement, ...]] = {}
        self._live: dict[str, frozenset[int]] = {}
        self._scopes: dict[tuple[str, int], str] = {}
        self._dead: dict[str, frozenset[int]] = {}
        self._trees: dict[str, ast.Module | None] = {}
        self._structure: dict[tuple[str, str], dict[str, int]] = {}
        self._by_line: dict[str, dict[int, list[Call]]] = {}
        self._substance: dict[str, dict[str, Substance]] = {}
        self._found: dict[tuple[str, frozenset[Key], Act], Sighting | None] = {}

    # What there is

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

    # Regions of code

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
                    yield from self._members(target[0], owner)
                elif definition is not None and definition.kind == "class":
                    yield from self._members(*target)
        if key[1] == "":
            for imported in self.graph.imports_in(key[0]):
                if imported.is_local and imported.is_used and imported.resolved_path:
                    yield (imported.resolved_path, "")
                    for name in imported.names:
                        if self.graph.definition(imported.resolved_path, name) is not None:
                            yield (imported.resolved_path, name)
                            yield from self._members(imported.resolved_path, name)

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

    def _members(self, path: str, owner: str) -> Iterable[Key]:
        yield (path, owner)
        for definition in self.graph.definitions_in(path):
            if definition.qualified.startswith(f"{owner}."):
                yield definition.key

    @cached_property
    def everywhere(self) -> frozenset[Key]:
        return frozenset(key for path in self.product_paths for key in self.region(path))

    # Finding

    def find(self, concept: Concept, keys: frozenset[Key], act: Act) -> Sighting | None:
        """The surest place of the region where the concept shows; None where there is none."""
        cached = (concept.name + concept.kind, keys, act)
        if cached not in self._found:
            best: Sighting | None = None
            for sighting in self._sightings(concept, keys, act):
                if best is None or sighting.strength > best.strength:
                    best = sighting
                    if best.strength >= 0.9:
                        break
            self._found[cached] = best
        return self._found[cached]

    def _sightings(self, concept: Concept, keys: frozenset[Key], act: Act) -> Iterable[Sighting]:
        calls = self._calls(keys, act)
        if concept.kind in (Kind.STEP, Kind.METHOD):
            calls = [call for call in calls if self._has_effect(call)]
        yield from self._by_call(concept, calls)
        yield from self._by_base(concept, keys, act)
        yield from self._by_literal(concept, calls, keys, act)
        yield from self._by_parts(concept, calls)
        yield from self._by_value(concept, keys, act)
        yield from self._by_structure(concept, keys, act)
        yield from self._by_statement(concept, keys, act)
        yield from self._by_name(concept, keys, act)

    def _calls(self, keys: frozenset[Key], act: Act) -> list[Call]:
        return [
            call
            for key in sorted(keys)
            if not self.hollow_reason(*key)
            for call in self.calls_by_key.get(key, ())
            if (act is Act.DEFINE or call.is_reached) and self.is_live(call.path, call.line)
        ]

    def _has_effect(self, call: Call) -> bool:
        """False for a call whose result nothing uses though it does nothing else."""
        if call.targets:
            return True
        if not call.result_is_used:
            return (
                bool(_ACTS_ON_ITS_OWN.match(call.method)) or call.keywords.get("inplace") == "True"
            )
        return not self._is_left_lying(call)

    def _is_left_lying(self, call: Call) -> bool:
        """Whether the call's result is bound to a name that the scope never mentions again."""
        for statement in self.statements(call.path):
            if not statement.line <= call.line <= statement.end_line:
                continue
            bound = _ASSIGNED.match(statement.bare)
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

    def _by_call(self, concept: Concept, calls: list[Call]) -> Iterable[Sighting]:
        for call in calls:
            if call.targets or self._is_of_a_local_class(call):
                continue
            for name in dict.fromkeys((call.name, call.origin)):
                patterns = concept.calls
                if name.split(".")[0] in self._extensions:
                    # The name is the project's; only the methods are the library's.
                    patterns = tuple(p for p in patterns if p.startswith("."))
                if name and any(matches_call(pattern, name) for pattern in patterns):
                    dotted = "." in name and name.split(".")[0].islower()
                    yield self._at(call, name, 0.92 if dotted else 0.85)
                    break
            else:
                if self._is_a_loader_of(concept, call):
                    yield self._at(call, call.name, 0.82)

    def _is_a_loader_of(self, concept: Concept, call: Call) -> bool:
        """Whether a library's loader bears the dataset's name: `data.stocks()`, `load_iris()`."""
        pattern = concept.literals_pattern
        if concept.kind is not Kind.DATASET or pattern is None or "." not in call.name:
            return False
        package, _, loader = call.name.rpartition(".")
        return bool(
            re.search(r"data|load|fetch", call.name, re.I)
            and pattern.search(loader.replace("_", " "))
            and any(
                i.module.split(".")[0] == package.split(".")[0] and not i.is_local
                for i in self.graph.imports_in(call.path)
            )
        )

    @cached_property
    def _own_names(self) -> frozenset[str]:
        """Names of definitions that are the project's own, and no extension of a library class."""
        return frozenset(
            definition.name
            for definition in self.graph.definitions
            if not any("." in base for base in definition.bases)
        )

    @cached_property
    def _extensions(self) -> frozenset[str]:
        """Names of project classes that extend a library's."""
        return frozenset(d.name for d in self.graph.definitions) - self._own_names

    def _by_base(self, concept: Concept, keys: frozenset[Key], act: Act) -> Iterable[Sighting]:
        """A class of the project that extends the library's."""
        for definition in self.working_definitions(keys, act):
            if self.hollow_reason(*definition.key):
                continue
            for base in definition.bases:
                if any(matches_call(pattern, base) for pattern in concept.calls):
                    yield Sighting(
                        definition.path,
                        definition.start_line,
                        definition.qualified,
                        f"class {definition.name}({base})",
                        0.8,
                    )

    def _is_of_a_local_class(self, call: Call) -> bool:
        """Whether the receiver is made by project code: then that code says what it is."""
        return any(
            name.split(".")[0] in self._own_names for name in (call.name, call.origin) if name
        )

    def _by_literal(
        self, concept: Concept, calls: list[Call], keys: frozenset[Key], act: Act
    ) -> Iterable[Sighting]:
        pattern = concept.literals_pattern
        if pattern is None:
            return
        for call in calls:
            if call.method in _TALK or call.name in _TALK or not self._targets_work(call):
                continue
            if call.method in _PLACES:
                continue
            for text in (*call.arguments, *call.keywords.values()):
                if (
                    text
                    and len(text) < 400
                    and pattern.search(text)
                    and not _is_prose(text)
                    and not _OUTPUT.search(text)
                    and (not text.isdigit() or _FETCHES.search(call.name))
                ):
                    yield self._at(call, f"{call.written}({text[:60]!r})", 0.85)
        for path in {path for path, _ in keys}:
            for use in self.graph.uses_in(path):
                if (
                    use.mode == "read"
                    and use.via.rsplit(".", 1)[-1] not in _PLACES
                    and (path, use.scope) in keys
                    and (act is Act.DEFINE or use.is_reached)
                    and pattern.search(use.target)
                    and not self.hollow_reason(path, use.scope)
                ):
                    yield Sighting(path, use.line, use.scope, f"{use.via}({use.target!r})", 0.8)

    def _targets_work(self, call: Call) -> bool:
        definitions = [self.graph.definition(*target) for target in call.targets]
        return all(d is None or d.body is Body.WORKS for d in definitions)

    def _by_parts(self, concept: Concept, calls: list[Call]) -> Iterable[Sighting]:
        if not concept.parts:
            return
        found: list[Call] = []
        for group in concept.parts:
            match = next(
                (
                    call
                    for call in calls
                    if not call.targets and any(matches_call(p, call.name) for p in group)
                ),
                None,
            )
            if match is None:
                return
            found.append(match)
        yield self._at(found[-1], " and ".join(call.name for call in found), 0.75)

    def _by_value(self, concept: Concept, keys: frozenset[Key], act: Act) -> Iterable[Sighting]:
        """A library's class or function that is handed on as a value, to be called elsewhere."""
        for path in sorted({path for path, _ in keys}):
            for imported in self.graph.imports_in(path):
                if imported.is_local or not imported.is_used:
                    continue
                for name in imported.names:
                    full = f"{imported.module}.{name}"
                    if not any(matches_call(pattern, full) for pattern in concept.calls):
                        continue
                    word = re.compile(rf"(?<![\w.]){re.escape(name)}(?![\w(])")
                    for statement in self.statements(path):
                        if statement.bare.startswith(("import ", "from ")):
                            continue
                        scope = self.scope_of(path, statement.line)
                        if (
                            word.search(statement.bare)
                            and "->" not in statement.bare
                            and (path, scope) in keys
                            and self._runs(path, scope, act)
                        ):
                            yield Sighting(path, statement.line, scope, full, 0.7)
                            break

    def _by_structure(self, concept: Concept, keys: frozenset[Key], act: Act) -> Iterable[Sighting]:
        if concept.name not in DETECTORS:
            return
        for path, scope in sorted(keys):
            line = self._structures(path, concept.name).get(scope, 0)
            if self.hollow_reason(path, scope):
                continue
            if line and self.is_live(path, line) and self._runs(path, scope, act):
                yield Sighting(path, line, scope, f"what {scope or 'it'} computes", 0.78)

    def _structures(self, path: str, name: str) -> dict[str, int]:
        """By scope of a Python file, the line at which it has the structure of an algorithm."""
        if (path, name) not in self._structure:
            found: dict[str, int] = {}
            tree = self.tree(path)
            if tree is not None:
                found = {scope: DETECTORS[name](node) for scope, node in functions_of(tree)}
            self._structure[path, name] = found
        return self._structure[path, name]

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

    def _by_statement(self, concept: Concept, keys: frozenset[Key], act: Act) -> Iterable[Sighting]:
        pattern = concept.code_pattern
        if pattern is None:
            return
        for path in sorted({path for path, _ in keys}):
            for statement in self.statements(path):
                if statement.bare.startswith(("import ", "from ", "def ", "class ", "async def ")):
                    continue
                match = pattern.search(statement.bare) or (
                    pattern.search(statement.full) if "'" in concept.code else None
                )
                if match is None:
                    continue
                scope = self.scope_of(path, statement.line)
                if (
                    (path, scope) in keys
                    and self._runs(path, scope, act)
                    and not self.hollow_reason(path, scope)
                    and not self._calls_only_shells(path, statement)
                ):
                    yield Sighting(path, statement.line, scope, match.group().strip(), 0.72)

    def _calls_only_shells(self, path: str, statement: Statement) -> bool:
        """Whether all that a statement calls is project code that does nothing."""
        called = [
            self.graph.definition(*target)
            for call in self._calls_on(path).get(statement.line, ())
            for target in call.targets
        ]
        known = [definition for definition in called if definition is not None]
        return bool(known) and all(
            d.body is not Body.WORKS or self.hollow_reason(*d.key) for d in known
        )

    def _calls_on(self, path: str) -> dict[int, list[Call]]:
        if path not in self._by_line:
            index: dict[int, list[Call]] = defaultdict(list)
            for call in self.graph.calls_in(path):
                index[call.line].append(call)
            self._by_line[path] = index
        return self._by_line[path]

    def _runs(self, path: str, scope: str, act: Act) -> bool:
        return act is Act.DEFINE or self.graph.is_reached(path, scope)

    def _by_name(self, concept: Concept, keys: frozenset[Key], act: Act) -> Iterable[Sighting]:
        pattern = concept.named_pattern
        if pattern is None:
            return
        for definition in self.working_definitions(keys, act):
            fewest = 3 if concept.kind is Kind.METHOD else 1
            operations = self.substance(definition.path, definition.qualified).operations
            if operations < fewest or self.hollow_reason(*definition.key):
                continue
            if self._is_used_in_vain(definition):
                continue
            if concept.kind is Kind.FIGURE and not self._plots(definition):
                continue
            if pattern.search(definition.name) and not self._builds_a_rival(concept, definition):
                where = Sighting(
                    definition.path,
                    definition.start_line,
                    definition.qualified,
                    f"{definition.kind} {definition.name}",
                    0.66,
                )
                yield where

    def _is_used_in_vain(self, definition: Definition) -> bool:
        """Whether callers take a result from a function that gives none."""
        if self.substance(definition.path, definition.qualified).gives:
            return False
        callers = self.graph.callers_of(definition.path, definition.qualified)
        return definition.kind != "class" and any(call.result_is_used for call in callers)

    def _plots(self, definition: Definition) -> bool:
        keys = self.with_callees(self._members(definition.path, definition.qualified))
        return any(is_drawing(call) for key in keys for call in self.calls_by_key.get(key, ()))

    def working_definitions(self, keys: frozenset[Key], act: Act) -> Iterable[Definition]:
        """Definitions of the region whose body does something with what it is given."""
        for key in sorted(keys):
            definition = self.graph.definition(*key)
            if (
                definition is not None
                and definition.body is Body.WORKS
                and definition.effective_statements >= 1
                and self.is_live(definition.path, definition.start_line)
                and self._runs(definition.path, definition.qualified, act)
            ):
                yield definition

    def _builds_a_rival(self, concept: Concept, definition: Definition) -> bool:
        keys = frozenset(self._members(definition.path, definition.qualified))
        return self.rival(concept, keys) is not None

    def bound_to(self, concept: Concept, path: str) -> frozenset[str]:
        """Names that a file binds to what a concept's calls give."""
        names: set[str] = set()
        for call in self.graph.calls_in(path):
            if any(matches_call(pattern, call.name) for pattern in concept.calls):
                for statement in self.statements(path):
                    bound = _ASSIGNED.match(statement.bare)
                    if bound is not None and statement.line <= call.line <= statement.end_line:
                        names.add(bound.group(1))
        return frozenset(names)

    def rival(self, concept: Concept, keys: frozenset[Key]) -> tuple[Concept, Sighting] | None:
        """Another method of the same family that the region builds by a library."""
        if concept.kind is not Kind.METHOD or not concept.family:
            return None
        calls = self._calls(keys, Act.DEFINE)
        for other in METHODS:
            if other.family != concept.family or other.name in (concept.name, *_PARTS):
                continue
            seen = next(iter(self._by_call(other, calls)), None)
            if seen is not None and not any(
                matches_call(pattern, seen.what) for pattern in concept.calls
            ):
                return other, seen
        return None

    def _at(self, call: Call, what: str, strength: float) -> Sighting:
        return Sighting(call.path, call.line, call.scope, what, strength)

    # Citing

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


def _is_prose(text: str) -> bool:
    return text.count(" ") > 5 and "/" not in text and "<" not in text
