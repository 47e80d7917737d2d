"""Compare: two runs on what both have, metric by metric, and every unit that came out otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import comparison, state
from dashboard.comparison import LABELS, Found, Offer
from dashboard.comparison_chart import difference_chart, verdict
from dashboard.data import View
from dashboard.units import difference, span, title, written
from dashboard.untrusted import escaped, name, shown
from judge.reporting.wording import cited
from results.comparison import Comparison, Flip, MetricComparison
from results.records import Evidence

# Grey where the interval holds no difference at all.
_DELTA_COLOURS: Mapping[str, Any] = {"better": "green", "worse": "red", "not told apart": "off"}
_NO_PARTS = "no parts"
MOST_FLIPS, MOST_CARDS, MOST_EVIDENCE = 500, 4, 12


def render(view: View, store: Path, runs_dir: Path) -> None:
    """Draws the page."""
    st.title("Compare")
    st.caption(
        "Two runs, unit by unit: only what both have and both decided counts, and the interval"
        " resamples tasks, videos or dialogues as wholes."
    )
    wanted = [st.query_params.get("candidate", ""), st.query_params.get("baseline", "")]
    offered = comparison.offers(view, wanted)
    if len(offered) == 1:
        st.info(
            "There is no run to compare yet. After `judge run`, this page holds it against the"
            " labels that people gave of the bundled example."
        )
        return
    sides = _sides(offered)
    if sides is None:
        return
    baseline, candidate = sides
    found = comparison.compared(baseline, candidate, runs_dir, view.key, _allowed())
    if found.comparison is None:
        _none(found)
        return
    if baseline.key == LABELS:
        st.info(
            "The baseline is what people said of the same outputs, so a difference here is the"
            " judge's, not the agent's. Once there are two runs, they are compared.",
            icon=":material/groups:",
        )
    _answer(found.comparison, found.texts or {}, found.reasons)


def _sides(offered: Mapping[str, Offer]) -> tuple[Offer, Offer] | None:
    left, right = st.columns(2)
    runs = [key for key in offered if key != LABELS]
    with right:
        key = state.choice("Candidate", runs, "candidate", named=lambda key: _named(offered[key]))
    candidate = offered[str(key)]
    others = comparison.against(offered, candidate)
    with left:
        against = state.choice(
            "Baseline", others, "baseline", named=lambda key: _named(offered[key])
        )
    if against is None:
        st.info("Nothing of the same kind is there to hold this run against.")
        return None
    return offered[against], candidate


def _named(offer: Offer) -> str:
    return name(" · ".join(part for part in (offer.about, offer.date, offer.key) if part), 130)


def _allowed() -> str:
    """Why runs that were made otherwise are compared all the same; a person says so below."""
    return str(st.query_params.get("allow", ""))[:200].strip()


def _none(found: Found) -> None:
    if found.fault:
        st.subheader("These two cannot be compared")
        st.text(shown(found.fault))
        return
    st.subheader("These two were not measured alike")
    st.caption(
        "A difference between them would mix what the candidate does with how it was measured:"
    )
    for reason in found.reasons[:12]:
        st.text(f"• {name(reason, 300)}")
    state.text("Compare all the same, because …", "allow", placeholder="a reason, for the record")


def _answer(
    found: Comparison, texts: Mapping[tuple[str, str], str], reasons: Sequence[str]
) -> None:
    if reasons:
        with st.container(border=True):
            st.markdown("**Not measured alike**, and compared all the same:")
            for reason in reasons[:12]:
                st.text(f"• {name(reason, 300)}")
            state.text("Reason", "allow")
    whole = [metric for metric in found.metrics if not metric.slice]
    _cards(whole)
    _differences(found.metrics)
    _flips(whole, texts)
    _alone(found)
    told = () if found.allowed == comparison.BECAUSE_OF_LABELS else found.warnings
    for warning in dict.fromkeys((*told, *(w for m in whole for w in m.warnings))):
        st.text(f"Note: {name(warning, 400)}")


def _cards(whole: Sequence[MetricComparison]) -> None:
    for column, metric in zip(st.columns(MOST_CARDS), whole[:MOST_CARDS], strict=False):
        ci = metric.ci
        interval = "" if ci is None else span(ci.low, ci.high, metric.unit)
        column.metric(
            escaped(title(metric.name), 40),
            written(metric.candidate, metric.unit),
            delta=None if metric.difference is None else difference(metric.difference, metric.unit),
            delta_color=_DELTA_COLOURS[verdict(metric)],
            delta_arrow="auto" if metric.difference else "off",
            delta_description=f"({interval})" if interval else None,
            border=True,
            help=f"Baseline {written(metric.baseline, metric.unit)}; {metric.n} units in"
            f" {metric.clusters} clusters. In brackets the 95 % interval of the difference.",
        )


def _differences(metrics: Sequence[MetricComparison]) -> None:
    st.subheader("Differences")
    told = [metric for metric in metrics if metric.difference is not None]
    if not told:
        st.caption("No unit was decided on both sides.")
        return
    whole = [metric for metric in told if not metric.slice]
    for unit in dict.fromkeys(metric.unit for metric in whole):
        _drawn([metric for metric in whole if metric.unit == unit], unit, parts=False)
    _parts([metric for metric in told if metric.slice])
    if state.switch("Show them in numbers", "numbers"):
        st.dataframe(
            [_row(metric) for metric in metrics[:2_000]],
            hide_index=True,
            key="differences",
            placeholder="",
            alt="Every metric and part on both sides.",
        )


def _parts(metrics: Sequence[MetricComparison]) -> None:
    """One metric by the parts of one kind, such as its categories."""
    if not metrics:
        return
    left, right = st.columns(2)
    with left:
        metric = state.choice(
            "By part: metric",
            list(dict.fromkeys(metric.name for metric in metrics)),
            "part_metric",
            named=lambda key: name(title(key)),
        )
    of_metric = [one for one in metrics if one.name == metric]
    kinds = list(dict.fromkeys(one.slice.partition("=")[0] for one in of_metric))
    with right:
        kind = state.choice("Parts", [*kinds, _NO_PARTS], "parts")
    shown_parts = [one for one in of_metric if one.slice.partition("=")[0] == kind]
    if shown_parts:
        _drawn(shown_parts, shown_parts[0].unit, parts=True)


def _drawn(metrics: Sequence[MetricComparison], unit: str, *, parts: bool) -> None:
    st.altair_chart(
        difference_chart(metrics, unit, parts=parts),
        width="stretch",
        alt=f"{len(metrics)} differences with their intervals.",
    )


def _row(metric: MetricComparison) -> dict[str, Any]:
    ci = metric.ci
    return {
        "metric": name(title(metric.name)),
        "part": name(metric.slice or "all"),
        "baseline": written(metric.baseline, metric.unit),
        "candidate": written(metric.candidate, metric.unit),
        "difference": difference(metric.difference, metric.unit),
        "interval": "" if ci is None else span(ci.low, ci.high, metric.unit),
        "p": metric.p,
        "which is": verdict(metric),
        "units": metric.n,
        "clusters": metric.clusters,
        "undecided": metric.undecided,
        "worse": len(metric.flips.harmful),
        "better": len(metric.flips.beneficial),
    }


def _flips(whole: Sequence[MetricComparison], texts: Mapping[tuple[str, str], str]) -> None:
    st.subheader("What came out otherwise")
    flipped = {m.name: m for m in whole if m.flips.harmful or m.flips.beneficial}
    if not flipped:
        st.caption("Every unit that both decided came out the same.")
        return
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    with left:
        metric_name = state.choice(
            "Metric", list(flipped), "metric", named=lambda key: name(title(key))
        )
    metric = flipped[str(metric_name)]
    worse, better = len(metric.flips.harmful), len(metric.flips.beneficial)
    with right:
        which = state.segments(
            "Which",
            ["got worse", "got better"],
            "which",
            default="got worse" if worse else "got better",
            label_visibility="collapsed",
        )
    st.caption(f"{worse:,} got worse, {better:,} got better. Choose a row to see both sides.")
    flips = metric.flips.harmful if which == "got worse" else metric.flips.beneficial
    if not flips:
        st.caption("None.")
        return
    flip = _chosen_flip(flips, metric, texts)
    _both_sides(flip, metric, texts)


def _chosen_flip(
    flips: Sequence[Flip], metric: MetricComparison, texts: Mapping[tuple[str, str], str]
) -> Flip:
    listed = flips[:MOST_FLIPS]
    text = st.column_config.TextColumn
    rows = [
        {
            "where": name(flip.cluster, 100),
            "unit": name(flip.key, 60),
            "asked": name(texts.get((flip.cluster, flip.key), ""), 200),
            "baseline": written(flip.baseline, metric.unit),
            "candidate": written(flip.candidate, metric.unit),
        }
        for flip in listed
    ]
    told = [key for key in rows[0] if key != "asked" or texts]
    event = st.dataframe(
        [{key: row[key] for key in told} for row in rows],
        hide_index=True,
        key="flips",
        on_select="rerun",
        selection_mode="single-row",
        height="content" if len(listed) < 10 else 340,
        column_config={
            "where": text("Task, video or dialogue"),
            "unit": text("Unit"),
            "asked": text("What was asked", width="large"),
            "baseline": text("Baseline", width=80),
            "candidate": text("Candidate", width=80),
        },
        alt="The units that came out otherwise; choose one to see both sides.",
    )
    if len(flips) > MOST_FLIPS:
        st.caption(f"The first {MOST_FLIPS:,} of {len(flips):,}.")
    chosen = [nth for nth in event.selection.rows if nth < len(listed)]
    return listed[chosen[0] if chosen else 0]


def _both_sides(flip: Flip, metric: MetricComparison, texts: Mapping[tuple[str, str], str]) -> None:
    asked = texts.get((flip.cluster, flip.key), "")
    with st.container(border=True):
        st.text(f"{name(flip.cluster, 120)}   {name(flip.key, 80)}")
        if asked:
            st.text(shown(asked, 1_000))
        sides = (
            ("Baseline", flip.baseline, flip.baseline_reason, flip.baseline_evidence),
            ("Candidate", flip.candidate, flip.candidate_reason, flip.candidate_evidence),
        )
        for column, (side, value, reason, evidence) in zip(st.columns(2), sides, strict=True):
            with column:
                st.markdown(f"**{side}** · {written(value, metric.unit)}")
                st.text(shown(reason or "No reason is given.", 2_000))
                _evidence(evidence)


def _evidence(evidence: Sequence[Evidence]) -> None:
    for one in evidence[:MOST_EVIDENCE]:
        st.code(shown(cited(one), 600), language=None, wrap_lines=True)
    if len(evidence) > MOST_EVIDENCE:
        st.caption(f"{len(evidence) - MOST_EVIDENCE} more are in the run.")


def _alone(found: Comparison) -> None:
    """Units that only one side has; they count nowhere above."""
    for words, units in (
        ("Only in the baseline", found.only_in_baseline),
        ("Only in the candidate", found.only_in_candidate),
    ):
        if units:
            with st.expander(f"{words}: {len(units):,} units"):
                st.dataframe(
                    [{"unit": name(unit, 200)} for unit in units[:1_000]],
                    hide_index=True,
                    key=words,
                    alt=words,
                )
