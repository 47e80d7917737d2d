"""An anchor: a small labelled set of outputs in a folder of its own, and how it was judged."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from devai_tasks import Task, bundled_example, load_judgments, load_tasks
from devai_tasks.judgments import FLAG_OF
from judge.calibration.copying import copy_workspace
from judge.running.outputs import Output, find_outputs
from judge.running.provenance import hash_of_path
from judge.workspace import Workspace
from results.errors import InputError
from results.records import Value
from results.run_folder import RunFolder, open_runs

ANCHORS = Path("anchors")
BUNDLED = "example"
LARGEST_TRAJECTORY = 256 << 20
_ABOUT = "anchor.json"
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}")

Labels = Mapping[tuple[str, int], bool]


class About(Value):
    """What an anchor says of itself: `hashes` of its parts, and the run that is the reference."""

    name: str
    created_at: str
    gray_box: bool
    hashes: dict[str, str]
    accepted: str | None = None


@dataclass(frozen=True)
class Anchor:
    """The folder: tasks, labels, workspaces and trajectories as copies, and a run per judge."""

    folder: Path
    about: About

    @property
    def name(self) -> str:
        return self.about.name

    @property
    def tasks(self) -> Path:
        return self.folder / "tasks"

    @property
    def workspaces(self) -> Path:
        return self.folder / "workspaces"

    @property
    def trajectories(self) -> Path | None:
        return self.folder / "trajectories" if self.about.gray_box else None

    @property
    def runs_dir(self) -> Path:
        return self.folder / "runs"

    @property
    def labels(self) -> Labels:
        """(task, requirement id) -> whether people call it met; not of what they left open."""
        return {
            (task, label.requirement_id): flag
            for task, labels in load_judgments(self.folder / "labels").requirements.items()
            for label in labels
            if (flag := FLAG_OF.get(label.outcome)) is not None
        }

    def runs(self) -> tuple[RunFolder, ...]:
        """The runs over this anchor, oldest first."""
        if not self.runs_dir.is_dir():
            return ()
        runs, _ = open_runs(self.runs_dir)
        return tuple(sorted(runs, key=lambda run: (run.record.started_at, run.run_id)))

    def run(self, run_id: str) -> RunFolder | None:
        """One of its runs, by its whole id."""
        return next((run for run in self.runs() if run.run_id == run_id), None)

    def accept(self, run_id: str) -> Anchor:
        """The anchor with another run as its reference, written down."""
        about = self.about.model_copy(update={"accepted": run_id})
        _write(self.folder / _ABOUT, about.model_dump_json(indent=2) + "\n")
        return Anchor(self.folder, about)

    def check_unchanged(self) -> None:
        """InputError where a part of the anchor is no longer what it was made with."""
        now = _hashes(self.folder)
        changed = sorted(
            part
            for part in now.keys() | self.about.hashes.keys()
            if now.get(part) != self.about.hashes.get(part)
        )
        if changed:
            raise InputError(
                f"The anchor {self.name} is no longer what it was made with:"
                f" {', '.join(changed[:5])} changed in {self.folder}; put that back, or add"
                " another anchor."
            )


def open_anchor(anchors: Path, name: str) -> Anchor:
    """The anchor of that name; InputError where there is none or it cannot be read."""
    folder = anchors / _checked(name)
    try:
        about = About.model_validate_json((folder / _ABOUT).read_bytes())
    except FileNotFoundError as error:
        there = ", ".join(names_in(anchors)) or "none"
        raise InputError(
            f"There is no anchor {name!r} in {anchors}; there are: {there}."
        ) from error
    except OSError as error:
        raise InputError(f"{folder / _ABOUT} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(
            f"{folder / _ABOUT} is not what judge anchor writes: {place}: {first['msg']}; add the"
            " anchor again."
        ) from error
    return Anchor(folder, about)


def names_in(anchors: Path) -> tuple[str, ...]:
    """The names of the anchors in a folder; none where it is missing."""
    if not anchors.is_dir():
        return ()
    return tuple(sorted(entry.name for entry in anchors.iterdir() if (entry / _ABOUT).is_file()))


def add_anchor(
    anchors: Path,
    name: str,
    *,
    tasks: Path,
    workspaces: Path,
    labels: Path,
    trajectories: Path | None = None,
    agent: str | None = None,
) -> Anchor:
    """Copies every output that has labels into a new anchor.

    InputError where the name is taken, where nothing has labels, and where the outputs are of
    several agents and `agent` names none.
    """
    folder = anchors / _checked(name)
    if folder.exists():
        raise InputError(f"There is an anchor {name!r} in {anchors} already; choose another name.")
    found = find_outputs(load_tasks(tasks), workspaces, trajectories, agent)
    if len(found) > 1:
        agents = ", ".join(outputs.agent for outputs in found[:5])
        raise InputError(f"{workspaces} holds outputs of {agents}; choose one with --agent.")
    judged = load_judgments(labels).files
    outputs = [output for output in found[0].outputs if output.task.name in judged]
    if not outputs:
        raise InputError(f"{labels} holds no labels of the tasks that have a workspace.")
    draft = anchors / f".{name}.{secrets.token_hex(4)}"
    try:
        for part in ("tasks", "labels", "workspaces"):
            (draft / part).mkdir(parents=True)
        for output in outputs:
            _add_output(draft, output)
            _write(
                draft / "labels" / f"{output.task.name}.json",
                judged[output.task.name].model_dump_json(indent=2) + "\n",
            )
        about = About(
            name=name,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
            gray_box=(draft / "trajectories").is_dir(),
            hashes=_hashes(draft),
        )
        _write(draft / _ABOUT, about.model_dump_json(indent=2) + "\n")
        draft.rename(folder)
    except OSError as error:
        raise InputError(f"The anchor {name} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Anchor(folder, about)


def add_bundled(anchors: Path, name: str = BUNDLED) -> Anchor:
    """An anchor of the bundled example with its labels."""
    example = bundled_example()
    return add_anchor(
        anchors,
        name,
        tasks=example.tasks,
        workspaces=example.workspaces,
        labels=example.labels,
        trajectories=example.trajectories,
    )


def _add_output(draft: Path, output: Output) -> None:
    task: Task = output.task
    _write(draft / "tasks" / f"{task.name}.json", task.model_dump_json(indent=2) + "\n")
    copy_workspace(Workspace.open(output.workspace), draft / "workspaces" / task.name)
    if output.trajectory is not None:
        _copy_trajectory(output.trajectory, draft / "trajectories")


def _copy_trajectory(source: Path, folder: Path) -> None:
    """A file as it is, or the regular files of a folder; no link is followed."""
    files = [source] if source.is_file() else sorted(source.rglob("*"))
    total = 0
    for file in files:
        if file.is_symlink() or not file.is_file():
            continue
        total += file.stat().st_size
        if total > LARGEST_TRAJECTORY:
            raise InputError(
                f"The trajectory {source} is larger than {LARGEST_TRAJECTORY:,} bytes; leave it"
                " out."
            )
        target = folder / file.relative_to(source.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _hashes(folder: Path) -> dict[str, str]:
    """Part -> hash, a part for every task, label, workspace and trajectory."""
    found = {}
    for part in ("tasks", "labels", "workspaces", "trajectories"):
        for entry in sorted((folder / part).glob("*")):
            found[f"{part}/{entry.name}"] = hash_of_path(entry)
    return found


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot name an anchor; use letters, digits, dots, dashes and underscores."
        )
    return name


def _write(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
