"""A model in this process goes through both benchmarks as an endpoint does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from results.records import RunStatus, ScoreStatus
from runners.api_calling.api_bank import ApiBankAsked, begin_api_bank
from runners.api_calling.bfcl import BfclAsked, begin_bfcl
from runners.api_calling.sessions import Begun, Finished, How, carry_out
from tests.runners.api_calling.small_sets import write_bfcl, write_dialogues
from tests.support.tiny_models import WITH_TOOLS, make_tiny_llama

pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("llama")
    return f"hf:{make_tiny_llama(folder, template=WITH_TOOLS, longest=8_192)}"


def carried_out(begun: Begun, folder: Path) -> Finished:
    return carry_out(begun, runs_dir=folder / "runs", store=folder / "r.duckdb", progress=None)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["tools", "prompt", "json"])
def test_a_tiny_llama_answers_two_items_with_whatever_text(
    mode: str, llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_CACHE_MAX_MB", "0")
    data = write_bfcl(tmp_path / "bfcl")
    asked = BfclAsked(
        benchmark="bfcl",
        model=llama,
        data=str(data),
        mode=mode,
        categories=("simple_python",),
        max_tokens=8,
    )
    first, second = (carried_out(begin_bfcl(asked, How(4)), tmp_path) for _ in range(2))
    assert first.folder.status is RunStatus.COMPLETE
    assert [score.sample for score in first.scores] == ["simple_python_0", "simple_python_1"]
    assert all(score.status is not ScoreStatus.ERROR for score in first.scores)
    assert all(0 < score.usage.output_tokens <= 8 for score in first.scores)
    assert {"latency_p50", "output_tokens_per_second"} <= {m.name for m in first.metrics}
    # Greedy: the same model says the same again.
    predictions = [[score.prediction for score in run.scores] for run in (first, second)]
    assert predictions[0] == predictions[1]
    assert all(predictions[0])


@pytest.mark.slow
def test_a_tiny_llama_goes_through_a_dialogue(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_CACHE_MAX_MB", "0")
    data = write_dialogues(tmp_path / "dialogues")
    asked = ApiBankAsked(
        benchmark="api-bank", model=llama, data=str(data), mode="prompt", limit=1, max_tokens=8
    )
    finished = carried_out(begin_api_bank(asked, How(4)), tmp_path)
    assert finished.folder.status is RunStatus.COMPLETE
    assert len(finished.scores) == 3
    rouge = [score.values["ROUGE-L"] for score in finished.scores if "ROUGE-L" in score.values]
    assert len(rouge) == 2
    assert all(0 <= value <= 1 for value in rouge)


@pytest.mark.slow
def test_json_calls_are_of_the_functions_on_offer_whatever_the_model_would_say(
    llama: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUDGE_CACHE_MAX_MB", "0")
    data = write_bfcl(tmp_path / "bfcl")
    asked = BfclAsked(
        benchmark="bfcl",
        model=llama,
        data=str(data),
        mode="json",
        categories=("simple_python",),
        max_tokens=400,
        temperature=1.0,
        seed=5,
    )
    first, second = (carried_out(begin_bfcl(asked, How(2)), tmp_path) for _ in range(2))
    drawn = [[score.prediction for score in run.scores] for run in (first, second)]
    # A seed makes draws repeatable.
    assert drawn[0] == drawn[1]
    for score in first.scores:
        assert json.loads(score.prediction) if score.measures["native_calls"] else score.prediction
    names = {metric.name for metric in first.metrics}
    assert {
        "latency_to_first_token_p50",
        "output_tokens_per_second_batched",
        "prompt_tokens_reused",
        "peak_memory",
        "model_bytes",
        "parameters",
    } <= names
