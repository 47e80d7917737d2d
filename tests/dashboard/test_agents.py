"""The Agents page: what share each agent met."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.pages.agents import by_category, by_tag
from judge.reporting.judged import judged_by_run
from results.records import Outcome
from tests.dashboard.pages_drawn import Drawn
from tests.support.judged_stores import ELSEWHERE, example_store, hostile_store, said_run, stored

YES, NO, UNSURE = Outcome.SATISFIED, Outcome.UNSATISFIED, Outcome.ABSTAINED


@pytest.fixture(scope="module")
def two_agents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("agents")
    runs = folder / "runs"
    early = "2026-11-01T10:00:00+00:00"
    made = [
        said_run(runs, "Ada", "checks", {"t": [NO, NO, NO]}, started_at=early),
        said_run(runs, "Ada", "checks", {"t": [YES, NO, YES], "u": [YES]}),
        said_run(runs, "Bob", "checks", {"t": [YES, UNSURE, NO]}),
        said_run(runs, "Bob", "human", {"t": [NO, NO, NO]}),
    ]
    return stored(folder, made)


def _rows(page: Drawn) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = page.app.dataframe[0].value.to_dict("records")
    return rows


def test_each_agent_stands_with_its_newest_run_by_one_judge(two_agents: Path) -> None:
    rows = {row["agent"]: row for row in _rows(Drawn("agents", two_agents))}
    # Ada: 3 of 4 met; each builds on the one before, so 0 of t and that of u count with D.
    assert rows["Ada"]["I"] == pytest.approx(3 / 4)
    assert rows["Ada"]["D"] == pytest.approx(2 / 4)
    assert rows["Ada"]["solve"] == pytest.approx(1 / 2)
    # Bob: 1 of 2 decided, 1 to 2 of 3 in the worst and best case.
    assert rows["Bob"]["I"] == pytest.approx(1 / 2)
    assert rows["Bob"]["I, worst to best"] == "33.3 to 66.7 %"
    assert rows["Bob"]["abstained"] == 1


def test_people_who_label_come_after_the_judges(two_agents: Path) -> None:
    page = Drawn("agents", two_agents)
    assert page.app.selectbox[0].options == ["checks", "human"]
    page.choose("Judged by", "human")
    (row,) = _rows(page)
    assert (row["agent"], row["I"]) == ("Bob", 0)
    assert page.address["judge"] == "human"


def test_shares_by_category_and_tag_are_of_decided_requirements(tmp_path: Path) -> None:
    run = said_run(tmp_path, "Ada", "checks", {"t": [YES, NO, UNSURE], "u": [YES, YES]})
    sides = {"Ada": judged_by_run(run)}
    categories = {row["of"]: (row["share"], row["shown"], row["n"]) for row in by_category(sides)}
    assert categories == {"Data": (1.0, "2/2", 2), "Method": (0.5, "1/2", 3)}
    (tag,) = by_tag(sides)
    # An undecided requirement on one that is not met is not met with D, so 3 of 5 are.
    assert (tag["of"], tag["shown"], tag["D"], tag["solved"]) == ("Vision", "3/4", 3 / 5, 1 / 2)


def test_published_figures_stand_apart_from_measured_ones(two_agents: Path) -> None:
    page = Drawn("agents", two_agents)
    names = [subheader.value for subheader in page.app.subheader]
    assert names[-1] == "Published DevAI figures"
    assert {row["agent"] for row in _rows(page)} == {"Ada", "Bob"}


def test_the_bundled_example_has_something_to_look_at() -> None:
    page = Drawn("agents", example_store())
    (row,) = _rows(page)
    assert row["I"] == pytest.approx(12 / 23)
    assert row["requirements"] == 23
    assert len(page.app.get("vega_lite_chart")) == 5
    took = page.app.dataframe[1].value.to_dict("records")[0]
    assert (took["trajectories"], took["steps"]) == (3, 20)


def test_an_empty_store_still_draws(tmp_path: Path) -> None:
    page = Drawn("agents", tmp_path / "none.duckdb")
    assert "judge run" in page.app.info[0].value


def test_hostile_names_stand_only_where_text_stays_text(tmp_path: Path) -> None:
    page = Drawn("agents", hostile_store(tmp_path))
    assert "<script>" in json.dumps(_rows(page))
    for sign in ("<script", ELSEWHERE, "javascript", "![", "\u202e"):
        assert sign not in page.rendered


def test_the_papers_figures_are_shown_as_it_prints_them() -> None:
    # arXiv 2410.10934, tables 1 and 2.
    page = Drawn("agents", example_store())
    tables = [frame.value.to_dict("records") for frame in page.app.dataframe]
    (costs,) = [table for table in tables if "avg_cost" in table[0]]
    assert {row["system"]: row["avg_cost"] for row in costs} == {
        "MetaGPT": "1.19 USD/task",
        "GPT-Pilot": "3.92 USD/task",
        "OpenHands": "6.38 USD/task",
    }
    (met,) = [table for table in tables if "requirements_met_I" in table[0]]
    assert met[2]["requirements_met_D"] == "28.68 %"
