"""What the agents left: which workspace and which trajectory belong to which task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from devai_tasks import LoadedTasks, Task, select_tasks
from judge.trajectory import find_trajectory
from results.errors import InputError

PATTERN = frozenset("*?[")
SHOWN = 3


@dataclass(frozen=True)
class Output:
    """One agent's output for one task; without a trajectory it is judged black-box."""

    task: Task
    workspace: Path
    trajectory: Path | None


@dataclass(frozen=True)
class AgentOutputs:
    """All outputs of one agent, in the order of the tasks; `notes` say what is not among them."""

    agent: str
    outputs: tuple[Output, ...]
    notes: tuple[str, ...] = ()


def select(tasks: Sequence[Task], patterns: Sequence[str]) -> tuple[Task, ...]:
    """The tasks whose name or tag is one of `patterns`, or fits one such as `*_ML`.

    Tags fit in any case. No pattern means all; InputError for a pattern that fits nothing.
    """
    if not patterns:
        return tuple(tasks)
    chosen: set[str] = set()
    for pattern in patterns:
        if not PATTERN & set(pattern):
            chosen |= {task.name for task in select_tasks(tasks, [pattern])}
            continue
        fitting = {task.name for task in tasks if _fits(task, pattern)}
        if not fitting:
            names = _some([task.name for task in tasks])
            raise InputError(f"No task's name or tag fits {pattern!r}; there are {names}.")
        chosen |= fitting
    return tuple(task for task in tasks if task.name in chosen)


def find_outputs(
    tasks: LoadedTasks,
    workspaces: Path,
    trajectories: Path | None = None,
    agent: str | None = None,
    patterns: Sequence[str] = (),
) -> tuple[AgentOutputs, ...]:
    """The outputs in `<workspaces>/<task>/`, or of every agent in `<workspaces>/<agent>/<task>/`.

    One agent's are named by `agent`, or else after their folder; of several agents, `agent`
    chooses one. InputError where nothing is to be judged.
    """
    chosen = select(tasks.tasks, patterns)
    known = {task.name for task in tasks.tasks}
    folders = _folders_in(workspaces)
    if known & folders.keys():
        homes = {agent or workspaces.resolve().name: folders}
    else:
        homes = {
            name: inner
            for name, folder in folders.items()
            if not folder.is_symlink() and known & (inner := _folders_in(folder)).keys()
        }
        if not homes:
            example = chosen[0].name
            raise InputError(
                f"No folder in {workspaces} has the name of a task; expected <task>/ or"
                f" <agent>/<task>/ folders there, such as {example}/."
            )
        if agent is not None:
            if agent not in homes:
                raise InputError(
                    f"{workspaces} holds no outputs of the agent {agent!r}; there are"
                    f" {_some(sorted(homes))}."
                )
            homes = {agent: homes[agent]}
    found = [_outputs_of(name, inner, chosen, known, trajectories) for name, inner in homes.items()]
    judged = tuple(outputs for outputs in found if outputs.outputs)
    if not judged:
        names = _some([task.name for task in chosen])
        raise InputError(f"{workspaces} holds no workspace of the selected tasks ({names}).")
    return judged


def _outputs_of(
    agent: str,
    folders: dict[str, Path],
    chosen: Sequence[Task],
    known: set[str],
    trajectories: Path | None,
) -> AgentOutputs:
    outputs = [
        Output(
            task,
            folders[task.name],
            None if trajectories is None else find_trajectory(trajectories, agent, task.name),
        )
        for task in chosen
        if task.name in folders
    ]
    notes = []
    without = [task.name for task in chosen if task.name not in folders]
    if without:
        notes.append(f"{agent} has no workspace of {_some(without)}: not judged.")
    strange = sorted(folders.keys() - known)
    if strange:
        notes.append(f"{agent} has folders with no task's name, {_some(strange)}: not judged.")
    blind = [output.task.name for output in outputs if output.trajectory is None]
    if trajectories is not None and blind:
        notes.append(f"{agent} has no trajectory of {_some(blind)}: judged by workspace alone.")
    return AgentOutputs(agent, tuple(outputs), tuple(notes))


def _folders_in(folder: Path) -> dict[str, Path]:
    """Name -> folder; links are listed too, so that one in a workspace's place is refused."""
    try:
        return {
            entry.name: entry
            for entry in sorted(folder.iterdir())
            if not entry.name.startswith(".") and (entry.is_dir() or entry.is_symlink())
        }
    except FileNotFoundError as error:
        raise InputError(f"There is no folder {folder}; check the path.") from error
    except NotADirectoryError as error:
        raise InputError(f"{folder} is not a folder; give the folder of workspaces.") from error
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be read: {error.strerror}.") from error


def _fits(task: Task, pattern: str) -> bool:
    folded = pattern.casefold()
    return fnmatchcase(task.name, pattern) or any(
        fnmatchcase(tag.casefold(), folded) for tag in task.tags
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
