"""Judges: how far each agrees with people's labels and with the others, and how that changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dashboard import state, untrusted
from dashboard.agreement import (
    JudgePair,
    JudgeVersion,
    against,
    by_category,
    confusion,
    drifts,
    judge_pairs,
    judge_versions,
)
from dashboard.agreement_published import alignments, by_table, devai_figures, of_judges
from dashboard.agreement_runs import Side, label_sides
from dashboard.agreement_views import lines_of, runs_of
from dashboard.dag import COLOURS, INK
from dashboard.data import View
from judge.alignment import Alignment
from judge.labelling import HUMAN
from judge.reporting.wording import SIGNS, interval
from results.records import Outcome

MOST_RUNS = 80


def render(view: View, store: Path, runs_dir: Path) -> None:
    """Draws the page."""
    st.title("Judges")
    lines = [line for line in lines_of(view) if line.judge != HUMAN][:MOST_RUNS]
    runs = runs_of(view, lines)
    versions = judge_versions([(line, runs[line.run_id]) for line in lines])
    labels = label_sides(runs_dir, view)
    chosen: Side | None = None
    if not versions:
        st.info("No judge has judged anything yet. `judge run` judges the bundled example.")
    elif not labels:
        st.info("There are no labels yet; the Human labels page is where people give them.")
    else:
        chosen = _with_labels(labels, versions)
    if versions:
        _judge_against_judge(_newest(versions), labels)
        _drift(versions, chosen)
    _published(view)


def _newest(versions: Sequence[JudgeVersion]) -> list[JudgeVersion]:
    """The newest version of each judge."""
    return list({version.who: version for version in versions}.values())


def _with_labels(labels: Sequence[Side], versions: Sequence[JudgeVersion]) -> Side:
    """Draws how the judges stand to the labels that a person chooses, and gives those."""
    by_name = {side.name: side for side in labels}
    name = state.choice("Labels", list(by_name), "labels", default=_most_shared(labels, versions))
    chosen = by_name[str(name)]
    st.subheader("Agreement with the labels")
    found = {v.identity: a for v in versions if (a := against(chosen, v.side)) is not None}
    if not found:
        st.caption("No judge judged these outputs.")
        return chosen
    st.altair_chart(
        _alignment_chart(found), width="stretch", alt="The alignment of each judge, with interval."
    )
    st.caption(
        "Alignment is over decided requirements; the line is its 95 % interval, with tasks as"
        " clusters; the tick is what always giving the commonest label would reach."
    )
    st.dataframe(
        [_row(identity, alignment) for identity, alignment in found.items()],
        hide_index=True,
        column_config={
            key: st.column_config.NumberColumn(format="percent")
            for key in ("alignment", "worst", "best", "sensitivity", "specificity", "coverage")
        },
        alt="Agreement of each judge with the labels, in numbers.",
    )
    identity = state.choice("One judge in detail", list(found), "version", default=[*found][-1])
    judge = next(v.side for v in versions if v.identity == identity)
    left, right = st.columns(2)
    with left:
        st.markdown("**What people said, and what the judge said**")
        st.altair_chart(
            confusion_chart(confusion(chosen, judge)),
            width="stretch",
            alt="How often each outcome of the judge met each label.",
        )
    with right:
        st.markdown("**By category of the requirement**")
        st.altair_chart(
            _category_chart(chosen, judge), width="stretch", alt="Agreement by category."
        )
    return chosen


def _most_shared(labels: Sequence[Side], versions: Sequence[JudgeVersion]) -> str:
    """The first of the labels that any judge can be held against."""
    judged = {key for version in versions for key in version.side.flags}
    return next((side.name for side in labels if side.flags.keys() & judged), labels[0].name)


def _row(identity: str, alignment: Alignment) -> dict[str, Any]:
    return {
        "judge": untrusted.name(identity, 100),
        "alignment": alignment.alignment,
        "interval": interval(alignment.ci),
        "kappa": alignment.kappa,
        "sensitivity": alignment.sensitivity,
        "specificity": alignment.specificity,
        "n": alignment.n,
        "coverage": alignment.coverage,
        "abstained": alignment.abstained,
        "errors": alignment.errors,
        "worst": alignment.alignment_worst,
        "best": alignment.alignment_best,
        "shift I": alignment.shift.independent,
        "shift D": alignment.shift.dependent,
    }


def _alignment_chart(found: Mapping[str, Alignment]) -> Any:
    data = pd.DataFrame(
        [
            {
                "judge": untrusted.name(identity, 60),
                "alignment": a.alignment,
                "low": a.alignment if a.ci is None else a.ci.low,
                "high": a.alignment if a.ci is None else a.ci.high,
                "baseline": a.majority_baseline,
                "kappa": a.kappa,
                "n": a.decided,
            }
            for identity, a in found.items()
        ]
    )
    y = alt.Y("judge:N", title=None, sort=None, axis=alt.Axis(labelLimit=330))
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", title=None)
    base = alt.Chart(data).encode(y=y)
    return alt.layer(
        base.mark_rule(strokeWidth=3, color="#2E7FB8", opacity=0.6).encode(
            x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"
        ),
        base.mark_point(filled=True, size=130, color="#2E7FB8", opacity=1).encode(
            x=alt.X("alignment:Q", scale=scale),
            tooltip=[
                alt.Tooltip("judge:N"),
                alt.Tooltip("alignment:Q", format=".1%"),
                alt.Tooltip("low:Q", format=".1%"),
                alt.Tooltip("high:Q", format=".1%"),
                alt.Tooltip("kappa:Q", format=".3f"),
                alt.Tooltip("n:Q", title="decided"),
            ],
        ),
        base.mark_tick(thickness=3, size=18, color="#E69F00").encode(
            x=alt.X("baseline:Q", scale=scale)
        ),
    ).properties(height=44 + 38 * len(data))


def confusion_chart(counts: Mapping[tuple[Outcome, Outcome], int]) -> Any:
    """The confusion matrix: labels down, the judge's outcomes across, agreement in green."""
    labels = (Outcome.SATISFIED, Outcome.UNSATISFIED)
    most = max(counts.values(), default=1)
    rows = []
    for label in labels:
        for said in Outcome:
            number = counts.get((label, said), 0)
            good = said is label
            shade = Outcome.SATISFIED if good else said
            if said.is_decided and not good:
                shade = Outcome.UNSATISFIED
            rows.append(
                {
                    "label": f"{SIGNS[label]} {label.value}",
                    "judge": f"{SIGNS[said]} {said.value}",
                    "n": number,
                    "colour": COLOURS[shade.value].strong,
                    "strength": 0.08 + 0.92 * number / most,
                    "shown": f"{number}",
                }
            )
    data = pd.DataFrame(rows)
    base = alt.Chart(data).encode(
        x=alt.X(
            "judge:N",
            title="the judge said",
            sort=[f"{SIGNS[o]} {o.value}" for o in Outcome],
            axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False),
        ),
        y=alt.Y(
            "label:N",
            title="people said",
            sort=[f"{SIGNS[o]} {o.value}" for o in labels],
            axis=alt.Axis(ticks=False, domain=False),
        ),
    )
    return (
        alt.layer(
            base.mark_rect(cornerRadius=6, color="white"),
            base.mark_rect(cornerRadius=6).encode(
                fill=alt.Fill("colour:N", scale=None),
                fillOpacity=alt.FillOpacity("strength:Q", scale=None, legend=None),
                stroke=alt.Stroke("colour:N", scale=None),
                tooltip=[alt.Tooltip("label:N"), alt.Tooltip("judge:N"), alt.Tooltip("n:Q")],
            ),
            base.mark_text(fontSize=20, fontWeight="bold").encode(
                text="shown:N",
                color=alt.condition("datum.strength > 0.5", alt.value("white"), alt.value(INK)),
            ),
        )
        .properties(height=230)
        .configure_view(strokeWidth=0)
        .configure_scale(bandPaddingInner=0.06)
    )


