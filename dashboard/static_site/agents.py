"""What agents met: rates with their worst and best case, and every task by every run."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from dashboard.agreement_runs import Query
from dashboard.families import JUDGED
from dashboard.static_site.markup import Markup, tag, text
from dashboard.units import span, title, written
from dashboard.untrusted import name

MOST_RUNS = 12
MOST_TASKS = 200
_SIGNS = {"satisfied": "✔", "unsatisfied": "✘", "abstained": "?", "error": "!"}


def agents_html(query: Query) -> list[Markup]:
    """The rates of the newest judged runs, and a grid of their tasks; empty without any."""
    runs = query(
        """
        SELECT run_id, agent, judge, coalesce(model, '') AS model, started_at[:10] AS date
        FROM runs WHERE kind = 'judgment' AND judge <> 'human'
        ORDER BY started_at DESC, run_id LIMIT ?
        """,
        [MOST_RUNS],
    )
    if not runs:
        return []
    ids = [run["run_id"] for run in runs]
    heads = {
        run["run_id"]: name(f"{run['agent']}, by {run['judge']} {run['model']}".strip(), 60)
        for run in runs
    }
    return [_rates(query, ids, heads), _grid(query, ids, heads)]


def _rates(query: Query, ids: list[str], heads: dict[str, str]) -> Markup:
    rows = query(
        f"""
        SELECT run_id, metric, value, worst, best, n FROM figures
        WHERE bench = ? AND run_id IN ({", ".join("?" * len(ids))}) ORDER BY position
        """,
        [JUDGED, *ids],
    )
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    metrics: dict[str, None] = {}
    for row in rows:
        found[row["run_id"]][row["metric"]] = row
        metrics[row["metric"]] = None
    lines = []
    for run in ids:
        cells = [tag("th", text(heads[run]), scope="row")]
        for metric in metrics:
            cell = found[run].get(metric)
            if cell is None or cell["value"] is None:
                cells.append(tag("td", text("–"), cls="figure none"))
                continue
            worst, best = cell["worst"], cell["best"]
            said = span(worst, best, "%") if worst != best else ""
            more = " · ".join(
                part for part in (said and f"{said} worst to best", f"n {cell['n']}") if part
            )
            value = written(cell["value"], "%")
            cells.append(tag("td", text(value), tag("small", text(more)), cls="figure"))
        lines.append(tag("tr", *cells))
    head = tag(
        "tr",
        tag("th", text("Agent and judge"), scope="col"),
        *(tag("th", text(title(metric)), scope="col", cls="figure") for metric in metrics),
    )
    newest = "the newest run" if len(ids) == 1 else f"the newest {len(ids)} runs"
    caption = tag("caption", text(f"Requirements met: {newest}"))
    return tag(
        "div",
        tag("table", caption, tag("thead", head), tag("tbody", *lines), id="agents-rates"),
        cls="wide",
        tabindex="0",
        role="region",
        aria_label="Requirements met",
    )


def _grid(query: Query, ids: list[str], heads: dict[str, str]) -> Markup:
    rows = query(
        f"""
        SELECT run_id, task, requirement_id, coalesce(outcome, 'error') AS outcome
        FROM requirements
        LEFT JOIN verdicts USING (run_id, task, is_preference, requirement_id)
        WHERE NOT is_preference AND run_id IN ({", ".join("?" * len(ids))})
        ORDER BY task, requirement_id
        """,
        ids,
    )
    tasks: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        tasks[row["task"]][row["run_id"]].append(row["outcome"])
    lines = []
    for task in list(tasks)[:MOST_TASKS]:
        cells = [tag("th", text(name(task, 60)), scope="row")]
        cells += [_outcomes(tasks[task].get(run, [])) for run in ids]
        lines.append(tag("tr", *cells))
    head = tag(
        "tr",
        tag("th", text("Task"), scope="col"),
        *(tag("th", text(heads[run]), scope="col") for run in ids),
    )
    caption = tag(
        "caption",
        text("Every requirement by task: ✔ satisfied, ✘ unsatisfied, ? abstained, ! error"),
    )
    return tag(
        "div",
        tag("table", caption, tag("thead", head), tag("tbody", *lines), id="agents-tasks"),
        cls="wide",
        tabindex="0",
        role="region",
        aria_label="Every requirement by task",
    )


def _outcomes(outcomes: list[str]) -> Markup:
    if not outcomes:
        return tag("td", text("–"), cls="none")
    marks = [
        tag(
            "span",
            text(_SIGNS.get(outcome, "!")),
            cls=f"mark {outcome if outcome in _SIGNS else 'error'}",
        )
        for outcome in outcomes
    ]
    met = sum(outcome == "satisfied" for outcome in outcomes)
    label = f"{met} of {len(outcomes)} satisfied"
    return tag("td", tag("span", *marks, role="img", aria_label=label, title=label), cls="marks")
