"""The exported site: whole, without a server, harmless, and the same figures in every form."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from dashboard.static_site import export
from results.errors import InputError
from tests.support.browser import Look, looking, needs_chromium
from tests.support.command import judge
from tests.support.judged_stores import ELSEWHERE, example_store, hostile_store

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = ("index.html", "trade-offs.html", "agents.html")
_VOID = {"meta", "input", "circle", "line", "polyline"}


class Reading(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag


def read(path: Path) -> Reading:
    reading = Reading()
    reading.feed(path.read_text(encoding="utf-8"))
    assert reading.open == []
    return reading


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(example_store(), tmp_path_factory.mktemp("export") / "site").folder


def test_the_site_shows_what_was_judged_and_what_papers_print(site: Path) -> None:
    index, agents = ((site / name).read_text() for name in ("index.html", "agents.html"))
    assert "EfficientTAM" in index and "87.7 %" in index
    assert re.search(r"example.*?52\.2 %.*?n 23", index, re.DOTALL)
    assert "01_Digit_Recognition_MLP_Digits_ML" in agents
    assert 'aria-label="8 of 8 satisfied"' in agents
    assert "<svg" in (site / "trade-offs.html").read_text()


def test_every_figure_is_in_every_form(site: Path) -> None:
    with (site / "figures.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with duckdb.connect() as connection:
        (parquet,) = connection.execute(
            f"SELECT count(*), count(*) FILTER (source = 'measured') FROM '{site}/figures.parquet'"
        ).fetchall()
    assert len(rows) == parquet[0] > 1_100
    assert {row["metric"] for row in rows if row["source"] == "measured"} == {
        "requirements_met_I",
        "requirements_met_D",
        "task_solve_rate",
    }
    assert parquet[1] == 3
    table = (site / "leaderboard.md").read_text().splitlines()
    assert any(line.startswith("| `example` |") for line in table)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_and_can_be_read_by_everyone(site: Path, name: str) -> None:
    reading = read(site / name)
    by_tag: dict[str, list[dict[str, str | None]]] = {}
    for tag, attributes in reading.elements:
        by_tag.setdefault(tag, []).append(attributes)
        for key in ("src", "srcset", "style", "onclick", "onerror"):
            assert key not in attributes
        if "href" in attributes:
            assert re.fullmatch(r"[\w.#-]+", attributes["href"] or "")
    assert not by_tag.keys() & {"img", "iframe", "object", "embed", "link", "form"}
    assert len(by_tag["script"]) == len(by_tag["style"]) == len(by_tag["h1"]) == 1
    assert by_tag["html"][0]["lang"] == "en"
    assert any(each.get("name") == "viewport" for each in by_tag["meta"])
    (policy,) = [each for each in by_tag["meta"] if "http-equiv" in each]
    assert "default-src 'none'" in (policy["content"] or "")
    assert len(by_tag.get("table", [])) == len(by_tag.get("caption", []))
    for svg in by_tag.get("svg", []):
        assert svg["aria-label"]


def test_hostile_names_are_text_in_every_form(tmp_path: Path) -> None:
    folder = export(hostile_store(tmp_path), tmp_path / "site").folder
    for name in PAGES:
        tags = {tag for tag, _ in read(folder / name).elements}
        assert not tags & {"img", "b", "iframe"}
        scripts = [tag for tag, _ in read(folder / name).elements if tag == "script"]
        assert len(scripts) == 1
        assert "\u202e" not in (folder / name).read_text()
    for line in (folder / "leaderboard.md").read_text().splitlines():
        assert "<script" not in re.sub(r"`[^`]*`", "", line)
    assert not re.search(r"(^|,)\"?[=+@]", (folder / "figures.csv").read_text(), re.MULTILINE)


def test_without_a_store_the_papers_figures_are_there(tmp_path: Path) -> None:
    ended = judge("leaderboard", "--export", "site", "--json", folder=tmp_path)
    assert ended.status == 0, ended.err
    assert ended.json["figures"] > 1_100
    assert "No run has been stored yet" in (tmp_path / "site" / "index.html").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site"]


def test_an_export_is_replaced_and_another_folder_is_not(tmp_path: Path) -> None:
    export(tmp_path / "none.duckdb", tmp_path / "site")
    (tmp_path / "site" / "old.txt").write_text("")
    export(tmp_path / "none.duckdb", tmp_path / "site")
    assert not (tmp_path / "site" / "old.txt").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("kept")
    with pytest.raises(InputError, match="no folder that an export made"):
        export(tmp_path / "none.duckdb", tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "kept"


def opened(look: Look, name: str) -> Page:
    page = look.context.new_page()
    page.on("pageerror", lambda error: look.complaints.append(str(error)))
    page.goto(f"{look.url}/{name}")
    return page


@needs_chromium
@pytest.mark.slow
def test_tables_sort_and_filter_in_a_browser(site: Path) -> None:
    with looking(site.as_uri(), 1200, 900) as look:
        page = opened(look, "index.html")
        table = page.locator("#video-segmentation-published")
        rows = table.locator("tbody tr:visible")
        before = rows.count()
        page.fill("#search", "edgetam")
        assert 0 < rows.count() < before
        page.fill("#search", "")
        head = table.locator("thead th").nth(3)
        head.locator("button").press("Enter")
        values = [float(v) for v in rows.evaluate_all(SHOWN) if v]
        assert values == sorted(values, reverse=True)
        head.locator("button").press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"
        values = [float(v) for v in rows.evaluate_all(SHOWN) if v]
        assert values == sorted(values)
        page.click("#theme")
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert look.complaints == []
        assert all(url.startswith("file:") for url in look.requested)


SHOWN = "rows => rows.map(row => row.cells[3].dataset.value)"


@needs_chromium
@pytest.mark.slow
def test_hostile_names_do_nothing_in_a_browser(tmp_path: Path) -> None:
    folder = export(hostile_store(tmp_path), tmp_path / "site").folder
    with looking(folder.as_uri(), 390, 800, dark=True) as look:
        for name in PAGES:
            page = opened(look, name)
            assert page.evaluate("window.__hostile") is None
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390
        assert look.complaints == []
        assert not any(url.startswith(ELSEWHERE) for url in look.requested)
