"""The eight zero-shot commonsense tasks of MobileLLM (arXiv 2402.14905, Tables 3, 4 and 9).

ARC-easy and ARC-challenge (1803.05457), BoolQ (1905.10044), PIQA (1911.11641), SIQA (1904.09728),
HellaSwag (1905.07830), OpenBookQA (1809.02789) and WinoGrande (1907.10641), each as
lm-evaluation-harness asks it: every option's log-likelihood after the question, none of them
shown as a list.

Protocol: `acc` is right where the likeliest option is; `acc_norm` where the likeliest for its
length in characters is. ARC and OpenBookQA are asked on their test splits, the others, whose test
answers are not released, on validation. WinoGrande scores the part of the sentence that both
options share, so that there is no length to divide by.

Metric: both, for each task, and the mean of the eight. The paper does not say which of the two
enters its average; here it is acc_norm for HellaSwag and OpenBookQA and acc elsewhere, and the
figure says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from results.records import Metric, Score, ScoreStatus
from results.statistics.shares import wilson

Accuracy = Literal["acc", "acc_norm"]

BENCHMARK = "commonsense"
AVERAGE = "average"
TASK_SLICE = "task"
CHOICE = "acc_norm for HellaSwag and OpenBookQA, acc elsewhere: our reading, the paper names none"


@dataclass(frozen=True)
class CommonsenseTask:
    """A task: its name in lm-evaluation-harness, the split that is asked, and what is averaged.

    accuracies: those that it has. names: what its folder of data may be called, small letters
    alone.
    """

    name: str
    split: Literal["test", "validation"]
    averaged: Accuracy
    accuracies: tuple[Accuracy, ...]
    names: tuple[str, ...]


TASKS: dict[str, CommonsenseTask] = {
    task.name: task
    for task in (
        CommonsenseTask("arc_easy", "test", "acc", ("acc", "acc_norm"), ("arceasy",)),
        CommonsenseTask("arc_challenge", "test", "acc", ("acc", "acc_norm"), ("arcchallenge",)),
        CommonsenseTask("boolq", "validation", "acc", ("acc",), ("boolq",)),
        CommonsenseTask("piqa", "validation", "acc", ("acc", "acc_norm"), ("piqa",)),
        CommonsenseTask("social_iqa", "validation", "acc", ("acc",), ("siqa", "socialiqa")),
        CommonsenseTask("hellaswag", "validation", "acc_norm", ("acc", "acc_norm"), ("hellaswag",)),
        CommonsenseTask(
            "openbookqa", "test", "acc_norm", ("acc", "acc_norm"), ("openbookqa", "obqa")
        ),
        CommonsenseTask(
            "winogrande", "validation", "acc", ("acc",), ("winogrande", "winograndexl")
        ),
    )
}


def commonsense_metrics(scores: Sequence[Score], tasks: Iterable[str]) -> tuple[Metric, ...]:
    """Both accuracies of each task, and the mean of the eight where all eight were asked.

    An item in error is in no accuracy; `worst` and `best` say what it could have done to one.
    """
    asked = list(tasks)
    found: list[Metric] = []
    averaged: list[Metric] = []
    for name in asked:
        task = TASKS[name]
        of_task = [score for score in scores if score.slices.get(TASK_SLICE) == name]
        for accuracy in task.accuracies:
            metric = _accuracy(of_task, accuracy, name)
            found.append(metric)
            if accuracy == task.averaged:
                averaged.append(metric)
    values = [metric.value for metric in averaged if metric.value is not None]
    if set(asked) == set(TASKS) and len(values) == len(TASKS):
        mean = sum(values) / len(values)
        found.append(
            Metric(name=AVERAGE, value=mean, n=sum(metric.n for metric in averaged), note=CHOICE)
        )
    return tuple(found)


def _accuracy(scores: Sequence[Score], accuracy: str, task: str) -> Metric:
    values = [
        score.values[accuracy]
        for score in scores
        if score.status is ScoreStatus.SCORED and accuracy in score.values
    ]
    right, n = round(sum(values)), len(values)
    lost = sum(score.status is ScoreStatus.ERROR for score in scores)
    return Metric(
        name=accuracy,
        value=right / n if n else None,
        n=n,
        slice=f"{TASK_SLICE}={task}",
        interval=wilson(right, n) if n else None,
        worst=right / (n + lost) if lost else None,
        best=(right + lost) / (n + lost) if lost else None,
    )
