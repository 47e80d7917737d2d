"""How a command ended, as its exit status or what it printed tells.

A word such as "error" in a program's own output is no failure; what counts is what interpreters,
shells and tools print when they give up, at the place where they print it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from judge.trajectory.answers import Ended
from judge.trajectory.bounds import LONGEST_TEXT

LONGEST_FAILURE = 300
LONGEST_LINE = 2_000
MOST_LINES = 20_000

_ANSI = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
# Only where environments themselves put it: a program can print such words in between.
_STATUS_AT_END = re.compile(
    r"\[(?:The command completed|Command finished) with exit code (-?\d{1,9})\.?\][\s\]]*\Z"
)
_STATUS_AT_START = re.compile(r"\s*(?:<returncode>|Exit code:? )(-?\d{1,9})")
# What environments print around a command's own output.
_NOTICE = re.compile(
    r"\[(?:Python Interpreter|Jupyter (?:current working directory|Python interpreter)|"
    r"Current working directory|The command completed|Command finished)\b"
    r"|[\w.-]{1,64}@[\w.-]{1,64}:\S{0,500} ?[$#]|bash-\S{0,20}[$#]"
    r"|\((?:Open file|Current directory): "
    r"|</?(?:output|returncode|stdout|stderr)>|New Terminal Output:|\[(?:notice|Errno)\]"
)
_EXCEPTION = re.compile(
    r"(?:[A-Za-z_][\w.]{0,200}\.)?[A-Za-z_]\w{0,100}(?:Error|Exception|Interrupt|Exit|NotFound|"
    r"Timeout|Iteration)(?::|$)"
)
_HEADER = "Traceback (most recent call last)"
_FRAME = re.compile(r'\s*File "([^"\n]{1,500})", line \d+')
_SYNTAX = re.compile(r"(?:SyntaxError|IndentationError|TabError): ")

# Each is matched at the beginning of a line; they hold whatever ran.
_ANY = re.compile(
    r"Killed$|Segmentation fault|Aborted(?: \(core dumped\))?$|Illegal instruction|Bus error"
    r"|.{0,200}: line \d+: +\d+ (?:Killed|Segmentation fault|Aborted)"
    r"|(?:python[\d.]*|\S{0,200}/python[\d.]*): (?:can't open file|No module named)"
    r"|(?:bash|sh|zsh|/bin/\w{1,10}): (?:line \d+: )?(?:syntax error|-c: )"
    r"|\[?(?:The )?[Cc]ommand (?:'.{0,200}' )?(?:has )?timed out"
    r"|.{0,100}\btimed out and has been killed"
    r"|(?:bash|sh|zsh): (?:line \d+: )?cd: "
    r"|\[The command has no new output after \d+"
)
_MISSING_COMMAND = re.compile(
    r"(?P<by>[\w./-]{1,100}): (?:line \d+: |\d+: )?"
    r"(?P<name>[^\s:]{1,200}): (?:command not found|not found|No such file or directory|"
    r"Permission denied|cannot execute)"
    r"|command not found: (?P<zsh>\S{1,200})"
)
_SHELLS = re.compile(r"(?:\S{0,100}/)?-?(?:bash|sh|zsh|dash)|\S{1,100}\.(?:sh|bash)")
_BY_TOOL: dict[str, re.Pattern[str]] = {
    "node": re.compile(
        r"(?:Uncaught )?[A-Z]\w{0,60}Error(?: \[\w{1,60}\])?: |throw |Error: Cannot find module"
    ),
    "npm": re.compile(r"npm (?:ERR!|error)|Failed to compile|sh: 1: "),
    "pip": re.compile(r"ERROR: (?!pip's dependency resolver)|error: externally-managed"),
    "git": re.compile(r"(?:fatal|error): "),
    "wget": re.compile(
        r"wget: |.{0,200}ERROR \d{3}|.{0,200}unable to resolve host|.{0,100}\bfailed: "
        r"|HTTP request sent, awaiting response\.\.\. [45]\d\d|Unable to establish SSL"
    ),
    "curl": re.compile(r"curl: \(\d+\)|.{0,200}Could not resolve host"),
    "kaggle": re.compile(
        r"(?:OSError|IOError|ValueError): |Could not find kaggle\.json|40[134] - |"
        r"Missing username|Warning: Looks like you're using an outdated"
    ),
    "apt": re.compile(r"E: |Err:\d+ "),
    "make": re.compile(r"make(?:\[\d+\])?: \*\*\* "),
    "cargo": re.compile(r"error(?:\[E\d+\])?: "),
    "gcc": re.compile(r"\S{1,200}:\d+:\d+: (?:fatal )?error: |collect2: error|\S{0,40}ld: "),
    "go": re.compile(r"panic: |\S{1,200}\.go:\d+:\d+: |# command-line-arguments"),
    "java": re.compile(
        r"Exception in thread |Error: Could not find or load|\S{1,200}:\d+: error: "
    ),
    "rscript": re.compile(r"Error in |Error: |Execution halted"),
    "pytest": re.compile(
        r"={1,100} .{0,200}\b\d+ (?:failed|errors?)\b|FAILED \(|E +[A-Z]\w{1,60}Error"
    ),
    "pandoc": re.compile(r"\S{0,100} not found\. Please|Error |pandoc: |pdflatex not found"),
    "unzip": re.compile(r"unzip: +cannot|.{0,200}End-of-central-directory signature not found"),
    "tar": re.compile(r"tar: .{0,200}(?:Cannot|Error|not recoverable)"),
    "streamlit": re.compile(r"Error: |Usage: streamlit"),
}
_TOOL_OF = {
    "pip3": "pip", "npx": "npm", "yarn": "npm", "pnpm": "npm", "apt-get": "apt", "g++": "gcc",
    "cc": "gcc", "clang": "gcc", "c++": "gcc", "javac": "java", "mvn": "java", "gradle": "java",
    "ts-node": "node", "tsx": "node", "deno": "node", "bun": "node", "rustc": "cargo",
    "py.test": "pytest", "unittest": "pytest", "Rscript": "rscript",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended; `failed_file` is the outermost file of a traceback, "" without one."""

    ended: Ended
    exit_status: int | None = None
    failure: str = ""
    failed_file: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """What an environment answered, cleaned: its lines, and what tells of a failure in them."""

    lines: tuple[str, ...]
    distinct: tuple[str, ...]
    exit_status: int | None
    traceback: str
    failed_file: str
    is_silent: bool


