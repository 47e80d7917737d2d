"""What one action changes among the files: by shell, by Python typed in, or by an editing tool."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from judge.trajectory.actions import Deed
from judge.trajectory.answers import How
from judge.trajectory.code_facts import code_facts
from judge.trajectory.endings import Output, ending_of
from judge.trajectory.places import absolute
from judge.trajectory.programs import base_name, inline_code, is_python, programs_of
from judge.trajectory.shell import Command, with_escapes

_TYPING = frozenset({"echo", "printf", "cat", "tee"})
_PATH_ARGUMENTS = (
    "path", "file_path", "filepath", "filename", "file_name", "file", "target_file",
    "notebook_path", "TargetFile", "relative_workspace_path", "absolute_path", "AbsolutePath",
)  # fmt: skip
_WHOLE_ARGUMENTS = ("file_text", "content", "contents", "text", "data", "CodeContent")
_NEW_ARGUMENTS = (
    "new_str", "new_string", "new_content", "new_source", "insert_text", "replace", "code_edit",
    "replacement", *_WHOLE_ARGUMENTS,
)  # fmt: skip
_OLD_ARGUMENTS = ("old_str", "old_string", "to_replace", "search")
_WRITING_TOOL = re.compile(
    r"write|create|edit|replace|insert|append|patch|save|add_file|upload", re.I
)
_LOOKING = frozenset({"view", "open", "read", "undo_edit", "list", "scroll"})
_EDIT_FAILED = re.compile(
    r"No replacement was performed|Your proposed edit has introduced new syntax error|"
    r"ERROR[: ]|Error[: ]|\[ERROR|Invalid `?path|The path .{0,300} does not exist|"
    r"String to replace not found|File has not been read yet|<tool_use_error>|Usage: edit|"
    r"(?:Traceback|FileNotFoundError|SyntaxError)|File already exists|No edit was performed"
)
_PATCHED = re.compile(r"^\*\*\* (Add|Update) File: (.{1,500})$", re.MULTILINE)
_URL = re.compile(r"(?:https?|ftp|s3|gs)://\S+|git@\S+")
_NO_PLACE = re.compile(r"No such file or directory|Permission denied|Is a directory|Read-only")
_DEVICES = re.compile(r"/dev/|&|\d?$")


@dataclass(frozen=True, slots=True)
class Change:
    """A file that an action changed; `path` is as its folder gives it."""

    path: str
    how: How
    content: str | None = None
    is_added: bool = False
    old: str | None = None
    copied_from: str = ""
    is_touched: bool = False


def changes_by_tool(deed: Deed, folder: str, open_file: str, output: Output) -> list[Change]:
    """What a called tool wrote; empty where it only looked or the answer says that it failed."""
    arguments = deed.arguments or {}
    command = arguments.get("command", "")
    if not _WRITING_TOOL.search(deed.name) or command in _LOOKING or deed.name in _LOOKING:
        return []
    if deed.is_error or (output.lines and _EDIT_FAILED.match(output.lines[0])):
        return []
    patch = next((v for v in arguments.values() if v.startswith("*** Begin Patch")), None)
    if patch is not None:
        return list(_patched(patch, folder))
    written = _first(arguments, _PATH_ARGUMENTS) or ("" if "path" in arguments else open_file)
    path = absolute(written, folder)
    if not path:
        return []
    if "edits" in arguments:
        return [Change(path, "editor", new, old=old) for old, new in _edits(arguments["edits"])]
    old = _first(arguments, _OLD_ARGUMENTS)
    new = _first(arguments, _NEW_ARGUMENTS)
    is_whole = command == "create" or re.search(r"write|create|save", deed.name, re.I)
    is_added = bool(re.search(r"append|insert", f"{deed.name} {command}"))
    if new is None and is_whole:
        new = ""
    return [Change(path, "editor", new, is_added=is_added and not is_whole, old=old or None)]


def opened_file(deed: Deed, output: Output, current: str) -> str:
    """The file that SWE-agent's editor has open after a deed."""
    for line in output.lines[:50]:
        if (shown := re.match(r"\[File: ([^\s(]{1,500}) \(", line)) is not None:
            return shown[1]
    arguments = deed.arguments or {}
    return arguments.get("path", current) if deed.name in ("open", "create") else current


