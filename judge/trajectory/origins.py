"""Where the data of an agent's work came from: downloaded, made up, or loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator

from judge.trajectory.answers import CommandRun, DataOrigin, OriginKind, Write
from judge.trajectory.changes import download_failure, downloaded_to
from judge.trajectory.code_facts import CodeFacts, code_facts
from judge.trajectory.endings import inline_failure
from judge.trajectory.history import Happening, History
from judge.trajectory.places import absolute
from judge.trajectory.shell import Command
from judge.trajectory.steps import Step
from judge.trajectory.typed_files import TypedFiles

LONGEST_QUOTE = 300
_TABLE = re.compile(r"\.(?:csv|tsv|jsonl|ndjson)$", re.I)
_RESULTS = re.compile(
    r"(?:^|/)(?:results?|outputs?|reports?|logs?|metrics|figures|predictions|submissions?)(?:/|$)",
    re.I,
)
# What programs say when they make their data up themselves.
_SAYS_MADE_UP = re.compile(
    r"\b(?:us(?:e|ing|es)|generat(?:ed?|ing|es)|creat(?:ed?|ing|es)|fall(?:s|ing)? back (?:to|on)|"
    r"fallback:?(?: to)?|switching to|loading|simulat(?:ed?|ing|es)|instead:?)\b.{0,40}?"
    r"\b(?:synthetic(?:ally generated)?|dummy|fake|mock|simulated|artificial|placeholder|"
    r"random(?:ly generated)?|sample|toy)\b"
    r"(?:[ -](?!(?:on|the|for|from|of|in|forest)\b)\w{1,30}){0,2}"
    r"[ -](?:data(?:set|frame)?s?|samples|images|records|rows|reviews|texts?|series)\b",
    re.I,
)
_NEGATED = re.compile(r"\b(?:no|not|never|without|instead of|rather than|avoid\w*)\b", re.I)
_NOT_DATA = re.compile(
    r"get-?pip|install(?:er)?\b|\.(?:sh|deb|whl|rpm|gpg|asc|key|pub|py|exe|pkg|dmg)(?:[?#]|$)", re.I
)


def origins_of(
    history: History,
    happening: Happening,
    runs: tuple[CommandRun, ...],
    writes: tuple[Write, ...],
    files: TypedFiles,
) -> Iterator[DataOrigin]:
    """The origins that one action establishes; a program's stand where its code was typed."""
    step = happening.step
    for command in happening.commands:
        yield from _by_download(history, happening, command)
    for write in writes:
        yield from _typed_table(step, write)
    for code in () if inline_failure(happening.output) else happening.codes:
        facts = code_facts(code)
        yield from _by_code(history, step, facts, facts.names, happening.folder)
    did_run = bool(happening.codes)
    for run in runs:
        if run.ended == "failed":
            continue
        for program in run.programs:
            did_run = True
            yield from _by_program(history, program, files)
    if did_run:
        yield from _said(happening)


def _by_download(history: History, happening: Happening, command: Command) -> Iterator[DataOrigin]:
    is_wanted = (
        downloaded_to(command)
        or (
            command.name in ("gdown", "kaggle", "huggingface-cli", "hf")
            and "download" in command.words
        )
        or command.name == "gdown"
    )
    if not is_wanted or any(_NOT_DATA.search(word) for word in command.words[1:]):
        return
    if download_failure(command, happening.output):
        return
    paths = downloaded_to(command)
    kind: OriginKind = "downloaded"
    if not happening.step.is_answered or command.is_background:
        kind = "unknown"
    yield DataOrigin(
        step=happening.step.number,
        kind=kind,
        quote=standing(happening.step, command.written, command.name),
        path=history.place(absolute(paths[0], command.folder)) if paths else None,
    )


def _typed_table(step: Step, write: Write) -> Iterator[DataOrigin]:
    """A table of data that was typed in by hand, row by row; results are not data."""
    if write.content is None or not _TABLE.search(write.path) or _RESULTS.search(write.path):
        return
    rows = [line for line in write.content.split("\n", 50) if line.strip()]
    if write.how in ("heredoc", "redirect", "editor", "python") and len(rows) >= 2:
        yield DataOrigin(step.number, "made_up", standing(step, rows[0], write.path), write.path)


def _by_code(
    history: History, step: Step, facts: CodeFacts, names: frozenset[str], folder: str
) -> Iterator[DataOrigin]:
    for origin in facts.origins:
        if origin.within and origin.within not in names:
            continue
        path = None
        if origin.path and not re.match(r"\w+://", origin.path):
            path = history.place(absolute(origin.path, folder)) or None
        yield DataOrigin(step.number, origin.kind, standing(step, origin.line), path)


def _by_program(history: History, program: str, files: TypedFiles) -> Iterator[DataOrigin]:
    parts = files.program(program)
    names = frozenset().union(*(facts.names for _, _, facts in parts))
    for _, number, facts in parts:
        step = history.trajectory.step(number)
        if step is not None:
            yield from _by_code(history, step, facts, names, "")


def _said(happening: Happening) -> Iterator[DataOrigin]:
    for line in happening.output.lines[:2_000]:
        match = _SAYS_MADE_UP.search(line[:1_000])
        if match and not _NEGATED.search(line[max(match.start() - 12, 0) : match.end()]):
            quote = line.strip()[:LONGEST_QUOTE]
            yield DataOrigin(happening.step.number, "made_up", quote)


def standing(step: Step, *candidates: str) -> str:
    """The first candidate that stands in the action word for word, white space folded, or ""."""
    action = " ".join(step.action.split())
    for candidate in candidates:
        folded = " ".join(candidate.split())
        if folded and folded in action:
            return candidate.strip()[:LONGEST_QUOTE]
    # A shell's quoting may stand between the code and the action's text.
    for candidate in candidates:
        words = re.findall(r"[\w.]{4,80}", candidate)
        for word in sorted(map(str, words), key=len, reverse=True):
            if word in action:
                return word
    return ""
