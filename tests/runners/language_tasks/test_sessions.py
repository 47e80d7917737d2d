"""A tiny Llama through the commonsense tasks: what is asked, what is right, and going on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.language.commonsense import TASKS
from benchmarks.language.local_data import read_task_data
from results.errors import InputError
from results.records import RunStatus, ScoreStatus
from results.run_folder import RunFolder
from runners.language_tasks.harness import HarnessTask, Option, request_of
from runners.language_tasks.sessions import (
    CommonsenseAsked,
    Finished,
    asked_before,
    begin_commonsense,
    carry_out,
)
from runners.models.language.engine import EngineModel
from tests.support.commonsense_sets import HUB, write_hub_sets
from tests.support.tiny_models import make_tiny_llama

torch: Any = pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("lm_eval", reason="the extra `language` is not installed")

# What lm-evaluation-harness 0.4.13 asks of the first item of each task, by its YAML files.
ASKED = {
    "arc_easy": ("Question: What warms Earth?\nAnswer:", " The Sun"),
    "arc_challenge": ("Question: Which one melts?\nAnswer:", " The Sun"),
    "boolq": ("Ice is frozen water.\nQuestion: is ice cold?\nAnswer:", " no"),
    "piqa": ("Question: Boil water\nAnswer:", " Heat it."),
    "social_iqa": ("Q: Kai gave Jo a book. How does Jo feel?\nA:", " thankful"),
    "hellaswag": ("Baking: A man mixes flour. He", " bakes bread."),
    "openbookqa": ("Plants need", " The Sun"),
    "winogrande": ("Ann thanked Bo because Ann", " had helped."),
}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llama(tmp_path_factory.mktemp("llama"), longest=256)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hub_sets(tmp_path_factory.mktemp("data"))


def asked(llama: Path, data: Path, *tasks: str, **more: Any) -> CommonsenseAsked:
    names = tasks or tuple(TASKS)
    return CommonsenseAsked(model=f"hf:{llama}", data=str(data), tasks=names, device="cpu", **more)


def carried_out(
    wanted: CommonsenseAsked, folder: Path, resumes: RunFolder | None = None
) -> Finished:
    begun = begin_commonsense(wanted, resumes)
    return carry_out(begun, runs_dir=folder / "runs", store=folder / "r.duckdb")


@pytest.mark.parametrize("name", TASKS)
def test_items_are_put_as_the_harness_puts_them(name: str, data: Path) -> None:
    task = HarnessTask(TASKS[name], read_task_data(data, TASKS[name]).rows)
    item = task.items()[0]
    assert (item.options[0].context, item.options[0].continuation) == ASKED[name]
    assert item.sample == f"{name}/0"
    # Where the right option is by far the likeliest, both accuracies say so.
    sure = [(-1.0 if n == item.right else -1_000.0, False) for n in range(len(item.options))]
    values, chosen = task.values(item, sure)
    assert chosen == item.right and set(values.values()) == {1.0}
    assert set(values) == set(TASKS[name].accuracies)


def test_acc_norm_divides_by_characters(data: Path) -> None:
    task = HarnessTask(TASKS["arc_easy"], read_task_data(data, TASKS["arc_easy"]).rows)
    item = task.items()[0]
    # "The Sun", "a lamp that is lit" and "ice" have 7, 18 and 3 characters; the first is right.
    values, chosen = task.values(item, [(-7.0, False), (-19.0, False), (-3.5, False)])
    assert chosen == 2 and values == {"acc": 0.0, "acc_norm": 1.0}


def test_every_score_is_that_of_plain_forward_passes(
    llama: Path, data: Path, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    plain = AutoModelForCausalLM.from_pretrained(llama)
    tokenizer = AutoTokenizer.from_pretrained(llama)

    def likelihood(option: Option) -> float:
        before = tokenizer.encode(option.context)
        whole = tokenizer.encode(option.context + option.continuation)
        with torch.inference_mode():
            shares = plain(input_ids=torch.tensor([whole])).logits[0].double().log_softmax(-1)
        places = range(len(before) - 1, len(whole) - 1)
        return sum(float(shares[place, whole[place + 1]]) for place in places)

    finished = carried_out(asked(llama, data), tmp_path)
    scores = {score.sample: score for score in finished.scores}
    assert len(scores) == sum(len(rows) for _, rows in HUB.values())
    for name in TASKS:
        task = HarnessTask(TASKS[name], read_task_data(data, TASKS[name]).rows)
        for item in task.items():
            wanted = [likelihood(option) for option in item.options]
            score = scores[item.sample]
            found = [score.measures[f"log_likelihood_{n}"] for n in range(len(wanted))]
            assert found == pytest.approx(wanted, abs=1e-4)
            assert score.values["acc"] == float(wanted.index(max(wanted)) == item.right)
            assert score.prediction == item.labels[wanted.index(max(wanted))]
    metrics = {(m.name, m.slice): m for m in finished.metrics}
    assert metrics["average", ""].value is not None
    assert metrics["parameters", ""].value == 35_168
    assert metrics["options_per_second", ""].n == sum(
        1 for s in finished.scores for name in s.measures if name.startswith("log_likelihood_")
    )
    record = finished.record
    assert record.scorer == "lm-evaluation-harness" and record.versions["lm_eval"]
    assert len([name for name in record.hashes if name.startswith("data ")]) == 8


def test_a_run_that_was_stopped_goes_on_with_what_is_left(
    llama: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = asked(llama, data, "arc_easy", "piqa", "boolq")
    begun = begin_commonsense(wanted)

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(begun, runs_dir=tmp_path / "runs", store=tmp_path / "r.duckdb", progress=stop)
    (path,) = (tmp_path / "runs").iterdir()
    folder = RunFolder.open(path)
    assert folder.status is RunStatus.INTERRUPTED
    kept = {score.sample for score in folder.scores()}
    assert len(kept) == 2

    real = EngineModel.log_likelihoods
    options: list[int] = []

    def counted(self: EngineModel, requests: Any, **settings: Any) -> Any:
        options.append(len(requests))
        return real(self, requests, **settings)

    monkeypatch.setattr(EngineModel, "log_likelihoods", counted)
    finished = carried_out(asked_before(folder.record), tmp_path, folder)
    assert RunFolder.open(path).status is RunStatus.COMPLETE
    assert {score.sample for score in finished.scores} > kept
    whole = carried_out(wanted, tmp_path / "again")
    assert [s.values for s in finished.scores] == [s.values for s in whole.scores]
    assert options[0] == options[1] - sum(
        name.startswith("log_likelihood_")
        for score in finished.scores
        if score.sample in kept
        for name in score.measures
    )


def test_an_item_that_does_not_fit_is_an_error_and_its_context_is_cut(
    data: Path, tmp_path: Path
) -> None:
    short = make_tiny_llama(tmp_path / "short", longest=16)
    finished = carried_out(asked(short, data, "piqa", "arc_easy"), tmp_path)
    scores = {score.sample: score for score in finished.scores}
    assert scores["piqa/0"].status is ScoreStatus.SCORED
    assert scores["piqa/0"].measures["cut_tokens"] > 0
    # " a lamp that is lit" has 19 bytes, which are tokens here.
    assert scores["arc_easy/0"].status is ScoreStatus.ERROR
    assert scores["arc_easy/0"].reason == ("An option has 19 tokens, and the model's context 16.")
    metrics = {(m.name, m.slice): m for m in finished.metrics}
    assert metrics["acc", "task=arc_easy"].value is None


def test_spaces_at_the_end_of_a_context_belong_to_what_follows(llama: Path, data: Path) -> None:
    tokenizer = asked(llama, data).open_model().tokenizer
    request = request_of(Option("ab  ", "c"), tokenizer)
    assert tokenizer.decode(request.context) == "ab"
    assert tokenizer.decode(request.continuation) == "  c"
    with pytest.raises(ValueError, match="leaves nothing"):
        request_of(Option("", "c"), tokenizer)


def test_tasks_and_runs_of_other_kinds_are_refused(llama: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no commonsense task mmlu; there are arc_easy"):
        begin_commonsense(asked(llama, data, "mmlu"))
    finished = carried_out(asked(llama, data, "piqa"), tmp_path)
    other = finished.record.model_copy(update={"benchmark": "bfcl"})
    with pytest.raises(InputError, match="is of bfcl; it cannot be resumed as commonsense"):
        asked_before(other)
    config = json.loads(json.dumps(finished.record.config)) | {"limit": 0}
    with pytest.raises(InputError, match=r"config\.limit"):
        asked_before(finished.record.model_copy(update={"config": config}))
