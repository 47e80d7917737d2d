"""A small agent output and an `agent` judge on the scripted server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devai_tasks import Requirement, Task
from judge.inspection import Inspection
from judge.judges.agent.judge import AgentJudge
from judge.judges.interface import Case
from judge.trajectory import load_trajectory
from judge.workspace import Workspace
from runners.models.chat import Settings, open_chat
from tests.support.chat_server import ChatServer, chat_server

__all__ = ["chat_server"]

CRITERIA = "An SVM is trained in `src/train.py`."
TRAIN = """\
from sklearn.datasets import load_iris
from sklearn.svm import SVC

x, y = load_iris(return_X_y=True)
model = SVC(kernel="rbf")
model.fit(x, y)
print(model.score(x, y))
"""
REQUIREMENTS = (
    Requirement(requirement_id=0, criteria="The Iris data is loaded in `src/train.py`."),
    Requirement(requirement_id=1, criteria=CRITERIA, prerequisites=(0,)),
    Requirement(requirement_id=2, criteria="The model is saved as `models/svm.pkl`."),
)
TASK = Task(name="iris", query="Train an SVM on Iris.", requirements=REQUIREMENTS)

Judges = Callable[..., AgentJudge]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with a script that trains an SVM and saves nothing."""
    root = tmp_path / "iris"
    (root / "src").mkdir(parents=True)
    (root / "src" / "train.py").write_text(TRAIN, encoding="utf-8")
    return root


def case_of(folder: Path, trajectory: Path | None = None, task: Task = TASK) -> Case:
    loaded = None if trajectory is None else load_trajectory(trajectory)
    return Case(task, Inspection(Workspace.open(folder), loaded))


@pytest.fixture
def judges(chat_server: ChatServer) -> Judges:
    """Makes agent judges on the server; keywords that are chat settings go to the client."""

    def make(*, cache_dir: Path | None = None, price: bool = False, **options: Any) -> AgentJudge:
        quick: dict[str, Any] = {
            "first_wait_seconds": 0.01,
            "longest_wait_seconds": 0.05,
            "timeout_seconds": 2.0,
            "retries": 2,
        }
        quick |= {"cache_dir": cache_dir} if cache_dir is not None else {"cache_max_mb": 0}
        prices = {"m": {"input": 10.0, "output": 100.0}} if price else {}
        settings = Settings.model_validate({"chat": quick, "prices": prices})
        environment = {"OPENAI_BASE_URL": chat_server.url, "OPENAI_API_KEY": "sk-loopback-012345"}
        chat = open_chat("openai:m", settings=settings, environment=environment)
        return AgentJudge(chat, **options)

    return make


def verdict(outcome: str, *citations: dict[str, Any], reason: str = "seen") -> tuple[str, object]:
    """The final call as a model makes it."""
    said = {"outcome": outcome, "confidence": 0.9, "reason": reason, "citations": list(citations)}
    return ("submit_verdict", said)


def quote(text: str, start: int, end: int | None = None, path: str = "src/train.py") -> Any:
    """A file citation."""
    last = start if end is None else end
    return {"kind": "file", "path": path, "start_line": start, "end_line": last, "quote": text}


def step(number: int, thought: str = "", action: str = "", observed: str = "") -> dict[str, Any]:
    """One step of a trajectory in DevAI's form."""
    usage = {"input_tokens": 0, "output_tokens": 0, "model": "none", "cost": 0}
    return {
        "step": number,
        "user_message": None,
        "agent": {"thought": thought, "action": action, "agent_name": "Example"},
        "environment": observed,
        "step_usage": {**usage, "llm_inference_time": 0, "step_execution_time": 0},
        "accumulated_usage": {"accumulated_cost": 0, "accumulated_time": 0},
    }
