"""A chat model through BFCL's single-turn categories, its replies kept as BFCL's result files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.api_calling.bfcl.categories import CATEGORIES, Category, overall_of
from benchmarks.api_calling.bfcl.dataset import ANSWERS_FOLDER, Item, data_folder, read_category
from benchmarks.api_calling.bfcl.replies import UNREADABLE, WRONG_FORM
from benchmarks.api_calling.bfcl.scoring import score_reply
from benchmarks.api_calling.prompting import (
    JSON_CALLS,
    TEXT_CALLS,
    bfcl_prompt,
    json_calls,
    without_thoughts,
)
from results.errors import InputError
from results.records import Metric, Score
from results.run_folder import RunFolder
from runners.api_calling.asking import NATIVE_CALLS, Given, Marked, Question
from runners.api_calling.figures import final, share_of, speed_of
from runners.api_calling.sessions import (
    Begun,
    ChatAsked,
    How,
    files_hash,
    record_of,
    text_hash,
    write_lines,
)
from runners.models.chat import Message, ObjectSchema, Tool

RESULTS = "results"
"""The folder of result files within a run's files."""
CATEGORY = "category"
_UNREAD = (UNREADABLE, WRONG_FORM, "relevance_error:decoder_failed")
_GROUPS = {
    "BFCL non-live": ("simple_", "multiple", "parallel"),
    "BFCL live": ("live_simple", "live_multiple", "live_parallel"),
    "BFCL irrelevance": ("irrelevance", "live_irrelevance"),
}
_MAX_REFERENCE = 20_000


class BfclAsked(ChatAsked):
    """`limit` is of each category; without `categories` it is all that the data have."""

    categories: tuple[str, ...] = ()
    underscore_names: bool = False


def begin_bfcl(asked: BfclAsked, how: How, resumes: RunFolder | None = None) -> Begun:
    """Reads the data, then opens the model; InputError where either cannot be used."""
    folder = data_folder(Path(asked.data))
    categories = _categories(folder, asked.categories)
    items: dict[str, tuple[Item, Category]] = {}
    for category in categories:
        for item in read_category(folder, category)[: asked.limit]:
            if not item.id or item.id in items:
                raise InputError(
                    f"{folder / category.file_name}: the id {item.id[:80]!r} is empty or that of an"
                    " item of another category; restore the file."
                )
            items[item.id] = (item, category)
    client = asked.open_model(how)

    def mark(question: Question, given: Given) -> Marked:
        item, category = items[question.sample]
        if asked.mode == "json" and not given.calls:
            # What holds no calls of that form is read as a text, and so says why it is wrong.
            calls = json_calls(without_thoughts(given.text)) or []
            given = Given(given.text if not calls else "", tuple(calls))
        return marked(item, category, given, underscore_names=asked.underscore_names)

    def write(scores: Sequence[Score], files: Path) -> None:
        for category in categories:
            write_lines(files / RESULTS / result_file(category), result_rows(scores, category.name))

    def measure(scores: Sequence[Score]) -> tuple[Metric, ...]:
        counts = {each.name: 0 for each in categories}
        for _, category in items.values():
            counts[category.name] += 1
        return bfcl_metrics(scores, counts, is_whole=asked.limit is None)

    hashes = {"data": files_hash(_files(folder, categories))}
    if asked.mode != "tools":
        hashes["prompt"] = text_hash(JSON_CALLS if asked.mode == "json" else TEXT_CALLS)
    record = record_of(
        asked,
        client,
        split="+".join(each.name for each in categories) if asked.categories else "single-turn",
        scorer="bfcl, underscore names" if asked.underscore_names else "bfcl",
        scorer_version="v4",
        hashes=hashes,
        resumes=resumes,
    )
    questions = [_question(item, category, asked) for item, category in items.values()]
    return Begun(record, asked, how, client, questions, mark, write, measure, resumes)


def marked(item: Item, category: Category, given: Given, *, underscore_names: bool) -> Marked:
    """A reply scored by its category's rule; its prediction is BFCL's `result`, a list as JSON."""
    result: str | list[dict[str, str]] = [{name: arguments} for name, arguments in given.calls]
    if not result:
        result = without_thoughts(given.text)
    scored = score_reply(item, result, category, underscore_names=underscore_names)
    return Marked(
        prediction=result if isinstance(result, str) else json.dumps(result, ensure_ascii=False),
        values={"accuracy": float(scored.is_correct)},
        is_read=scored.type not in _UNREAD,
        reason=f"{scored.type}: {scored.message}" if scored.type else "",
        native_calls=len(given.calls),
    )


