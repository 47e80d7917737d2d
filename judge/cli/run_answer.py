"""What `judge run` says when runs have ended: tables or JSON, and how to go on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call

if TYPE_CHECKING:
    from rich.console import RenderableType

    from judge.alignment import Alignment
    from judge.reporting.judged import JudgedRun
    from judge.running import RunOutcome, Session
    from results.records import Outcome


def resume_command(call: Call, sessions: Sequence[Session]) -> str:
    """What a person types to go on with these runs."""
    runs = [word for session in sessions for word in ("--resume", session.folder.run_id)]
    return shlex.join(["judge", "run", *runs, *_places(call)])


def answer(call: Call, outcomes: Sequence[RunOutcome]) -> None:
    """The runs as one JSON document or as tables; of a quiet call, their ids alone."""
    if call.as_json:
        described = [_described(call, outcome) for outcome in outcomes]
        call.answer(described[0] if len(described) == 1 else {"runs": described})
    elif call.quiet:
        for outcome in outcomes:
            click.echo(outcome.run_id)
    else:
        call.answer(None, *(part for outcome in outcomes for part in _rendered(call, outcome)))


def _described(call: Call, outcome: RunOutcome) -> dict[str, Any]:
    record = outcome.folder.record
    return {
        "run_id": outcome.run_id,
        "run_dir": str(outcome.folder.path.absolute()),
        "store": str(call.store.absolute()),
        "agent": record.agent,
        "judge": record.judge,
        "model": record.model,
        "setting": record.setting,
        "tasks": len(outcome.tasks),
        "outcomes": {outcome.value: n for outcome, n in outcome.outcomes.items()},
        "rates": outcome.rates.model_dump(mode="json"),
        "notes": list(outcome.notes),
        "usage": outcome.usage.model_dump(mode="json"),
        "seconds": outcome.seconds,
    }


def _rendered(call: Call, outcome: RunOutcome) -> Iterator[RenderableType]:
    from judge.reporting.judged import judged_by_run
    from judge.reporting.tables import alignment_table, rates_table, run_table
    from judge.reporting.wording import spent

    run = judged_by_run(outcome.folder)
    labels, alignment = _labels_of_the_example(run)
    yield run_table(run, labels)
    yield rates_table({run.agent: run.rates})
    if alignment is not None:
        yield alignment_table(alignment)
    show = shlex.join(["judge", "show", run.name, *_places(call)])
    yield f"{spent(run.usage)}; {run.seconds:.1f} s"
    yield f"run {run.name}, kept in {outcome.folder.path} and {call.store}"
    yield f"each verdict with its evidence: {show}"


def _labels_of_the_example(
    run: JudgedRun,
) -> tuple[Mapping[str, Mapping[int, Outcome]], Alignment | None]:
    """The labels that come with the bundled example, where that is what was judged."""
    from devai_tasks import bundled_example, load_judgments
    from judge.alignment import align

    example = bundled_example()
    asked = run.record.config["request"] if run.record else {}
    if asked.get("workspaces") != str(example.workspaces):
        return {}, None
    labels = load_judgments(example.labels).requirements
    shown = {
        task: {requirement.requirement_id: requirement.outcome for requirement in judged}
        for task, judged in labels.items()
    }
    judged = {name: flags for name, flags in run.flags.items() if name in labels}
    return shown, align({name: labels[name] for name in judged}, judged)


def _places(call: Call) -> list[str]:
    """The options that name the store and the run folders, where they were given."""
    words: list[str] = []
    if call.store_given is not None:
        words += ["--store", str(call.store_given)]
    if call.run_dir_given is not None:
        words += ["--run-dir", str(call.run_dir_given)]
    return words
