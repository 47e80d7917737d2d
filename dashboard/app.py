"""The leaderboard: its navigation, and how a page is drawn over the newest results.

`$JUDGE_STORE` names the store and `$JUDGE_RUN_DIR` the folder of its runs, as `judge leaderboard`
sets them.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from dashboard import state
from dashboard.data import View, newest_version, open_view
from results.errors import JudgeError

STORE, RUN_DIR = "JUDGE_STORE", "JUDGE_RUN_DIR"
SECONDS_BETWEEN_LOOKS = 10


class PageLine(NamedTuple):
    """A page in the navigation; its module has the same name in `dashboard.pages`."""

    title: str
    icon: str


# Group -> the pages in it. The name of a page is its path in the address.
PAGES: Mapping[str, Mapping[str, PageLine]] = {
    "Models": {
        "leaderboard": PageLine("Leaderboard", ":material/leaderboard:"),
        "tradeoffs": PageLine("Trade-offs", ":material/scatter_plot:"),
    },
    "Agents and judges": {
        "agents": PageLine("Agents", ":material/smart_toy:"),
        "judgment": PageLine("Judgment", ":material/account_tree:"),
        "judges": PageLine("Judges", ":material/balance:"),
        "labels": PageLine("Human labels", ":material/edit_note:"),
    },
    "Runs": {
        "compare": PageLine("Compare", ":material/compare_arrows:"),
        "runs": PageLine("Runs", ":material/history:"),
    },
}


def show() -> None:
    """The whole app: navigation, the state of the snapshot, and the page of the address."""
    st.set_page_config(page_title="judge leaderboard", page_icon="⚖️", layout="wide")
    store, runs_dir = places()
    pages = {
        name: st.Page(
            _drawing(name, store, runs_dir),
            title=line.title,
            icon=line.icon,
            url_path=name,
            default=name == "leaderboard",
        )
        for group in PAGES.values()
        for name, line in group.items()
    }
    state.know_pages(pages)
    page = st.navigation({title: [pages[name] for name in group] for title, group in PAGES.items()})
    page.run()


def places() -> tuple[Path, Path]:
    """The store and the folder of its runs, as the environment names them."""
    store = Path(os.environ.get(STORE) or "results.duckdb")
    runs_dir = os.environ.get(RUN_DIR)
    return store, Path(runs_dir) if runs_dir else store.parent / "runs"


def show_page(name: str) -> None:
    """One page without the navigation around it."""
    draw_page(name, *places())


def draw_page(name: str, store: Path, runs_dir: Path) -> None:
    """Draws a page over the newest snapshot; what is wrong with the data is a sentence."""
    view = open_view(store)
    with st.sidebar:
        _state(store, view.version, _age(view))
    module: Any = importlib.import_module(f"dashboard.pages.{name}")
    try:
        module.render(view, store, runs_dir)
    except JudgeError as error:
        # Not st.error, which would render the names in it as Markdown.
        st.subheader("This cannot be shown")
        st.text(str(error))


def _drawing(name: str, store: Path, runs_dir: Path) -> Callable[[], None]:
    def draw() -> None:
        draw_page(name, store, runs_dir)

    return draw


def _draw_state(store: Path, version: str, age: str) -> None:
    """Says which version is looked at, and draws the page anew once there is another."""
    if newest_version(store) != version:
        st.rerun(scope="app")
    st.caption(age)


def _age(view: View) -> str:
    if not view.published_at:
        return "Published figures only: no results are stored yet."
    then = datetime.fromisoformat(view.published_at)
    now = datetime.now(UTC)
    when = f"{then:%H:%M}" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M}"
    return f"Results as of {when} UTC. New ones appear by themselves."


_state: Any = st.fragment(run_every=SECONDS_BETWEEN_LOOKS)(_draw_state)
