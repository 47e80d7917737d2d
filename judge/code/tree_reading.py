"""Reads one file of JavaScript, TypeScript, Java, Go, Rust, C, C++ or shell by its syntax tree."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from tree_sitter import Node, QueryCursor

from judge.code import tree_imports
from judge.code.facts import Body, Kind
from judge.code.folding import workspace_path
from judge.code.nesting import MAX_NESTING, nesting, rough_spans
from judge.code.shell_files import command_uses, redirect_uses, started_program
from judge.code.tree_bodies import function_body
from judge.code.tree_files import file_rule, mode_of
from judge.code.tree_grammar import BLOCKS, STARTS_AT_MAIN, query_for
from judge.code.tree_source import TreeCall, TreeDefinition, TreeScope, TreeSource, TreeUse
from judge.code.tree_text import (
    argument_text,
    call_parts,
    dotted,
    end_line_of,
    fold,
    line_of,
    text_of_node,
)
from judge.code.trees import ParseBudgetSpent, comment_and_string_spans, is_tsx, parse_tree
from judge.code.values import HOLE

_MAX_FOUND = 100_000
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_FUNCTION_VALUES = frozenset({"arrow_function", "function_expression"})
_CREATIONS = frozenset({"new_expression", "object_creation_expression"})
_CALLS = frozenset({"call_expression", "method_invocation", "macro_invocation"})
_SELF = ("this.", "self.", "super.")


@dataclass(slots=True, eq=False)
class _Open:
    """A definition whose text is being read."""

    end: int
    qualified: str
    scope: TreeScope
    scope_name: str
    cls: str
    is_class: bool


def read_tree(path: str, text: str, language: str) -> TreeSource:
    """The file as read; where it cannot be parsed, a source without facts that says why."""
    source = TreeSource(path, language, lines=text.count("\n") + 1 if text else 0)
    source.scopes.append(TreeScope(""))
    encoded = text.encode("utf-8", "replace")
    try:
        if nesting(text) > MAX_NESTING:
            raise ParseBudgetSpent("nested too deeply to be parsed")
        root = parse_tree(encoded, path, language)
    except ParseBudgetSpent as error:
        return unread_tree(path, text, language, str(error))
    if root.has_error:
        # The parser goes on after an error, and so do the facts.
        source.fault = "has syntax errors"
    source.spans = comment_and_string_spans(root, encoded, len(text) == len(encoded))
    _TreeReader(source, root).read()
    return source


def unread_tree(path: str, text: str, language: str, why: str) -> TreeSource:
    """A source that is not parsed: it can still be searched, comments and strings told apart."""
    source = TreeSource(path, language, False, f"not parsed: {why}", text.count("\n") + 1)
    source.scopes.append(TreeScope(""))
    source.spans = list(rough_spans(text))
    return source


class _Ranges:
    """Stretches of the text, asked for once all are known."""

    def __init__(self) -> None:
        self._added: list[tuple[int, int]] = []
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        self._added.append((start, end))
        self._starts = []

    def __contains__(self, place: int) -> bool:
        if not self._added:
            return False
        if not self._starts:
            self._merge()
        position = bisect_right(self._starts, place) - 1
        return position >= 0 and place < self._ends[position]

    def _merge(self) -> None:
        self._ends = []
        for start, end in sorted(self._added):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)


class _TreeReader:
    def __init__(self, source: TreeSource, root: Node) -> None:
        self._source = source
        self._language = source.language
        self._root = root
        module = source.scopes[0]
        self._stack = [_Open(root.end_byte + 1, "", module, "", "", False)]
        self._constants: dict[str, Node] = {}
        self._dead = _Ranges()
        self._quiet = _Ranges()
        self._own_names: set[int] = set()

    def read(self) -> None:
        query = query_for(self._language, is_tsx(self._source.path, self._language))
        captured = QueryCursor(query).captures(self._root)
        for node in captured.get("constant", ()):
            self._note_constant(node)
        for node in captured.get("exit", ()):
            self._note_exit(node)
        for node in captured.get("if", ()):
            self._note_branch(node)
        for tag in ("export", "assigned_export", "prototype"):
            for node in captured.get(tag, ()):
                self._note_export(node, tag)
        for node in captured.get("import", ()):
            self._quiet.add(node.start_byte, node.end_byte)
        found: list[tuple[int, int, int, str, Node]] = []
        for order, tag in enumerate(_IN_ORDER):
            for node in captured.get(tag, ()):
                found.append((node.start_byte, -node.end_byte, order, tag, node))
        found.sort(key=lambda each: each[:3])
        if len(found) > _MAX_FOUND:
            self._source.fault = f"read in part: more than {_MAX_FOUND:,} names and calls"
            del found[_MAX_FOUND:]
        for start, _, _, tag, node in found:
            while start >= self._stack[-1].end:
                self._stack.pop()
            _IN_ORDER[tag](self, node)
        if self._language == "shell":
            self._source.has_main = True

    # What is known before reading in order

    def _note_constant(self, node: Node) -> None:
        name = (
            node.child_by_field_name("name")
            or node.child_by_field_name("left")
            or node.child_by_field_name("pattern")
            or node.child_by_field_name("declarator")
        )
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if name is None or value is None:
            return
        word = _WORD.search(text_of_node(name, 200))
        if word is not None and "require" not in text_of_node(value, 10):
            self._constants[word[0]] = value
        if name.type == "object_pattern":
            tree_imports.note_required(self._source, name, value)

    def _note_exit(self, node: Node) -> None:
        """After a return or throw, the rest of its block is not run."""
        statement = node
        if statement.parent is not None and statement.parent.type == "expression_statement":
            statement = statement.parent
        block = statement.parent
        if block is not None and block.type in BLOCKS and statement.end_byte < block.end_byte:
            self._dead.add(statement.end_byte, block.end_byte)

    def _note_branch(self, node: Node) -> None:
        condition = node.child_by_field_name("condition")
        if condition is None:
            return
        test = text_of_node(condition, 20).strip("() \n")
        consequence = node.child_by_field_name("consequence")
        alternative = node.child_by_field_name("alternative")
        if self._language == "shell" and test in ("false", "[ 0 = 1 ]"):
            self._dead.add(condition.end_byte, node.end_byte)
        elif test in ("false", "0") and consequence is not None:
            self._dead.add(consequence.start_byte, consequence.end_byte)
        elif test in ("true", "1") and alternative is not None:
            self._dead.add(alternative.start_byte, alternative.end_byte)

    def _note_export(self, node: Node, tag: str) -> None:
        """Names that are only handed out, or declared before they are defined, are not used."""
        if tag == "prototype":
            self._quiet.add(node.start_byte, node.end_byte)
            return
        if tag == "assigned_export":
            left = node.child_by_field_name("left")
            if left is None or not text_of_node(left, 40).startswith(
                ("module.exports", "exports.")
            ):
                return
            right = node.child_by_field_name("right")
            if right is not None:
                names = _WORD.findall(text_of_node(right, 2000))
                self._source.exports.update(names)
                if right.type == "identifier":
                    self._source.default_export = names[0] if names else ""
            self._quiet.add(node.start_byte, node.end_byte)
            return
        value = node.child_by_field_name("value")
        declaration = node.child_by_field_name("declaration")
        is_default = text_of_node(node, 20).startswith("export default")
        if declaration is not None:
            name = declaration.child_by_field_name("name")
            if name is not None:
                self._source.exports.add(text_of_node(name, 200))
                if is_default:
                    self._source.default_export = text_of_node(name, 200)
        elif value is not None and value.type == "identifier":
            self._source.default_export = text_of_node(value, 200)
            self._quiet.add(node.start_byte, node.end_byte)
        elif value is None:
            self._source.exports.update(_WORD.findall(text_of_node(node, 2000)))
            self._quiet.add(node.start_byte, node.end_byte)
        if node.child_by_field_name("source") is not None:
            self._import(node)

    def _is_dead(self, node: Node) -> bool:
        return node.start_byte in self._dead

    # In order

    def _class(self, node: Node) -> None:
        name_node = node.child_by_field_name("name")
        if name_node is None:
            return
        self._own_names.add(name_node.start_byte)
        name = text_of_node(name_node, 200)
        top = self._stack[-1]
        qualified = f"{top.qualified}.{name}" if top.qualified else name
        bases = _bases(node)
        self._source.definitions.append(
            TreeDefinition(
                name, top.qualified, qualified, "class", line_of(node), end_line_of(node), (),
                bases, _decorators(node), Body.WORKS, 0,
            )
        )  # fmt: skip
        self._stack.append(_Open(node.end_byte, qualified, top.scope, qualified, qualified, True))

    def _owner(self, node: Node) -> None:
        """A Rust impl block: its functions belong to a type defined elsewhere."""
        kind = node.child_by_field_name("type")
        name = _first_word(kind)
        top = self._stack[-1]
        self._stack.append(_Open(node.end_byte, name, top.scope, name, name, True))

    def _function(self, node: Node) -> None:
        holder = node
        value = node.child_by_field_name("value") or node.child_by_field_name("right")
        if value is not None and value.type in _FUNCTION_VALUES:
            holder = value
        name_node, owner = _function_name(node)
        if name_node is None:
            return
        self._own_names.add(name_node.start_byte)
        name = _last_word(text_of_node(name_node, 200))
        if not name:
            return
        top = self._stack[-1]
        prefix = owner or top.qualified
        is_method = bool(owner) or top.is_class
        qualified = f"{prefix}.{name}" if prefix else name
        parameters = _parameters(holder)
        body, statements = function_body(holder.child_by_field_name("body"), parameters)
        decorators = _decorators(node)
        kind: Kind = "method" if is_method else "function"
        self._source.definitions.append(
            TreeDefinition(
                name, prefix if is_method else "", qualified, kind, line_of(node),
                end_line_of(node), parameters, (), decorators, body, statements,
                implements=_implements(node, decorators),
            )
        )  # fmt: skip
        if name == "main" and self._language in STARTS_AT_MAIN:
            self._source.has_main = True
        scope = TreeScope(qualified)
        self._source.scopes.append(scope)
        cls = prefix if is_method else top.cls
        self._stack.append(_Open(node.end_byte, qualified, scope, qualified, cls, False))

    def _import(self, node: Node) -> None:
        top = self._stack[-1]
        tree_imports.note_import(
            self._source, node, top.scope.qualified, top.scope_name, self._is_dead(node)
        )
        self._quiet.add(node.start_byte, node.end_byte)

    def _name(self, node: Node) -> None:
        if (
            node.start_byte in self._own_names
            or node.start_byte in self._quiet
            or self._is_dead(node)
        ):
            return
        self._stack[-1].scope.names.add(text_of_node(node, 200))

    def _member(self, node: Node) -> None:
        if node.start_byte not in self._own_names and not self._is_dead(node):
            self._stack[-1].scope.members.add(text_of_node(node, 200))

    def _element(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            self._add_call(node, dotted(text_of_node(name, 200)), [], True)

    def _construction(self, node: Node) -> None:
        """C++: a variable made from arguments, `std::ofstream out("x")`."""
        kind = node.child_by_field_name("type")
        declarator = node.child_by_field_name("declarator")
        arguments = None if declarator is None else declarator.child_by_field_name("value")
        if kind is not None and arguments is not None:
            self._add_call(node, text_of_node(kind, 200), list(arguments.named_children), True)

    def _call(self, node: Node) -> None:
        if self._language == "shell":
            self._command(node)
            return
        written, arguments = call_parts(node)
        parent = node.parent
        is_used = parent is None or parent.type not in ("expression_statement", "defer_statement")
        if written in ("require", "import") and arguments:
            top = self._stack[-1]
            tree_imports.note_require(
                self._source,
                node,
                arguments[0],
                top.scope.qualified,
                top.scope_name,
                self._is_dead(node),
            )
        last = _last_word(written)
        if last and "." in dotted(written):
            self._stack[-1].scope.members.add(last)
        self._add_call(node, written, arguments, is_used)

    def _add_call(self, node: Node, written: str, arguments: list[Node], is_used: bool) -> None:
        top = self._stack[-1]
        name, origin = self._resolved(dotted(written))
        path = self._source.path
        is_dead = self._is_dead(node)
        self._source.calls.append(
            TreeCall(
                line_of(node), end_line_of(node), name, written,
                tuple(argument_text(each, self._constants, path) for each in arguments[:16]),
                top.scope.qualified, top.scope_name, is_dead, is_used, origin, top.cls,
            )
        )  # fmt: skip
        rule = file_rule(self._language, name, dotted(written))
        if rule is None or rule.position >= len(arguments):
            return
        target = fold(arguments[rule.position], self._constants, path)
        mode_text = None
        if 0 <= rule.mode_position < len(arguments):
            mode_node = arguments[rule.mode_position]
            mode_text = fold(mode_node, self._constants, path) or text_of_node(mode_node, 200)
        content = None
        if 0 <= rule.content_position < len(arguments):
            content = fold(arguments[rule.content_position], self._constants, path)
        self._add_use(node, target, mode_of(rule, mode_text), name, content)

    def _add_use(
        self, node: Node, target: str | None, mode: str, via: str, content: str | None
    ) -> None:
        top = self._stack[-1]
        shown = "*" if target is None else workspace_path(target, self._source.folder)
        self._source.uses.append(
            TreeUse(
                line_of(node), shown, mode, via, top.scope.qualified, top.scope_name,  # type: ignore[arg-type]
                self._is_dead(node), None if content is None or HOLE in content else content,
            )
        )  # fmt: skip

    def _resolved(self, name: str) -> tuple[str, str]:
        """The name after imports, and what made the receiver where that is known."""
        head, _, rest = name.partition(".")
        bound = None if head in self._constants else self._source.bindings.get(head)
        if bound is not None and not bound[0].startswith((".", "/")):
            module, imported = bound
            inner = module if imported in ("*", "default") else f"{module}.{imported}"
            return (f"{inner}.{rest}" if rest else inner), ""
        if not rest or "." in rest:
            return name, ""
        made = self._constants.get(head)
        while made is not None and made.type in ("await_expression", "unary_expression",
                                                 "expression_list", "try_expression"):  # fmt: skip
            made = made.named_children[0] if made.named_children else None
        if made is None or made.type not in _CREATIONS | _CALLS:
            return name, ""
        maker, _ = call_parts(made)
        if maker.split(".", 1)[0] == head or "…" in maker:
            return name, ""
        full, _ = self._resolved(dotted(maker)) if maker in self._source.bindings or (
            maker.split(".", 1)[0] in self._source.bindings
        ) else (dotted(maker), "")  # fmt: skip
        if made.type in _CREATIONS:
            return f"{full}.{rest}", full
        return name, full

    # Shell

    def _command(self, node: Node) -> None:
        name_node = node.child_by_field_name("name")
        if name_node is None:
            return
        written = text_of_node(name_node, 200)
        arguments = node.children_by_field_name("argument")
        folded = [fold(each, self._constants, self._source.path) for each in arguments[:64]]
        top = self._stack[-1]
        top.scope.names.add(written)
        is_dead = self._is_dead(node)
        shown = tuple(None if each is None or HOLE in each else each for each in folded[:16])
        self._source.calls.append(
            TreeCall(
                line_of(node), end_line_of(node), written, written, shown, top.scope.qualified,
                top.scope_name, is_dead, False, "", "",
            )
        )  # fmt: skip
        program = started_program(written, folded)
        if program and not is_dead:
            top.scope.programs.add(program)
        for target, mode in command_uses(written, folded):
            self._add_use(node, target, mode, written, None)

    def _redirected(self, node: Node) -> None:
        for target, mode, via, content in redirect_uses(node, self._constants, self._source.path):
            self._add_use(node, target, mode, via, content)


_IN_ORDER = {
    "class": _TreeReader._class,
    "owner": _TreeReader._owner,
    "function": _TreeReader._function,
    "import": _TreeReader._import,
    "call": _TreeReader._call,
    "construction": _TreeReader._construction,
    "element": _TreeReader._element,
    "redirected": _TreeReader._redirected,
    "name": _TreeReader._name,
    "member": _TreeReader._member,
}


def _function_name(node: Node) -> tuple[Node | None, str]:
    """The node of a function's name, and the class it names itself, if any."""
    receiver = node.child_by_field_name("receiver")
    if receiver is not None:  # Go
        words = _WORD.findall(text_of_node(receiver, 200).split("[", 1)[0])
        return node.child_by_field_name("name"), words[-1] if words else ""
    name = (
        node.child_by_field_name("name")
        or node.child_by_field_name("property")
        or node.child_by_field_name("key")
        or node.child_by_field_name("left")
    )
    if name is not None:
        return name, ""
    declarator = node.child_by_field_name("declarator")
    for _ in range(10):  # C: pointers and references around the function's own declarator
        if declarator is None:
            return None, ""
        if declarator.type == "qualified_identifier":
            scope = declarator.child_by_field_name("scope")
            inner = declarator.child_by_field_name("name")
            if inner is None or inner.type != "qualified_identifier":
                return inner, "" if scope is None else _first_word(scope)
            declarator = inner
            continue
        inner = declarator.child_by_field_name("declarator")
        if inner is None:
            named = declarator.named_children
            if declarator.type == "reference_declarator" and named:
                declarator = named[0]
                continue
            return declarator, ""
        declarator = inner
    return declarator, ""


