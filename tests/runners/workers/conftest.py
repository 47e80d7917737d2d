"""Workers written on the spot, good and bad, with a config file of short times."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from runners.models.workers.asking import WorkerModel
from runners.models.workers.models import open_worker_model

# How a worker that is written here as a whole may speak, without the one that is shipped.
SPEAKING = """
import json, os, struct, sys, time

def hear():
    start = sys.stdin.buffer.read(4)
    if len(start) < 4:
        sys.exit(0)
    header = json.loads(sys.stdin.buffer.read(struct.unpack(">I", start)[0]))
    for height, width, depth in header["frames"]:
        sys.stdin.buffer.read(height * width * depth)
    return header

def say(message):
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(data)) + data)
    sys.stdout.buffer.flush()

def be_loaded():
    asked = hear()
    say({"type": "hello", "id": asked["id"], "protocol": 1, "python": "3.8.1", "versions": {}})
    asked = hear()
    say({"type": "loaded", "id": asked["id"], "name": "m", "device": "cpu", "precision": "fp32",
         "largest_batch": 1, "described": {}})
"""

Opened = Callable[..., WorkerModel]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config file of this test; the sections of workers are to be written to it."""
    path = tmp_path / "config.toml"
    path.touch()
    monkeypatch.setenv("JUDGE_CONFIG", str(path))
    return path


@pytest.fixture
def opened(config: Path) -> Iterator[Opened]:
    """Opens a worker model by its place; all are closed in the end."""
    models: list[WorkerModel] = []

    def open_it(place: str, **options: Any) -> WorkerModel:
        model = open_worker_model(place, **options)
        models.append(model)
        return model

    yield open_it
    for model in models:
        model.close()


@pytest.fixture
def adapter(tmp_path: Path, opened: Opened) -> Opened:
    """Opens a model from an adapter's code."""

    def made(source: str, **options: Any) -> WorkerModel:
        path = tmp_path / "adapter.py"
        path.write_text(dedent(source))
        return opened(str(path), **options)

    return made


@pytest.fixture
def worker(tmp_path: Path, opened: Opened, config: Path) -> Opened:
    """Opens a model from the code of a whole worker, which is given a second for an answer."""

    def made(source: str, **options: Any) -> WorkerModel:
        config.write_text(
            "[workers.adapter]\nhello_seconds = 2\nload_seconds = 2\npredict_seconds = 1\n"
        )
        (tmp_path / "adapter.py").touch()
        script = tmp_path / "worker"
        script.write_text(f"#!{sys.executable}\n{SPEAKING}\n{dedent(source)}")
        script.chmod(0o755)
        return opened(str(tmp_path / "adapter.py"), python=script, **options)

    return made