def _category_chart(labels: Side, judge: Side) -> Any:
    kinds = {
        "agrees": COLOURS["satisfied"].strong,
        "false pass": "#D55E00",
        "false fail": "#E69F00",
        "undecided": "#8A94A0",
    }
    rows = []
    for found in by_category(labels, judge):
        parts = (found.agree, found.false_passes, found.false_failures, found.n - found.decided)
        category = f"{untrusted.name(found.category, 44)} ({found.agree}/{found.decided})"
        for order, (kind, number) in enumerate(zip(kinds, parts, strict=True)):
            row = {"category": category, "kind": kind, "n": number, "order": order}
            rows.append(row)
    data = pd.DataFrame(rows, columns=["category", "kind", "n", "order"])
    return (
        alt.Chart(data)
        .mark_bar(height=16)
        .encode(
            y=alt.Y(
                "category:N",
                title=None,
                sort=None,
                axis=alt.Axis(labelLimit=310, labelOverlap=False),
            ),
            x=alt.X(
                "n:Q",
                title="requirements",
                stack="zero",
                axis=alt.Axis(tickMinStep=1, format="d"),
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=list(kinds), range=list(kinds.values())),
                legend=alt.Legend(title=None, orient="top", columns=2, labelLimit=240),
            ),
            order="order:Q",
            tooltip=[alt.Tooltip("category:N"), alt.Tooltip("kind:N"), alt.Tooltip("n:Q")],
        )
        .properties(height=110 + 26 * data["category"].nunique())
    )


