"""The frame of the site's pages: head, navigation, style and script, all within the file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from dashboard.static_site.markup import Markup, tag, text

_HERE = Path(__file__).parent
PAGES = {"index.html": "Leaderboard", "trade-offs.html": "Trade-offs", "agents.html": "Agents"}


def page_html(
    file: str, lead: str, body: Sequence[Markup], *, when: str, has_search: bool = False
) -> str:
    """A whole page that loads nothing from anywhere and runs no script but its own."""
    style = (_HERE / "site.css").read_text(encoding="utf-8")
    script = (_HERE / "site.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; style-src {_hashed(style)}; script-src {_hashed(script)};"
        " img-src 'self' data:; base-uri 'none'; form-action 'none'"
    )
    title = PAGES[file]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", text(f"{title} · agent-judge")),
        Markup(f"<style>{style}</style>"),
    )
    links = [
        tag("a", text(words), href=name, aria_current="page" if name == file else "false")
        for name, words in PAGES.items()
    ]
    search = [
        tag("label", text("Search "), tag("input", type="search", id="search"), for_="search")
    ]
    content = [
        tag("a", text("Skip to content"), href="#content", cls="skip"),
        tag(
            "header",
            tag("nav", *links, aria_label="Pages"),
            tag("button", text("Light or dark"), type="button", id="theme"),
        ),
        tag(
            "main",
            tag("h1", text(title)),
            tag("p", text(lead)),
            *(search if has_search else []),
            *body,
            id="content",
        ),
        tag("footer", text(f"{when} Made by judge leaderboard --export.")),
        Markup(f"<script>{script}</script>"),
    ]
    return f"<!doctype html>\n{tag('html', head, tag('body', *content), lang='en')}\n"


def _hashed(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"
