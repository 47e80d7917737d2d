"""How quickly the leaderboard answers in a real browser, over a store of a size that hurts.

    python -m tests.speed.leaderboard_pages [--results 100000] [--samples 1000000] [--store FILE]

Prints, for each page, seconds from the address to the drawn page: the first time after the server
started, and the median of later visits; then seconds from a click to the drawn answer. What the
browser itself takes is in all of them: the last column has the same page over a store without runs,
visited in turn with the large one, so that a machine that is busy slows both.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.speed.leaderboard_store import make_store
from tests.support.browser import Look, looking_at, settle

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = ("", "tradeoffs", "agents", "judgment", "judges", "labels", "compare", "runs")
VISITS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, help="measure over this store instead")
    parser.add_argument("--visits", type=int, default=VISITS)
    given = parser.parse_args()
    if given.store is not None:
        measure(given.store, given.visits)
        return
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        store, _ = make_store(Path(folder), results=given.results, samples=given.samples)
        print(f"{given.results:,} results, {given.samples:,} samples", end="")
        print(f" (made in {time.monotonic() - begun:.0f} s)")
        measure(store.path, given.visits)


def measure(store: Path, visits: int) -> None:
    """Prints the times over one store, and those over none."""
    with (
        tempfile.TemporaryDirectory() as folder,
        looking_at(store, store.parent / "runs") as look,
        looking_at(Path(folder) / "none.duckdb", Path(folder) / "runs") as nothing,
    ):
        print(f"{'page':<24}{'first':>8}{'warm':>8}{'no runs':>9}")
        for path in PAGES:
            first = _opened(look, path)
            _opened(nothing, path)
            pairs = [(_opened(look, path), _opened(nothing, path)) for _ in range(visits)]
            warm, empty = (statistics.median(times) for times in zip(*pairs, strict=True))
            print(f"{path or 'leaderboard':<24}{first:8.2f}{warm:8.2f}{empty:9.2f}", flush=True)
        print(f"\n{'interaction':<44}{'median':>8}")
        for words, path, act in _INTERACTIONS:
            times = []
            for _ in range(visits):
                page = look.open(path)
                begun = time.monotonic()
                act(page)
                _answered(page)
                times.append(time.monotonic() - begun)
                page.close()
            print(f"{words:<44}{statistics.median(times):8.2f}", flush=True)


def _opened(look: Look, path: str) -> float:
    page = look.context.new_page()
    begun = time.monotonic()
    page.goto(f"{look.url}/{path}")
    page.wait_for_selector("h1")
    settle(page)
    took = time.monotonic() - begun
    page.close()
    return took


def _answered(page: Page) -> None:
    """Waits for the answer to a click: the script starts, and ends."""
    from playwright.sync_api import TimeoutError as TooLong

    running = "[data-testid='stApp'][data-test-script-state='running']"
    # An answer may come sooner than that can be seen.
    with contextlib.suppress(TooLong):
        page.wait_for_selector(running, timeout=400)
    settle(page)


def _click(text: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_role("radio", name=text, exact=True).click()

    return act


def _search(words: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        box = page.get_by_role("textbox", name="Search")
        box.fill(words)
        box.press("Enter")

    return act


def _next(page: Page) -> None:
    page.get_by_role("button", name="Next").first.click()


def _older(page: Page) -> None:
    page.get_by_role("button", name="Older").click()


_INTERACTIONS: tuple[tuple[str, str, Callable[[Page], None]], ...] = (
    ("leaderboard: another family", "", _click("Video QA")),
    ("leaderboard: search", "", _search("model-123 int8")),
    ("leaderboard: next 100 of 2,000 models", "", _next),
    ("leaderboard: next 100 of 2,000 runs", "?bench=mose", _next),
    ("runs: search", "runs", _search("mose int8")),
    ("runs: next 100 of 20,000", "runs", _older),
)


if __name__ == "__main__":
    main()
