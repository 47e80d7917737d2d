"""`judge bench run commonsense`, as a person runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.records import Score
from results.store import Store
from runners.models.language.engine import EngineModel
from runners.models.language.opening import open_language_model
from tests.support.chat_server import ChatServer
from tests.support.command import judge
from tests.support.commonsense_sets import write_hub_sets
from tests.support.completions import completions_of
from tests.support.tiny_models import make_tiny_llama

pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("lm_eval", reason="the extra `language` is not installed")


@pytest.mark.slow
def test_it_answers_keeps_and_goes_on(tmp_path: Path) -> None:
    llama, data = make_tiny_llama(tmp_path / "m"), write_hub_sets(tmp_path / "data")
    run = ("bench", "run", "commonsense")
    asked = ("--model", f"hf:{llama}", "--data", data, "--task", "piqa", "--task", "boolq")
    ended = judge(*run, *asked, "--json", folder=tmp_path)
    assert ended.status == 0, ended.err
    found = ended.json
    assert (found["benchmark"], found["n"], found["errors"]) == ("commonsense", 3, {})
    names = {(metric["name"], metric["slice"]) for metric in found["metrics"]}
    assert {("acc", "task=piqa"), ("acc_norm", "task=piqa"), ("acc", "task=boolq")} <= names
    store = Store(tmp_path / "results.duckdb")
    assert len(store.scores(found["run_id"])) == 3
    again = judge(*run, "--resume", found["run_id"], folder=tmp_path)
    assert again.status == 0, again.err
    # The table of a person, and nothing of the libraries.
    assert "piqa" in again.out and "Loading" not in again.err and "Map:" not in again.err
    refused = judge(*run, "--resume", found["run_id"], "--limit", "1", folder=tmp_path)
    assert refused.status == 2 and "--limit has no place beside it" in refused.err


@pytest.mark.slow
def test_an_endpoint_is_asked_as_the_model_behind_it(tmp_path: Path) -> None:
    llama, data = make_tiny_llama(tmp_path / "m"), write_hub_sets(tmp_path / "data")
    plain = open_language_model(f"hf:{llama}", device="cpu")
    assert isinstance(plain, EngineModel)
    found: dict[str, tuple[Score, ...]] = {}
    with ChatServer() as server:
        server.rule = completions_of(plain)
        keyed = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test"}
        for spec in (f"hf:{llama}", "openai:tiny"):
            asked = ("--model", spec, "--data", data, "--task", "piqa", "--task", "winogrande")
            run = judge(
                "bench", "run", "commonsense", *asked, "--json", folder=tmp_path, more=keyed
            )
            assert run.status == 0, run.err
            found[spec] = Store(tmp_path / "results.duckdb").scores(run.json["run_id"])
    first, second = found.values()
    assert len(first) == len(second) == 2
    for one, other in zip(first, second, strict=True):
        assert (one.sample, one.values, one.prediction) == (
            other.sample,
            other.values,
            other.prediction,
        )
        assert one.measures == pytest.approx(other.measures, abs=1e-4)
    names = {metric["name"] for metric in run.json["metrics"]}
    assert "options_per_second" in names and "peak_memory" not in names


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Give --model"),
        (("--model", "hf:m"), "Give --data"),
        (("--model", "hf:m", "--data", "none"), "There is no folder"),
        (("--model", "hf:m", "--data", ".", "--task", "mmlu"), "no commonsense task mmlu"),
        (("--model", "hf:m", "--data", ".", "--task", "piqa"), "has no data of piqa"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    ended = judge("bench", "run", "commonsense", *arguments, folder=tmp_path)
    assert ended.status == 2 and says in ended.err, ended.err
