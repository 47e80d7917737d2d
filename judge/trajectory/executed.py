"""What ran in a trajectory and how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from judge.trajectory.answers import CommandRun
from judge.trajectory.code_facts import code_facts
from judge.trajectory.endings import Ending, command_is_missing, ending_of
from judge.trajectory.history import Happening, History
from judge.trajectory.places import absolute
from judge.trajectory.programs import programs_of, tool_of
from judge.trajectory.shell import Command
from judge.trajectory.typed_files import TypedFiles

LONGEST_COMMAND = 500
_SERVERS = frozenset({"streamlit", "flask", "uvicorn", "gunicorn", "npm", "http-server"})


def runs_of(history: History, happening: Happening, files: TypedFiles) -> tuple[CommandRun, ...]:
    """One run for every workspace program that an action started, else one for all it did.

    What a script that was typed starts in its turn counts among the programs of its run.
    """
    if happening.deed.kind == "tool":
        return ()
    started = [(command, programs_of(command)) for command in happening.commands]
    started = [(command, programs) for command, programs in started if programs]
    scripts = tuple(
        absolute(script, happening.folder)
        for code in happening.codes
        for script in code_facts(code).scripts
    )
    if not started:
        return (_whole(history, happening, scripts),)
    return tuple(_programs(history, happening, started, files))


def _whole(history: History, happening: Happening, scripts: tuple[str, ...]) -> CommandRun:
    deed, commands = happening.deed, happening.commands
    tools = [tool_of(command) for command in commands if command.name not in ("cd", "export", "")]
    tool = "python" if happening.codes else (tools[-1] if tools else "")
    ending = _ending(happening, commands[-1] if commands else None, tool, is_last=True)
    if ending.ended == "ok" and ending.exit_status is None:
        for name in dict.fromkeys(tools):
            other = _ending(happening, None, name, is_last=False)
            if other.ended == "failed":
                ending = other
                break
    return CommandRun(
        step=happening.step.number,
        command=" ".join(deed.text.split())[:LONGEST_COMMAND],
        programs=tuple(history.place(script) for script in scripts),
        ended=ending.ended,
        exit_status=ending.exit_status,
        failure=ending.failure,
    )


def _programs(
    history: History,
    happening: Happening,
    started: list[tuple[Command, tuple[str, ...]]],
    files: TypedFiles,
) -> Iterator[CommandRun]:
    blamed = _blamed(happening, started)
    for at, (command, programs) in enumerate(started):
        after = happening.commands[happening.commands.index(command) + 1 :]
        ending = _ending(happening, command, command.name, is_last=not after)
        if happening.deed.exit_status == 0 and all(c.joined == "&&" for c in after):
            ending = Ending("ok", 0)
        missing = command_is_missing(happening.output, command.name)
        if missing:
            ending = Ending("failed", None, missing)
        elif ending.ended == "failed" and len(started) > 1:
            if blamed is None:
                # One of several failed, and nothing tells which.
                ending = Ending("unknown", None, ending.failure)
            elif blamed < at and all(c.joined == "&&" for c, _ in started[blamed + 1 : at + 1]):
                continue  # it never began
            elif blamed != at:
                ending = Ending("ok" if happening.step.is_answered else "unknown")
        placed = [history.place(program) for program in programs]
        inner = [program for path in placed for program in files.started_by(path)]
        yield CommandRun(
            step=happening.step.number,
            command=command.written,
            programs=tuple(dict.fromkeys((*placed, *inner))),
            ended=ending.ended,
            exit_status=ending.exit_status,
            failure=ending.failure if ending.ended != "ok" else "",
        )


def _ending(happening: Happening, command: Command | None, tool: str, *, is_last: bool) -> Ending:
    output, deed = happening.output, happening.deed
    is_piped = command is not None and command.is_piped_on
    is_hidden = command is not None and (command.hides_errors or command.is_background)
    tool = tool_of(command) if command is not None and command.name else tool
    ending = ending_of(
        output,
        tool,
        exit_status=deed.exit_status,
        is_error=deed.is_error,
        is_answered=happening.step.is_answered,
        is_masked=not is_last or is_piped,
        is_hidden=is_hidden,
    )
    is_stopped = ending.ended == "failed" and "timed out" in ending.failure.lower()
    if is_stopped and (tool in _SERVERS or (command is not None and command.is_background)):
        return Ending("unknown", ending.exit_status)  # a server does not end by itself
    return ending


def _blamed(happening: Happening, started: list[tuple[Command, tuple[str, ...]]]) -> int | None:
    """Which of several started programs a traceback's outermost file belongs to, if one."""
    file = happening.output.failed_file
    for at, (_, programs) in enumerate(started):
        for program in programs:
            if file and (file == program or file.endswith("/" + program.removeprefix("./"))):
                return at
    return None