def _parameters(node: Node) -> tuple[str, ...]:
    holder = node.child_by_field_name("parameters")
    if holder is None:
        single = node.child_by_field_name("parameter")
        if single is not None:
            return (text_of_node(single, 200),)
        declarator = node.child_by_field_name("declarator")
        for _ in range(10):
            if declarator is None or declarator.type == "function_declarator":
                break
            declarator = declarator.child_by_field_name("declarator")
        holder = None if declarator is None else declarator.child_by_field_name("parameters")
    if holder is None:
        return ()
    names: list[str] = []
    for child in holder.named_children[:64]:
        if child.type in ("comment", "self_parameter"):
            continue
        inner = child.child_by_field_name("name") or child.child_by_field_name("pattern")
        if inner is None:
            inner = child.child_by_field_name("declarator") or child.child_by_field_name("left")
        words = _WORD.findall(text_of_node(child if inner is None else inner, 200))
        if words:
            names.append(words[-1] if inner is not None else words[0])
    return tuple(names)


def _bases(node: Node) -> tuple[str, ...]:
    found: list[str] = []
    for child in node.children:
        if child.type in ("class_heritage", "superclass", "super_interfaces", "base_class_clause",
                          "extends_interfaces"):  # fmt: skip
            text = re.sub(r"<[^<>]*>", "", text_of_node(child, 500)).replace("::", ".")
            words = re.findall(r"[A-Za-z_$][\w$.]*", text)
            skipped = {"extends", "implements", "public", "private", "protected", "virtual"}
            found.extend(word for word in words if word not in skipped)
    return tuple(found[:16])


def _decorators(node: Node) -> tuple[str, ...]:
    """Annotations, decorators and attributes in front of a definition."""
    found: list[str] = []
    candidates = list(node.children[:3])
    previous = node.prev_named_sibling
    while previous is not None and previous.type in ("decorator", "attribute_item"):
        candidates.append(previous)
        previous = previous.prev_named_sibling
    for child in candidates:
        for each in (child, *child.named_children):
            if each.type in ("annotation", "marker_annotation", "decorator", "attribute_item"):
                words = re.findall(r"[A-Za-z_][\w.:]*", text_of_node(each, 200))
                if words:
                    found.append(words[0].replace("::", "."))
    return tuple(dict.fromkeys(found))


def _implements(node: Node, decorators: tuple[str, ...]) -> bool:
    if decorators:
        return True
    parent = node.parent
    holder = None if parent is None else parent.parent
    return (
        holder is not None
        and holder.type == "impl_item"
        and holder.child_by_field_name("trait") is not None
    )


def _first_word(node: Node | None) -> str:
    found = None if node is None else _WORD.search(text_of_node(node, 200))
    return "" if found is None else found[0]


def _last_word(text: str) -> str:
    words = _WORD.findall(text)
    return words[-1] if words else ""
