"""`judge run`: judges outputs, shows the verdicts, and stores them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call, judge_command
from results.errors import InputError, JudgeError

if TYPE_CHECKING:
    from judge.alignment import Alignment
    from judge.reporting.judged import JudgedRun
    from judge.running import Budget, Progress, RunOutcome, RunRequest, Session
    from results.records import Outcome

INTERRUPTED = 130
LEFT_IN_ERROR = 3
PATH = click.Path(path_type=Path)
# What a resumed run takes from its record instead.
NOT_WITH_RESUME = (
    "tasks workspaces trajectories agent judge_name model modules planning vision embeddings"
    " max_steps skip_doomed setting preferences select dry_run"
).split()


@judge_command(
    "run",
    touches_store=True,
    example="judge run\n"
    "judge run --tasks devai/instances --workspaces outputs/OpenHands --trajectories steps/\n"
    "judge run --tasks tasks/ --workspaces outputs/ --judge llm --model openai:gpt-4o-mini "
    "--jobs 8\n"
    "judge run --resume 20261124-231559",
    help="Judge every task that has a workspace, requirement by requirement. With no options, the"
    " bundled example.",
)
@click.option("--tasks", help="Tasks in DevAI's form: a file, a folder, or hub:<owner>/<dataset>.")
@click.option("--workspaces", type=PATH, help="<task>/ folders, or <agent>/<task>/ folders.")
@click.option("--trajectories", type=PATH, help="[<agent>/]<task>.* files of the agents' steps.")
@click.option("--agent", help="The agent's name; of several agents, the one to judge.")
@click.option(
    "--judge",
    "judge_name",
    default="checks",
    show_default=True,
    metavar="JUDGE",
    help="checks, llm, agent, or a panel such as panel:checks+agent@3.",
)
@click.option("--model", help="The judge's model: openai:<model>, litellm:<model> or hf:<folder>.")
@click.option(
    "--setting",
    type=click.Choice(["black-box", "gray-box"]),
    help="Whether the judge sees trajectories; by default it does where they are given.",
)
@click.option("--modules", help="The agent judge's modules, by commas; all of them by default.")
@click.option(
    "--planning",
    type=click.Choice(["efficient", "comprehensive", "planned"]),
    help="How the agent judge lays out its first look; efficient by default.",
)
@click.option("--vision", is_flag=True, help="The agent judge's model is shown pictures.")
@click.option("--embeddings", metavar="MODEL", help="Re-ranks what the agent judge searches for.")
@click.option(
    "--max-steps",
    type=click.IntRange(1, 100),
    help="Turns of the agent judge on one requirement, 10 by default; reaching it abstains.",
)
@click.option(
    "--skip-doomed",
    is_flag=True,
    help="Do not judge what can no longer count, because a prerequisite is not met; a fixed tenth"
    " of it is judged all the same.",
)
@click.option("--preferences", is_flag=True, help="Judge the preferences as well.")
@click.option(
    "--select", multiple=True, help="Only tasks of this name or tag, or fitting *; repeatable."
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Questions that are asked at once.",
)
@click.option(
    "--executor",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where the work is done.",
)
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0, min_open=True),
    help="End, resumably, when the model calls of this session have cost so many USD.",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    help="End, resumably, when the model calls of this session have taken so many tokens.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be asked, and what it may cost.")
@click.option("--resume", multiple=True, metavar="RUN", help="Go on with a run; repeatable.")
def command(
    call: Call,
    *,
    executor: str,
    jobs: int,
    max_cost: float | None,
    max_tokens: int | None,
    dry_run: bool,
    resume: tuple[str, ...],
    judge_name: str,
    modules: str | None,
    **asked: Any,
) -> int:
    from judge.running import Budget, begin, run_request
    from results.store import Store

    if executor == "ray":
        raise InputError("The executor 'ray' is not part of this version yet; use local.")
    # A store that cannot be used is better known before hours of judging than after.
    if Store(call.store).exists:
        Store(call.store).runs()
    budget = Budget(max_cost, max_tokens)
    if resume:
        _refuse_with_resume()
        sessions = _resumed(call, resume, budget)
    else:
        request = run_request(
            judge=judge_name,
            modules=None if modules is None else tuple(modules.split(",")),
            **asked,
        )
        if dry_run:
            return _dry_run(call, request)
        sessions = begin(request, call.run_dir, budget)
    return _carry_out(call, sessions, jobs, budget)


def _refuse_with_resume() -> None:
    """A resumed run asks what it was asked at first; whatever else is given would be ignored."""
    context = click.get_current_context()
    given = [
        name
        for name in NOT_WITH_RESUME
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        option = given[0].removesuffix("_name").replace("_", "-")
        raise InputError(
            f"--resume goes on with what the run was asked, so --{option} has no place beside it;"
            " leave it out, or start a new run."
        )


def _resumed(call: Call, runs: Sequence[str], budget: Budget) -> tuple[Session, ...]:
    from judge.running import resume
    from results.run_folder import resolve_run

    return tuple(resume(resolve_run(run, call.run_dir, call.store), budget) for run in runs)


def _dry_run(call: Call, request: RunRequest) -> int:
    from judge.reporting.tables import text_table
    from judge.reporting.wording import spent
    from judge.running import plan_runs
    from judge.running.estimate import estimate
    from judge.running.sessions import open_requested

    judge = open_requested(request)
    plans = plan_runs(request)
    for plan in plans:
        _notes(call, plan.notes)
    estimates = [estimate(plan, judge) for plan in plans]
    described = [
        {
            "agent": found.agent,
            "judge": request.judge,
            "setting": plan.setting,
            "tasks": found.tasks,
            "questions": [
                {"task": q.task, "requirement_id": q.number, "is_preference": q.is_preference}
                for q in plan.questions
            ],
            "usage": found.usage.model_dump(mode="json"),
        }
        for plan, found in zip(plans, estimates, strict=True)
    ]
    document = described[0] if len(described) == 1 else {"runs": described}
    rows = [
        (found.agent, str(found.tasks), str(found.questions), spent(found.usage))
        for found in estimates
    ]
    title = f"would be asked of the judge {request.judge}; nothing was asked"
    call.answer(
        {"dry_run": True, **document},
        text_table(rows, ("agent", "tasks", "questions", "about"), title),
    )
    return 0


def _carry_out(call: Call, sessions: Sequence[Session], jobs: int, budget: Budget) -> int:
    """Judges, stores whatever was found, and answers; a run that did not end says how to go on."""
    from results.store import Store

    outcomes: list[RunOutcome] = []
    stopped: JudgeError | KeyboardInterrupt | None = None
    try:
        for session in sessions:
            _notes(call, session.notes)
            with _progress(call) as on_progress:
                outcomes.append(session.execute(jobs, budget, on_progress))
            _notes(call, [n for n in outcomes[-1].notes if n not in session.notes])
    except (KeyboardInterrupt, JudgeError) as error:
        stopped = error
    left = list(sessions[len(outcomes) :])
    left += [s for s, o in zip(sessions, outcomes, strict=False) if o.outcomes_in_error]
    # Said before anything else is tried, because a second Ctrl-C ends that.
    status = 0 if stopped is None else _stopped(call, stopped, left)
    store = Store(call.store)
    for fault in store.ingest([session.folder for session in sessions]).faults:
        call.note(fault)
    store.publish()
    if stopped is not None:
        return status
    _answer(call, outcomes)
    if left:
        units = sum(outcome.outcomes_in_error for outcome in outcomes)
        resume = _resume_command(call, left)
        call.say(f"Units in error: {units}. To ask them again: {resume}")
        return LEFT_IN_ERROR
    return 0


def _stopped(call: Call, stopped: JudgeError | KeyboardInterrupt, left: Sequence[Session]) -> int:
    if isinstance(stopped, KeyboardInterrupt):
        sentence, status = "Stopped; every verdict so far is kept.", INTERRUPTED
    else:
        sentence, status = str(stopped), stopped.exit_status
    resume = _resume_command(call, left)
    call.say(f"{sentence} To go on: {resume}")
    if call.as_json:
        call.answer({"error": sentence, "exit_status": status, "resume": resume})
    return status


def _resume_command(call: Call, sessions: Sequence[Session]) -> str:
    words = ["judge", "run"]
    for session in sessions:
        words += ["--resume", session.folder.run_id]
    if call.store_given is not None:
        words += ["--store", str(call.store_given)]
    if call.run_dir_given is not None:
        words += ["--run-dir", str(call.run_dir_given)]
    return shlex.join(words)


def _answer(call: Call, outcomes: Sequence[RunOutcome]) -> None:
    from judge.reporting.judged import judged_by_run

    runs = [judged_by_run(outcome.folder) for outcome in outcomes]
    described = [_described(call, outcome) for outcome in outcomes]
    if call.quiet and not call.as_json:
        for outcome in outcomes:
            click.echo(outcome.run_id)
        return
    document = described[0] if len(described) == 1 else {"runs": described}
    call.answer(document, *(part for run in runs for part in _rendered(call, run)))


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


def _rendered(call: Call, run: JudgedRun) -> Iterator[Any]:
    from judge.reporting.tables import alignment_table, rates_table, run_table
    from judge.reporting.wording import spent

    labels, alignment = _labels_of_the_example(run)
    yield run_table(run, labels)
    yield rates_table({run.agent: run.rates})
    if alignment is not None:
        yield alignment_table(alignment)
    yield f"{spent(run.usage)}; {run.seconds:.1f} s"
    yield f"run {run.name}, kept in {call.run_dir / run.name} and {call.store}"
    yield f"each verdict with its evidence: judge show {run.name}"


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


def _notes(call: Call, notes: Sequence[str]) -> None:
    for note in notes:
        call.note(note)


@contextmanager
def _progress(call: Call) -> Iterator[Callable[[Progress], None] | None]:
    """A bar with the time that is left, on stderr, where a person watches."""
    if not call.shows_progress:
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    from judge.reporting.wording import one_line

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        row = bar.add_task("judging", total=None)

        def on_progress(progress: Progress) -> None:
            bar.update(
                row,
                description=one_line(progress.agent, 40),
                completed=progress.done,
                total=progress.total,
            )

        yield on_progress
