"""Which files a shell command reads or writes, and which program of the workspace it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from judge.code.facts import Mode
from judge.code.tree_text import fold, text_of_node
from judge.code.values import HOLE

_READERS = frozenset("cat head tail less more wc sort uniq cut jq column diff md5sum".split())
_INTERPRETERS = frozenset(
    """
    python python3 python2 bash sh zsh node deno bun ts-node tsx java go cargo Rscript streamlit
    source . exec time nohup pypy3
    """.split()
)
_SUBCOMMANDS = frozenset("run exec -m test".split())
_DOWNLOADS = {"curl": ("-o", "--output"), "wget": ("-O", "--output-document")}
_COPIES = frozenset("cp mv install rsync ln".split())


def command_uses(name: str, arguments: Sequence[str | None]) -> Iterator[tuple[str | None, Mode]]:
    """The files that a command names in its arguments."""
    plain = [each for each in arguments if each is None or not each.startswith("-")]
    if name in _DOWNLOADS:
        for position, each in enumerate(arguments[:-1]):
            if each in _DOWNLOADS[name]:
                yield arguments[position + 1], "write"
        for each in arguments:
            if each is not None and each.startswith("--output="):
                yield each.partition("=")[2], "write"
    elif name == "tee":
        mode: Mode = "append" if "-a" in arguments or "--append" in arguments else "write"
        for each in plain:
            yield each, mode
    elif name in _COPIES and len(plain) >= 2:
        for each in plain[:-1]:
            yield each, "read"
        yield plain[-1], "write"
    elif name == "touch":
        for each in plain:
            yield each, "write"
    elif name in _READERS:
        for each in plain:
            if each is None or "." in each or "/" in each:
                yield each, "read"
    elif name == "sqlite3" and plain:
        yield plain[0], "unknown"


def redirect_uses(
    node: Node, constants: Mapping[str, Node], path: str
) -> Iterator[tuple[str | None, Mode, str, str | None]]:
    """The files of a command's redirects: target, mode, command, and constant content."""
    body = node.child_by_field_name("body")
    via = "" if body is None else text_of_node(body, 200).split(None, 1)[0]
    content = _echoed(body, constants, path)
    pending = [child for child in node.children if child.type.endswith("_redirect")]
    files: list[tuple[str | None, Mode]] = []
    for child in pending:
        if child.type == "heredoc_redirect":
            pending.extend(each for each in child.children if each.type == "file_redirect")
            for each in child.children:
                if each.type == "heredoc_body" and not each.named_children:
                    content = text_of_node(each)
        elif child.type == "file_redirect":
            operator = next((each.type for each in child.children if not each.is_named), ">")
            target = child.child_by_field_name("destination")
            if target is None or operator in (">&", "<&") or target.type == "number":
                continue
            folded = fold(target, constants, path)
            if folded is not None and folded.startswith("/dev/"):
                continue
            mode: Mode = "append" if ">>" in operator else "read" if "<" in operator else "write"
            files.append((folded, mode))
    for folded, mode in files:
        yield folded, mode, via, content if mode != "read" else None


def _echoed(body: Node | None, constants: Mapping[str, Node], path: str) -> str | None:
    """What `echo` or `printf` writes, where it is constant."""
    if body is None or body.type != "command":
        return None
    name = body.child_by_field_name("name")
    if name is None or text_of_node(name, 20) not in ("echo", "printf"):
        return None
    parts = [
        fold(each, constants, path)
        for each in body.children_by_field_name("argument")
        if text_of_node(each, 5) not in ("-e", "-n")
    ]
    if any(part is None or HOLE in part for part in parts):
        return None
    return " ".join(part for part in parts if part is not None) + "\n"


def started_program(name: str, arguments: Sequence[str | None]) -> str:
    """The file that a command starts or sources, as written; empty where it starts none."""
    if "/" in name and not name.startswith("/"):
        return name
    if name not in _INTERPRETERS:
        return ""
    for position, each in enumerate(arguments):
        if each is None:
            return ""
        if each == "-m" and position + 1 < len(arguments):
            module = arguments[position + 1]
            return "" if module is None else module.replace(".", "/") + ".py"
        if each.startswith("-") or each in _SUBCOMMANDS or each in _INTERPRETERS:
            continue
        return each
    return ""