def _judge_against_judge(versions: Sequence[JudgeVersion], labels: Sequence[Side]) -> None:
    st.subheader("Judge against judge")
    judges = [Side(v.who, v.side.flags, v.side.categories) for v in versions]
    judged = {key for side in judges for key in side.flags}
    people = [
        Side(f"people: {side.name}", side.flags) for side in labels if side.flags.keys() & judged
    ]
    pairs = judge_pairs([*people, *judges])
    if not pairs:
        st.caption("No two judges judged the same outputs yet; run another judge over them.")
        return
    st.caption(
        "On which share of the requirements that both decided two agree, each by its newest runs"
        " on the same outputs; people's labels stand among them."
    )
    st.altair_chart(_pairs_chart(pairs), width="content", alt="Agreement of each two judges.")


def _pairs_chart(pairs: Sequence[JudgePair]) -> Any:
    rows = [
        {
            "first": untrusted.name(a, 40),
            "second": untrusted.name(b, 40),
            "agreement": pair.agree / pair.n,
            "n": pair.n,
            "kappa": pair.kappa,
            "shown": f"{100 * pair.agree / pair.n:.0f} %",
        }
        for pair in pairs
        for a, b in ((pair.first, pair.second), (pair.second, pair.first))
    ]
    data = pd.DataFrame(rows)
    names = list(dict.fromkeys(data["first"]))
    base = alt.Chart(data).encode(
        x=alt.X(
            "first:N",
            title=None,
            sort=names,
            axis=alt.Axis(
                orient="top", labelAngle=-25, labelLimit=220, labelOverlap=False, ticks=False
            ),
        ),
        y=alt.Y("second:N", title=None, sort=names, axis=alt.Axis(labelLimit=260, ticks=False)),
    )
    return alt.layer(
        base.mark_rect(cornerRadius=4).encode(
            color=alt.Color(
                "agreement:Q",
                scale=alt.Scale(scheme="viridis", domain=[0, 1]),
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("first:N"),
                alt.Tooltip("second:N"),
                alt.Tooltip("agreement:Q", format=".1%"),
                alt.Tooltip("kappa:Q", format=".3f"),
                alt.Tooltip("n:Q", title="both decided"),
            ],
        ),
        base.mark_text(fontSize=12).encode(
            text="shown:N",
            color=alt.condition("datum.agreement > 0.6", alt.value(INK), alt.value("white")),
        ),
    ).properties(width=300 + 92 * len(names), height=110 + 36 * len(names))


