"""Tasks of lm-evaluation-harness over rows of our own: what is asked for each, and what is right.

The harness says how a question is put, which options there are, how text is split into tokens of
context and continuation, and which option counts; the data and the model are ours. Its tasks are
read from its own files, and nothing is downloaded.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.language.commonsense import CommonsenseTask
from benchmarks.language.local_data import Row
from results.errors import InputError, MissingExtra
from runners.models.language.interface import ScoreRequest, TextTokenizer

# Where the harness has its tasks, below its folder of tasks.
_FILES = {
    "arc_easy": "arc/arc_easy.yaml",
    "arc_challenge": "arc/arc_challenge.yaml",
    "boolq": "super_glue/boolq/default.yaml",
    "piqa": "piqa/piqa.yaml",
    "social_iqa": "siqa/siqa.yaml",
    "hellaswag": "hellaswag/hellaswag.yaml",
    "openbookqa": "openbookqa/openbookqa.yaml",
    "winogrande": "winogrande/default.yaml",
}


@dataclass(frozen=True)
class Option:
    """A text whose likelihood after another is asked for."""

    context: str
    continuation: str


@dataclass(frozen=True)
class Item:
    """A row of a task: its options, and what to call them where a person reads them."""

    sample: str
    document: Any
    options: tuple[Option, ...]
    labels: tuple[str, ...]
    right: int


class HarnessTask:
    """A task as the installed harness defines it, over rows of the asked split."""

    def __init__(self, task: CommonsenseTask, rows: Sequence[Row]) -> None:
        """Raises MissingExtra without the harness, InputError where it has no such task."""
        self.task = task
        self._task = _task_of(task, rows)

    @property
    def version(self) -> str:
        """Of the task's definition, not of the harness."""
        return str(self._task.VERSION)

    def items(self) -> list[Item]:
        """The rows as items, in their order; a sample is named by its task and number."""
        documents = enumerate(self._task.task_docs)
        return [self._item(number, document) for number, document in documents]

    def values(
        self, item: Item, likelihoods: Sequence[tuple[float, bool]]
    ) -> tuple[dict[str, float], int]:
        """The item's accuracies by name, and the number of the option that is likeliest."""
        found: Mapping[str, Any] = self._task.process_results(item.document, list(likelihoods))
        values: dict[str, float] = {name: float(found[name]) for name in self.task.accuracies}
        sums = [likelihood for likelihood, _ in likelihoods]
        return values, sums.index(max(sums))

    def _item(self, number: int, document: Any) -> Item:
        context = self._task.fewshot_context(document, 0)
        asked = self._task.construct_requests(document, context)
        options = tuple(Option(*instance.args) for instance in asked)
        # Of a gap in a sentence, the harness gives the filled beginnings as choices.
        labels = tuple(str(choice) for choice in self._task.doc_to_choice(document))
        has_gap = self._task.multiple_input
        right = self._task.doc_to_text(document) if has_gap else self._task.doc_to_target(document)
        return Item(f"{self.task.name}/{number}", document, options, labels, int(right))


def request_of(option: Option, tokenizer: TextTokenizer) -> ScoreRequest:
    """The option's tokens, split as lm-evaluation-harness splits them for causal models.

    Spaces at the end of the context belong to the continuation, and the two are made tokens
    together, with the token that the tokenizer puts at a beginning (`_encode_pair` and the default
    of HFLM in 0.4.13). Raises ValueError where nothing is left of one of them.
    """
    context = option.context.rstrip()
    continuation = option.context[len(context) :] + option.continuation
    whole = tokenizer.encode(context + continuation, special=True)
    before = tokenizer.encode(context, special=True)
    if not before or len(whole) <= len(before):
        raise ValueError("the tokenizer leaves nothing of an option or of what comes before it")
    return ScoreRequest(tuple(before), tuple(whole[len(before) :]))


def _task_of(task: CommonsenseTask, rows: Sequence[Row]) -> Any:
    try:
        harness: Any = importlib.import_module("lm_eval")
        api: Any = importlib.import_module("lm_eval.api.task")
        datasets: Any = importlib.import_module("datasets")
    except ImportError:
        raise MissingExtra("The language tasks", "language") from None
    try:
        reader: Any = importlib.import_module("lm_eval.tasks._yaml_loader")
        config = reader.load_yaml(Path(harness.__file__).parent / "tasks" / _FILES[task.name])
    except (ImportError, AttributeError, OSError) as error:
        raise InputError(
            f"The installed lm-evaluation-harness has no task {task.name} that can be read"
            f" ({str(error)[:120]}); install lm-eval 0.4.13."
        ) from None
    # What they have to say of a task is nothing to whoever runs it.
    datasets.disable_progress_bars()
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    data = datasets.Dataset.from_list(list(rows))
    other = {"tag", "group", "training_split", "validation_split", "test_split", "fewshot_split"}
    return api.ConfigurableTask(
        config={
            **{name: value for name, value in config.items() if name not in other},
            f"{task.split}_split": task.split,
            "custom_dataset": lambda **_: {task.split: data},
        }
    )
