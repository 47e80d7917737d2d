"""Compare."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.data import View


def render(view: View, store: Path, runs_dir: Path) -> None:
    """Draws the page."""
    st.title("Compare")
