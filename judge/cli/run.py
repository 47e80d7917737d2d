"""`judge run`: judges outputs, shows the verdicts, and stores them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from judge.cli.calling import Call, judge_command
from judge.cli.progress import judging_bar
from judge.cli.run_answer import answer, resume_command
from results.errors import InputError, JudgeError

if TYPE_CHECKING:
    from judge.running import Budget, RunOutcome, RunRequest, Session

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
    from runners.storing import store_runs

    outcomes: list[RunOutcome] = []
    stopped: JudgeError | KeyboardInterrupt | None = None
    try:
        for session in sessions:
            _notes(call, session.notes)
            with judging_bar(call) as on_progress:
                outcomes.append(session.execute(jobs, budget, on_progress))
            _notes(call, [n for n in outcomes[-1].notes if n not in session.notes])
    except (KeyboardInterrupt, JudgeError) as error:
        stopped = error
    left = list(sessions[len(outcomes) :])
    left += [s for s, o in zip(sessions, outcomes, strict=False) if o.outcomes_in_error]
    # Said before anything else is tried, because a second Ctrl-C ends that.
    status = 0 if stopped is None else _stopped(call, stopped, left)
    for fault in store_runs(Store(call.store), [session.folder for session in sessions]).faults:
        call.note(fault)
    if stopped is not None:
        return status
    answer(call, outcomes)
    if left:
        units = sum(outcome.outcomes_in_error for outcome in outcomes)
        resume = resume_command(call, left)
        call.say(f"Units in error: {units}. To ask them again: {resume}")
        return LEFT_IN_ERROR
    return 0


def _stopped(call: Call, stopped: JudgeError | KeyboardInterrupt, left: Sequence[Session]) -> int:
    if isinstance(stopped, KeyboardInterrupt):
        sentence, status = "Stopped; every verdict so far is kept.", INTERRUPTED
    else:
        sentence, status = str(stopped), stopped.exit_status
    resume = resume_command(call, left)
    call.say(f"{sentence} To go on: {resume}")
    if call.as_json:
        call.answer({"error": sentence, "exit_status": status, "resume": resume})
    return status


def _notes(call: Call, notes: Sequence[str]) -> None:
    for note in notes:
        call.note(note)