def changes_by_code(code: str, folder: str) -> list[Change]:
    """What Python code that was typed and run wrote by its own words."""
    found = []
    for write in code_facts(code).writes:
        how: How = "download" if write.is_download else "copy" if write.is_copy else "python"
        path = absolute(write.path, folder)
        if path:
            found.append(Change(path, how, write.content))
    return found


def changes_by_command(command: Command, output: Output) -> list[Change]:
    """What a shell command wrote; empty where the answer says that it failed."""
    found = [*_redirected(command, output), *_by_name(command, output)]
    return [change for change in found if change.path]


def _redirected(command: Command, output: Output) -> Iterator[Change]:
    for redirect in command.redirects:
        if not redirect.writes_output or _DEVICES.match(redirect.target):
            continue
        if _is_refused(redirect.target, output):
            continue
        path = absolute(redirect.target, command.folder)
        content = _typed_output(command)
        how: How = "redirect"
        if command.name in ("cat", "tee") and command.heredoc is not None:
            how = "heredoc"
        elif command.name in ("wget", "curl") and any(map(_URL.match, command.words[1:])):
            how = "download"
        elif is_python(command) and inline_code(command) is not None:
            how = "python"
        elif programs_of(command) or is_python(command):
            how = "program"
        yield Change(path, how, content, is_added=">>" in redirect.operator)


def _typed_output(command: Command) -> str | None:
    """What a command prints, where its own words say it whole."""
    words = command.words[1:]
    match command.name:
        case "cat" if not [word for word in words if word != "-"]:
            return command.heredoc
        case "echo":
            flags = [word for word in words if re.fullmatch(r"-[neE]+", word)]
            text = " ".join(words[len(flags) :])
            if any("e" in flag for flag in flags):
                text = with_escapes(text)
            return text if any("n" in flag for flag in flags) else f"{text}\n"
        case "printf" if words:
            values = list(words[1:])
            filled = re.sub(r"%[sd]", lambda _: values.pop(0) if values else "", words[0])
            return with_escapes(filled)
        case "" | ":" | "true":
            return ""
    return None


def _by_name(command: Command, output: Output) -> Iterator[Change]:
    name, words, folder = command.name, command.words[1:], command.folder
    plain = [word for word in words if not word.startswith("-")]
    match name:
        case "tee":
            for word in plain:
                if not _DEVICES.match(word) and not _is_refused(word, output):
                    how: How = "heredoc" if command.heredoc is not None else "redirect"
                    yield Change(
                        absolute(word, folder), how, command.heredoc, is_added="-a" in words
                    )
        case "touch":
            for word in plain:
                if not _is_refused(word, output):
                    yield Change(absolute(word, folder), "redirect", "", is_touched=True)
        case "cp" | "mv" | "install" | "rsync" if len(plain) >= 2:
            if not _says(output, f"{name}: "):
                yield from _copied(plain, folder)
        case "sed" | "perl" if any(re.match(r"-\w*i|--in-place", word) for word in words):
            if plain and not _says(output, f"{name}: "):
                yield Change(absolute(plain[-1], folder), "editor")
        case "wget" | "curl" | "git" | "gdown" | "aria2c" | "kaggle" | "huggingface-cli" | "hf":
            if not download_failure(command, output):
                yield from (
                    Change(absolute(path, folder), "download") for path in downloaded_to(command)
                )
        case "unzip" | "tar" | "7z":
            yield from _unpacked(command, output)
        case (
            "pandoc" | "pdflatex" | "xelatex" | "wkhtmltopdf" | "convert" | "ffmpeg" | "weasyprint"
        ):
            target = _option(words, "-o", "--output") or (plain[-1] if plain else "")
            if ending_of(output, name).ended == "ok" and "." in base_name(target):
                yield Change(absolute(target, folder), "program")


