"""One tiny model in three forms through the same benchmarks: killed, resumed, and of one mind."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from results.store import Store
from tests.runners.api_calling.small_sets import write_bfcl, write_dialogues
from tests.support.command import judge, start
from tests.support.commonsense_sets import write_hub_sets
from tests.support.exported_models import exported_llama, shared_folder

pytestmark = pytest.mark.slow

FORMS = ("hf", "onnx", "executorch")
# Each form and each benchmark, the others being held against them undisturbed.
KILLED = {"bfcl": ("hf", "onnx"), "api-bank": ("executorch",), "commonsense": ("onnx",)}
NO_CACHE = {"JUDGE_CACHE_MAX_MB": "0"}


@pytest.fixture(scope="module")
def specs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return exported_llama(shared_folder(tmp_path_factory.getbasetemp()))


def bfcl_data(folder: Path) -> Path:
    given = os.environ.get("JUDGE_TEST_DATA")
    return Path(given, "bfcl") if given else write_bfcl(folder / "bfcl")


def dialogues(folder: Path) -> Path:
    given = os.environ.get("JUDGE_TEST_DATA")
    if not given:
        return write_dialogues(folder / "dialogues")
    return next(path for path in sorted(Path(given, "api_bank").rglob("*")) if path.is_dir())


def undisturbed(folder: Path, *call: str | Path) -> dict[str, Any]:
    """What a run answers that nothing happens to."""
    ended = judge("bench", "run", *call, "--json", folder=folder, more=NO_CACHE)
    assert ended.status == 0, ended.err
    document: dict[str, Any] = ended.json
    return document


def killed_and_resumed(folder: Path, *call: str | Path) -> dict[str, Any]:
    """Ends a run by SIGKILL after its first score, and gives what the resumed one answers."""
    process = start("bench", "run", *call, folder=folder, more=NO_CACHE)
    latest = time.monotonic() + 120
    while not any(
        '"kind":"score"' in journal.read_text() for journal in folder.glob("runs/*/journal.jsonl")
    ):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < latest
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (only,) = (folder / "runs").iterdir()
    benchmark = str(call[0])
    ended = judge(
        *("bench", "run", benchmark, "--resume", only.name, "--json"), folder=folder, more=NO_CACHE
    )
    assert ended.status == 0, ended.err
    document: dict[str, Any] = ended.json
    return document


def said(folder: Path, run_id: str) -> dict[str, str]:
    scores = Store(folder / "results.duckdb").scores(run_id)
    return {score.sample: score.prediction for score in scores}


def shares(document: dict[str, Any]) -> dict[str, Any]:
    """The metrics that no clock has a part in."""
    return {
        f"{metric['name']} {metric['slice']}": metric["value"]
        for metric in document["metrics"]
        if metric["unit"] == "share" and metric["name"] != "prompt_tokens_reused"
    }


def call_of(benchmark: str, folder: Path) -> tuple[str | Path, ...]:
    if benchmark == "commonsense":
        data = write_hub_sets(folder / "data")
        return ("--data", data, "--task", "piqa", "--task", "arc_easy")
    data = bfcl_data(folder) if benchmark == "bfcl" else dialogues(folder)
    # One of each category, or two dialogues.
    limit = "1" if benchmark == "bfcl" else "2"
    return (
        *("--data", data, "--mode", "prompt", "--limit", limit),
        *("--max-tokens", "8", "--jobs", "4"),
    )


@pytest.mark.parametrize("benchmark", ["bfcl", "api-bank", "commonsense"])
def test_three_forms_of_one_model_say_the_same(
    benchmark: str, specs: dict[str, str], tmp_path: Path
) -> None:
    answers: dict[str, dict[str, str]] = {}
    metrics: dict[str, dict[str, Any]] = {}
    for form in FORMS:
        folder = tmp_path / form
        folder.mkdir()
        call = call_of(benchmark, folder)
        run = killed_and_resumed if form in KILLED[benchmark] else undisturbed
        document = run(folder, benchmark, "--model", specs[form], *call)
        answers[form] = said(folder, document["run_id"])
        metrics[form] = shares(document)
        names = {metric["name"] for metric in document["metrics"]}
        assert {"peak_memory", "model_bytes"} <= names
        (stored,) = Store(folder / "results.duckdb").runs()
        assert stored.status == "complete"
        assert stored.record.variant == (None if form == "hf" else form)
    assert answers["onnx"] == answers["hf"]
    assert answers["executorch"] == answers["hf"]
    assert metrics["onnx"] == metrics["hf"] == metrics["executorch"]
    # Random weights may say one thing to every prompt; they must say something.
    assert any(text.strip() for text in answers["hf"].values()), json.dumps(answers["hf"])
