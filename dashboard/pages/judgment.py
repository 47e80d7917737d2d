"""Judgment: one task of one run, its requirements as a graph, every verdict with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import state, untrusted
from dashboard.agreement_runs import RunLine, run_record, spent
from dashboard.agreement_views import lines_of, runs_of
from dashboard.dag import dag_chart
from dashboard.data import View
from dashboard.excerpts import (
    Excerpt,
    Looked,
    file_excerpt,
    recorded_output,
    shown_text,
    step_excerpts,
)
from dashboard.excerpts_exchanges import judge_steps, keeps_exchanges
from dashboard.excerpts_pictures import is_picture, thumbnail
from devai_tasks.causes import root_causes
from judge.labelling import HUMAN
from judge.reporting.judged import JudgedTask
from judge.reporting.wording import SIGNS, UNJUDGED, cited
from judge.reporting.wording import spent as spent_words
from results.errors import InputError, JudgeError
from results.records import (
    ArtifactEvidence,
    AskedRequirement,
    Evidence,
    ExecutionEvidence,
    FileEvidence,
    Outcome,
    RunRecord,
    TrajectoryEvidence,
    Verdict,
)
from results.run_folder import RunFolder

BADGES = {
    Outcome.SATISFIED: "green",
    Outcome.UNSATISFIED: "orange",
    Outcome.ABSTAINED: "yellow",
    Outcome.ERROR: "violet",
}
_CHART, _CHOSEN = "judgment_dag", "judgment_requirement"
# A minute of a stale workspace is better than hashing it anew at every click.
_looked: Any = st.cache_resource(ttl=60, max_entries=16, show_spinner="Reading the workspace …")(
    recorded_output
)


def render(view: View, store: Path, runs_dir: Path) -> None:
    """Draws the page."""
    st.title("Judgment")
    lines = lines_of(view)
    if not lines:
        st.info("No run has judged anything yet. `judge run` judges the bundled example.")
        return
    left, right = st.columns([3, 2])
    with left:
        line = _chosen_run(lines)
    names = [row["task"] for row in _tasks(view, line)]
    if not names:
        st.info("This run has judged no task yet.")
        return
    with right:
        task_name = str(state.choice("Task", names, "task"))
    run = runs_of(view, [line], task_name)[line.run_id]
    record = run_record(view, line.run_id)
    if not run.tasks or not run.tasks[0].requirements or record is None:
        st.info("The store does not hold this task's text.")
        return
    task = run.tasks[0]
    _summary(task, line, view)
    st.subheader("Requirements, and what each builds on")
    _settle_choice(task)
    _graph(task)
    requirement = _chosen_requirement(task)
    looked: Looked = _looked(record, task_name)
    st.divider()
    _verdict(task, requirement, looked)
    st.divider()
    _judges_work(task, requirement, line, record, looked)


def _chosen_run(lines: tuple[RunLine, ...]) -> RunLine:
    by_id = {line.run_id: line for line in lines}
    judges = [line.run_id for line in lines if line.judge != HUMAN]
    chosen = state.choice(
        "Run",
        list(by_id),
        "run",
        default=judges[0] if judges else None,
        named=lambda run_id: _named(by_id[run_id]),
    )
    return by_id[str(chosen)]


def _named(line: RunLine) -> str:
    return untrusted.name(
        f"{line.agent} · {line.who} · {line.started_at[:16]} · {line.run_id}", 140
    )


def _tasks(view: View, line: RunLine) -> list[dict[str, Any]]:
    return view("SELECT task FROM tasks WHERE run_id = ? ORDER BY task", [line.run_id])


def _summary(task: JudgedTask, line: RunLine, view: View) -> None:
    said = [v.outcome for r in task.requirements if (v := task.verdict(r)) is not None]
    usage = spent(view, [line]).get(line.run_id)
    columns = st.columns(5)
    for column, outcome in zip(columns, Outcome, strict=False):
        column.metric(f"{SIGNS[outcome]} {outcome.value}", said.count(outcome))
    took = "no model calls" if usage is None else spent_words(usage)
    columns[4].metric("judge's time", f"{line.seconds:.1f} s", help="Wall time of the whole run.")
    left = len(task.requirements) - len(said)
    more = f" {left} requirements of this task have no verdict." if left else ""
    st.caption(f"The whole run: {took}; {line.setting}.{more}")
    with st.expander("What the task asks"):
        st.text(shown_text(task.asked.query or "The run did not keep the query."))


def _graph(task: JudgedTask) -> None:
    said = {r.requirement_id: v for r in task.requirements if (v := task.verdict(r)) is not None}
    try:
        chart = dag_chart(task.requirements, said, st.session_state[_CHOSEN])
    except InputError as error:
        st.text(str(error))
        return
    # A graph of many layers is scrolled rather than cut.
    st.html("<style>.st-key-dag { overflow-x: auto; }</style>")
    with st.container(key="dag"):
        st.altair_chart(
            chart,
            key=_CHART,
            on_select=_take_click,
            selection_mode="chosen",
            width="content",
            alt="The requirements as boxes, with an arrow from each to those that build on it.",
        )


def _take_click() -> None:
    """A click on a box chooses its requirement, as the list below does."""
    points = st.session_state[_CHART]["selection"].get("chosen", [])
    if points:
        st.session_state[_CHOSEN] = int(points[0]["requirement"])


def _settle_choice(task: JudgedTask) -> None:
    """The requirement that is looked at: the one chosen before, of the address, or the first."""
    numbers = [r.requirement_id for r in task.requirements]
    if st.session_state.get(_CHOSEN) not in numbers:
        wanted = st.query_params.get("requirement", "")
        is_there = (
            wanted.isascii() and wanted.isdecimal() and len(wanted) < 10 and int(wanted) in numbers
        )
        st.session_state[_CHOSEN] = int(wanted) if is_there else numbers[0]


def _chosen_requirement(task: JudgedTask) -> AskedRequirement:
    by_id = {r.requirement_id: r for r in task.requirements}
    numbers = list(by_id)

    def named(number: int) -> str:
        verdict = task.verdict(by_id[number])
        sign = "" if verdict is None else SIGNS[verdict.outcome]
        return f"{number} {sign} {untrusted.name(by_id[number].criteria, 120)}"

    chosen: int = st.selectbox(
        "Requirement (or click a box)", numbers, format_func=named, key=_CHOSEN
    )
    state.keep("requirement", str(chosen))
    return by_id[chosen]


def _verdict(task: JudgedTask, requirement: AskedRequirement, looked: Looked) -> None:
    verdict = task.verdict(requirement)
    st.subheader(f"Requirement {requirement.requirement_id}")
    st.text(shown_text(requirement.criteria))
    if verdict is None:
        st.badge(UNJUDGED, color="gray")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(f"{SIGNS[verdict.outcome]} {verdict.outcome.value}", color=BADGES[verdict.outcome])
        st.badge(f"confidence {verdict.confidence:.2f}", color="gray")
        causes = root_causes(task.flags)
        if requirement.requirement_id in causes:
            cause = causes[requirement.requirement_id]
            st.badge(f"cannot count: {cause} is not met", color="orange")
        if requirement.prerequisites:
            named = ", ".join(map(str, requirement.prerequisites))
            st.badge(f"builds on {named}", color="gray")
    st.text(shown_text(verdict.reason or "No reason was given."))
    if not verdict.evidence:
        st.caption("The verdict cites nothing.")
        return
    evidence = _chosen_evidence(verdict)
    _evidence(evidence, looked)


def _chosen_evidence(verdict: Verdict) -> Evidence:
    event = st.dataframe(
        [
            {"#": number, "kind": e.kind, "where it points, and what stands there": cited(e)}
            for number, e in enumerate(verdict.evidence, 1)
        ],
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"evidence_{verdict.task}_{verdict.requirement_id}"[:200],
        column_config={
            "#": st.column_config.NumberColumn(width=40),
            "kind": st.column_config.TextColumn(width=90),
        },
        alt="The evidence of the verdict; choose a row to see where it points.",
    )
    rows = event.selection.rows
    number = rows[0] if rows and rows[0] < len(verdict.evidence) else 0
    st.caption(f"Evidence {number + 1} of {len(verdict.evidence)}; choose a row for another.")
    return verdict.evidence[number]


def _evidence(evidence: Evidence, looked: Looked) -> None:
    match evidence:
        case FileEvidence():
            _file(evidence, looked)
        case TrajectoryEvidence():
            _step(evidence, looked)
        case ArtifactEvidence():
            _artifact(evidence, looked)
        case ExecutionEvidence():
            st.caption(
                f"A command in the sandbox; it ended with exit status {evidence.exit_status}."
            )
            st.code(shown_text(f"$ {evidence.command}\n{evidence.output}"), language=None)


def _file(evidence: FileEvidence, looked: Looked) -> None:
    if looked.workspace is None:
        _kept_quote(looked.workspace_fault, evidence.quote)
        return
    excerpt = file_excerpt(
        looked.workspace,
        evidence.path,
        evidence.start_line,
        evidence.end_line,
        evidence.quote,
    )
    _excerpt(excerpt)
    if not excerpt.text or excerpt.note:
        _kept_quote("", evidence.quote)


def _step(evidence: TrajectoryEvidence, looked: Looked) -> None:
    step = None if looked.trajectory is None else looked.trajectory.step(evidence.step)
    if step is None:
        fault = looked.trajectory_fault or "The trajectory has no such step."
        _kept_quote(fault, evidence.quote)
        return
    st.caption(f"Step {evidence.step} of the trajectory; lines of the quote begin with >.")
    for excerpt in step_excerpts(step, evidence.quote):
        _excerpt(excerpt)


def _artifact(evidence: ArtifactEvidence, looked: Looked) -> None:
    st.caption("What was measured in the file, or that there is none:")
    st.code(shown_text(f"{evidence.path}: {evidence.fact}"), language=None)
    if looked.workspace is None:
        st.caption(looked.workspace_fault)
        return
    if is_picture(evidence.path):
        shown = thumbnail(looked.workspace, evidence.path)
        if shown is not None:
            st.image(shown, caption="Drawn anew from its pixels, at most 900 a side.")


def _kept_quote(why: str, quote: str) -> None:
    if why:
        st.caption(why)
    st.caption("The quote as the run kept it:")
    st.code(shown_text(quote), language=None)


def _excerpt(excerpt: Excerpt) -> None:
    st.text(excerpt.title)
    if excerpt.note:
        st.caption(excerpt.note)
    if excerpt.text:
        # As a diff, the cited lines get a colour from their mark; no line can forge one.
        st.code(excerpt.text, language="diff", height=None if len(excerpt.text) < 3_000 else 400)


def _judges_work(
    task: JudgedTask,
    requirement: AskedRequirement,
    line: RunLine,
    record: RunRecord,
    looked: Looked,
) -> None:
    st.subheader("What the judge did and paid")
    verdict = task.verdict(requirement)
    rows = [_paid(r, v) for r in task.requirements if (v := task.verdict(r)) is not None]
    st.dataframe(rows, hide_index=True, alt="What each verdict of this task took.")
    if verdict is None or not verdict.usage.calls:
        st.caption("This verdict asked no model.")
        return
    folder = _folder(line)
    if folder is None or not keeps_exchanges(folder):
        st.caption("The run's folder is not here, or it kept no exchanges, so no steps are shown.")
        return
    if looked.workspace is None:
        st.caption(f"{looked.workspace_fault} The judge's steps need it.")
        return
    if not st.toggle("Show the judge's steps to this verdict", key="judgment_steps"):
        return
    try:
        found = judge_steps(folder, verdict, looked.workspace, looked.trajectory)
    except JudgeError as error:
        st.text(untrusted.name(error, 240))
        return
    if not found.is_same:
        st.caption("Judged again from what was kept, the verdict comes out otherwise.")
    for number, step in enumerate(found.steps, 1):
        st.markdown(f"**Reply {number}** · {spent_words(step.usage)}")
        if step.text.strip():
            st.text(shown_text(step.text))
        for tool, arguments in step.calls:
            st.code(shown_text(f"{untrusted.name(tool, 80)} {arguments}"), language=None)


def _paid(requirement: AskedRequirement, verdict: Verdict) -> Mapping[str, Any]:
    usage = verdict.usage
    return {
        "requirement": requirement.requirement_id,
        "outcome": f"{SIGNS[verdict.outcome]} {verdict.outcome.value}",
        "confidence": verdict.confidence,
        "evidence": len(verdict.evidence),
        "seconds": round(verdict.seconds, 2),
        "calls": usage.calls,
        "input tokens": usage.input_tokens,
        "output tokens": usage.output_tokens,
        "USD": usage.cost,
    }


def _folder(line: RunLine) -> RunFolder | None:
    try:
        folder = RunFolder.open(line.folder)
    except JudgeError:
        return None
    return folder if folder.run_id == line.run_id else None
