"""Reads shell text into simple commands, in one pass and without running anything.

It knows quoting, here-documents, redirects, `cd`, subshells, command substitution and `bash -c`;
it is no shell: what it does not know stays in the words as written. Time is linear in the text.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from judge.trajectory.bounds import LONGEST_TEXT

MOST_COMMANDS = 2_000
MOST_REDIRECTS = 50
DEEPEST = 3
LONGEST_WRITTEN = 500

_PLAIN = re.compile(r"[^\s'\"\\$`;&|<>()#]+")
_IN_DOUBLE = re.compile(r'[^"\\$`]+')
_REDIRECT = re.compile(r"(?:&>>|&>|\d{0,2}(?:<<<|<<-|<<|>>|>\||>&|<&|<>|>|<))")
_NAME = re.compile(r"[A-Za-z_]\w*")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=(.*)", re.DOTALL)
_KEYWORDS = frozenset("if then elif else fi while until do done ! { } time esac in".split())
_WRAPPERS = frozenset(
    "sudo env nohup command exec builtin nice stdbuf xvfb-run setsid unbuffer srun ionice".split()
)
_RUNNERS = frozenset({"poetry", "uv", "pipenv", "pdm", "conda", "micromamba", "mamba", "hatch"})
_SHELLS = frozenset({"bash", "sh", "zsh", "dash"})


@dataclass(frozen=True, slots=True)
class Redirect:
    """Such as `2>` and `log.txt`; the target of a here-document is its closing word."""

    operator: str
    target: str

    @property
    def writes_output(self) -> bool:
        return self.operator in (">", ">>", ">|", "1>", "1>>", "&>", "&>>")

    @property
    def hides_errors(self) -> bool:
        return self.operator in ("&>", "&>>", "2>", "2>>")


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command. `folder` is where it runs, from where the text began ("" there).

    `joined` is the operator before it: "", "&&", "||", ";", "|" or "&".
    """

    words: tuple[str, ...]
    redirects: tuple[Redirect, ...]
    heredoc: str | None
    written: str
    folder: str
    joined: str
    is_background: bool = False
    is_piped_on: bool = False

    @property
    def name(self) -> str:
        """The base name of what is called, or "" for a bare redirect."""
        return posixpath.basename(self.words[0]) if self.words else ""

    @property
    def hides_errors(self) -> bool:
        outputs = [r for r in self.redirects if r.writes_output]
        merged = any(r.operator == "2>&" for r in self.redirects)
        return any(r.hides_errors for r in self.redirects) or (merged and bool(outputs))


@dataclass
class _Open:
    """The command that is being read."""

    words: list[str] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    heredoc: str | None = None
    inner: list[str] = field(default_factory=list)
    assigned: dict[str, str] = field(default_factory=dict)
    start: int = -1
    end: int = -1


def parse_shell(text: str, folder: str = "", depth: int = 0) -> tuple[Command, ...]:
    """The simple commands of a text in order; never raises. What exceeds the bounds is left out."""
    return _Reader(text[:LONGEST_TEXT], folder, depth).commands()


def parse_session(text: str, folder: str) -> tuple[tuple[Command, ...], str]:
    """The simple commands of a text, and the folder in which the shell stands after them."""
    reader = _Reader(text[:LONGEST_TEXT], folder, 0)
    return reader.commands(), reader.folder