def bfcl_metrics(
    scores: Sequence[Score], counts: Mapping[str, int], *, is_whole: bool
) -> tuple[Metric, ...]:
    """Accuracy, of all and by category, BFCL's own figures, and the speed.

    `counts` are the items asked, by category. BFCL's figures count a missing category as 0, which
    their notes say; those of a group without any category are left out. Unless `is_whole` they are
    of a part of each category, which the notes say as well.
    """
    found = final(scores)
    of_category = {
        name: [score for score in found if score.slices.get(CATEGORY) == name] for name in counts
    }
    by_category = {
        name: share_of("accuracy", of_category[name], count, slice_=f"{CATEGORY}={name}")
        for name, count in counts.items()
    }
    accuracies = {
        name: (each.value, each.n) for name, each in by_category.items() if each.value is not None
    }
    return (
        share_of("accuracy", found, sum(counts.values())),
        *by_category.values(),
        *_leaderboard(accuracies, is_whole=is_whole),
        *speed_of(found),
    )


def result_file(category: Category) -> Path:
    """Where BFCL has a category's results below a model's folder."""
    group = "live" if category.name.startswith("live_") else "non_live"
    return Path(group, category.file_name.replace(".json", "_result.json"))


def result_rows(scores: Iterable[Score], category: str) -> Iterable[dict[str, Any]]:
    """The lines of a category's result file: what was answered, in BFCL's form."""
    for score in final(scores):
        if score.slices.get(CATEGORY) == category:
            is_native = score.measures.get(NATIVE_CALLS, 0) > 0
            yield {
                "id": score.sample,
                "result": json.loads(score.prediction) if is_native else score.prediction,
                "input_token_count": score.usage.input_tokens,
                "output_token_count": score.usage.output_tokens,
                "latency": score.seconds,
            }


def _leaderboard(
    accuracies: Mapping[str, tuple[float, int]], *, is_whole: bool
) -> Iterable[Metric]:
    overall = overall_of(accuracies)
    n = sum(count for _, count in accuracies.values())
    part = "" if is_whole else "of a part of each category; "
    yield Metric(
        name="BFCL overall",
        value=overall.overall if accuracies else None,
        n=n,
        note=f"{part}missing, and counted as 0: {', '.join(overall.missing)}",
    )
    values = (overall.non_live, overall.live, overall.irrelevance)
    for (name, starts), value in zip(_GROUPS.items(), values, strict=True):
        of_group = [each for each in CATEGORIES if each.startswith(starts)]
        there = [each for each in of_group if each in accuracies]
        missing = ", ".join(each for each in of_group if each not in accuracies)
        if there:
            # What is missing from the live ones has no weight; elsewhere it counts as 0.
            says = "missing" if name == "BFCL live" else "missing, and counted as 0"
            yield Metric(
                name=name,
                value=value,
                n=sum(accuracies[each][1] for each in there),
                note=f"{part}{says}: {missing}" if missing else part.rstrip("; "),
            )


def _question(item: Item, category: Category, asked: BfclAsked) -> Question:
    prompt = bfcl_prompt(
        item, category.language, asked.mode, underscore_names=asked.underscore_names
    )
    answers = json.dumps(item.answers, ensure_ascii=False) if item.answers else ""
    return Question(
        sample=item.id,
        messages=tuple(Message(said.role, said.text) for said in prompt.messages),
        tools=tuple(Tool(each.name, each.description, each.parameters) for each in prompt.tools),
        schema=None if prompt.schema is None else ObjectSchema("calls", prompt.schema),
        slices={CATEGORY: category.name},
        reference=answers[:_MAX_REFERENCE],
    )


def _categories(folder: Path, chosen: Sequence[str]) -> tuple[Category, ...]:
    """Those chosen, or all that the folder has, in the released order."""
    for name in chosen:
        if name not in CATEGORIES:
            raise InputError(
                f"There is no category {name!r}; those run here are {', '.join(CATEGORIES)}."
            )
    return tuple(
        each
        for each in CATEGORIES.values()
        if (each.name in chosen if chosen else (folder / each.file_name).is_file())
    )


def _files(folder: Path, categories: Iterable[Category]) -> Iterable[Path]:
    for each in categories:
        yield folder / each.file_name
        if each.has_answers:
            yield folder / ANSWERS_FOLDER / each.file_name