def _drift(versions: Sequence[JudgeVersion], labels: Side | None) -> None:
    st.subheader("Drift over versions")
    rows = []
    for version in versions:
        found = None if labels is None else against(labels, version.side)
        if found is not None and found.alignment is not None:
            rows.append(
                {
                    "judge": untrusted.name(version.who, 60),
                    "version": untrusted.name(version.identity, 100),
                    "since": version.since[:19],
                    "alignment": found.alignment,
                    "decided": found.decided,
                }
            )
    several = {who for who in (v.who for v in versions) if _count(versions, who) > 1}
    if not several:
        st.caption(
            "Each judge has one version so far: of this project, of its prompts and of its model."
            " A new version over the same outputs shows here what it changed."
        )
    else:
        changed = [
            {
                "judge": untrusted.name(d.who, 60),
                "from": untrusted.name(d.before, 60),
                "to": untrusted.name(d.after, 60),
                "requirements": d.n,
                "same": d.same,
                "now ✔": d.now_satisfied,
                "now ✘": d.now_unsatisfied,
                "now undecided": d.now_undecided,
                "newly decided": d.newly_decided,
            }
            for d in drifts(versions)
        ]
        if changed:
            st.dataframe(changed, hide_index=True, alt="What changed between versions.")
    if rows:
        st.caption("Alignment with the labels chosen above, by version.")
        st.altair_chart(_drift_chart(rows), width="stretch", alt="Alignment by version over time.")


def _count(versions: Sequence[JudgeVersion], who: str) -> int:
    return sum(version.who == who for version in versions)


def _drift_chart(rows: Sequence[Mapping[str, Any]]) -> Any:
    data = pd.DataFrame(rows)
    data["since"] = pd.to_datetime(data["since"], errors="coerce", format="ISO8601")
    base = alt.Chart(data).encode(
        x=alt.X("since:T", title="first run of the version", axis=alt.Axis(format="%d %b %Y")),
        y=alt.Y("alignment:Q", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
        color=alt.Color(
            "judge:N",
            scale=alt.Scale(range=["#2F8FCB", "#D9692A", "#17A37B", "#C271A8", "#C9971C"]),
            legend=alt.Legend(title=None, orient="top", labelLimit=300),
        ),
        tooltip=[
            *(alt.Tooltip(f"{name}:N") for name in ("judge", "version")),
            alt.Tooltip("alignment:Q", format=".1%"),
            alt.Tooltip("decided:Q"),
        ],
    )
    points = base.mark_point(filled=True, size=110, opacity=1)
    return alt.layer(base.mark_line(strokeWidth=2), points).properties(height=260)


def _published(view: View) -> None:
    st.subheader("Published judges on DevAI")
    st.caption(
        "As printed in the Agent-as-a-Judge paper (arXiv 2410.10934), against its human consensus;"
        " beside what is measured here, never in it."
    )
    figures = of_judges(devai_figures(view))
    if not figures:
        st.caption("The store holds none; `judge results import-reference` brings them.")
        return
    rows = alignments(figures)
    if rows:
        st.altair_chart(
            _published_chart(rows), width="stretch", alt="Published alignment of each judge."
        )
    with st.expander("All published figures of judges"):
        for table in by_table(figures).values():
            st.dataframe(table, hide_index=True, alt="Published figures of judges.")


def _published_chart(rows: Sequence[Mapping[str, Any]]) -> Any:
    data = pd.DataFrame(rows)
    return (
        alt.Chart(data)
        .mark_point(filled=False, size=90, strokeWidth=2, opacity=1)
        .encode(
            y=alt.Y("judge:N", title=None, sort=None, axis=alt.Axis(labelLimit=330)),
            x=alt.X(
                "share:Q",
                title="published alignment",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0.5, 1]),
            ),
            color=alt.Color(
                "outputs:N",
                scale=alt.Scale(range=["#2F8FCB", "#D9692A", "#17A37B"]),
                legend=alt.Legend(title="outputs of", orient="top"),
            ),
            shape=alt.Shape("outputs:N"),
            tooltip=[
                alt.Tooltip("judge:N"),
                alt.Tooltip("outputs:N"),
                alt.Tooltip("share:Q", format=".2%", title="published"),
            ],
        )
        .properties(height=90 + 26 * data["judge"].nunique())
    )
