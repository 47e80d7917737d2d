"""Agents: what share of what was asked each agent met, where, and what that took (DevAI)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dashboard import state, untrusted
from dashboard.agreement_published import by_table, devai_figures, met_by_agents, of_agents
from dashboard.agreement_runs import RunLine, run_record, spent
from dashboard.agreement_views import lines_of, runs_of
from dashboard.dag import COLOURS, INK
from dashboard.data import View
from dashboard.excerpts import recorded_trajectory
from devai_tasks import Rates
from devai_tasks.rates import Flags, rates
from judge.labelling import HUMAN
from judge.reporting.judged import JudgedRun
from judge.reporting.tables import READINGS
from judge.reporting.wording import SIGNS, UNJUDGED
from results.records import Outcome, Rate

MOST_AGENTS = 20
_MOST_TRAJECTORIES = 60
# What the names of tasks and a legend take of a chart's width, in pixels.
_LABELS, _LEGEND = 350, 110
_SHORT = {
    "independent": "I: requirements met",
    "dependent": "D: and their prerequisites",
    "transitive": "and all they build on",
    "solve": "tasks solved whole",
}


def render(view: View, store: Path, runs_dir: Path) -> None:
    """Draws the page."""
    st.title("Agents")
    lines = lines_of(view)
    if lines:
        chosen = _chosen(lines)
        runs = runs_of(view, chosen)
        sides = {_name(line, chosen): runs[line.run_id] for line in chosen}
        if sides:
            _measured(view, chosen, sides)
    else:
        st.info("No agent has been judged yet. `judge run` judges the bundled example.")
    _published(view)


def _chosen(lines: Sequence[RunLine]) -> list[RunLine]:
    """The newest run of each chosen agent by one judge, because rates of two judges differ."""
    judges = list(dict.fromkeys(line.who for line in lines))
    agents_of = {who: {line.agent for line in lines if line.who == who} for who in judges}
    people = {line.who for line in lines if line.judge == HUMAN}
    judges.sort(key=lambda who: (who in people, -len(agents_of[who])))
    left, right = st.columns([2, 3])
    with left:
        who = str(state.choice("Judged by", judges, "judge"))
    newest: dict[str, RunLine] = {}
    for line in lines:
        if line.who == who:
            newest.setdefault(line.agent, line)
    names = sorted(newest)
    agents = right.multiselect(
        "Agents, each by its newest run",
        names,
        default=names[:MOST_AGENTS],
        format_func=lambda name: untrusted.name(name, 60),
        key=f"agents_{judges.index(who)}",
        max_selections=MOST_AGENTS,
    )
    return [newest[agent] for agent in agents]


def _name(line: RunLine, lines: Sequence[RunLine]) -> str:
    """The agent's name, short; with the run's end where two would look the same."""
    short = untrusted.name(line.agent, 28)
    alike = sum(untrusted.name(other.agent, 28) == short for other in lines) > 1
    return f"{short} ({line.run_id[-8:]})" if alike else short


def _measured(view: View, lines: Sequence[RunLine], sides: Mapping[str, JudgedRun]) -> None:
    by_agent = {name: run.rates for name, run in sides.items()}
    st.subheader("What share was met")
    st.caption(
        "Over decided requirements; the line goes from the worst to the best case, in which what"
        " is undecided counts as unmet and as met."
    )
    st.altair_chart(_rates_chart(by_agent), width="content", alt="The four rates of each agent.")
    usage = spent(view, lines)
    st.dataframe(
        [
            _row(name, run, by_agent[name], line, usage.get(line.run_id))
            for (name, run), line in zip(sides.items(), lines, strict=True)
        ],
        hide_index=True,
        column_config={
            key: st.column_config.NumberColumn(format="percent")
            for key in ("I", "D", "transitive", "solve")
        },
        alt="The rates of each agent in numbers.",
    )
    st.subheader("Where")
    if len(sides) > 1:
        st.altair_chart(
            _task_map(sides), width="content", alt="The share met of every task by every agent."
        )
        with st.expander("Every requirement of one agent"):
            name = st.selectbox("Agent", list(sides), key="agents_requirements")
            _requirement_map(sides[name])
    else:
        _requirement_map(next(iter(sides.values())))
    _breakdowns(sides)
    _own_cost(view, lines)


def _row(name: str, run: JudgedRun, found: Rates, line: RunLine, usage: Any) -> dict[str, Any]:
    outcomes = [flag.outcome for task in run.tasks for flag in task.flags]
    return {
        "agent": name,
        "I": found.independent.value,
        "I, worst to best": _span(found.independent),
        "D": found.dependent.value,
        "D, worst to best": _span(found.dependent),
        "transitive": found.transitive.value,
        "solve": found.solve.value,
        "tasks": len(run.tasks),
        "requirements": len(outcomes),
        "abstained": outcomes.count(Outcome.ABSTAINED),
        "error": outcomes.count(Outcome.ERROR),
        "judge's USD": None if usage is None else usage.cost,
        "judge's seconds": round(line.seconds, 1),
        "judged": line.started_at[:16],
        "run": line.run_id,
    }


def _span(rate: Rate) -> str:
    if rate.worst is None or rate.best is None:
        return "–"
    return f"{100 * rate.worst:.1f} to {100 * rate.best:.1f} %"


def _rates_chart(by_agent: Mapping[str, Rates]) -> Any:
    data = pd.DataFrame(
        [
            {
                "agent": name,
                "rate": _SHORT[reading],
                "value": rate.value,
                "worst": rate.worst,
                "best": rate.best,
                "shown": "–" if rate.value is None else f"{100 * rate.value:.0f} %",
                "n": rate.n,
            }
            for name, found in by_agent.items()
            for reading in READINGS
            for rate in [getattr(found, reading)]
        ]
    )
    share = alt.Scale(domain=[0, 1.08], nice=False)
    # 0.999 to 1.001 would be a scale of its own; every bar shares one axis.
    axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], title=None)
    base = alt.Chart(data).encode(
        y=alt.Y("agent:N", title=None, axis=alt.Axis(labelLimit=220), sort=list(by_agent))
    )
    bars = base.mark_bar(height=14, color="#2E7FB8", cornerRadiusEnd=3, opacity=0.85).encode(
        x=alt.X("value:Q", scale=share, axis=axis),
        tooltip=[
            alt.Tooltip("agent:N"),
            alt.Tooltip("rate:N"),
            alt.Tooltip("value:Q", format=".1%"),
            alt.Tooltip("worst:Q", format=".1%"),
            alt.Tooltip("best:Q", format=".1%"),
            alt.Tooltip("n:Q", title="decided"),
        ],
    )
    spans = base.mark_rule(strokeWidth=2.5, color="#E69F00").encode(
        x=alt.X("worst:Q", scale=share), x2="best:Q"
    )
    texts = base.mark_text(align="left", dx=5, fontSize=12, color="#7F8894").encode(
        x=alt.X("best:Q", scale=share), text="shown:N"
    )
    return (
        alt.layer(bars, spans, texts)
        .properties(width=188, height=max(46, 28 * len(by_agent)))
        .facet(column=alt.Column("rate:N", title=None, sort=list(_SHORT.values())))
        .configure_view(strokeWidth=0)
    )


def _task_map(sides: Mapping[str, JudgedRun]) -> Any:
    """Tasks down, agents across, coloured by the share that is met."""
    rows = []
    for name, run in sides.items():
        for task in run.tasks:
            outcomes = [flag.outcome for flag in task.flags]
            met = outcomes.count(Outcome.SATISFIED)
            undecided = sum(not outcome.is_decided for outcome in outcomes)
            rows.append(
                {
                    "agent": name,
                    "task": untrusted.name(task.name, 60),
                    "share": met / len(outcomes) if outcomes else None,
                    "shown": f"{met}/{len(outcomes)}" + (f" ?{undecided}" if undecided else ""),
                }
            )
    data = pd.DataFrame(rows)
    tasks = data["task"].nunique()
    base = alt.Chart(data).encode(
        x=alt.X(
            "agent:N",
            title=None,
            sort=list(sides),
            axis=alt.Axis(orient="top", labelAngle=-30 if len(sides) > 4 else 0, labelLimit=160),
        ),
        y=alt.Y("task:N", title=None, axis=alt.Axis(labelLimit=330)),
    )
    cells = base.mark_rect(stroke="#88888833").encode(
        color=alt.Color(
            "share:Q",
            scale=alt.Scale(scheme="viridis", domain=[0, 1]),
            legend=alt.Legend(title="share met", format="%"),
        ),
        tooltip=[
            alt.Tooltip("agent:N"),
            alt.Tooltip("task:N"),
            alt.Tooltip("shown:N", title="met"),
        ],
    )
    texts = base.mark_text(fontSize=11).encode(
        text="shown:N",
        color=alt.condition("datum.share > 0.6", alt.value(INK), alt.value("white")),
    )
    width = _LABELS + _LEGEND + max(160, min(110 * len(sides), 600))
    return alt.layer(cells, texts).properties(width=width, height=60 + 22 * tasks)


def _requirement_map(run: JudgedRun) -> None:
    st.caption(
        f"Every requirement, by its number: {', '.join(f'{SIGNS[o]} {o.value}' for o in Outcome)}."
        " The Judgment page shows the reasons."
    )
    st.altair_chart(
        outcome_map(run), width="content", alt="The outcome of every requirement of every task."
    )


def outcome_map(run: JudgedRun) -> Any:
    """Tasks down, requirements across, coloured by outcome, as an Altair chart."""
    rows = []
    for task in run.tasks:
        for requirement in task.requirements:
            verdict = task.verdict(requirement)
            outcome = UNJUDGED if verdict is None else verdict.outcome.value
            rows.append(
                {
                    "task": untrusted.name(task.name, 60),
                    "requirement": requirement.requirement_id,
                    "outcome": outcome,
                    "sign": "·" if verdict is None else SIGNS[verdict.outcome],
                    "asks": untrusted.name(requirement.criteria, 200),
                }
            )
    data = pd.DataFrame(rows, columns=["task", "requirement", "outcome", "sign", "asks"])
    names = list(COLOURS)
    most = int(data["requirement"].nunique())
    base = alt.Chart(data).encode(
        x=alt.X(
            "requirement:O", title=None, axis=alt.Axis(orient="top", labelAngle=0, ticks=False)
        ),
        y=alt.Y("task:N", title=None, axis=alt.Axis(labelLimit=330, ticks=False)),
    )
    cells = base.mark_rect(cornerRadius=4, strokeWidth=1.5).encode(
        fill=_by_outcome(alt.Fill, "soft", names),
        stroke=_by_outcome(alt.Stroke, "strong", names),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("task", "requirement", "outcome", "asks")],
    )
    signs = base.mark_text(fontSize=14, fontWeight="bold").encode(
        text="sign:N", color=_by_outcome(alt.Color, "strong", names)
    )
    return (
        alt.layer(cells, signs)
        .resolve_scale(color="independent", fill="independent", stroke="independent")
        .properties(width=_LABELS + 46 * most, height=40 + 30 * len(run.tasks))
        .configure_view(strokeWidth=0)
        .configure_scale(bandPaddingInner=0.12)
    )


def _by_outcome(channel: Any, shade: str, names: Sequence[str]) -> Any:
    colours = [getattr(COLOURS[name], shade) for name in names]
    return channel("outcome:N", scale=alt.Scale(domain=list(names), range=colours), legend=None)


def _breakdowns(sides: Mapping[str, JudgedRun]) -> None:
    left, right = st.columns(2)
    for column, title, rows in (
        (left, "By category of the requirement", by_category(sides)),
        (right, "By tag of the task", by_tag(sides)),
    ):
        column.markdown(f"**{title}**")
        if not rows:
            column.caption("There is none.")
            continue
        column.altair_chart(_shares_chart(rows, list(sides)), width="stretch", alt=title)


def by_category(sides: Mapping[str, JudgedRun]) -> list[dict[str, Any]]:
    """A row an agent and category of requirement: its share met (I), over how many."""
    rows = []
    for name, run in sides.items():
        outcomes: dict[str, list[Outcome]] = {}
        for task in run.tasks:
            for requirement, flag in zip(task.requirements, task.flags, strict=True):
                category = untrusted.name(requirement.category or "no category", 48)
                outcomes.setdefault(category, []).append(flag.outcome)
        for category, of in outcomes.items():
            rows.append(_share_row(name, category, of))
    return rows


def by_tag(sides: Mapping[str, JudgedRun]) -> list[dict[str, Any]]:
    """A row an agent and tag of tasks: the share met of all requirements of those tasks."""
    rows = []
    for name, run in sides.items():
        tagged: dict[str, dict[str, Any]] = {}
        for task in run.tasks:
            for tag in dict.fromkeys(task.asked.tags):
                tagged.setdefault(untrusted.name(tag, 48), {})[task.name] = task.flags
        for tag, flags in tagged.items():
            of = [flag.outcome for of_task in flags.values() for flag in of_task]
            rows.append({**_share_row(name, tag, of), **_readings(flags)})
    return rows


def _readings(flags: Flags) -> dict[str, Any]:
    found = rates(flags)
    return {"D": found.dependent.value, "solved": found.solve.value}


def _share_row(agent: str, of: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    decided = [outcome for outcome in outcomes if outcome.is_decided]
    met = decided.count(Outcome.SATISFIED)
    return {
        "agent": agent,
        "of": of,
        "share": met / len(decided) if decided else None,
        "shown": f"{met}/{len(decided)}",
        "n": len(outcomes),
    }


def _shares_chart(rows: Sequence[Mapping[str, Any]], agents: Sequence[str]) -> Any:
    data = pd.DataFrame(rows)
    order = data.groupby("of")["n"].sum().sort_values(ascending=False).index.tolist()[:30]
    data = data[data["of"].isin(order)]
    y = alt.Y("of:N", title=None, sort=order, axis=alt.Axis(labelLimit=260))
    share = alt.X("share:Q", title=None, axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    tooltip = [
        alt.Tooltip("agent:N"),
        alt.Tooltip("of:N", title="of"),
        alt.Tooltip("share:Q", format=".1%", title="I"),
        alt.Tooltip("shown:N", title="met of decided"),
        *([alt.Tooltip("D:Q", format=".1%")] if "D" in data else []),
    ]
    if len(agents) == 1:
        bars = alt.Chart(data).mark_bar(height=14, cornerRadiusEnd=3, color="#2E7FB8", opacity=0.85)
        texts = alt.Chart(data).mark_text(align="left", dx=5, fontSize=12, color="#7F8894")
        return alt.layer(
            bars.encode(y=y, x=share, tooltip=tooltip), texts.encode(y=y, x=share, text="shown:N")
        ).properties(height=max(60, 28 * len(order)))
    return (
        alt.Chart(data)
        .mark_point(filled=True, size=110, opacity=0.9)
        .encode(
            y=y,
            x=share,
            color=alt.Color(
                "agent:N",
                scale=alt.Scale(range=_AGENT_COLOURS),
                sort=list(agents),
                legend=alt.Legend(title=None, orient="top"),
            ),
            shape=alt.Shape("agent:N", sort=list(agents)),
            tooltip=tooltip,
        )
        .properties(height=max(60, 28 * len(order)))
    )


# After Okabe and Ito's colours, each with a contrast of 3 to 1 to the light and the dark ground.
_AGENT_COLOURS = ["#2F8FCB", "#D9692A", "#17A37B", "#C271A8", "#C9971C", "#7D8CE0"]


def _own_cost(view: View, lines: Sequence[RunLine]) -> None:
    st.subheader("What the agents took")
    st.caption(
        "From their own trajectories, where the judge was given them and they are unchanged."
    )
    rows = []
    budget = _MOST_TRAJECTORIES
    for line in lines:
        names = list(line.outputs)[:budget]
        budget -= len(names)
        row = _own_cost_of(view, line.run_id, tuple(names))
        if row is not None:
            rows.append({"agent": _name(line, lines), **row})
    if not rows:
        st.caption("No trajectory can be read.")
        return
    st.dataframe(rows, hide_index=True, alt="What each agent took, by its trajectories.")


def _own_cost_of(view: View, run_id: str, tasks: tuple[str, ...]) -> dict[str, Any] | None:
    """Steps, tokens, cost and time of the agent over those of its trajectories that can be read."""
    record = run_record(view, run_id)
    if record is None:
        return None
    read: Any = _trajectory_totals(record.model_dump_json(), tasks)
    return read or None


def _totals(record_json: str, tasks: tuple[str, ...]) -> dict[str, Any] | None:
    from results.records import RunRecord

    record = RunRecord.model_validate_json(record_json)
    found = [t for task in tasks if (t := recorded_trajectory(record, task)) is not None]
    if not found:
        return None
    usages = [trajectory.usage for trajectory in found]
    seconds = [s.seconds for t in found for s in t.steps if s.seconds is not None]
    costs = [usage.cost for usage in usages]
    return {
        "trajectories": len(found),
        "steps": sum(len(trajectory.steps) for trajectory in found),
        "ended by itself": sum(trajectory.ended_by_agent is True for trajectory in found),
        # A file that states no usage says nothing, which is not the same as nothing used.
        "input tokens": sum(usage.input_tokens for usage in usages) or None,
        "output tokens": sum(usage.output_tokens for usage in usages) or None,
        "USD": None if None in costs else sum(cost for cost in costs if cost is not None) or None,
        "seconds": round(sum(seconds), 1) if seconds else None,
    }


_trajectory_totals: Any = st.cache_data(ttl=300, max_entries=64, show_spinner=False)(_totals)


def _published(view: View) -> None:
    st.subheader("Published DevAI figures")
    st.caption(
        "As printed in the Agent-as-a-Judge paper (arXiv 2410.10934), where people judged the"
        " agents. They are not measured here and count in nothing above."
    )
    figures = of_agents(devai_figures(view))
    if not figures:
        st.caption("The store holds none; `judge results import-reference` brings them.")
        return
    met = met_by_agents(figures)
    if met:
        st.altair_chart(_met_chart(met), width="content", alt="Published rates of each agent.")
    for rows in by_table(figures).values():
        st.dataframe(rows, hide_index=True, alt="Published figures of DevAI.")


def _met_chart(met: Sequence[Mapping[str, Any]]) -> Any:
    """Outlined bars, so that no one takes them for what was measured."""
    data = pd.DataFrame(met)
    rates_shown = list(dict.fromkeys(data["rate"]))
    share = alt.Scale(domain=[0, 1.08], nice=False)
    axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], title=None)
    base = alt.Chart(data).encode(
        y=alt.Y("agent:N", title=None, sort=None, axis=alt.Axis(labelLimit=220)),
        x=alt.X("share:Q", scale=share, axis=axis),
    )
    outlined = {"fillOpacity": 0.12, "stroke": "#8A94A0", "strokeDash": [3, 2]}
    bars = base.mark_bar(height=14, color="#8A94A0", **outlined)
    texts = base.mark_text(align="left", dx=5, fontSize=12, color="#7F8894").encode(text="shown:N")
    return (
        alt.layer(bars, texts)
        .properties(width=188, height=28 * data["agent"].nunique())
        .facet(column=alt.Column("rate:N", title=None, sort=rates_shown))
        .configure_view(strokeWidth=0)
    )
