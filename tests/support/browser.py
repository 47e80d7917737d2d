"""The leaderboard in a real browser: a server over a store, and pages of headless Chromium.

Every request that a page makes is kept, so that a test can say that nothing went elsewhere.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from dashboard.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SECONDS = 60
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

_begun: list[Playwright] = []
_users: list[None] = []

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium: apt-get install chromium"
)


@dataclass
class Look:
    """A browser that looks at one leaderboard."""

    url: str
    context: BrowserContext
    requested: list[str] = field(default_factory=list)
    """The address of every request that any page made."""
    complaints: list[str] = field(default_factory=list)
    """What pages threw, and dialogs that they opened."""

    def open(self, path: str = "", *, waits_for: str | None = "h1") -> Page:
        """A page of the leaderboard, drawn to its end."""
        page = self.context.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self._refuse(dialog))
        page.goto(f"{self.url}/{path}")
        if waits_for is not None:
            page.wait_for_selector(waits_for)
        settle(page)
        return page

    @property
    def requested_elsewhere(self) -> list[str]:
        """The requests that did not go to the server, pictures within the page aside."""
        own = urlsplit(self.url).netloc
        return [
            url
            for url in self.requested
            if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).netloc != own
        ]

    def _refuse(self, dialog: object) -> None:
        self.complaints.append("a dialog opened")
        getattr(dialog, "dismiss")()  # noqa: B009 - playwright's types differ by version


@contextmanager
def looking_at(
    store: Path,
    runs_dir: Path,
    *,
    width: int = 1440,
    height: int = 900,
    dark: bool = False,
) -> Iterator[Look]:
    """A leaderboard over the store, on a free port, and a browser with an empty profile."""
    with serving(store, runs_dir) as server, looking(server.url, width, height, dark=dark) as look:
        yield look


@contextmanager
def looking(
    url: str, width: int = 1440, height: int = 900, *, dark: bool = False
) -> Iterator[Look]:
    """A browser with an empty profile for pages below `url`."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory() as profile, _playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=list(_FLAGS),
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        look = Look(url, context)
        context.on("request", lambda request: look.requested.append(request.url))
        try:
            yield look
        finally:
            context.close()


@contextmanager
def _playwright() -> Iterator[Playwright]:
    """Playwright, of which a process can have but one, begun by the first and ended by the last."""
    from playwright.sync_api import sync_playwright

    if not _users:
        _begun.append(sync_playwright().start())
    _users.append(None)
    try:
        yield _begun[0]
    finally:
        _users.pop()
        if not _users:
            _begun.pop().stop()


def settle(page: Page) -> None:
    """Waits until Streamlit has run the script to its end and drawn what it sent."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    page.wait_for_selector("[data-testid='stSkeleton']", state="detached")
    page.wait_for_timeout(150)


def table_rows(page: Page, nth: int = 0) -> int:
    """How many rows a table of the page has, its header aside."""
    table = page.locator("[data-testid='stDataFrame'] table[role='grid']").nth(nth)
    table.wait_for(state="attached")
    return int(table.get_attribute("aria-rowcount") or "0") - 1


def table_text(page: Page, nth: int = 0) -> list[list[str]]:
    """The cells of a table that the browser keeps for screen readers: those in sight, by row."""
    table = page.locator("[data-testid='stDataFrame'] table[role='grid']").nth(nth)
    table.wait_for(state="attached")
    rows = table.locator("tr")
    return [rows.nth(n).locator("th, td").all_inner_texts() for n in range(rows.count())]
