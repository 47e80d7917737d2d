"""The leaderboard in a real browser: every page is drawn, and nothing hostile comes to life."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from results.records import Outcome
from results.store import Store
from runners.storing import store_runs
from tests.support.browser import Look, looking_at, needs_chromium, settle, table_rows, table_text
from tests.support.judged_stores import ELSEWHERE, said_run
from tests.support.measured_stores import hostile_measured_store, measured_store

pytestmark = [pytest.mark.slow, needs_chromium]

OWN_PAGES = ("", "tradeoffs", "compare", "runs")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measured_store(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def look(store: Path) -> Iterator[Look]:
    with looking_at(store, store.parent / "runs") as look:
        yield look


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    store = hostile_measured_store(tmp_path_factory.mktemp("hostile"))
    with looking_at(store, store.parent / "runs") as look:
        yield look


@pytest.mark.parametrize("path", OWN_PAGES)
def test_every_page_is_drawn_by_this_server_alone(look: Look, path: str) -> None:
    page = look.open(path)
    assert page.locator("[data-testid='stException']").count() == 0
    assert "cannot be shown" not in page.inner_text("body")
    page.close()
    assert look.requested_elsewhere == []
    assert look.complaints == []


def test_the_leaderboard_shows_runs_and_papers_in_two_tables(look: Look) -> None:
    page = look.open()
    assert table_rows(page, 0) == 4
    cells = [cell for row in table_text(page, 0) for cell in row]
    assert "hf:models/large" in cells
    assert any(cell.startswith("93") for cell in cells), cells
    assert table_rows(page, 1) > 20
    page.close()


def test_a_link_shows_the_same_view_to_someone_else(look: Look) -> None:
    page = look.open()
    box = page.get_by_role("textbox", name="Search")
    box.fill("int8")
    box.press("Enter")
    page.wait_for_url("**?*q=int8*")
    settle(page)
    page.get_by_role("radio", name="Agents", exact=True).click()
    page.wait_for_url("**family=Agents*")
    page.get_by_role("radio", name="Video segmentation", exact=True).click()
    settle(page)
    assert table_rows(page, 0) == 1
    address = page.url.removeprefix(look.url).lstrip("/")
    assert "int8" in address
    page.close()
    again = look.open(address)
    assert table_rows(again, 0) == 1
    again.close()


def test_another_page_is_reached_by_the_keyboard_alone(look: Look) -> None:
    page = look.open("runs")
    for _ in range(20):
        page.keyboard.press("Tab")
        if "Trade-offs" in str(page.evaluate("document.activeElement.innerText")):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Trade-offs')")
    page.close()


def test_a_new_run_appears_by_itself_while_a_writer_never_waits(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    store = Store(tmp_path / "results.duckdb", wait=0)
    store_runs(store, [said_run(runs, "Ada", "checks", {"t": [Outcome.SATISFIED]})])
    with looking_at(store.path, runs) as look:
        page = look.open("runs")
        assert table_rows(page) == 1
        store_runs(store, [said_run(runs, "Bob", "checks", {"t": [Outcome.SATISFIED]})])
        page.wait_for_selector("table[aria-rowcount='3']", state="attached")
        page.close()


@pytest.mark.parametrize(
    "path",
    [*OWN_PAGES, "?bench=mose", "?family=Speed+and+size", "agents", "judgment", "judges"],
)
def test_hostile_names_stay_text(hostile: Look, path: str) -> None:
    page = hostile.open(path)
    settle(page)
    # Lists are drawn only once they are open.
    for nth in range(min(4, page.locator("[data-testid='stSelectbox'] input:enabled").count())):
        page.locator("[data-testid='stSelectbox'] input:enabled").nth(nth).click()
        page.keyboard.press("Escape")
    charts = page.locator(
        "[data-testid='stVegaLiteChart'] canvas, [data-testid='stVegaLiteChart'] svg"
    )
    if charts.count():
        charts.first.hover()
        page.wait_for_timeout(300)
    assert page.evaluate("window.__hostile") is None
    sources = page.eval_on_selector_all(
        "img, script, iframe, a", "all => all.map(e => e.outerHTML)"
    )
    assert not [html for html in sources if ELSEWHERE in html or "javascript:" in html]
    assert "\u202e" not in page.content()
    page.close()
    assert hostile.requested_elsewhere == []
    assert hostile.complaints == []


def test_a_downloaded_table_holds_no_formula(hostile: Look, tmp_path: Path) -> None:
    page = hostile.open("?bench=mose")
    with page.expect_download() as waited:
        page.get_by_role("button", name="These rows as CSV").first.click()
    file = tmp_path / "rows.csv"
    waited.value.save_as(file)
    with file.open(newline="", encoding="utf-8") as opened:
        rows = list(csv.reader(opened))
    cells = [cell for row in rows for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    for cell in cells:
        assert not cell.lstrip().startswith(("=", "@")), cell
        assert "\u202e" not in cell
    page.close()
