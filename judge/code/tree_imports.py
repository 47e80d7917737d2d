"""Import statements of JavaScript, TypeScript, Java, Go, Rust, C and C++."""

from __future__ import annotations

import re

from tree_sitter import Node

from judge.code.tree_source import TreeImport, TreeSource
from judge.code.tree_text import line_of, string_text, text_of_node

_NAME = re.compile(r"[\w$]+")
_ALIASED = re.compile(r"([\w$*]+)(?:\s+as\s+|\s*:\s*)([\w$]+)|([\w$]+)")
_MAX_USED = 100


def note_import(source: TreeSource, node: Node, scope: str, scope_name: str, is_dead: bool) -> None:
    """Enters an import statement, and the names it binds, into the source."""
    for module, names, alias, must_be_local in _parts(node):
        source.imports.append(
            TreeImport(
                line_of(node), module, names, alias, scope, scope_name, is_dead, must_be_local
            )
        )
        for name, bound in names:
            source.bindings[bound] = (module, name)
        if alias:
            source.bindings[alias] = (module, "*")


def _parts(
    node: Node,
) -> list[tuple[str, tuple[tuple[str, str], ...], str, bool]]:
    """Modules of a statement: name, imported names, alias, whether it must be in the workspace."""
    kind = node.type
    if kind in ("import_statement", "export_statement"):
        return _script(node)
    if kind == "import_declaration":  # Java
        text = text_of_node(node, 300).removeprefix("import").strip(" ;\n")
        text = text.removeprefix("static ").strip()
        module, _, name = text.rpartition(".")
        return [(module, ((name, name),), "", False)]
    if kind == "import_spec":  # Go
        path = node.child_by_field_name("path")
        renamed = node.child_by_field_name("name")
        module = "" if path is None else text_of_node(path, 300).strip('"`')
        bound = module.rsplit("/", 1)[-1] if renamed is None else text_of_node(renamed, 100)
        return [(module, (), bound, False)]
    if kind == "mod_item":  # Rust: a file beside this one
        named = node.child_by_field_name("name")
        if named is None or node.child_by_field_name("body") is not None:
            return []
        return [(text_of_node(named, 100), (), "", True)]
    if kind == "use_declaration":
        argument = node.child_by_field_name("argument")
        return [] if argument is None else _used(text_of_node(argument, 2000))
    if kind == "preproc_include":
        path = node.child_by_field_name("path")
        if path is None:
            return []
        text = text_of_node(path, 300)
        return [(text.strip('<>"'), (), "", text.startswith('"'))]
    return []


def _script(node: Node) -> list[tuple[str, tuple[tuple[str, str], ...], str, bool]]:
    source = node.child_by_field_name("source")
    if source is None:
        return []
    module = string_text(source, {}, "") or ""
    is_local = module.startswith((".", "/"))
    names: list[tuple[str, str]] = []
    alias = ""
    for clause in node.named_children:
        if clause.type == "export_clause":
            names.extend(_aliased(clause))
        if clause.type != "import_clause":
            continue
        for child in clause.named_children:
            if child.type == "identifier":
                names.append(("default", text_of_node(child, 200)))
            elif child.type == "namespace_import":
                words = _NAME.findall(text_of_node(child, 200))
                alias = words[-1] if words else ""
            elif child.type == "named_imports":
                names.extend(_aliased(child))
    return [(module, tuple(names), alias, is_local)]


def _aliased(node: Node) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for match in _ALIASED.finditer(re.sub(r"\btype\s", "", text_of_node(node, 4000))):
        name = match[3] or match[1]
        found.append((name, match[2] or name))
    return found


def _used(text: str) -> list[tuple[str, tuple[tuple[str, str], ...], str, bool]]:
    """Rust: a path, its last part an item, an item with an alias, or a list of such in braces."""
    found: dict[str, list[tuple[str, str]]] = {}
    pending = [("", re.sub(r"\s+", " ", text))]
    for prefix, rest in pending:
        if len(pending) > _MAX_USED:
            break
        head, brace, tail = rest.partition("{")
        if brace:
            inner = tail.rsplit("}", 1)[0]
            pending.extend((prefix + head, part.strip()) for part in _split(inner) if part.strip())
            continue
        path, _, bound = (prefix + rest).partition(" as ")
        module, _, name = path.strip().rpartition("::")
        if name == "self":
            module, _, name = module.rpartition("::")
        found.setdefault(module.replace("::", "."), []).append((name, bound.strip() or name))
    return [
        (module, tuple(names), "", module.split(".", 1)[0] in ("crate", "super", "self"))
        for module, names in found.items()
    ]


def _split(text: str) -> list[str]:
    """Parts between commas that stand in no inner braces."""
    parts: list[str] = [""]
    depth = 0
    for letter in text:
        if letter == "," and depth == 0:
            parts.append("")
            continue
        depth += (letter == "{") - (letter == "}")
        parts[-1] += letter
    return parts


def note_require(
    source: TreeSource,
    node: Node,
    argument: Node,
    scope: str,
    scope_name: str,
    is_dead: bool,
) -> None:
    """Enters `require("x")` or `import("x")`."""
    module = string_text(argument, {}, "") if "string" in argument.type else None
    if not module:
        return
    is_local = module.startswith((".", "/"))
    alias = ""
    names: tuple[tuple[str, str], ...] = ()
    holder = node.parent
    while holder is not None and holder.type in ("await_expression", "member_expression"):
        holder = holder.parent
    if holder is not None and holder.type == "variable_declarator":
        target = holder.child_by_field_name("name")
        if target is not None and target.type == "identifier":
            alias = text_of_node(target, 200)
        elif target is not None:
            names = tuple(_aliased(target))
    source.imports.append(
        TreeImport(line_of(node), module, names, alias, scope, scope_name, is_dead, is_local)
    )
    if alias:
        source.bindings[alias] = (module, "*")
    for name, bound in names:
        source.bindings[bound] = (module, name)


def note_required(source: TreeSource, pattern: Node, value: Node) -> None:
    """Names taken out of a required module: `const {a, b: c} = require("x")`."""
    text = text_of_node(value, 300)
    match = re.match(r"""(?:await\s+)?(?:require|import)\(\s*["'`]([^"'`]+)["'`]\s*\)""", text)
    if match is not None:
        for name, bound in _aliased(pattern):
            source.bindings[bound] = (match[1], name)
