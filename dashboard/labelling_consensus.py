"""The second half of a human study, as the page shows it: figures, disagreements, discussion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dashboard import untrusted
from dashboard.dag import COLOURS, INK
from dashboard.excerpts import shown_text
from judge.labelling import (
    Standing,
    Study,
    agreements,
    record_decision,
    record_majorities,
    settle,
)
from judge.labelling.people import Agreements, Compared
from judge.reporting.wording import SIGNS, cited, percent
from judge.running.planning import RunPlan
from results.errors import JudgeError
from results.records import Outcome

WORDS = {
    Outcome.SATISFIED: "satisfied",
    Outcome.UNSATISFIED: "unsatisfied",
    Outcome.ABSTAINED: "cannot tell",
}


def show_consensus(runs_dir: Path, plan: RunPlan, study: Study, *, may_record: bool = True) -> None:
    """Draws everyone's labels side by side; only a moderator may record what a discussion found."""
    import streamlit as st

    standings = settle(study)
    found = agreements(study)
    columns = st.columns(4)
    columns[0].metric("requirements", found.requirements)
    columns[1].metric("labelled by all", found.labelled_by_all)
    columns[2].metric("disputed", found.disputed)
    columns[3].metric("to be discussed", found.open)
    if standings:
        st.altair_chart(
            votes_chart(study, standings),
            width="content",
            alt="Every annotator's label on every requirement, and the consensus.",
        )
    _figures(found)
    st.subheader("Disagreements")
    disputed = [standing for standing in standings if standing.is_disputed]
    if disputed:
        _discussion(runs_dir, plan, study, disputed, may_record)
    else:
        st.caption("Nobody disagrees with anybody so far.")
    if may_record:
        _record_all(runs_dir, plan, study, standings)
    if study.consensus is not None:
        st.caption("The consensus is a run of labels; hold a judge against it with")
        st.code(f"judge align --labels {study.consensus.run_id} --judgments RUN", language=None)


def votes_chart(study: Study, standings: Sequence[Standing]) -> Any:
    """Requirements down, people across, coloured by label; the last column is the consensus."""
    import altair as alt
    import pandas as pd

    names = [session.about.annotator for session in study.annotators]
    rows = []
    for standing in standings:
        said = {name: label.outcome for name, label in standing.votes}
        if standing.recorded is not None:
            said["consensus"] = standing.recorded.outcome
        place = f"{untrusted.name(standing.task, 44)} · {standing.requirement.requirement_id}"
        rows += [
            {
                "requirement": place,
                "who": who,
                "outcome": outcome.value,
                "sign": SIGNS[outcome],
                "asks": untrusted.name(standing.requirement.criteria, 200),
            }
            for who, outcome in said.items()
        ]
    data = pd.DataFrame(rows, columns=["requirement", "who", "outcome", "sign", "asks"])
    kinds = [outcome.value for outcome in Outcome]
    base = alt.Chart(data).encode(
        x=alt.X(
            "who:N",
            title=None,
            sort=[*names, "consensus"],
            axis=alt.Axis(orient="top", labelAngle=-25, labelLimit=140, ticks=False),
        ),
        y=alt.Y("requirement:N", title=None, sort=None, axis=alt.Axis(labelLimit=330)),
    )

    def shade(channel: Any, which: str) -> Any:
        colours = [getattr(COLOURS[kind], which) for kind in kinds]
        return channel("outcome:N", scale=alt.Scale(domain=kinds, range=colours), legend=None)

    return (
        alt.layer(
            base.mark_rect(cornerRadius=4, strokeWidth=1.2).encode(
                fill=shade(alt.Fill, "soft"),
                stroke=shade(alt.Stroke, "strong"),
                tooltip=[
                    alt.Tooltip("who:N"),
                    alt.Tooltip("outcome:N"),
                    alt.Tooltip("requirement:N"),
                    alt.Tooltip("asks:N"),
                ],
            ),
            base.mark_text(fontSize=13, fontWeight="bold", color=INK).encode(text="sign:N"),
        )
        .resolve_scale(fill="independent", stroke="independent")
        .properties(width=370 + 84 * (len(names) + 1), height=80 + 22 * len(standings))
        .configure_view(strokeWidth=0)
        .configure_scale(bandPaddingInner=0.12)
    )


