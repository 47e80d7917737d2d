"""`judge bench run commonsense`, as a person runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from results.store import Store
from tests.support.command import judge
from tests.support.commonsense_sets import write_hub_sets
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
