"""The two sides of a comparison, by the names that a person gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from judge.alignment import pair_requirements
from judge.comparing.benchmarks import side_of_benchmark
from judge.comparing.judgments import side_of_judgments, solve_series
from judge.reporting.judged import judged_by_run, read_judged
from results.comparison.baselines import is_baseline_file, read_baseline
from results.comparison.repeats import averaged_sides
from results.comparison.values import Series, Side, Unit
from results.errors import InputError
from results.records import Outcome
from results.run_folder import resolve_run


def load_side(run: str, run_dir: Path, store: Path, repeats: Sequence[str] = ()) -> Side:
    """What RUN names: an id, a unique prefix, a run folder, judgment files, or a baseline file.

    `repeats` names further runs of the same; each unit's values are averaged over all of them.
    """
    sides = [_load_one(name, run_dir, store) for name in (run, *repeats)]
    if len(sides) == 1:
        return sides[0]
    first, *others = sides
    return averaged_sides([first, *(_with_keys_of(first, other) for other in others)])


def paired_sides(baseline: Side, candidate: Side) -> tuple[Side, Side]:
    """Both sides with one key for one requirement, as texts agree, and with the tasks solved.

    A task is solved by the requirements that both sides have of it: judged task 52 has others than
    its instance. Benchmark runs are left as they are.
    """
    if baseline.kind != "judgment" or candidate.kind != "judgment":
        return baseline, candidate
    candidate = _with_keys_of(baseline, candidate)
    ours, theirs = _series(baseline, "independent"), _series(candidate, "independent")
    if ours is None or theirs is None:
        return baseline, candidate
    common = {_place(unit) for unit in ours.units} & {_place(unit) for unit in theirs.units}
    return _with_solve(baseline, ours, common), _with_solve(candidate, theirs, common)


def _load_one(run: str, run_dir: Path, store: Path) -> Side:
    path = Path(run)
    if is_baseline_file(path):
        return read_baseline(path)
    is_other_folder = path.is_dir() and not (path / "run.json").exists()
    holds_files = is_other_folder and any(each.suffix == ".json" for each in path.iterdir())
    if holds_files or path.is_file():
        return side_of_judgments(read_judged(run, run_dir, store))
    try:
        folder = resolve_run(run, run_dir, store)
    except InputError as error:
        if is_other_folder:
            raise InputError(
                f"{run} is neither a run folder nor does it hold judgment files; name one that"
                " does."
            ) from error
        raise
    if folder.record.kind == "benchmark":
        return side_of_benchmark(folder)
    return side_of_judgments(judged_by_run(folder))


@dataclass(frozen=True)
class _Text:
    """A requirement as `judge align` pairs it: by id and text."""

    requirement_id: int
    criteria: str
    prerequisites: tuple[int, ...] = ()
    outcome: Outcome = Outcome.ABSTAINED


def _with_keys_of(first: Side, second: Side) -> Side:
    """`second`, its requirements under the keys of the requirements of `first` they pair with.

    One that pairs with none gets a key that `first` does not have.
    """
    if second.kind != "judgment":
        return second
    ours, theirs = _series(first, "independent"), _series(second, "independent")
    if ours is None or theirs is None:
        return second
    before, now = _texts(ours), _texts(theirs)
    keys: dict[tuple[str, str], str] = {}
    for task, requirements in now.items():
        known = before.get(task, [])
        paired = {
            str(pair.judgment.requirement_id): str(pair.label.requirement_id)
            for pair in pair_requirements(known, requirements)
        }
        taken = {str(requirement.requirement_id) for requirement in known}
        for requirement in requirements:
            own = str(requirement.requirement_id)
            lone = f"{own} (of {second.name})" if own in taken else own
            keys[task, own] = paired.get(own, lone)
    return second.model_copy(
        update={"series": tuple(_rekeyed(series, keys) for series in second.series)}
    )


def _rekeyed(series: Series, keys: dict[tuple[str, str], str]) -> Series:
    units = tuple(
        unit.model_copy(update={"key": keys.get(_place(unit), unit.key)}) for unit in series.units
    )
    return series.model_copy(update={"units": units})


def _texts(series: Series) -> dict[str, list[_Text]]:
    """Task -> its requirements; a key that is no id of a requirement is passed over."""
    found: dict[str, list[_Text]] = {}
    for unit in series.units:
        if unit.key.isdecimal():
            found.setdefault(unit.cluster, []).append(_Text(int(unit.key), unit.text))
    return found


def _with_solve(side: Side, independent: Series, common: set[tuple[str, str]]) -> Side:
    solve = solve_series([unit for unit in independent.units if _place(unit) in common])
    return side.model_copy(update={"series": (*side.series, solve)})


def _series(side: Side, name: str) -> Series | None:
    return next((series for series in side.series if series.name == name), None)


def _place(unit: Unit) -> tuple[str, str]:
    return unit.cluster, unit.key
