"""Runs: what was run and with what, how it ended, what it took, and how to go on with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import run_lines, state
from dashboard.data import View
from dashboard.run_lines import RUNS_A_PAGE, Wanted
from dashboard.units import duration, shown_as, size, span, title, written
from dashboard.untrusted import csv_bytes, name, shown
from results.records import RunStatus
from results.run_content import is_run_id

_SIGNS = {
    RunStatus.COMPLETE: "✔ complete",
    RunStatus.INCOMPLETE: "! incomplete",
    RunStatus.INTERRUPTED: "■ interrupted",
    RunStatus.UNFINISHED: "… unfinished",
}
_MEANINGS = {
    RunStatus.COMPLETE: "Every unit has a final result.",
    RunStatus.INCOMPLETE: "It ended with units in error, or at a budget.",
    RunStatus.INTERRUPTED: "A person stopped it.",
    RunStatus.UNFINISHED: "It is under way, or it was killed.",
}
_KINDS = {"Judgments": "judgment", "Benchmarks": "benchmark"}
_EVERY = "All"
_MOST_WAITING = 10
_LONGEST_CONFIG = 20_000
_MOST_PAIRS = 300


def render(view: View, store: Path, runs_dir: Path) -> None:
    """Draws the page."""
    st.title("Runs")
    st.caption(
        "A run is one judge over one agent's outputs, or one model over one benchmark. Everything"
        " on the other pages hangs on its id."
    )
    found = run_lines.totals(view)
    _waiting(view, runs_dir)
    if not found["runs"]:
        st.info("No run is stored yet. `judge run` judges the bundled example.")
        return
    _totals(found)
    wanted = _filters()
    page = state.number("page") or 1
    runs, total = run_lines.page_of_runs(view, wanted, page - 1)
    if not runs:
        state.keep("page", None)
        st.info("No run matches.")
        return
    chosen = _list(runs, total, page)
    if chosen is not None:
        st.divider()
        _one(view, chosen, store, runs_dir)


def _waiting(view: View, runs_dir: Path) -> None:
    """Runs that are under way, or that nobody has stored."""
    found = run_lines.waiting(view, runs_dir)
    if not found:
        return
    now = datetime.now(UTC)
    with st.container(border=True):
        st.markdown(
            f"**{len(found)} run folders are not in the store yet.** Those written a moment ago are"
            " under way and appear when they end; `judge results sync` brings in the others."
        )
        st.dataframe(
            [
                {
                    "run": one.run_id,
                    "last written": f"{duration((now - one.written_at).total_seconds())} ago",
                    "journal": size(one.n_bytes),
                }
                for one in found[:_MOST_WAITING]
            ],
            hide_index=True,
            key="waiting",
            alt="Run folders that are not stored yet.",
        )


def _totals(found: Mapping[str, Any]) -> None:
    cards = st.columns(4)
    cards[0].metric("Runs", f"{found['runs']:,}", border=True)
    cards[1].metric("of them complete", f"{found['complete']:,}", border=True)
    cards[2].metric("Wall time", duration(found["seconds"]), border=True)
    cost = f"{found['cost']:,.2f} USD" if found["calls"] else "nothing"
    cards[3].metric(
        "Spent",
        cost,
        border=True,
        help=f"Over {found['calls']:,} model calls whose price is known.",
    )


def _filters() -> Wanted:
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    with left:
        kind = state.choice("Kind", [_EVERY, *_KINDS], "kind", named=str)
    with middle:
        status = state.choice(
            "Status", [_EVERY, *(status.value for status in RunStatus)], "status", named=str
        )
    with right:
        search = state.text(
            "Search", "q", placeholder="Agent, judge, model, id", icon=":material/search:"
        )
    return Wanted(
        _KINDS.get(kind or "", ""), "" if status in (_EVERY, None) else str(status), search
    )


def _list(runs: Sequence[Mapping[str, Any]], total: int, page: int) -> str | None:
    """The runs as a table; gives the id of the chosen one."""
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    rows = [_line(run) for run in runs]
    event = st.dataframe(
        rows,
        hide_index=True,
        key="runs",
        on_select="rerun",
        selection_mode="single-row",
        height="content" if len(rows) < 14 else 480,
        placeholder="",
        column_config={
            "status": text("Status", width=110),
            "what": text("What ran", width=220),
            "on": text("On", width=200),
            "started": text("Started (UTC)", width=130),
            "took": text("Took", width=90),
            "units": number("Units", width=60, format="localized"),
            "errors": number("Errors", width=60, format="localized"),
            "undecided": number("Undecided", width=80, format="localized"),
            "calls": number("Calls", width=70, format="localized"),
            "tokens": number("Tokens", width=90, format="compact"),
            "cost": number("USD", width=80, format="%.4f"),
            "version": text("Version", width=70),
            "run": text("Run", width=210),
        },
        alt="The runs, newest first; choose a row for all that is known of it.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        _pages(total, page)
        st.download_button(
            "These runs as CSV",
            lambda: csv_bytes(rows, list(rows[0])),
            file_name="runs.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
        )
    selected = [nth for nth in event.selection.rows if nth < len(runs)]
    if selected:
        state.keep("run", runs[selected[0]]["run_id"])
    wanted = st.query_params.get("run", "")
    if is_run_id(wanted):
        return str(wanted)
    return str(runs[0]["run_id"])


def _line(run: Mapping[str, Any]) -> dict[str, Any]:
    is_judgment = run["kind"] == "judgment"
    model = run["model"]
    what = (
        " · ".join(part for part in (run["judge"], model) if part)
        if is_judgment
        else " · ".join(part for part in (model, run["variant"]) if part)
    )
    on = run["agent"] if is_judgment else " ".join([run["benchmark"], run["split"]]).strip()
    tokens = (run.get("input_tokens") or 0) + (run.get("output_tokens") or 0)
    return {
        "status": _SIGNS.get(run["status"], name(run["status"], 20)),
        "what": name(what),
        "on": name(on),
        "started": name(run["started_at"][:16].replace("T", " "), 16),
        "took": duration(run["seconds"]),
        "units": run.get("units", 0),
        "errors": run.get("errors", 0),
        "undecided": run.get("undecided", 0),
        "calls": run.get("calls") or 0,
        "tokens": tokens,
        "cost": run.get("cost"),
        "version": name(run["version"] or "", 20),
        "run": name(run["run_id"], 128),
    }


def _pages(total: int, page: int) -> None:
    pages = -(-total // RUNS_A_PAGE)
    if pages < 2:
        return
    for words, number, there in (("Newer", page - 1, page > 1), ("Older", page + 1, page < pages)):
        st.button(
            words,
            key=f"page_{words}",
            disabled=not there,
            on_click=state.keep,
            args=("page", None if number == 1 else str(number)),
        )
    st.caption(f"Page {page:,} of {pages:,}", width="content")


def _one(view: View, run_id: str, store: Path, runs_dir: Path) -> None:
    """All that is known of one run."""
    run = run_lines.one_run(view, run_id)
    if run is None:
        st.info("The store has no run of the id in this address.")
        return
    st.subheader("The chosen run")
    st.text(f"{run['run_id']}   {_line({**run, 'version': ''})['what']}")
    status = run["status"]
    st.caption(_MEANINGS.get(status, ""))
    _cards(run)
    resume = run_lines.resume_command(run, store, runs_dir)
    if resume:
        st.markdown("To go on with it; what has a final result is not asked again:")
        st.code(shown(resume), language="sh")
    with st.container(horizontal=True):
        if run["kind"] == "judgment":
            state.link("judgment", "See its verdicts", run=run_id)
        state.link("compare", "Compare it with another", baseline=run_id)
    _metrics(view, run_id)
    _errors(view, run_id)
    _asked(run)


def _cards(run: Mapping[str, Any]) -> None:
    cards = st.columns(5)
    cards[0].metric("Status", _SIGNS.get(run["status"], "–"), border=True)
    cards[1].metric("Took", duration(run["seconds"]), border=True)
    cards[2].metric("Units", f"{run.get('units', 0):,}", border=True)
    cards[3].metric("Errors", f"{run.get('errors', 0):,}", border=True)
    calls = run.get("calls") or 0
    cost = run.get("cost")
    spent = "price unknown" if cost is None else f"{cost:.4f} USD"
    cards[4].metric(
        "Spent",
        spent if calls else "nothing",
        border=True,
        help=f"{calls:,} calls, {run.get('input_tokens') or 0:,} input and"
        f" {run.get('output_tokens') or 0:,} output tokens.",
    )


def _metrics(view: View, run_id: str) -> None:
    rows = run_lines.metrics_of(view, run_id)
    if not rows:
        return
    st.markdown("**What it measured**")
    st.dataframe(
        [
            {
                "metric": name(title(row["name"])),
                "part": name(row["slice"] or "all"),
                "value": written(*_in_unit(row["value"], row["unit"])),
                "interval": span(row["low"], row["high"], row["unit"]),
                "n": row["n"],
                "better": {True: "higher", False: "lower", None: ""}[row["higher_is_better"]],
                "note": name(row["note"], 200),
            }
            for row in rows
        ],
        hide_index=True,
        key="run_metrics",
        alt="The aggregate figures of the run.",
    )


def _in_unit(value: float | None, unit: str) -> tuple[float | None, str]:
    return value, unit if shown_as(unit).unit else name(unit, 20)


def _errors(view: View, run_id: str) -> None:
    rows = run_lines.errors_of(view, run_id)
    if not rows:
        return
    st.markdown(f"**What went wrong** in {len(rows)} units; none of them counts as a failure")
    st.dataframe(
        [{"unit": name(row["unit"], 120), "why": name(row["reason"], 500)} for row in rows],
        hide_index=True,
        key="run_errors",
        height="content" if len(rows) < 12 else 420,
        alt="The units of the run that ended in error.",
    )


def _asked(run: Mapping[str, Any]) -> None:
    st.markdown("**What was asked, with what, and where**")
    asked = {
        key: run[key]
        for key in (
            *("kind", "agent", "judge", "model", "benchmark", "split", "variant", "scorer"),
            *("setting", "started_at", "folder"),
        )
        if run[key]
    }
    left, right = st.columns(2)
    with left:
        _pairs("Run and host", {**asked, **{f"host: {k}": v for k, v in run["host"].items()}})
    with right:
        hashes = {f"hash of {key}": value for key, value in run["hashes"].items()}
        _pairs("Versions and hashes", {**run["versions"], **hashes})
    if state.switch("Show the whole configuration", "config"):
        text = json.dumps(run["config"], indent=2, ensure_ascii=False)
        st.code(shown(text, _LONGEST_CONFIG), language=None, height=400)


def _pairs(what: str, pairs: Mapping[str, Any]) -> None:
    if not pairs:
        return
    rows = [
        {
            what: name(key, 60),
            "is": name(value if isinstance(value, str) else json.dumps(value), 300),
        }
        for key, value in list(pairs.items())[:_MOST_PAIRS]
    ]
    st.dataframe(
        rows,
        hide_index=True,
        key=f"pairs_{what}",
        height="content" if len(rows) < 14 else 480,
        alt=f"{what}, and what they are.",
    )
