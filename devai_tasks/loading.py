"""Tasks from a file, a folder, a checkout in DevAI's layout, or a dataset of the hub."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from devai_tasks.dag import without_self_loops
from devai_tasks.faults import Fault, read_form, refuse
from devai_tasks.models import Task
from devai_tasks.reading import SUFFIXES, read_documents
from results.errors import InputError, MissingExtra

HUB = "hub:"
# Where a checkout or a dataset keeps its tasks; the first of these that holds any is read.
PLACES = ("devai/instances", "instances", "", "data")
# What stands beside the tasks in the root of a dataset without being one.
NOT_TASKS = {"dataset_info.json", "dataset_infos.json", "constraints.json"}


@dataclass(frozen=True)
class LoadedTasks:
    """Tasks in the order of their files, and what was passed over in reading them."""

    tasks: tuple[Task, ...]
    warnings: tuple[str, ...] = ()

    def named(self, name: str) -> Task | None:
        """The task of that name, if there is one."""
        return next((task for task in self.tasks if task.name == name), None)


@dataclass(frozen=True)
class Inspection:
    """What a path holds: the tasks that can be used, and all the faults of all its files."""

    files: tuple[str, ...]
    tasks: tuple[Task, ...]
    faults: tuple[Fault, ...]


def load_tasks(path: Path | str) -> LoadedTasks:
    """The tasks at `path`, or of the dataset that `hub:<owner>/<dataset>` names.

    A requirement that names itself as a prerequisite loses that edge, with a warning. Any other
    fault raises InputError, which lists them all.
    """
    found = inspect_tasks(path)
    refuse([fault for fault in found.faults if not fault.is_self_loop], str(path))
    warnings = tuple(f"{fault} Until then the edge is ignored." for fault in found.faults)
    return LoadedTasks(found.tasks, warnings)


def inspect_tasks(path: Path | str) -> Inspection:
    """Every task and every fault at `path`; InputError only where there is nothing to read."""
    files, root = _task_files(path)
    tasks: list[Task] = []
    faults: list[Fault] = []
    first_use: dict[str, str] = {}
    for file in files:
        shown = str(file) if root is None else file.relative_to(root).as_posix()
        documents, broken = read_documents(file, shown)
        faults += broken
        if not documents and not broken:
            mend = "put a task in it or remove it"
            faults.append(Fault(file=shown, place="", what="holds no task", mend=mend))
        for document in documents:
            task, wrong = read_form(document, Task)
            faults += wrong
            if task is None:
                continue
            if task.name in first_use:
                what = f"the name {task.name} is taken by {first_use[task.name]}"
                faults.append(document.fault("/name", what, "give each task its own name"))
                continue
            first_use[task.name] = f"{document.file} {document.place}".strip()
            if all(fault.is_self_loop for fault in wrong):
                tasks.append(_without_self_loops(task))
    return Inspection(tuple(str(file) for file in files), tuple(tasks), tuple(faults))


def find_faults(path: Path | str) -> tuple[Fault, ...]:
    """All the faults of the tasks at `path`, self-loops included."""
    return inspect_tasks(path).faults


def select_tasks(tasks: Iterable[Task], names_or_tags: Sequence[str]) -> tuple[Task, ...]:
    """The tasks that any of `names_or_tags` names, exactly by name or by tag in any case.

    Nothing asked for means all. One that names nothing raises InputError.
    """
    listed = tuple(tasks)
    if not names_or_tags:
        return listed
    chosen: set[str] = set()
    for asked in names_or_tags:
        named = {task.name for task in listed if asked == task.name}
        tagged = {t.name for t in listed if asked.casefold() in {tag.casefold() for tag in t.tags}}
        if not named | tagged:
            known = sorted({t.name for t in listed} | {tag for t in listed for tag in t.tags})
            near = get_close_matches(asked, known, n=3, cutoff=0.5)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}."
            raise InputError(f"No task has the name or tag {asked!r}; {hint}")
        chosen |= named | tagged
    return tuple(task for task in listed if task.name in chosen)


def _without_self_loops(task: Task) -> Task:
    requirements = tuple(
        requirement.model_copy(
            update={
                "prerequisites": without_self_loops(
                    requirement.requirement_id, requirement.prerequisites
                )
            }
        )
        for requirement in task.requirements
    )
    return task.model_copy(update={"requirements": requirements})


def _task_files(path: Path | str) -> tuple[list[Path], Path | None]:
    """The files to read, and the folder that faults name them from."""
    if isinstance(path, str) and path.startswith(HUB):
        path = _download(path.removeprefix(HUB))
    path = Path(path)
    if path.is_file():
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(f"{path} is not a task file; tasks are {_listed_suffixes()} files.")
        return [path], None
    if not path.is_dir():
        raise InputError(f"No tasks at {path}: there is no such file or folder; check the path.")
    for place in PLACES:
        files = _files_of(path / place)
        if files:
            return files, path
    raise InputError(f"{path} holds no tasks; expected {_listed_suffixes()} files in it.")


def _files_of(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        file
        for file in folder.iterdir()
        if file.suffix.lower() in SUFFIXES
        and not file.name.startswith(".")
        and file.name not in NOT_TASKS
        and file.is_file()
    )


def _listed_suffixes() -> str:
    return ", ".join(SUFFIXES[:-1]) + f" or {SUFFIXES[-1]}"


def _download(dataset: str) -> Path:
    """The dataset's task files in the hub's own cache."""
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", dataset):
        raise InputError(f"hub:{dataset} names no dataset; write hub:<owner>/<dataset>.")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError as error:
        raise MissingExtra("Reading tasks from the hub", "models") from error
    patterns = [f"*{suffix}" for suffix in SUFFIXES]
    try:
        folder = snapshot_download(dataset, repo_type="dataset", allow_patterns=patterns)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise InputError(
            f"The dataset {dataset} cannot be had from the hub ({type(error).__name__}); check "
            "its name and the network, or download it and give the folder's path."
        ) from error
    return Path(folder)
