"""Builds the code graph of a set of source texts."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from judge.code.facts import Body, Call, Definition, Import, Key, Module
from judge.code.graph import CodeGraph
from judge.code.languages import is_test_path, language_of
from judge.code.mentions import SourceText


def build_graph(sources: Mapping[str, str]) -> CodeGraph:
    """The graph of all sources by path; paths whose language is not known are left out."""
    modules: dict[str, Module] = {}
    definitions: list[Definition] = []
    imports: list[Import] = []
    calls: list[Call] = []
    reached: set[Key] = set()
    texts: dict[str, SourceText] = {}
    for path in sorted(sources):
        language = language_of(path)
        if language is None:
            continue
        text = sources[path]
        texts[path] = SourceText(path, text, language, None)
        parses, fault, tree = True, "", None
        if language == "python":
            try:
                tree = ast.parse(text)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                parses, fault = False, str(error)
        reached.add((path, ""))
        modules[path] = Module(
            path, language, parses, fault, "", text.count("\n") + 1, False, is_test_path(path)
        )
        if tree is None:
            continue
        names: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for item in node.names:
                    names[item.asname or item.name.split(".")[0]] = item.name
                    imports.append(
                        Import(path, node.lineno, item.name, (), item.asname or "", True, False,
                               "", True, "", True)
                    )  # fmt: skip
            elif isinstance(node, ast.ImportFrom):
                for item in node.names:
                    names[item.asname or item.name] = f"{node.module}.{item.name}"
                imports.append(
                    Import(path, node.lineno, node.module or "", tuple(i.name for i in node.names),
                           "", True, False, "", True, "", True)
                )  # fmt: skip
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                reached.add((path, node.name))
                definitions.append(
                    Definition(path, node.name, node.name,
                               "class" if isinstance(node, ast.ClassDef) else "function",
                               node.lineno, node.end_lineno or node.lineno, (), (), (),
                               ast.get_docstring(node) or "", Body.WORKS, len(node.body))
                )  # fmt: skip
            elif isinstance(node, ast.Call):
                written = ast.unparse(node.func)
                head, _, rest = written.partition(".")
                name = names.get(head, head) + ("." + rest if rest else "")
                calls.append(
                    Call(path, node.lineno, node.end_lineno or node.lineno, name, written,
                         tuple(None for _ in node.args), {}, "", True, True, (), "")
                )  # fmt: skip
    return CodeGraph(modules, definitions, imports, calls, (), frozenset(reached), texts)