def _figures(found: Agreements) -> None:
    """The figures of the paper's human study."""
    import streamlit as st

    st.subheader("How far people agree")
    st.caption(
        "Over requirements that both sides decided; intervals are 95 %, with tasks as clusters. In"
        " the DevAI study pairs disagreed on 10 to 30 % (arXiv 2410.10934, section 3.2)."
    )
    left, middle, right = st.columns(3)
    for column, title, rows in (
        (left, "Each pair: disagreement", found.pairs),
        (middle, "Against the majority: error", found.against_majority),
        (right, "Against the consensus: error", found.against_consensus),
    ):
        column.markdown(f"**{title}**")
        if rows:
            column.dataframe([_row(compared) for compared in rows], hide_index=True)
        else:
            column.caption("Nothing to compare yet.")
    st.dataframe(
        [
            {
                "who": effort.name,
                "labelled": effort.labelled,
                "cannot tell": effort.cannot_tell,
                "minutes": round(effort.seconds / 60, 1),
            }
            for effort in found.efforts
        ],
        hide_index=True,
    )


def _row(compared: Compared) -> dict[str, Any]:
    truths = ("majority vote", "consensus")
    who = compared.second if compared.first in truths else f"{compared.first}, {compared.second}"
    span = "–" if compared.low is None else f"{percent(compared.low)} to {percent(compared.high)}"
    return {
        "who": who,
        "share": percent(compared.disagreement),
        "interval": span,
        "of n": f"{compared.differ} of {compared.n}",
        "kappa": compared.kappa,
    }


def _discussion(
    runs_dir: Path, plan: RunPlan, study: Study, disputed: Sequence[Standing], may_record: bool
) -> None:
    import streamlit as st

    def named(number: int) -> str:
        standing = disputed[number]
        state = "discussed" if standing.is_discussed else "open" if standing.is_open else "majority"
        signs = " ".join(SIGNS[outcome] for outcome in standing.outcomes)
        place = f"{untrusted.name(standing.task, 60)} · {standing.requirement.requirement_id}"
        return f"{state}: {signs}  {place}"

    order = sorted(range(len(disputed)), key=lambda n: (disputed[n].is_discussed, n))
    number = st.selectbox("Disputed requirement", order, format_func=named, key="labels_disputed")
    standing = disputed[number]
    st.text(shown_text(standing.requirement.criteria))
    for (name, label), column in zip(
        standing.votes, st.columns(max(len(standing.votes), 1)), strict=False
    ):
        with column.container(border=True):
            st.text(f"{name}: {SIGNS[label.outcome]} {WORDS[label.outcome]}")
            st.text(shown_text(label.reason or "No comment.", 2_000))
            for evidence in label.evidence:
                st.code(cited(evidence), language=None)
    if standing.recorded is not None:
        st.caption("Recorded so far:")
        st.text(f"{SIGNS[standing.recorded.outcome]} {shown_text(standing.recorded.reason, 2_000)}")
    if not may_record:
        st.caption("Whoever moderates the discussion records what it comes to.")
        return
    with st.form(f"labels_decide_{number}", clear_on_submit=True):
        words = st.radio("The discussion came to", list(WORDS.values()), horizontal=True)
        note = st.text_area("Note: why", max_chars=2_000)
        decides = st.form_submit_button("Record this outcome", type="primary")
    if not decides:
        return
    outcome = next(outcome for outcome, word in WORDS.items() if word == words)
    try:
        record_decision(runs_dir, plan, study, standing, outcome, note)
    except JudgeError as error:
        st.text(untrusted.name(error, 500))
        return
    st.rerun()


def _record_all(runs_dir: Path, plan: RunPlan, study: Study, standings: Sequence[Standing]) -> None:
    import streamlit as st

    st.subheader("Consensus")
    st.caption(
        "What all or most say is recorded as it stands; what was discussed stays as it was"
        " recorded; ties wait for a discussion."
    )
    if st.button("Record all majorities", type="primary"):
        try:
            session, written = record_majorities(runs_dir, plan, study, standings)
            session.finish()
        except JudgeError as error:
            st.text(untrusted.name(error, 500))
            return
        st.session_state["labels_recorded"] = written
        st.rerun()
    written = st.session_state.pop("labels_recorded", None)
    if written is not None:
        st.success(f"{written} outcomes were recorded.")
