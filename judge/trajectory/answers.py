"""What the questions about a trajectory are answered with; every quote stands in its step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

How = Literal["heredoc", "redirect", "editor", "python", "copy", "download", "program"]
Ended = Literal["ok", "failed", "unknown"]
OriginKind = Literal["downloaded", "made_up", "loaded", "unknown"]


@dataclass(frozen=True, slots=True)
class Write:
    """A step wrote a file. `path` is relative to the workspace where that can be told.

    `content` is what the action itself carries, typed by hand: the whole file, or for an edit the
    new text; "" for a file that was only touched. It is None where something computed it. A path
    that ends in "/" is a folder whose files came in one go (a clone, an unpacked archive).
    "program" says that a program which ran to its end writes this path in its code, or was given
    it as its output.
    """

    step: int
    path: str
    how: How
    content: str | None = None


@dataclass(frozen=True, slots=True)
class CommandRun:
    """A command was run. `programs` are the workspace's own scripts that it started.

    `failure` is the traceback's last line or the error line; "" where it did not fail.
    """

    step: int
    command: str
    programs: tuple[str, ...]
    ended: Ended
    exit_status: int | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an agent says it achieved; `quote` stands in the thought, `by_quote` in an observation.

    `doubt` says what in the actions speaks against it where no observation contradicts it, such
    as a figure that is printed as a literal; "" where nothing does.
    """

    step: int
    quote: str
    about: str
    is_contradicted: bool = False
    by_step: int | None = None
    by_quote: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class DataOrigin:
    """Where data came from: `quote` stands in the action or the observation of `step`."""

    step: int
    kind: OriginKind
    quote: str
    path: str | None = None
