"""The view a person has made, kept in the page's address so that a link shows the same.

A widget that is bound keeps its value under its key in the query; Streamlit drops from the address
what is not among the widget's options. These are the few ways in which pages bind widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard import untrusted

_BOUND = "query-params"
_PAGES = "pages of the navigation"


def choice(
    label: str,
    options: Sequence[str],
    key: str,
    *,
    default: str | None = None,
    named: Callable[[str], str] = untrusted.name,
    **settings: Any,
) -> str | None:
    """One of the options, by a drop-down list with search; None only where there is none.

    The address holds an option as it is, and the list shows it as `named` says. What the address
    names and the options lack is passed over.
    """
    if not options:
        return None
    wanted = _read(key)
    index = 0 if default is None or default not in options else options.index(default)
    first = options[index]
    if wanted in options:
        index = options.index(wanted)
    widget = f"widget_{key}"
    if st.session_state.get(widget) not in options:
        st.session_state.pop(widget, None)
    chosen: str = st.selectbox(
        label, options, index=index, key=widget, format_func=named, **settings
    )
    keep(key, None if chosen == first else chosen)
    return chosen


def segments(label: str, options: Sequence[str], key: str, *, default: str, **settings: Any) -> str:
    """One of a few options of our own words (they are Markdown), all of them in sight."""
    chosen = st.segmented_control(
        label, options, default=default, key=key, required=True, bind=_BOUND, **settings
    )
    return str(chosen or default)


def text(label: str, key: str, **settings: Any) -> str:
    """What a person typed, at most 200 characters."""
    typed: str | None = st.text_input(label, key=key, max_chars=200, bind=_BOUND, **settings)
    return (typed or "").strip()


def switch(label: str, key: str, *, default: bool = False, **settings: Any) -> bool:
    """On or off."""
    return bool(st.toggle(label, value=default, key=key, bind=_BOUND, **settings))


def number(key: str) -> int | None:
    """A positive number of at most six digits in the address."""
    given = _read(key) or ""
    return int(given) or None if given.isascii() and given.isdecimal() and len(given) < 7 else None


def keep(key: str, value: str | None) -> None:
    """Puts a value into the address; None takes it out."""
    if value is None:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != value:
        st.query_params[key] = value


def know_pages(pages: Mapping[str, Any]) -> None:
    """Keeps the pages of the navigation, by name, for links between them."""
    st.session_state[_PAGES] = dict(pages)


def link(page: str, label: str, **query: str) -> None:
    """A link to another page that opens on what `query` names; `label` is our own words."""
    pages = st.session_state.get(_PAGES, {})
    if page in pages:
        st.page_link(pages[page], label=label, query_params=query, icon=":material/arrow_forward:")


def _read(key: str) -> str | None:
    found: str | None = st.query_params.get(key)
    return found