class _Reader:
    def __init__(self, text: str, folder: str, depth: int) -> None:
        self.text = text
        self.at = 0
        self.depth = depth
        self.folder = folder
        self.folders: list[str] = []
        self.variables: dict[str, str] = {}
        self.found: list[Command] = []
        self.joined = ""
        self.current = _Open()
        self.closed: list[tuple[_Open, str, str]] = []
        self.waiting: list[tuple[_Open, str, bool]] = []

    def commands(self) -> tuple[Command, ...]:
        text, size = self.text, len(self.text)
        while self.at < size and len(self.found) < MOST_COMMANDS:
            character = text[self.at]
            if character == "\n":
                self.at += 1
                self._close(";")
                if self.waiting:
                    self._read_heredocs()
            elif character.isspace():
                self.at += 1
            elif character == "#":
                end = text.find("\n", self.at)
                self.at = size if end < 0 else end
            elif character == "\\" and text.startswith("\\\n", self.at):
                self.at += 2
            elif text.startswith(("&&", "||"), self.at):
                operator = text[self.at : self.at + 2]
                self.at += 2
                self._close(operator)
            elif match := _REDIRECT.match(text, self.at):
                self._redirect(match.group())
            elif character in ";|&()":
                self._operator(character)
            else:
                start = self.at
                word = self._word()
                if self.current.start < 0:
                    self.current.start = start
                self.current.end = self.at
                self._take(word)
        self._close("")
        self._emit_closed()
        return tuple(self.found[:MOST_COMMANDS])

    def _operator(self, character: str) -> None:
        self.at += 1
        if character == "|" and self.text.startswith("&", self.at):
            self.at += 1
        self._close(";" if character in "()" else character)
        if character == "(":
            self.folders.append(self.folder)
        elif character == ")" and self.folders:
            self.folder = self.folders.pop()

    def _take(self, word: str) -> None:
        current = self.current
        if not current.words:
            if word in _KEYWORDS:
                return
            assignment = _ASSIGNMENT.fullmatch(word)
            if assignment:
                current.assigned[assignment[1]] = assignment[2]
                return
        current.words.append(word)

    def _redirect(self, operator: str) -> None:
        if self.current.start < 0:
            self.current.start = self.at
        self.at += len(operator)
        text, size = self.text, len(self.text)
        while self.at < size and text[self.at] in " \t":
            self.at += 1
        target = self._word() if self.at < size and text[self.at] not in "\n;&|()" else ""
        self.current.end = self.at
        if len(self.current.redirects) < MOST_REDIRECTS:
            self.current.redirects.append(Redirect(operator, target))
        if operator in ("<<", "<<-"):
            self.waiting.append((self.current, target, operator == "<<-"))

    def _read_heredocs(self) -> None:
        for command, closing, strips_tabs in self.waiting:
            lines: list[str] = []
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at = min(end + 1, len(self.text))
                if strips_tabs:
                    line = line.lstrip("\t")
                if line.rstrip("\r") == closing:
                    break
                lines.append(line)
            command.heredoc = "\n".join(lines) + ("\n" if lines else "")
        self.waiting = []
        self._emit_closed()

    def _word(self) -> str:
        """Reads one word from `at`; always moves on."""
        text, size = self.text, len(self.text)
        parts: list[str] = []
        while self.at < size:
            character = text[self.at]
            if character.isspace() or character in ";&|<>()":
                break
            if character == "'":
                end = text.find("'", self.at + 1)
                end = size if end < 0 else end
                parts.append(text[self.at + 1 : end])
                self.at = end + 1
            elif character == '"':
                self._double_quoted(parts)
            elif character == "\\":
                if not text.startswith("\\\n", self.at):
                    parts.append(text[self.at + 1 : self.at + 2])
                self.at += 2
            elif character in "$`":
                self._expansion(parts)
            elif character == "#":
                parts.append("#")
                self.at += 1
            else:
                match = _PLAIN.match(text, self.at)
                parts.append(match.group() if match else character)
                self.at = match.end() if match else self.at + 1
        self.at = min(self.at, size)
        return "".join(parts)

    def _double_quoted(self, parts: list[str]) -> None:
        text, size = self.text, len(self.text)
        self.at += 1
        while self.at < size:
            character = text[self.at]
            if character == '"':
                self.at += 1
                return
            if character == "\\":
                following = text[self.at + 1 : self.at + 2]
                if following != "\n":
                    parts.append(following if following in '"\\$`' else f"\\{following}")
                self.at += 2
            elif character in "$`":
                self._expansion(parts)
            else:
                match = _IN_DOUBLE.match(text, self.at)
                assert match is not None
                parts.append(match.group())
                self.at = match.end()

    def _expansion(self, parts: list[str]) -> None:
        """A `$…` or backtick: known variables are put in, commands within are read later."""
        text, start = self.text, self.at
        if text[start] == "`":
            end = text.find("`", start + 1)
            end = len(text) if end < 0 else end
            self.current.inner.append(text[start + 1 : end])
            self.at = end + 1
            parts.append(text[start : self.at])
        elif text.startswith("$(", start):
            self.at = _closing(text, start + 2)
            self.current.inner.append(text[start + 2 : self.at - 1])
            parts.append(text[start : self.at])
        elif text.startswith("$'", start):
            end = text.find("'", start + 2)
            end = len(text) if end < 0 else end
            parts.append(with_escapes(text[start + 2 : end]))
            self.at = end + 1
        elif text.startswith("${", start):
            end = text.find("}", start, start + 200)
            self.at = start + 2 if end < 0 else end + 1
            name = text[start + 2 : end] if end > 0 else ""
            parts.append(self.variables.get(name, text[start : self.at]))
        else:
            match = _NAME.match(text, start + 1)
            self.at = match.end() if match else start + 1
            written = text[start : self.at]
            parts.append(self.variables.get(written[1:], written))

    def _close(self, operator: str) -> None:
        """Ends the current command; `operator` joins the next one to it."""
        current = self.current
        is_empty = not (current.words or current.redirects)
        if current.assigned and not current.words:
            self.variables.update(current.assigned)
        if not is_empty or current.inner:
            self.closed.append((current, self.joined, operator))
            if not self.waiting:
                self._emit_closed()
        if not is_empty or operator not in (";", ""):
            self.joined = operator
        self.current = _Open()

    def _emit_closed(self) -> None:
        """Adds the commands whose here-documents are read, in order, following `cd`."""
        closed, self.closed = self.closed, []
        for current, joined, after in closed:
            self._emit(current, joined, after)

    def _emit(self, current: _Open, joined: str, after: str) -> None:
        for inner in current.inner:
            self._read_inner(inner)
        words = tuple(unwrapped(current.words))
        if not words and not current.redirects:
            return
        name = posixpath.basename(words[0]) if words else ""
        if name in ("cd", "pushd") and after != "|" and joined != "|":
            self._change_folder(words)
        script = _inner_script(name, words, current.heredoc)
        if script is not None and self._read_inner(script):
            return
        written = self.text[max(current.start, 0) : max(current.end, 0)]
        self.found.append(
            Command(
                words=words,
                redirects=tuple(current.redirects),
                heredoc=current.heredoc,
                written=written[:LONGEST_WRITTEN],
                folder=self.folder,
                joined=joined,
                is_background=after == "&",
                is_piped_on=after == "|",
            )
        )

    def _read_inner(self, text: str) -> bool:
        """Adds the commands of a substitution or an inner script; False where it is too deep."""
        if self.depth >= DEEPEST or len(self.found) >= MOST_COMMANDS:
            return False
        self.found += parse_shell(text, self.folder, self.depth + 1)
        return True

    def _change_folder(self, words: tuple[str, ...]) -> None:
        targets = [word for word in words[1:] if not word.startswith("-") and word != "&&"]
        if targets:
            self.folder = posixpath.normpath(posixpath.join(self.folder, targets[0]))
        elif len(words) == 1:
            self.folder = "~"


