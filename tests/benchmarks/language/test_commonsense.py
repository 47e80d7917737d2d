"""Local data of the commonsense tasks, and the figures over their items."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.language.commonsense import TASKS, commonsense_metrics
from benchmarks.language.local_data import read_task_data
from results.errors import InputError
from results.records import Score, ScoreStatus
from tests.support.commonsense_sets import write_author_sets, write_hub_sets, write_lines


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pyarrow", reason="the extra `language` is not installed")
    return write_hub_sets(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def authors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_author_sets(tmp_path_factory.mktemp("authors"))


@pytest.mark.parametrize("name", TASKS)
def test_the_authors_files_say_what_the_hubs_do(name: str, hub: Path, authors: Path) -> None:
    of_hub = read_task_data(hub, TASKS[name])
    of_authors = read_task_data(authors, TASKS[name])
    assert of_hub.rows == of_authors.rows
    assert len(of_hub.rows) == {"arc_easy": 2, "boolq": 2}.get(name, 1)
    assert all("train" not in path.name for path in of_hub.files)


def test_of_the_sizes_of_winogrande_one_is_read(tmp_path: Path) -> None:
    row = {"sentence": "_ is.", "option1": "A", "option2": "B", "answer": "1"}
    for size in ("xs", "xl", "debug"):
        write_lines(tmp_path / "winogrande" / f"winogrande_{size}" / "validation.jsonl", [row])
    found = read_task_data(tmp_path, TASKS["winogrande"])
    assert len(found.rows) == 1 and found.files[0].parent.name == "winogrande_xl"


@pytest.mark.parametrize(
    ("task", "files", "says"),
    [
        ("piqa", {}, "has no data of piqa"),
        ("piqa", {"piqa/train.jsonl": "{}"}, "has no data of piqa"),
        ("piqa", {"piqa/dev.jsonl": ""}, "has no items"),
        ("piqa", {"piqa/dev.jsonl": "[1]"}, "line 1, is no JSON object"),
        ("piqa", {"piqa/dev.jsonl": '{"goal": "g", "sol1": "a"}'}, "item 1, is none of piqa"),
        (
            "piqa",
            {"piqa/dev.jsonl": '{"goal": "g", "sol1": "a", "sol2": "b", "label": 2}'},
            "its answer '2' is none of its options",
        ),
        (
            "piqa",
            {
                "piqa/dev.jsonl": '{"goal": "g", "sol1": "a", "sol2": "b"}',
                "piqa/dev-labels.lst": "0\n1\n",
            },
            "has 2 labels for 1 items",
        ),
        ("boolq", {"boolq/val.jsonl": '{"question": 1, "passage": ""}'}, "is none of boolq"),
        ("boolq", {"boolq/validation.parquet": "no parquet"}, "cannot be read as Parquet"),
        (
            "arc_easy",
            {"a/ARC-Easy/test.jsonl": "{}", "b/ARC-Easy/test.jsonl": "{}"},
            "arc_easy is there twice",
        ),
        (
            "arc_easy",
            {"ARC-Easy/test.jsonl": '{"question": "q", "choices": [], "answerKey": "A"}'},
            "is none of arc_easy",
        ),
        ("winogrande", {"winogrande/dev.jsonl": '{"sentence": "no gap"}'}, "is none of winogrande"),
    ],
)
def test_what_is_no_data_is_refused_in_a_sentence(
    tmp_path: Path, task: str, files: dict[str, str], says: str
) -> None:
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    with pytest.raises(InputError, match=says):
        read_task_data(tmp_path, TASKS[task])


def item(task: str, number: int, acc: float | None, acc_norm: float = 0) -> Score:
    if acc is None:
        return Score(
            sample=f"{task}/{number}", status=ScoreStatus.ERROR, slices={"task": task}, reason="x"
        )
    values = {"acc": acc}
    if "acc_norm" in TASKS[task].accuracies:
        values["acc_norm"] = acc_norm
    return Score(sample=f"{task}/{number}", values=values, slices={"task": task})


def test_the_average_is_the_plain_mean_of_the_eight() -> None:
    scores = [item(task, 0, 1.0, 0.0) for task in TASKS]
    # More items of one task weigh no more.
    scores += [item("boolq", number, 0.0) for number in range(1, 4)]
    found = {(m.name, m.slice): m for m in commonsense_metrics(scores, TASKS)}
    assert found["acc", "task=boolq"].value == 0.25
    assert found["acc_norm", "task=hellaswag"].value == 0
    assert ("acc_norm", "task=winogrande") not in found
    # acc of six, one of them 0.25, and acc_norm of HellaSwag and OpenBookQA.
    assert found["average", ""].value == pytest.approx((5 + 0.25 + 0 + 0) / 8)
    assert "our reading" in found["average", ""].note


def test_fewer_than_eight_tasks_have_no_average() -> None:
    some = [name for name in TASKS if name != "piqa"]
    found = commonsense_metrics([item(name, 0, 1.0, 1.0) for name in TASKS], some)
    assert {m.name for m in found} == {"acc", "acc_norm"}
    # A task whose every item failed has no figure, and so there is no average either.
    failed = [item(name, 0, None if name == "piqa" else 1.0, 1.0) for name in TASKS]
    found = commonsense_metrics(failed, TASKS)
    assert "average" not in {m.name for m in found}


def test_an_item_in_error_is_never_a_wrong_answer() -> None:
    scores = [item("piqa", 0, 1.0, 1.0), item("piqa", 1, 0.0, 0.0), item("piqa", 2, None)]
    acc = commonsense_metrics(scores, ["piqa"])[0]
    assert (acc.value, acc.n) == (0.5, 2)
    assert acc.worst == pytest.approx(1 / 3) and acc.best == pytest.approx(2 / 3)
