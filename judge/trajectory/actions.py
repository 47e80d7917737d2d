"""What a step did: shell text, Python code, or a tool called by name with its arguments.

Formats that keep tool calls apart are read from those; of the others the text of the action is
read, in the ways OpenHands, SWE-agent and their like write it. `rendered` is the text that a
tool call gets in `Step.action`, and `deeds_of` reads that text back.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from judge.trajectory.bounds import LONGEST_TEXT
from judge.trajectory.steps import Call, Step

LONGEST_CODE = 100_000
SHELL_PREFIX = "Running command: "
PYTHON_PREFIX = "Running Python code interactively: "
TOOL_PREFIX = "Calling tool: "
TEXT_ACTION = "text_action"
"""The name under which an action that is only known as text stands among named calls."""

SHELL_TOOLS = frozenset(
    "bash shell sh terminal execute_bash bash_command run_command run_terminal_cmd exec "
    "execute_command run_shell_command run_shell shell_command exec_command local_shell "
    "cmd command terminalaction cmdrunaction computer_terminal".split()
)
PYTHON_TOOLS = frozenset(
    "python ipython execute_ipython_cell run_ipython jupyter python_interpreter run_python "
    "execute_python code_interpreter ipythonruncellaction".split()
)
_SHELL_ARGUMENTS = ("command", "cmd", "keystrokes", "script", "input")
_PYTHON_ARGUMENTS = ("code", "source", "input")
# Commands of SWE-agent's own interface; any other action text there is shell.
_SWE_AGENT_COMMANDS = frozenset(
    "open create edit insert goto scroll_up scroll_down find_file search_dir search_file submit "
    "view str_replace_editor exit_forfeit filemap".split()
)
_SKILLS: dict[str, tuple[str, ...]] = {
    "create_file": ("path",),
    "open_file": ("path", "line_number"),
    "append_file": ("path", "content"),
    "insert_content_at_line": ("path", "line_number", "content"),
    "edit_file_by_replace": ("path", "old_str", "new_str"),
    "edit_file_by_line": ("path", "start", "end", "content"),
    "edit_file": ("path", "start", "end", "content"),
    "write_file": ("path", "content"),
}
"""The editing functions that OpenHands offers inside its Python interpreter."""
_SKILL_KEYWORDS = {"file_name": "path", "to_replace": "old_str", "new_content": "new_str"}
_FENCE = re.compile(r"\s*```(\w*)[ \t]*\n(.*?)\n?```\s*", re.DOTALL)
_STARRED = re.compile(r"\*\*(\w+Action)[^\n]{0,200}\*\*\n", re.ASCII)
_CONTENT = re.compile(r"^Content:\n```\n(.*)\n```\s*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done: `text` of a shell command or of Python code, or a tool with `arguments`."""

    kind: Literal["shell", "python", "tool"]
    text: str = ""
    name: str = ""
    arguments: Mapping[str, str] | None = None
    observation: str = ""
    exit_status: int | None = None
    is_error: bool | None = None


def deeds_of(step: Step) -> tuple[Deed, ...]:
    """What a step did, in order; empty where it only spoke. Never raises."""
    if step.calls:
        return tuple(deed for call in step.calls for deed in _deeds_of_call(call))
    action = step.action[:LONGEST_TEXT].strip()
    if not action:
        return ()
    return tuple(_with_answer(deed, step.observation) for deed in _deeds_of_text(action))


def rendered(name: str, arguments: Mapping[str, str]) -> str:
    """A tool call as text in which every argument stands word for word."""
    if name == TEXT_ACTION and "text" in arguments:
        return arguments["text"]
    text = _argument(arguments, _SHELL_ARGUMENTS)
    if _plain(name) in SHELL_TOOLS and text is not None:
        return f"{SHELL_PREFIX}{text}"
    text = _argument(arguments, _PYTHON_ARGUMENTS)
    if _plain(name) in PYTHON_TOOLS and text is not None:
        return f"{PYTHON_PREFIX}{text}"
    lines = [f"{TOOL_PREFIX}{name}"]
    for key, value in arguments.items():
        if "\n" not in value and not value.startswith("<<"):
            lines.append(f"{key}: {value}")
            continue
        closing = "END"
        while f"\n{closing}" in f"\n{value}":
            closing += "_"
        lines.append(f"{key}: <<{closing}\n{value}\n{closing}")
    return "\n".join(lines)