def unwrapped(words: list[str]) -> list[str]:
    """The words without `sudo`, `timeout 60`, `env A=b`, `poetry run` and the like before them."""
    words = list(words)
    for _ in range(5):
        if len(words) < 2:
            return words
        name = posixpath.basename(words[0])
        if name in _WRAPPERS:
            words = _without_options(words[1:], valued="-u -n -g -C -o -e -i -c")
            while words and _ASSIGNMENT.fullmatch(words[0]):
                words = words[1:]
        elif name == "timeout":
            words = _without_options(words[1:], valued="-k -s")[1:]
        elif name in _RUNNERS and words[1] == "run":
            words = _without_options(words[2:], valued="-n -p --name --prefix --with --python")
        elif name == "accelerate" and words[1] == "launch":
            words = ["python", *_without_options(words[2:], valued="--config_file")]
        elif name == "torchrun":
            words = ["python", *_without_options(words[1:], valued="--nproc_per_node")]
        else:
            return words
    return words


def _without_options(words: list[str], valued: str) -> list[str]:
    with_value = frozenset(valued.split())
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in with_value else 1
    return words[at:]


def _inner_script(name: str, words: tuple[str, ...], heredoc: str | None) -> str | None:
    """The text that `bash -c`, `eval` or `bash <<EOF` runs; None for any other command."""
    if name == "eval":
        return " ".join(words[1:])
    if name not in _SHELLS:
        return None
    for at, word in enumerate(words[1:], start=1):
        if not word.startswith("-"):
            return None
        if "c" in word and not word.startswith("--") and at + 1 < len(words):
            return words[at + 1]
    return heredoc


def _closing(text: str, at: int) -> int:
    """Just past the bracket that closes a `$(` whose inside begins at `at`, or the end."""
    depth = 1
    size = len(text)
    while at < size:
        character = text[at]
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return at + 1
        elif character == "'":
            end = text.find("'", at + 1)
            at = size if end < 0 else end
        elif character == "\\":
            at += 1
        at += 1
    return size + 1


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "", "0": "\0", "'": "'", '"': '"'}


def with_escapes(text: str) -> str:
    """The text with backslash escapes as `printf` and `$'…'` read them; unknown ones stay."""
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), text, flags=re.DOTALL)
