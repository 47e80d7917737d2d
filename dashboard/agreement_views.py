"""Runs and their verdicts as pages read them again at every click: kept until the next snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.agreement_runs import RunLine, judged_runs, run_lines
from dashboard.data import View
from judge.reporting.judged import JudgedRun


def lines_of(view: View) -> tuple[RunLine, ...]:
    """Every judgment run of a version of the snapshot, newest first."""
    lines: tuple[RunLine, ...] = _kept_lines(view.key, view)
    return lines


def runs_of(view: View, lines: Sequence[RunLine], task: str | None = None) -> dict[str, JudgedRun]:
    """Run id -> its tasks and verdicts; with evidence where one `task` is asked for."""
    ids = tuple(line.run_id for line in lines)
    runs: dict[str, JudgedRun] = _kept_runs(view.key, ids, task, view, lines)
    return runs


# What has an underscore is not part of the key under which an answer is kept.
def _lines(key: tuple[str, str], _view: View) -> tuple[RunLine, ...]:
    return run_lines(_view)


def _runs(
    key: tuple[str, str],
    ids: tuple[str, ...],
    task: str | None,
    _view: View,
    _lines: Sequence[RunLine],
) -> dict[str, JudgedRun]:
    return judged_runs(_view, _lines, task=task)


_kept_lines: Any = st.cache_resource(max_entries=4, show_spinner=False)(_lines)
_kept_runs: Any = st.cache_resource(max_entries=24, show_spinner=False)(_runs)