def call_of_text(action: str) -> tuple[str, dict[str, str]]:
    """The name and the arguments under which `rendered` gives this text again."""
    for prefix, name, argument in (
        (SHELL_PREFIX, "bash", "command"),
        (PYTHON_PREFIX, "python", "code"),
    ):
        if action.startswith(prefix):
            return name, {argument: action[len(prefix) :]}
    return TEXT_ACTION, {"text": action}


def _plain(name: str) -> str:
    """A tool's name without a namespace such as `functions.` or `mcp__server__`."""
    return re.split(r"[.:]|__", name)[-1].lower()


def _argument(arguments: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((arguments[name] for name in names if name in arguments), None)


def _deeds_of_call(call: Call) -> tuple[Deed, ...]:
    return tuple(
        Deed(
            kind=deed.kind,
            text=deed.text,
            name=deed.name,
            arguments=deed.arguments,
            observation=call.observation,
            exit_status=call.exit_status,
            is_error=call.is_error,
        )
        for deed in _named(call.name, call.arguments)
    )


def _named(name: str, arguments: Mapping[str, str]) -> tuple[Deed, ...]:
    plain = _plain(name)
    if name == TEXT_ACTION and arguments.get("text", "").strip():
        return _deeds_of_text(arguments["text"][:LONGEST_TEXT].strip())
    text = _argument(arguments, _SHELL_ARGUMENTS)
    if plain in SHELL_TOOLS and text is not None:
        return (Deed("shell", text[:LONGEST_TEXT]),)
    text = _argument(arguments, _PYTHON_ARGUMENTS)
    if plain in PYTHON_TOOLS and text is not None:
        return _deeds_of_python(text[:LONGEST_TEXT])
    return (Deed("tool", name=plain, arguments=dict(arguments)),)


def _with_answer(deed: Deed, observation: str) -> Deed:
    return Deed(deed.kind, deed.text, deed.name, deed.arguments, observation)


def _deeds_of_text(action: str) -> tuple[Deed, ...]:
    if action.startswith(SHELL_PREFIX):
        return (Deed("shell", action[len(SHELL_PREFIX) :]),)
    if action.startswith(PYTHON_PREFIX):
        return _deeds_of_python(action[len(PYTHON_PREFIX) :])
    if action.startswith(TOOL_PREFIX):
        return _rendered_call(action)
    if starred := _STARRED.match(action):
        return _openhands_action(starred[1], action[starred.end() :])
    if fenced := _FENCE.fullmatch(action):
        if fenced[1].lower() in ("python", "py", "ipython"):
            return _deeds_of_python(fenced[2])
        return (Deed("shell", fenced[2]),)
    if action.startswith("{"):
        return _json_action(action)
    first = action.split(None, 1)[0]
    if first in _SWE_AGENT_COMMANDS:
        return (_swe_agent_command(first, action),)
    return (Deed("shell", action),)


def _deeds_of_python(code: str) -> tuple[Deed, ...]:
    """The code, or the editing functions it calls when it does nothing else."""
    skills = _skill_calls(code)
    return tuple(skills) if skills else (Deed("python", code),)


def _skill_calls(code: str) -> list[Deed]:
    if not any(f"{name}(" in code for name in _SKILLS):
        return []
    tree = parsed_python(code)
    if tree is None:
        return []
    known: dict[str, str] = {}
    found: list[Deed] = []
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    known[target.id] = str(statement.value.value)
            continue
        call = statement.value if isinstance(statement, ast.Expr) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            return []
        names = _SKILLS.get(call.func.id)
        if names is None:
            return []
        arguments: dict[str, str] = {}
        for name, value in zip(names, call.args, strict=False):
            arguments[name] = _literal(value, known)
        for keyword in call.keywords:
            if keyword.arg:
                name = _SKILL_KEYWORDS.get(keyword.arg, keyword.arg)
                arguments[name] = _literal(keyword.value, known)
        found.append(Deed("tool", name=call.func.id, arguments=arguments))
    return found


def _literal(node: ast.expr, known: Mapping[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return known.get(node.id, "") if isinstance(node, ast.Name) else ""


def parsed_python(code: str) -> ast.Module | None:
    """The syntax tree, or None where the code is none, too deep, or too long."""
    if len(code) > LONGEST_CODE:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _rendered_call(action: str) -> tuple[Deed, ...]:
    """Reads what `rendered` wrote."""
    lines = action.split("\n")
    name = lines[0][len(TOOL_PREFIX) :].strip()
    arguments: dict[str, str] = {}
    at = 1
    while at < len(lines):
        key, colon, value = lines[at].partition(": ")
        at += 1
        if not colon:
            continue
        if value.startswith("<<"):
            closing = value[2:]
            body: list[str] = []
            while at < len(lines) and lines[at] != closing:
                body.append(lines[at])
                at += 1
            at += 1
            value = "\n".join(body)
        arguments[key] = value
    return _named(name, arguments)


def _openhands_action(kind: str, text: str) -> tuple[Deed, ...]:
    """The form of OpenHands' own printing: `**CmdRunAction …**` and what follows."""
    if kind == "CmdRunAction" and "COMMAND:\n" in text:
        return (Deed("shell", text.split("COMMAND:\n", 1)[1]),)
    if kind == "IPythonRunCellAction" and "CODE:\n" in text:
        return _deeds_of_python(text.split("CODE:\n", 1)[1])
    arguments: dict[str, str] = {}
    for line in text.split("\n", 20)[:20]:
        key, colon, value = line.partition(": ")
        if colon and key.lower() in ("path", "command"):
            arguments[key.lower()] = value.strip().strip("[]")
    if content := _CONTENT.search(text):
        arguments["content"] = content[1]
    return (Deed("tool", name=kind.lower(), arguments=arguments),)


def _json_action(action: str) -> tuple[Deed, ...]:
    try:
        content = json.loads(action)
    except (ValueError, RecursionError):
        return (Deed("shell", action),)
    if not isinstance(content, dict):
        return ()
    name = next((content[k] for k in ("name", "tool", "function", "action") if k in content), "")
    inner = next((content[k] for k in ("arguments", "args", "input") if k in content), content)
    if not isinstance(inner, dict):
        return ()
    arguments = {str(key): as_text(value) for key, value in inner.items()}
    if not isinstance(name, str) or not name:
        name = "bash" if set(arguments) <= {"command", "cmd", "timeout"} else "tool"
    return _named(name, arguments)


def as_text(value: object) -> str:
    """An argument as text: a text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


def _swe_agent_command(name: str, action: str) -> Deed:
    """`edit 4:4\\n…\\nend_of_edit`, `create path`, `open path` and their like."""
    head, _, body = action.partition("\n")
    rest = head[len(name) :].strip()
    if name == "edit" and body:
        text = body.removesuffix("end_of_edit").removesuffix("\n")
        return Deed("tool", name=name, arguments={"lines": rest, "new_str": text})
    arguments = {"path": rest.split(" ")[0].strip("\"'")}
    if name in ("edit", "insert"):
        arguments = {"new_str": rest}
    if name == "str_replace_editor":
        words = rest.split(" ")
        arguments = {"command": words[0], "path": words[1] if len(words) > 1 else ""}
        if (at := action.find("--file_text ")) >= 0:
            arguments["file_text"] = action[at + len("--file_text ") :].strip().strip("'")
        if (at := action.find("--new_str ")) >= 0:
            arguments["new_str"] = action[at + len("--new_str ") :].strip().strip("'")
    return Deed("tool", name=name, arguments=arguments)