def downloaded_to(command: Command) -> list[str]:
    """The paths that a downloading command names for what it brings; empty where it brings none."""
    words = command.words[1:]
    urls = [word for word in words if _URL.match(word)]
    match command.name:
        case "wget" if urls:
            target = _option(words, "-O", "--output-document")
            if target and target != "-":
                return [target]
            into = _option(words, "-P", "--directory-prefix")
            return [posixpath.join(into, _url_name(url)) for url in urls if _url_name(url)]
        case "curl" if urls:
            target = _option(words, "-o", "--output")
            if target:
                return [target]
            keeps_name = any(re.fullmatch(r"-\w*O\w*|--remote-name\w*", word) for word in words)
            return [name for url in urls if (name := _url_name(url)) and keeps_name]
        case "git" if words[:1] == ("clone",) and urls:
            plain = [word for word in words[1:] if not word.startswith("-")]
            after = plain[plain.index(urls[0]) + 1 :] if urls[0] in plain else []
            return [
                f"{(after[0] if after else _url_name(urls[0]).removesuffix('.git')).rstrip('/')}/"
            ]
        case "kaggle" if "download" in words:
            return [f"{(_option(words, '-p', '--path') or '.').rstrip('/')}/"]
        case "gdown":
            target = _option(words, "-O", "--output")
            return [target] if target else []
        case "huggingface-cli" | "hf" if "download" in words:
            target = _option(words, "--local-dir")
            return [f"{target.rstrip('/')}/"] if target else []
    return []


def download_failure(command: Command, output: Output) -> str:
    """The line that says that a download failed, or ""."""
    ending = ending_of(output, command.name, is_masked=command.is_piped_on)
    return ending.failure if ending.ended == "failed" else ""


def _copied(plain: list[str], folder: str) -> Iterator[Change]:
    *sources, target = plain
    for source in sources:
        into = target
        if target.endswith("/") or target in (".", "..") or len(sources) > 1:
            into = posixpath.join(target, base_name(source))
        elif "." in base_name(source) and "." not in base_name(target):
            into = posixpath.join(target, base_name(source))  # a folder, by its name
        yield Change(absolute(into, folder), "copy", copied_from=absolute(source, folder))


def _unpacked(command: Command, output: Output) -> Iterator[Change]:
    words = command.words[1:]
    is_extracting = command.name == "unzip" or any(
        re.fullmatch(r"-?\w*x\w*|--extract", word) for word in words[:2]
    )
    target = _option(words, "-d", "-C", "--directory")
    if is_extracting and target and ending_of(output, command.name).ended == "ok":
        yield Change(absolute(f"{target.rstrip('/')}/", command.folder), "program")


def _patched(patch: str, folder: str) -> Iterator[Change]:
    parts = _PATCHED.split(patch)
    for kind, path, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        lines = [line[1:] for line in body.split("\n") if line.startswith("+")]
        yield Change(
            absolute(path, folder), "editor", "\n".join(lines) + "\n", is_added=kind == "Update"
        )


def _edits(text: str) -> list[tuple[str, str]]:
    try:
        edits = json.loads(text)
    except (ValueError, RecursionError):
        return []
    found = []
    for edit in edits if isinstance(edits, list) else []:
        if isinstance(edit, dict):
            old = next((str(edit[k]) for k in _OLD_ARGUMENTS if k in edit), "")
            found.append((old, next((str(edit[k]) for k in _NEW_ARGUMENTS if k in edit), "")))
    return found


def _first(arguments: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((arguments[name] for name in names if name in arguments), None)


def _option(words: tuple[str, ...], *names: str) -> str:
    """The value of an option, written apart or joined, or ""."""
    for at, word in enumerate(words):
        if word in names:
            return words[at + 1] if at + 1 < len(words) else ""
        for name in names:
            if name.startswith("--") and word.startswith(f"{name}="):
                return word[len(name) + 1 :]
            if not name.startswith("--") and re.fullmatch(rf"-\w{{0,6}}{name[1]}", word):
                return words[at + 1] if at + 1 < len(words) else ""
    return ""


def _url_name(url: str) -> str:
    try:
        return posixpath.basename(urlsplit(url).path.rstrip("/")) or ""
    except ValueError:
        return ""


def _is_refused(target: str, output: Output) -> bool:
    return any(f"{target}: " in line and _NO_PLACE.search(line) for line in output.lines[:200])


def _says(output: Output, beginning: str) -> bool:
    return any(line.startswith(beginning) for line in output.lines)
