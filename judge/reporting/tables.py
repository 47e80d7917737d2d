"""Tables and trees for the terminal, as rich renderables; all text in them is made safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from devai_tasks import Rates
from devai_tasks.causes import root_causes
from judge.alignment import Alignment
from judge.reporting.judged import JudgedRun, JudgedTask
from judge.reporting.wording import (
    SIGNS,
    STYLES,
    UNJUDGED,
    cited,
    interval,
    number,
    one_line,
    percent,
    plain,
    rate,
    spent,
)
from judge.trajectory import Trajectory
from results.records import AskedRequirement, AskedTask, Outcome, Rate, Verdict

READINGS = {
    "independent": "requirements met (I)",
    "dependent": "and their direct prerequisites (D)",
    "transitive": "and all they build on",
    "solve": "tasks solved whole",
}
# Up to so many requirements a run's table has a row for each.
ROW_EACH = 40
LONGEST = 2_000


def verdict_table(run: JudgedRun, labels: Mapping[str, Mapping[int, Outcome]]) -> Table:
    """A row for each requirement; with `labels`, what people said beside it."""
    table = _table(f"{plain(run.agent)}, judged by {plain(run.judge)}", fills=True)
    table.add_column("#", justify="right")
    table.add_column("requirement", ratio=5, no_wrap=True)
    table.add_column("verdict")
    table.add_column("sure", justify="right")
    if labels:
        table.add_column("label")
    table.add_column("first evidence", ratio=5, no_wrap=True)
    for task in run.tasks:
        table.add_section()
        table.add_row("", Text(one_line(task.name), style="bold"))
        for requirement in task.requirements:
            verdict = task.verdict(requirement)
            row: list[Text | str] = [
                str(requirement.requirement_id),
                Text(one_line(requirement.criteria, 110)),
                _outcome(verdict),
                "" if verdict is None else f"{verdict.confidence:.2f}",
            ]
            if labels:
                label = labels.get(task.name, {}).get(requirement.requirement_id)
                row.append("" if label is None else Text(label.value, style=STYLES[label]))
            first = "" if verdict is None or not verdict.evidence else cited(verdict.evidence[0])
            row.append(Text(one_line(first, 90)))
            table.add_row(*row)
    return table


def task_table(run: JudgedRun) -> Table:
    """A row for each task: how many of its requirements have which outcome."""
    table = _table(f"{plain(run.agent)}, judged by {plain(run.judge)}")
    table.add_column("task")
    for outcome in Outcome:
        table.add_column(outcome.value, justify="right", style=STYLES[outcome])
    for task in run.tasks:
        outcomes = [flag.outcome for flag in task.flags]
        table.add_row(
            Text(one_line(task.name)), *(str(outcomes.count(outcome)) for outcome in Outcome)
        )
    return table


def run_table(run: JudgedRun, labels: Mapping[str, Mapping[int, Outcome]] | None = None) -> Table:
    """The verdicts where they are few, else the tasks."""
    if sum(len(task.requirements) for task in run.tasks) <= ROW_EACH:
        return verdict_table(run, labels or {})
    return task_table(run)


def rates_table(
    sides: Mapping[str, Rates], shift: Mapping[str, float | None] | None = None
) -> Table:
    """The four rates of each side, and how far two sides differ."""
    table = _table()
    table.add_column("rate over decided ones (worst to best case)")
    for name in sides:
        table.add_column(plain(name))
    table.add_column("n", justify="right")
    if shift is not None:
        table.add_column("shift", justify="right")
    for reading, words in READINGS.items():
        values: list[Rate] = [getattr(side, reading) for side in sides.values()]
        row = [words, *(rate(value) for value in values), str(values[-1].n)]
        if shift is not None:
            row.append(percent(shift[reading]))
        table.add_row(*row)
    return table


def alignment_table(alignment: Alignment) -> Table:
    """Agreement with labels."""
    table = _table()
    table.add_column("agreement with the labels")
    table.add_column("")
    worst, best = percent(alignment.alignment_worst), percent(alignment.alignment_best)
    spread = "" if alignment.coverage == 1 else f"  ({worst} to {best})"
    for name, value in (
        ("requirements compared", str(alignment.n)),
        ("decided", f"{alignment.decided}  ({percent(alignment.coverage)})"),
        ("abstained, error", f"{alignment.abstained}, {alignment.errors}"),
        ("alignment", f"{percent(alignment.alignment)}{spread}"),
        ("interval", interval(alignment.ci)),
        ("kappa", number(alignment.kappa)),
        ("sensitivity, specificity", _pair(alignment.sensitivity, alignment.specificity)),
        ("always the commonest label", percent(alignment.majority_baseline)),
    ):
        table.add_row(name, value)
    return table


def left_out_table(alignment: Alignment) -> list[Table]:
    """What was not compared, and what was compared although its words differ; none, one or two."""
    tables = []
    if alignment.reworded:
        rows = [
            (pair.task, f"{pair.label_id}", f"{pair.judgment_id}", f"{pair.similarity:.2f}")
            for pair in alignment.reworded
        ]
        names = ("compared although reworded", "label", "judgment", "likeness")
        tables.append(text_table(rows, names))
    if alignment.left_out:
        lone = [
            (left.task, f"{left.side} {left.requirement_id}", left.reason)
            for left in alignment.left_out
        ]
        tables.append(text_table(lone, ("left out", "of", "because")))
    return tables


def task_tree(task: JudgedTask) -> Tree:
    """The requirements of a task, each below the last of its prerequisites, with all evidence."""
    outcomes = [flag.outcome for flag in task.flags]
    met = outcomes.count(Outcome.SATISFIED)
    root = _root(task.name, f"{met} of {len(outcomes)} requirements satisfied")
    causes = root_causes(task.flags)
    _grow(root, task.requirements, lambda requirement: _judged(requirement, task, causes))
    for preference in task.preferences:
        if task.verdict(preference) is not None:
            root.add(_judged(preference, task, {}))
    return root


def asked_tree(task: AskedTask) -> Tree:
    """What a task asks: its query, and each requirement below the last of its prerequisites."""
    requirements = [r for r in task.requirements if not r.is_preference]
    root = _root(task.task, f"{len(requirements)} requirements  {', '.join(task.tags)}")
    root.add(Text(one_line(task.query, LONGEST), style="italic"))
    _grow(root, requirements, lambda requirement: Text(_title(requirement)))
    for preference in task.requirements:
        if preference.is_preference:
            root.add(Text(_title(preference)))
    return root


def steps_tree(trajectory: Trajectory, longest: int) -> Tree:
    """The steps of a trajectory, each text cut after `longest` characters."""
    end = {True: "ended by the agent", False: "ended by something else", None: "end unknown"}
    about = f"{trajectory.format}, {len(trajectory.steps)} steps, {end[trajectory.ended_by_agent]}"
    root = _root(trajectory.agent or "unnamed agent", f"{about}, {spent(trajectory.usage)}")
    for step in trajectory.steps:
        texts = (
            ("user", step.user_message, "magenta"),
            ("thought", step.thought, "italic"),
            ("action", step.action, "cyan"),
            ("observation", step.observation, ""),
        )
        branch = root.add(Text(f"step {step.number}  ({step.source})", style="bold"))
        for name, text, style in texts:
            if text.strip():
                branch.add(Text.assemble((f"{name}  ", "dim"), (one_line(text, longest), style)))
    return root


def _root(name: str, about: str) -> Tree:
    return Tree(Text.assemble((one_line(name), "bold"), f"  {one_line(about)}"), guide_style="dim")


def _grow(
    root: Tree,
    requirements: Sequence[AskedRequirement],
    text: Callable[[AskedRequirement], Text],
) -> None:
    branches: dict[int, Tree] = {}
    waiting = list(requirements)
    while waiting:
        # A requirement hangs below its last prerequisite; one in a circle hangs at the root.
        known = {requirement.requirement_id for requirement in waiting}
        ready = [r for r in waiting if not known & set(_above(r))] or waiting[:1]
        for requirement in ready:
            above = [branches[p] for p in _above(requirement) if p in branches]
            parent = above[-1] if above else root
            branches[requirement.requirement_id] = parent.add(text(requirement))
            waiting.remove(requirement)


def _judged(requirement: AskedRequirement, task: JudgedTask, causes: Mapping[int, int]) -> Text:
    verdict = task.verdict(requirement)
    text = Text.assemble(_outcome(verdict, with_sign=True), f"  {_title(requirement)}")
    if requirement.requirement_id in causes:
        cause = causes[requirement.requirement_id]
        text.append(f"  (cannot count: {cause} is not met)", style="yellow")
    if verdict is not None:
        text.append(f"\n{one_line(verdict.reason, LONGEST)}", style="italic")
        text.append(f"  (confidence {verdict.confidence:.2f})", style="dim")
        for evidence in verdict.evidence:
            text.append(f"\n· {evidence.kind}: {cited(evidence)}", style="cyan")
    return text


def _title(requirement: AskedRequirement) -> str:
    kind = "preference " if requirement.is_preference else ""
    also = _above(requirement)[:-1]
    needs = f"  (also needs {', '.join(map(str, also))})" if also else ""
    return f"{kind}{requirement.requirement_id}. {one_line(requirement.criteria, LONGEST)}{needs}"


def text_table(
    rows: Sequence[tuple[str, ...]], names: Sequence[str], title: str | None = None
) -> Table:
    """Any rows of texts below the names of their columns."""
    table = _table(title)
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    return table


def _above(requirement: AskedRequirement) -> list[int]:
    return [p for p in requirement.prerequisites if p != requirement.requirement_id]


def _outcome(verdict: Verdict | None, with_sign: bool = False) -> Text:
    if verdict is None:
        return Text(UNJUDGED, style="dim")
    sign = f"{SIGNS[verdict.outcome]} " if with_sign else ""
    return Text(f"{sign}{verdict.outcome.value}", style=STYLES[verdict.outcome])


def _pair(first: float | None, second: float | None) -> str:
    return f"{number(first)}, {number(second)}"


def _table(title: str | None = None, *, fills: bool = False) -> Table:
    """`fills` gives columns with a ratio what the others leave of the width."""
    return Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, expand=fills
    )
