"""Small workspaces made for one requirement, and what the `checks` judge says of it."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from devai_tasks import Requirement, Task
from judge.inspection import Inspection
from judge.judges.checks import ChecksJudge
from judge.judges.interface import Case, Question
from judge.trajectory import load_trajectory
from judge.workspace import Workspace
from results.records import Verdict

NO_USAGE = {"accumulated_cost": 0.0, "accumulated_time": 0.0}


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Writes files; text is dedented."""
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            target.write_text(textwrap.dedent(content).lstrip("\n"), encoding="utf-8")


def verdict_on(
    folder: Path,
    criteria: str,
    files: Mapping[str, str | bytes],
    steps: Sequence[tuple[str, str]] | None = None,
    others: Sequence[str] = (),
) -> Verdict:
    """The verdict on one requirement over these files; `steps` are (action, observation)."""
    workspace = folder / "workspace"
    workspace.mkdir(parents=True)
    write_files(workspace, files)
    trajectory = None
    if steps is not None:
        path = folder / "trajectory.json"
        path.write_text(
            json.dumps(
                [
                    {
                        "step": number,
                        "user_message": None,
                        "agent": {"thought": "", "action": action, "agent_name": "agent"},
                        "environment": observation,
                        "step_usage": None,
                        "accumulated_usage": NO_USAGE,
                    }
                    for number, (action, observation) in enumerate(steps)
                ]
            )
        )
        trajectory = load_trajectory(path)
    task = Task(
        name="task",
        query="Do it.",
        requirements=tuple(
            Requirement(requirement_id=number, criteria=text)
            for number, text in enumerate([criteria, *others])
        ),
    )
    case = Case(task, Inspection(Workspace.open(workspace), trajectory))
    question = Question.of_requirement(task, task.requirements[0])
    return ChecksJudge().judge(case, question, {})


def picture(width: int = 320, height: int = 240, seed: int = 7) -> bytes:
    """A png with many colours."""
    image = Image.new("RGB", (width, height))
    image.putdata(
        [
            ((x * seed) % 256, (y * 3) % 256, (x * y) % 256)
            for y in range(height)
            for x in range(width)
        ]
    )
    return _png(image)


def blank_picture(width: int = 320, height: int = 240) -> bytes:
    return _png(Image.new("RGB", (width, height), (250, 250, 250)))


def _png(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
