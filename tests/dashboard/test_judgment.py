"""The Judgment page: one task of one run, with its evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from results.records import Outcome
from tests.dashboard.pages_drawn import Drawn
from tests.support.browser import looking_at, needs_chromium, settle
from tests.support.chat_server import ChatServer
from tests.support.judged_stores import (
    CANARY,
    ELSEWHERE,
    HOSTILE,
    example_store,
    hostile_store,
    said_run,
    stored,
)

SUNSPOTS = "02_Time_Series_Forecasting_Ridge_Sunspots_ML"
DIGITS = "01_Digit_Recognition_MLP_Digits_ML"


@pytest.fixture(scope="module")
def example() -> Path:
    return example_store()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_store(tmp_path_factory.mktemp("hostile"))


def test_the_first_page_shows_the_newest_runs_first_task_with_its_excerpt(example: Path) -> None:
    page = Drawn("judgment", example)
    assert page.app.selectbox[1].value == DIGITS
    assert [m.value for m in page.app.metric][:4] == ["8", "0", "0", "0"]
    assert "> 21 │     images, labels = load_digits(return_X_y=True)" in page.texts
    assert "This verdict asked no model." in page.texts


def test_a_link_names_run_task_and_requirement(example: Path) -> None:
    page = Drawn("judgment", example, {"task": SUNSPOTS, "requirement": "6"})
    assert page.app.selectbox[1].value == SUNSPOTS
    assert "models/ridge.pkl: no such file" in page.texts
    page.choose("Requirement (or click a box)", 5)
    assert page.address["requirement"] == "5"
    assert "cannot count: 0 is not met" in page.texts


@pytest.mark.parametrize("number", ["99", "-1", "x", "9" * 400, "٣", "0x1"])
def test_a_link_to_what_is_not_there_shows_the_first(example: Path, number: str) -> None:
    query = {"task": "../../etc", "requirement": number, "run": HOSTILE}
    page = Drawn("judgment", example, query)
    assert page.app.selectbox[2].value == 0


def test_a_workspace_that_changed_since_shows_only_the_kept_quote(tmp_path: Path) -> None:
    run = said_run(tmp_path / "runs", "a", "checks", {"t": [Outcome.SATISFIED]})
    page = Drawn("judgment", stored(tmp_path, [run]))
    assert "The verdict cites nothing." in page.texts


def test_requirements_in_a_circle_are_listed_without_a_picture(tmp_path: Path) -> None:
    run = said_run(tmp_path / "runs", "a", "checks", {"t": [Outcome.SATISFIED] * 2})
    journal = run.path / "journal.jsonl"
    journal.write_text(journal.read_text().replace('"prerequisites":[]', '"prerequisites":[1]'))
    page = Drawn("judgment", stored(tmp_path, [run]))
    assert "wait for each other in a circle" in page.texts
    assert page.app.selectbox[2].options


def test_without_any_run_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    page = Drawn("judgment", tmp_path / "none.duckdb")
    assert "judge run" in page.app.info[0].value


def test_evidence_that_points_out_of_the_workspace_shows_nothing_from_there(hostile: Path) -> None:
    page = Drawn("judgment", hostile)
    evidence = page.app.dataframe[0].value
    assert len(evidence) == 10
    assert CANARY not in page.texts + json.dumps(evidence.to_dict("records"))


def test_what_strangers_wrote_stands_only_where_text_stays_text(hostile: Path) -> None:
    page = Drawn("judgment", hostile)
    assert "<script>" in page.texts
    for sign in ("<script", "<img", ELSEWHERE, "javascript", "![", "\u202e", "=cmd"):
        assert sign not in page.rendered
    assert "\u202e" not in page.texts


@pytest.mark.slow
@needs_chromium
def test_in_a_browser_a_click_on_a_box_shows_that_requirement(example: Path) -> None:
    with looking_at(example, example.parent / "runs") as look:
        page = look.open(f"judgment?task={SUNSPOTS}")
        chart = page.locator("[data-testid='stVegaLiteChart']").first
        chart.scroll_into_view_if_needed()
        chart.locator("canvas, svg").first.wait_for()
        page.wait_for_timeout(800)
        box = chart.bounding_box()
        assert box is not None
        # Requirement 1 is the one box of the second of four layers, in the middle.
        page.mouse.click(box["x"] + 1.5 * 265, box["y"] + box["height"] / 2)
        page.wait_for_url("**requirement=1**")
        settle(page)
        page.get_by_role("heading", name="Requirement 1").wait_for()
        assert look.complaints == []
        assert look.requested_elsewhere == []


@pytest.mark.slow
@needs_chromium
def test_in_a_browser_hostile_texts_run_nothing_and_fetch_nothing(hostile: Path) -> None:
    with looking_at(hostile, hostile.parent / "runs") as look:
        for name in ("judgment", "judgment?requirement=1", "agents", "judges", "labels"):
            page = look.open(name)
            page.wait_for_timeout(700)
            assert page.evaluate("window.__hostile === undefined"), name
            assert page.locator(f"[src*='{ELSEWHERE}'], [href*='{ELSEWHERE}']").count() == 0
            assert page.locator("[href^='javascript']").count() == 0
            if name == "judgment":
                shown = page.get_by_text("<script>window.__hostile=1</script>")
                assert shown.locator("visible=true").count() > 0
            page.close()
        assert look.complaints == []
        assert look.requested_elsewhere == []


def test_a_model_judges_steps_are_shown_from_what_the_run_kept_and_nothing_is_asked_anew(
    tmp_path: Path,
) -> None:
    from tests.judge.agent.test_agent_runs import judged, looks_then_passes, outputs

    tasks, workspaces = outputs(tmp_path, [2])
    store = tmp_path / "results.duckdb"
    with ChatServer() as server:
        server.rule = looks_then_passes
        judged(
            server,
            store,
            *("--tasks", str(tasks), "--workspaces", str(workspaces)),
            *("--judge", "agent", "--model", "openai:m"),
        )
        asked = server.calls
        kept = {path: path.read_bytes() for path in (tmp_path / "runs").rglob("*.json*")}
        page = Drawn("judgment", store, {"requirement": "1"})
        assert "read_file" not in page.texts
        page.app.toggle[0].set_value(True)
        page.again()
        assert server.calls == asked
    assert "**Reply 1** · 1 calls, 100 input and 10 output tokens" in page.texts
    assert 'read_file {"path": "src/step_1.py"}' in page.texts
    assert "submit_verdict" in page.texts
    assert "comes out otherwise" not in page.texts
    after = {path: path.read_bytes() for path in (tmp_path / "runs").rglob("*.json*")}
    assert after == kept
