"""Repeated runs: averaged within a task before anything is compared, and where they vary from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from pydantic import Field

from results.records import Value

Key = TypeVar("Key", bound=Hashable)


def averaged(repeats: Iterable[tuple[Key, float | None]]) -> dict[Key, float | None]:
    """The mean over the decided repeats of each key; None where no repeat decided.

    Repeats of one unit are not new units: counted apart they would make an interval too narrow.

    >>> averaged([("a", 1.0), ("a", 0.0), ("b", None), ("a", None)])
    {'a': 0.5, 'b': None}
    """
    values: dict[Key, list[float]] = defaultdict(list)
    for key, value in repeats:
        of_key = values[key]
        if value is not None:
            of_key.append(value)
    return {key: sum(found) / len(found) if found else None for key, found in values.items()}


class VarianceComponents(Value):
    """What one measured value of a task varies by: the task, the agent's run, and the judge.

    Each is a variance in the square of the value's unit, None where nothing was repeated that
    would tell. An estimate below 0 stands as 0 and `is_clipped` says so.
    """

    task: float | None = Field(description="between tasks")
    agent: float | None = Field(description="between runs of one agent on one task")
    judge: float | None = Field(description="between judgings of one and the same run")
    mean: float
    n: int
    tasks: int
    agent_runs: int
    is_clipped: bool = False


def variance_components(
    measured: Sequence[tuple[Hashable, Hashable, float]],
) -> VarianceComponents | None:
    """Variance of task, agent and judge from (task, agent run, value) triples; None without any.

    Several triples of one task and one agent run are repeats of the judge alone; several agent runs
    of one task, repeats of the agent. The nested analysis of variance with unequal numbers, by the
    method of moments (Searle, Casella and McCulloch, Variance Components, 1992, section 3.6): mean
    squares within runs, of runs within tasks and of tasks are set equal to their expectations.
    """
    import numpy as np

    if not measured:
        return None
    runs: dict[tuple[Hashable, Hashable], list[float]] = defaultdict(list)
    for task, run, value in measured:
        runs[task, run].append(value)
    tasks: dict[Hashable, list[list[float]]] = defaultdict(list)
    for (task, _), values in runs.items():
        tasks[task].append(values)
    everything = np.array([value for _, _, value in measured], dtype=np.float64)
    if not np.isfinite(everything).all():
        raise ValueError("values must be finite")
    n, n_runs, n_tasks, mean = len(measured), len(runs), len(tasks), float(everything.mean())
    of_task = {task: np.concatenate(found) for task, found in tasks.items()}
    within = sum(float(((np.array(v) - np.mean(v)) ** 2).sum()) for v in runs.values())
    between_runs = sum(
        len(values) * float(np.mean(values) - of_task[task].mean()) ** 2
        for task, found in tasks.items()
        for values in found
    )
    between_tasks = sum(v.size * float(v.mean() - mean) ** 2 for v in of_task.values())
    # Coefficients of the agent's and the task's variance in the expected mean squares.
    inner = sum(sum(len(v) ** 2 for v in found) / of_task[t].size for t, found in tasks.items())
    outer = sum(len(v) ** 2 for v in runs.values()) / n
    of_tasks = n - sum(v.size**2 for v in of_task.values()) / n

    judge = within / (n - n_runs) if n > n_runs else None
    agent: float | None = None
    if n_runs > n_tasks:
        mean_square = between_runs / (n_runs - n_tasks)
        # Without repeats of the judge its variance cannot be told from the agent's, and stays in.
        agent = (mean_square - (judge or 0.0)) / ((n - inner) / (n_runs - n_tasks))
    task_variance: float | None = None
    if n_tasks > 1:
        beneath = (judge or 0.0) + (max(0.0, agent or 0.0)) * (inner - outer) / (n_tasks - 1)
        task_variance = (between_tasks / (n_tasks - 1) - beneath) / (of_tasks / (n_tasks - 1))
    return VarianceComponents(
        task=None if task_variance is None else max(0.0, task_variance),
        agent=None if agent is None else max(0.0, agent),
        judge=judge,
        mean=mean,
        n=n,
        tasks=n_tasks,
        agent_runs=n_runs,
        is_clipped=any(value is not None and value < 0 for value in (agent, task_variance)),
    )