def read_output(observation: str) -> Output:
    """Reads an observation once for all the commands of its action."""
    text = observation[-LONGEST_TEXT:]
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    told = _STATUS_AT_END.search(text[-200:]) or _STATUS_AT_START.match(text[:100])
    status = int(told[1]) if told else None
    # A carriage return overwrites its line, as progress bars do.
    raw = text.replace("\r\n", "\n").split("\n")
    lines = [line.rstrip().rsplit("\r", 1)[-1][:LONGEST_LINE] for line in raw]
    lines = [line for line in lines[-MOST_LINES:] if line.strip() and not _NOTICE.match(line)]
    traceback, failed_file = _traceback(lines)
    return Output(
        tuple(lines), tuple(dict.fromkeys(lines)), status, traceback, failed_file, not lines
    )


def ending_of(
    output: Output,
    tool: str,
    *,
    exit_status: int | None = None,
    is_error: bool | None = None,
    is_answered: bool = True,
    is_masked: bool = False,
    is_hidden: bool = False,
) -> Ending:
    """How a command of a tool ended.

    `is_masked`: another command decides the exit status. `is_hidden`: what it printed as errors
    went elsewhere, so that silence tells nothing.
    """
    status = exit_status if exit_status is not None else output.exit_status
    failure = _failure(output, tool, is_masked)
    if status is not None and not is_masked:
        if exit_status == 0:
            return Ending("ok", 0)
        if status > 0:
            line = failure or (output.lines[-1] if output.lines else f"exit status {status}")
            return Ending("failed", status, line[:LONGEST_FAILURE], output.failed_file)
    if failure:
        return Ending("failed", status, failure[:LONGEST_FAILURE], output.failed_file)
    if is_error and not is_masked:
        line = output.lines[-1] if output.lines else "the environment reports an error"
        return Ending("failed", status, line[:LONGEST_FAILURE], output.failed_file)
    if not is_answered or is_hidden or (status is not None and status < 0):
        return Ending("unknown", status)
    return Ending("ok", status if not is_masked else None)


def family_of(name: str) -> str:
    """The tool whose way of failing a command has: "pip3" fails like "pip"."""
    return _TOOL_OF.get(name, name)


def inline_failure(output: Output) -> str:
    """The line that says that Python code given on the spot raised, or ""."""
    if output.traceback:
        is_inline = output.failed_file in ("", "<string>", "<stdin>") or (
            output.failed_file.startswith(("<ipython", "/tmp/ipykernel"))
        )
        return output.traceback if is_inline else ""
    for line in output.lines:
        if _SYNTAX.match(line):
            return line
    return output.lines[-1] if output.lines and _EXCEPTION.match(output.lines[-1]) else ""


def command_is_missing(output: Output, name: str) -> str:
    """The line in which a shell says that it cannot start `name`, or ""."""
    for line in output.lines:
        match = _MISSING_COMMAND.match(line)
        if match and (match["name"] or match["zsh"]).rsplit("/", 1)[-1] == name:
            return line
    return ""


def _failure(output: Output, tool: str, is_masked: bool) -> str:
    if output.traceback:
        return output.traceback
    own = _BY_TOOL.get(family_of(tool))
    is_python = tool.startswith("python") or tool in ("ipython", "jupyter", "papermill")
    for line in output.distinct:
        if _ANY.match(line) or (own is not None and own.match(line)):
            return line.strip()
        if is_python and _SYNTAX.match(line):
            return line.strip()
        missing = None if is_python else _MISSING_COMMAND.match(line)
        if missing and (missing["by"] in (None, tool) or _SHELLS.fullmatch(missing["by"])):
            return line.strip()
    # The header of a traceback may be cut off by `| tail`.
    if is_python and is_masked and output.lines and _EXCEPTION.match(output.lines[-1]):
        return output.lines[-1].strip()
    return ""


def _traceback(lines: list[str]) -> tuple[str, str]:
    """The last line of the last traceback that nothing ignored, and its outermost file."""
    found = ("", "")
    at = 0
    while at < len(lines):
        at += 1
        if _HEADER not in lines[at - 1]:
            continue
        if at > 1 and lines[at - 2].startswith("Exception ignored in"):
            continue
        is_plain = at < len(lines) and lines[at].startswith("  ")  # IPython does not indent
        outermost, last = "", _HEADER
        while at < len(lines) and _HEADER not in lines[at]:
            line = lines[at]
            at += 1
            frame = _FRAME.match(line)
            if frame and not outermost and not frame[1].startswith("<frozen"):
                outermost = frame[1]
            if (is_plain and not line.startswith(" ")) or _EXCEPTION.match(line):
                last = line.strip()
                break
        found = (last, outermost)
    return found
