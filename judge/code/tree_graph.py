"""Links the files of the languages that tree-sitter parses, and gives their facts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from judge.code.facts import Body, Call, Definition, FileUse, Import, Key, Module
from judge.code.languages import is_test_path
from judge.code.reachability import ReachClass, ReachModule, ReachScope, entry_points
from judge.code.tree_grammar import EXTENSIONS, FAMILIES, STARTS_AT_MAIN, Family
from judge.code.tree_source import TreeCall, TreeDefinition, TreeImport, TreeScope, TreeSource

_MAX_CANDIDATES = 5
"""Definitions of one name that a call may mean before it is taken to mean none."""
_SELF = frozenset({"this", "self", "super", "Self"})


class TreeGraph:
    """All files of these languages read and linked; what is reached is worked out elsewhere."""

    def __init__(self, sources: Iterable[TreeSource], all_paths: frozenset[str]) -> None:
        sources = list(sources)
        self.modules: dict[str, Module] = {}
        self.definitions: list[Definition] = []
        self.scopes: dict[Key, list[ReachScope]] = {}
        self.classes: dict[Key, ReachClass] = {}
        self.entries: list[str] = []
        self._families: list[_Linked] = []
        for family in FAMILIES:
            members = {each.path: each for each in sources if each.language in family.languages}
            if members:
                self._families.append(_Linked(family, members, all_paths, self))

    def imports(self, reached: frozenset[Key]) -> list[Import]:
        return [fact for family in self._families for fact in family.imports(reached)]

    def calls(self, reached: frozenset[Key]) -> list[Call]:
        return [fact for family in self._families for fact in family.calls(reached)]

    def uses(self, reached: frozenset[Key]) -> list[FileUse]:
        return [fact for family in self._families for fact in family.uses(reached)]


class _Linked:
    """The files of languages that link with each other."""

    def __init__(
        self,
        family: Family,
        sources: dict[str, TreeSource],
        all_paths: frozenset[str],
        graph: TreeGraph,
    ) -> None:
        self._family = family
        self._sources = sources
        self._paths = all_paths
        self._by_file: dict[str, dict[str, list[Key]]] = {}
        self._by_name: dict[str, list[Key]] = {}
        self._kinds: dict[Key, TreeDefinition] = {}
        self._class_names: dict[str, list[Key]] = {}
        self._by_suffix = _suffixes(sources)
        for source in sources.values():
            self._index(source)
        self._paths_of_imports = {
            id(each): self._resolve(source, each)
            for source in sources.values()
            for each in source.imports
        }
        for source in sources.values():
            self._describe(source, graph)
        graph.entries.extend(self._entries())

    def _index(self, source: TreeSource) -> None:
        names = self._by_file.setdefault(source.path, {})
        for definition in source.definitions:
            key = (source.path, definition.qualified)
            self._kinds[key] = definition
            names.setdefault(definition.name, []).append(key)
            self._by_name.setdefault(definition.name, []).append(key)
            if definition.kind == "class":
                self._class_names.setdefault(definition.name, []).append(key)

    # Imports

    def _resolve(self, source: TreeSource, each: TreeImport) -> str:
        """Path of the file that an import means; empty where it is none of the workspace."""
        module, folder = each.module, source.folder
        match self._family.name:
            case "script":
                return self._script_path(module, folder, source.language)
            case "c":
                places = [posixpath.join(folder, module), module]
                places += [f"{top}/{module}" for top in ("include", "src")]
                found = self._first(places)
                return found or self._unique_suffix(module)
            case "java":
                name = each.names[0][0] if each.names else ""
                place = f"{module.replace('.', '/')}/{name}.java"
                return self._first([place]) or self._unique_suffix(place)
            case "go":
                last = module.rsplit("/", 1)[-1]
                if "." not in module.split("/", 1)[0] and "/" not in module:
                    return ""
                inside = [path for path in self._sources if path.split("/")[-2:-1] == [last]]
                return inside[0] if inside else ""
            case "rust":
                parts = [
                    part for part in module.split(".") if part not in ("crate", "self", "super")
                ]
                place = "/".join(parts)
                stem = source.path.rsplit("/", 1)[-1].removesuffix(".rs")
                bases = [folder, posixpath.join(folder, stem), "src", ""]
                return self._first(
                    [
                        posixpath.normpath(posixpath.join(base, place + ending))
                        for base in bases
                        for ending in (".rs", "/mod.rs")
                        if place
                    ]
                )
        return ""

    def _script_path(self, module: str, folder: str, language: str) -> str:
        if module.startswith("."):
            bases = [posixpath.normpath(posixpath.join(folder, module))]
        elif module.startswith(("@/", "~/", "/")):
            bases = [f"src/{module.lstrip('@~/')}", module.lstrip("@~/")]
        else:
            bases = [f"src/{module}", module]
        places: list[str] = []
        for base in bases:
            places.append(base)
            stem = posixpath.splitext(base)[0]
            for ending in EXTENSIONS[language]:
                places.extend((base + ending, f"{base}/index{ending}", stem + ending))
        return self._first(places)

    def _first(self, places: Iterable[str]) -> str:
        return next((place for place in places if place in self._sources), "")

    def _unique_suffix(self, place: str) -> str:
        found = self._by_suffix.get(place.rsplit("/", 1)[-1], [])
        found = [path for path in found if path.endswith("/" + place)]
        return found[0] if len(found) == 1 else ""

    def _is_resolved(self, each: TreeImport) -> bool:
        if self._paths_of_imports[id(each)] or not each.must_be_local:
            return True
        ending = posixpath.splitext(each.module)[1].lower()
        if self._family.name == "script" and ending not in ("", *EXTENSIONS["javascript"]):
            return True  # a style sheet, an image: no source, so not among the files known here
        return self._family.name == "rust" and "." in each.module

    # Definitions and scopes

    def _describe(self, source: TreeSource, graph: TreeGraph) -> None:
        path = source.path
        graph.modules[path] = Module(
            path, source.language, source.parses, source.fault, "", source.lines,
            source.has_main, is_test_path(path),
        )  # fmt: skip
        methods: dict[str, list[TreeDefinition]] = {}
        for each in source.definitions:
            if each.kind == "method":
                methods.setdefault(each.owner, []).append(each)
        module_scope = ReachScope((path, ""))
        for each in source.definitions:
            body, statements = each.body, each.statements
            if each.kind == "class":
                own = methods.get(each.qualified, [])
                body = _class_body(own, each)
                statements = sum(method.statements for method in own)
            graph.definitions.append(
                Definition(
                    path, each.name, each.qualified, each.kind, each.start_line, each.end_line,
                    each.parameters, each.bases, each.decorators, "", body, statements,
                )
            )  # fmt: skip
            if each.kind == "class":
                self._enter_class(source, each, graph)
                if each.decorators and self._family.name != "rust":
                    module_scope.references.add((path, each.qualified))
        for owner, own in methods.items():
            self._enter_methods(source, owner, own, graph, module_scope)
        if source.default_export and path.endswith(("x", "vue")):
            # A page or component that no file imports is rendered by its framework.
            module_scope.references.update(self._by_file[path].get(source.default_export, ()))
        for each in source.definitions:
            if each.name in ("init", "main") and self._family.name in ("go", "c", "rust", "java"):
                module_scope.references.add((path, each.qualified))
        graph.scopes.setdefault((path, ""), []).append(module_scope)
        live: dict[str, set[str]] = {}
        for imported in source.imports:
            target = self._paths_of_imports[id(imported)]
            if target and not imported.is_dead:
                live.setdefault(imported.scope, set()).add(target)
        for scope in source.scopes:
            graph.scopes.setdefault((path, scope.qualified), []).append(
                self._scope(source, scope, live.get(scope.qualified, set()))
            )

    def _scope(self, source: TreeSource, scope: TreeScope, imports: set[str]) -> ReachScope:
        found = ReachScope((source.path, scope.qualified), imports=set(imports))
        for name in scope.names:
            found.references.update(self._look_up(source, name))
            bound = source.bindings.get(name)
            if bound is not None and bound[1] == "*":
                module = self._module_path(source, bound[0])
                names = self._by_file.get(module, {})
                for member in scope.members.intersection(names):
                    found.references.update(names[member])
        found.references.discard((source.path, scope.qualified))
        found.loose_names.update(scope.members)
        for program in scope.programs:
            for place in (posixpath.normpath(posixpath.join(source.folder, program)),
                          posixpath.normpath(program)):  # fmt: skip
                if place in self._paths:
                    found.imports.add(place)
        return found

    def _module_path(self, source: TreeSource, module: str) -> str:
        for each in source.imports:
            if each.module == module:
                return self._paths_of_imports[id(each)]
        return ""

    def _look_up(self, source: TreeSource, name: str) -> list[Key]:
        """The definitions that a name in a file may mean."""
        own = self._by_file[source.path].get(name)
        if own:
            return own
        bound = source.bindings.get(name)
        if bound is not None and self._family.name == "script":
            target = self._module_path(source, bound[0])
            if not target:
                return []
            names = self._by_file[target]
            wanted = bound[1]
            if wanted in ("default", "*"):
                wanted = self._sources[target].default_export or name
            return self._through(target, wanted, names)
        if self._family.name in ("script", "shell"):
            return []
        found = self._by_name.get(name, [])
        return found if len(found) <= _MAX_CANDIDATES else []

    def _through(self, target: str, wanted: str, names: dict[str, list[Key]]) -> list[Key]:
        """A name of a module, also where the module only passes it on from another."""
        if wanted in names:
            return names[wanted]
        source = self._sources[target]
        bound = source.bindings.get(wanted)
        if bound is not None:
            inner = self._module_path(source, bound[0])
            if inner and inner != target:
                name = bound[1] if bound[1] not in ("default", "*") else (
                    self._sources[inner].default_export or wanted
                )  # fmt: skip
                return self._by_file[inner].get(name, [])
        return []

    def _enter_class(self, source: TreeSource, each: TreeDefinition, graph: TreeGraph) -> None:
        key = (source.path, each.qualified)
        cls = graph.classes.setdefault(key, ReachClass(key))
        for base in each.bases:
            local = self._look_up(source, base.rsplit(".", 1)[-1])
            cls.bases += tuple(found for found in local if self._kinds[found].kind == "class")
            cls.has_framework_base = cls.has_framework_base or not local

    def _enter_methods(
        self,
        source: TreeSource,
        owner: str,
        own: list[TreeDefinition],
        graph: TreeGraph,
        module_scope: ReachScope,
    ) -> None:
        key = (source.path, owner)
        if key not in self._kinds:
            others = self._class_names.get(owner.rsplit(".", 1)[-1], [])
            if others:
                key = others[0]
            else:
                # The type is not of the workspace, so it counts as in use.
                module_scope.references.add(key)
        cls = graph.classes.setdefault(key, ReachClass(key))
        for method in own:
            cls.methods.setdefault(method.name, []).append((source.path, method.qualified))
            if method.implements or method.name in ("constructor", owner.rsplit(".", 1)[-1]):
                cls.hooks.add(method.name)

    def _entries(self) -> list[str]:
        product = [each for each in self._sources.values() if not is_test_path(each.path)]
        if self._family.languages <= STARTS_AT_MAIN:
            started = [each.path for each in product if each.has_main]
            return started or [each.path for each in product]
        return entry_points(
            ReachModule(
                source.path,
                False,
                is_test_path(source.path),
                frozenset(
                    filter(None, (self._paths_of_imports[id(each)] for each in source.imports))
                ),
            )
            for source in self._sources.values()
        )

    # Facts

    def imports(self, reached: frozenset[Key]) -> list[Import]:
        facts: list[Import] = []
        for source in self._sources.values():
            used = {name for scope in source.scopes for name in scope.names} | source.exports
            for each in source.imports:
                resolved = self._paths_of_imports[id(each)]
                bound = {name for _, name in each.names} | ({each.alias} if each.alias else set())
                is_used = not bound or "*" in bound or not used.isdisjoint(bound)
                is_reached = not each.is_dead and (source.path, each.scope) in reached
                facts.append(
                    Import(
                        source.path, each.line, each.module, tuple(n for n, _ in each.names),
                        each.alias, is_used, bool(resolved) or each.must_be_local, resolved,
                        self._is_resolved(each), each.scope_name, is_reached,
                    )
                )  # fmt: skip
        return facts

    def calls(self, reached: frozenset[Key]) -> list[Call]:
        return [
            Call(
                source.path, each.line, each.end_line, each.name, each.written, each.arguments,
                {}, each.scope_name,
                not each.is_dead and (source.path, each.scope) in reached,
                each.is_used, self._targets(source, each), each.origin,
            )
            for source in self._sources.values()
            for each in source.calls
        ]  # fmt: skip

    def _targets(self, source: TreeSource, call: TreeCall) -> tuple[Key, ...]:
        parts = call.written.replace("::", ".").replace("->", ".").split(".")
        last = parts[-1]
        if len(parts) == 1:
            return tuple(self._look_up(source, last))
        head = parts[-2]
        if head in _SELF and call.owner:
            key = (source.path, f"{call.owner}.{last}")
            return (key,) if key in self._kinds else ()
        bound = source.bindings.get(parts[0])
        if bound is not None and self._family.name == "script":
            target = self._module_path(source, bound[0])
            return tuple(self._by_file.get(target, {}).get(last, ())) if len(parts) == 2 else ()
        candidates = self._by_name.get(last, [])
        named = [key for key in candidates if self._kinds[key].owner.endswith(head)]
        if named:
            return tuple(named[:_MAX_CANDIDATES])
        if self._family.name in ("script", "shell") or len(candidates) != 1:
            return ()
        return tuple(candidates)

    def uses(self, reached: frozenset[Key]) -> list[FileUse]:
        return [
            FileUse(
                source.path, each.line, each.target, each.mode, each.via, each.scope_name,
                not each.is_dead and (source.path, each.scope) in reached, each.content,
            )
            for source in self._sources.values()
            for each in source.uses
        ]  # fmt: skip


def _suffixes(paths: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(path.rsplit("/", 1)[-1], []).append(path)
    return found


def _class_body(methods: list[TreeDefinition], cls: TreeDefinition) -> Body:
    """A class amounts to its best method; without methods, it is a record or an empty class."""
    bodies = {method.body for method in methods}
    if not bodies:
        return Body.WORKS if cls.end_line > cls.start_line else Body.STUB
    for body in (Body.WORKS, Body.NOTE, Body.CONSTANT):
        if body in bodies:
            return body
    return Body.STUB
