"""Where in the code of a workspace a concept shows, and how surely."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from judge.code import Call, Definition
from judge.code.facts import Body, Key
from judge.inspection import Inspection
from judge.judges.checks.asking import Act
from judge.judges.checks.code_view import ASSIGNED, CodeView
from judge.judges.checks.lines import Statement
from judge.judges.checks.structures import DETECTORS, functions_of
from judge.judges.checks.vocabulary import METHODS, Concept, Kind, matches_call

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
# Calls that work on a table: a name in one is a column's, and not a dataset's that is read.
_CHANGES_COLUMNS = re.compile(
    r"^(?:insert|assign|rename|drop\w*|sort_values|groupby|set_index|fillna|astype|merge|pop|"
    r"to_\w+|write\w*|DataFrame|Series)$"
)
# Calls whose effect stays where their result is bound to a name that nothing reads.
_CHANGES = re.compile(
    r"^(?:fit|train|learn|step|backward|partial_fit|evaluate|save\w*|write\w*|dump\w*|load_state_dict"
    r"|to_(?:csv|json|sql)|show|run\w*|main|plot|imshow|download\w*)$"
)
# Calls that change their receiver or the outside world, so that a result thrown away is no loss.
_ACTS_ON_ITS_OWN = re.compile(
    r"^(?:fit\w*|train\w*|learn|step|backward|append|update|add\w*|compile|save\w*|write\w*|dump\w*"
    r"|to_\w+|eval|partial_fit|load\w*|download\w*|make\w*|seed|set\w*|show|close|plot\w*|imshow|"
    r"run\w*|main|register\w*|load_state_dict|normal_|[A-Z]\w*)$"
)


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


class CodeSight(CodeView):
    """Finds where a concept shows in the code, by every sort of sign it may give."""

    def __init__(self, inspection: Inspection) -> None:
        super().__init__(inspection)
        self._structure: dict[tuple[str, str], dict[str, int]] = {}
        self._found: dict[tuple[str, frozenset[Key], Act], Sighting | None] = {}

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
        if self.is_wasted(call.path, call.line):
            return bool(_CHANGES.match(call.method))
        return not self.is_left_lying(call)

    def call_in_vain(self, concept: Concept, keys: frozenset[Key]) -> Call | None:
        """A library call for the concept that cannot run, or whose result nothing takes up."""
        for key in sorted(keys):
            for call in self.calls_by_key.get(key, ()):
                if call.targets or self._is_of_a_local_class(call):
                    continue
                if not any(matches_call(p, n) for p in concept.calls for n in (call.name,) if n):
                    continue
                if not self.is_live(call.path, call.line) or not self._has_effect(call):
                    return call
        return None

    def _by_call(self, concept: Concept, calls: list[Call]) -> Iterable[Sighting]:
        for call in calls:
            if call.targets or self._is_of_a_local_class(call):
                continue
            for name in dict.fromkeys((call.name, call.origin)):
                patterns = concept.calls
                if name.split(".")[0] in self.extensions:
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
            name.split(".")[0] in self.own_names for name in (call.name, call.origin) if name
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
            if concept.kind is Kind.DATASET and _CHANGES_COLUMNS.match(call.method):
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
                            and self.runs(path, scope, act)
                        ):
                            yield Sighting(path, statement.line, scope, full, 0.7)
                            break

    def _by_structure(self, concept: Concept, keys: frozenset[Key], act: Act) -> Iterable[Sighting]:
        if concept.name not in DETECTORS:
            return
        for path, scope in sorted(keys):
            line = self._structures(path, concept.name).get(scope, 0)
            if self.hollow_reason(path, scope) or self.is_wasted(path, line):
                continue
            if line and self.is_live(path, line) and self.runs(path, scope, act):
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
                    and self.runs(path, scope, act)
                    and not self.hollow_reason(path, scope)
                    and not self.is_wasted(path, statement.line)
                    and not self._calls_only_shells(path, statement)
                ):
                    yield Sighting(path, statement.line, scope, match.group().strip(), 0.72)

    def _calls_only_shells(self, path: str, statement: Statement) -> bool:
        """Whether all that a statement calls is project code that does nothing."""
        called = [
            self.graph.definition(*target)
            for call in self.calls_on(path).get(statement.line, ())
            for target in call.targets
        ]
        known = [definition for definition in called if definition is not None]
        return bool(known) and all(
            d.body is not Body.WORKS or self.hollow_reason(*d.key) for d in known
        )

    def _by_name(self, concept: Concept, keys: frozenset[Key], act: Act) -> Iterable[Sighting]:
        pattern = concept.named_pattern
        if pattern is None:
            return
        if concept.kind is Kind.METHOD and (concept.parts or concept.name in DETECTORS):
            return  # it would show by its parts: a name alone says nothing
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
        keys = self.with_callees(self.members(definition.path, definition.qualified))
        return any(is_drawing(call) for key in keys for call in self.calls_by_key.get(key, ()))

    def _builds_a_rival(self, concept: Concept, definition: Definition) -> bool:
        keys = frozenset(self.members(definition.path, definition.qualified))
        return self.rival(concept, keys) is not None

    def bound_to(self, concept: Concept, path: str) -> frozenset[str]:
        """Names that a file binds to what a concept's calls give."""
        names: set[str] = set()
        for call in self.graph.calls_in(path):
            if any(matches_call(pattern, call.name) for pattern in concept.calls):
                for statement in self.statements(path):
                    bound = ASSIGNED.match(statement.bare)
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


def _is_prose(text: str) -> bool:
    return text.count(" ") > 5 and "/" not in text and "<" not in text
