"""The Judges page: agreement with labels, judge against judge, drift."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.agreement import (
    against,
    by_category,
    confusion,
    drifts,
    judge_pairs,
    judge_versions,
)
from dashboard.agreement_published import alignments, devai_figures, of_judges
from dashboard.agreement_runs import (
    BUNDLED_LABELS,
    Side,
    judged_runs,
    label_sides,
    run_lines,
    side,
)
from dashboard.data import open_view
from results.records import Outcome, Usage
from results.run_folder import RunFolder
from tests.dashboard.pages_drawn import Drawn
from tests.support.judged_stores import ELSEWHERE, example_store, hostile_store, said_run, stored

YES, NO, UNSURE, FAILED = Outcome


def _sides(folder: Path, runs: list[RunFolder]) -> dict[str, Side]:
    """Judge -> all that it said."""
    view = open_view(stored(folder, runs))
    lines = run_lines(view)
    judged = judged_runs(view, lines)
    return {v.who: v.side for v in judge_versions([(x, judged[x.run_id]) for x in lines])}


def test_agreement_confusion_and_categories_are_over_the_same_outputs(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    sides = _sides(
        tmp_path,
        [
            said_run(runs, "Ada", "human", {"t": [YES, YES, NO, NO]}),
            said_run(runs, "Ada", "checks", {"t": [YES, NO, YES, UNSURE]}),
            # Another agent's output for the same task is another thing.
            said_run(runs, "Bob", "checks", {"t": [NO, NO, NO, NO]}),
        ],
    )
    people, checks = sides["human"], sides["checks"]
    found = against(people, checks)
    assert found is not None
    assert (found.n, found.decided, found.agree, found.abstained) == (4, 3, 1, 1)
    assert confusion(people, checks) == {
        (YES, YES): 1,
        (YES, NO): 1,
        (NO, YES): 1,
        (NO, UNSURE): 1,
    }
    rows = {row.category: row for row in by_category(people, checks)}
    assert (rows["Data"].n, rows["Data"].agree) == (1, 1)
    method = rows["Method"]
    assert (method.n, method.decided, method.agree) == (3, 2, 0)
    assert (method.false_passes, method.false_failures) == (1, 1)


def test_labels_of_outputs_that_changed_since_are_not_held_against_a_judge(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    changed = {"workspace:t": "another state"}
    sides = _sides(
        tmp_path,
        [
            said_run(runs, "Ada", "human", {"t": [YES]}),
            said_run(runs, "Ada", "checks", {"t": [YES]}, hashes=changed),
        ],
    )
    assert against(sides["human"], sides["checks"]) is None
    assert confusion(sides["human"], sides["checks"]) == {}


def test_two_judges_are_compared_over_what_both_decided(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    sides = _sides(
        tmp_path,
        [
            said_run(runs, "Ada", "checks", {"t": [YES, NO, UNSURE, YES]}),
            said_run(runs, "Ada", "llm", {"t": [YES, YES, YES, FAILED]}, model="openai:m"),
            said_run(runs, "Bob", "agent", {"t": [YES]}, model="openai:m"),
        ],
    )
    (pair,) = judge_pairs(list(sides.values()))
    assert (pair.n, pair.agree) == (2, 1)
    assert {pair.first.split(" · ")[0], pair.second.split(" · ")[0]} == {"checks", "llm"}


def test_drift_counts_what_a_new_version_says_otherwise(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    old, new = [YES, NO, UNSURE, YES, YES], [YES, YES, NO, UNSURE, NO]
    early = "2026-10-01T00:00:00+00:00"
    folders = [
        said_run(runs, "Ada", "checks", {"t": old}, started_at=early, version="0.1.0"),
        said_run(runs, "Ada", "checks", {"t": new}, version="0.2.0"),
    ]
    view = open_view(stored(tmp_path, folders))
    lines = run_lines(view)
    judged = judged_runs(view, lines)
    versions = judge_versions([(line, judged[line.run_id]) for line in lines])
    assert [version.since[:7] for version in versions] == ["2026-10", "2026-11"]
    (drift,) = drifts(versions)
    assert (drift.before, drift.after) == ("v0.1.0", "v0.2.0")
    assert (drift.n, drift.same) == (5, 1)
    assert (drift.now_satisfied, drift.now_unsatisfied, drift.now_undecided) == (1, 1, 1)
    assert drift.newly_decided == 1


def test_a_change_of_prompts_is_another_version(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    folders = [
        said_run(runs, "Ada", "llm", {"t": [YES]}, hashes={"prompt:llm_judge": mark * 64})
        for mark in "ab"
    ]
    lines = run_lines(open_view(stored(tmp_path, folders)))
    assert len({line.identity for line in lines}) == 2
    assert len({line.who for line in lines}) == 1


def test_of_several_runs_over_one_output_the_newest_counts(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    early = "2026-10-01T00:00:00+00:00"
    sides = _sides(
        tmp_path,
        [
            said_run(runs, "Ada", "checks", {"t": [NO]}, started_at=early),
            said_run(runs, "Ada", "checks", {"t": [YES]}),
        ],
    )
    ((flag,),) = sides["checks"].flags.values()
    assert flag.outcome is YES


def test_tasks_whose_output_is_unknown_take_no_part(tmp_path: Path) -> None:
    run = said_run(tmp_path, "Ada", "checks", {"t": [YES]})
    from judge.reporting.judged import judged_by_run

    assert side("checks", [({}, judged_by_run(run))]).flags == {}


def test_the_page_measures_the_bundled_example_against_its_labels() -> None:
    page = Drawn("judges", example_store())
    assert page.app.selectbox[0].value == BUNDLED_LABELS
    (row,) = page.app.dataframe[0].value.to_dict("records")
    assert (row["n"], row["alignment"], row["kappa"]) == (23, 1.0, 1.0)


def test_labels_of_people_come_first_and_undecided_sides_not_at_all(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    folders = [
        said_run(runs, "Ada", "human", {"t": [YES, NO]}),
        said_run(runs, "Bob", "human", {"u": [UNSURE]}),
        said_run(runs, "Ada", "checks", {"t": [YES, YES]}, usage=Usage()),
    ]
    store = stored(tmp_path, folders)
    names = [one.name for one in label_sides(runs, open_view(store))]
    assert names == ["human runs", BUNDLED_LABELS]
    page = Drawn("judges", store)
    assert page.app.selectbox[0].value == "human runs"
    (row,) = page.app.dataframe[0].value.to_dict("records")
    assert (row["n"], row["alignment"]) == (2, 0.5)


def test_an_empty_store_still_draws(tmp_path: Path) -> None:
    page = Drawn("judges", tmp_path / "none.duckdb")
    assert "judge run" in page.app.info[0].value


@pytest.mark.parametrize("name", ["judges"])
def test_hostile_names_stand_only_where_text_stays_text(tmp_path: Path, name: str) -> None:
    page = Drawn(name, hostile_store(tmp_path))
    for sign in ("<script", ELSEWHERE, "javascript", "![", "\u202e"):
        assert sign not in page.rendered


def test_the_papers_judges_stand_apart_from_measured_ones() -> None:
    # arXiv 2410.10934, table 3.
    shown = {
        (row["judge"], row["outputs"]): row["share"]
        for row in alignments(of_judges(devai_figures(open_view(example_store()))))
    }
    assert shown["Agent-as-a-Judge gray-box", "OpenHands"] == pytest.approx(0.9044, abs=0.003)
    assert shown["human 38bb", "GPT-Pilot"] == pytest.approx(0.7623)
