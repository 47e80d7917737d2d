"""How often the gate is red on nothing, and how often on a real worsening.

    python -m tests.measures.gate_simulation [--seeds 1000] [--json]

A/A: two sides that are exchangeable, so that every FAIL is false. A/B: the candidate loses met
requirements, spread over all or whole tasks at a time. The observed share of FAIL stands beside the
expected one: what `power` says for the spread of these data, a normal approximation; and at the
minimum detectable effect that gates print (*), the power that they print with it.

Requirements come in tasks as on DevAI: the sizes of its 55 tasks, 43 % met, design effect 2.2.
Where $JUDGE_TEST_DATA is set, the released labels themselves are drawn as well: tasks of one agent
against those of another, with the two sides swapped by a coin for each task.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt

from results.gate.detectable import effect_of_lost_clusters
from results.statistics import design_effect, p_worse_of_many, power, ratio_standard_error

Outcomes = npt.NDArray[np.float64]
"""Met (1) or not (0) by seed, task and requirement; NaN where a task has no such requirement."""

SIZES = (3, *(5,) * 9, *(6,) * 10, *(7,) * 29, *(8,) * 4, 9, 14)
MET = 0.43
DESIGN_EFFECT = 2.2
ALPHA = 0.05
POWER = 0.8
REDRAWN = 0.1
"""In the regime of few flips, the share of tasks that come out anew."""
TASKS = (3, 5, 6, 8, 10, 20, 55)


@dataclass(frozen=True)
class FalseFails:
    """A/A: how many of `seeds` gates were red although nothing had changed."""

    regime: str
    tasks: int
    margin: float
    design_effect: float
    seeds: int
    false_fails: int

    @property
    def rate(self) -> float:
        return self.false_fails / self.seeds


@dataclass(frozen=True)
class Detected:
    """A/B: how many gates were red on a true worsening, and how many should have been."""

    regime: str
    loss: str
    tasks: int
    worsening: float
    is_printed_effect: bool
    expected_power: float
    seeds: int
    fails: int

    @property
    def rate(self) -> float:
        return self.fails / self.seeds


Regime = Callable[[np.random.Generator, int, int], tuple[Outcomes, Outcomes]]


def independent_runs(
    random: np.random.Generator, seeds: int, tasks: int
) -> tuple[Outcomes, Outcomes]:
    """Two runs that fare on each task as differently as two agents would."""
    sizes = _sizes(random, seeds, tasks)
    return _outcomes(random, sizes), _outcomes(random, sizes)


def same_difficulty(
    random: np.random.Generator, seeds: int, tasks: int
) -> tuple[Outcomes, Outcomes]:
    """Two runs to which each task is as hard, and whose requirements fall by chance."""
    sizes = _sizes(random, seeds, tasks)
    chances = _chances(random, sizes)
    return _outcomes(random, sizes, chances), _outcomes(random, sizes, chances)


def few_flips(random: np.random.Generator, seeds: int, tasks: int) -> tuple[Outcomes, Outcomes]:
    """Two runs that are alike but for one task in ten, which comes out anew."""
    sizes = _sizes(random, seeds, tasks)
    baseline = _outcomes(random, sizes)
    anew = random.random((seeds, tasks, 1)) < REDRAWN
    return baseline, np.where(anew, _outcomes(random, sizes), baseline)


def released_labels(data: Path) -> Regime:
    """Tasks drawn from the released human labels of two agents, their sides swapped by a coin."""
    from devai_tasks import load_judgments

    of_agents = []
    for agent in ("OpenHands", "MetaGPT", "GPT-Pilot"):
        loaded = load_judgments(data / "devai" / "judgments" / agent / "human")
        table = np.full((len(loaded.files), max(SIZES)), np.nan)
        for row, task in enumerate(sorted(loaded.files)):
            flags = [r.outcome.value == "satisfied" for r in loaded.requirements[task]]
            table[row, : len(flags)] = flags
        of_agents.append(table)
    pairs = list(combinations(of_agents, 2))

    def draw(random: np.random.Generator, seeds: int, tasks: int) -> tuple[Outcomes, Outcomes]:
        stacked = np.array(pairs)
        which = random.integers(len(pairs), size=(seeds, 1))
        chosen = random.integers(stacked.shape[2], size=(seeds, tasks))
        side = random.integers(2, size=(seeds, tasks))
        return stacked[which, side, chosen], stacked[which, 1 - side, chosen]

    return draw


def lose(
    random: np.random.Generator, candidate: Outcomes, worsening: float, *, whole_tasks: bool
) -> Outcomes:
    """The candidate with met requirements lost, so that the share met falls by `worsening`."""
    chance = worsening / float(np.nanmean(candidate))
    seeds, tasks, places = candidate.shape
    lost = random.random((seeds, tasks, 1 if whole_tasks else places)) < chance
    return np.where(lost & ~np.isnan(candidate), 0.0, candidate)


def is_red(baseline: Outcomes, candidate: Outcomes, margin: float) -> npt.NDArray[np.bool_]:
    """Whether a gate with one rule of that margin is red, by seed.

    The interval of `paired_interval` lies wholly below -margin just where this p is at or below
    alpha / 2; tests/results/gate/test_simulation.py holds the two against each other.
    """
    differences, sizes = sums(baseline, candidate)
    return p_worse_of_many(differences, sizes, margin) <= ALPHA / 2


def false_fails(name: str, regime: Regime, tasks: int, margin: float, seeds: int) -> FalseFails:
    random = np.random.default_rng([seeds, tasks, len(name)])
    baseline, candidate = regime(random, seeds, tasks)
    red = int(is_red(baseline, candidate, margin).sum())
    return FalseFails(name, tasks, margin, _design_effect(baseline), seeds, red)


def detected(
    name: str, regime: Regime, tasks: int, worsening: float | None, seeds: int, *, whole: bool
) -> Detected:
    """The observed power at a worsening; at the effect that A/A gates print where it is None.

    The printed effect is the mean over the seeds, by `results.gate.detectable_effect`'s rule.
    """
    random = np.random.default_rng([seeds, tasks, len(name), whole])
    baseline, candidate = regime(random, seeds, tasks)
    is_printed = worsening is None
    if worsening is None:
        worsening = _printed_effect(baseline, candidate)
    worse = lose(random, candidate, worsening, whole_tasks=whole)
    errors = [
        ratio_standard_error(d, m) or 0.0 for d, m in zip(*sums(baseline, worse), strict=True)
    ]
    error = float(np.sqrt(np.mean(np.square(errors))))
    red = int(is_red(baseline, worse, 0.0).sum())
    loss = "whole tasks" if whole else "spread"
    printed = POWER if is_printed else power(worsening, error, tasks, alpha=ALPHA)
    return Detected(name, loss, tasks, worsening, is_printed, printed, seeds, red)


def simulate(seeds: int, data: Path | None) -> tuple[list[FalseFails], list[Detected]]:
    """Everything that is printed."""
    regimes: dict[str, Regime] = {
        "two independent runs": independent_runs,
        "equally hard tasks": same_difficulty,
        "few flips": few_flips,
    }
    if data is not None:
        regimes["released labels"] = released_labels(data)
    nothing = [
        false_fails(name, regime, tasks, margin, seeds)
        for name, regime in regimes.items()
        for tasks in TASKS
        for margin in ((0.0,) if tasks < max(TASKS) else (0.0, 0.02))
    ]
    something = [
        detected(name, regime, tasks, worsening, seeds, whole=whole)
        for name, regime in regimes.items()
        for tasks in (20, 55)
        for worsening in (0.1, 0.2, None)
        for whole in (False, True)
    ]
    return nothing, something


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    given = os.environ.get("JUDGE_TEST_DATA")
    nothing, something = simulate(asked.seeds, Path(given) if given else None)
    if asked.json:
        json.dump(
            {
                "alpha": ALPHA,
                "a_a": [{**asdict(row), "rate": row.rate} for row in nothing],
                "a_b": [{**asdict(row), "rate": row.rate} for row in something],
            },
            sys.stdout,
            indent=2,
        )
        print()
        return
    print(f"A/A, {asked.seeds} seeds, alpha {ALPHA}: false FAIL\n")
    print(f"{'regime':<22}{'tasks':>6}{'margin':>8}{'design effect':>15}{'false FAIL':>12}")
    for row in nothing:
        print(
            f"{row.regime:<22}{row.tasks:>6}{row.margin:>8.2f}{row.design_effect:>15.2f}"
            f"{row.rate:>12.3f}"
        )
    worst = max(row.rate for row in nothing)
    print(f"\nat the most {worst:.3f}, {'at or under' if worst <= ALPHA else 'OVER'} alpha\n")
    print("A/B, margin 0: FAIL on a true worsening (*: the effect that gates print)\n")
    print(f"{'regime':<22}{'loss':<13}{'tasks':>5}{'worsening':>11}{'expected':>9}{'observed':>10}")
    for found in something:
        mark = "*" if found.is_printed_effect else " "
        print(
            f"{found.regime:<22}{found.loss:<13}{found.tasks:>5}{found.worsening:>10.3f}{mark}"
            f"{found.expected_power:>9.2f}{found.rate:>10.2f}"
        )
    least = min(found.rate for found in something if found.is_printed_effect)
    print(f"\nat the effect that gates print, {least:.2f} or more are red; they print {POWER:.2f}")


def _sizes(random: np.random.Generator, seeds: int, tasks: int) -> npt.NDArray[np.int64]:
    return random.choice(np.array(SIZES), size=(seeds, tasks))


def _chances(random: np.random.Generator, sizes: npt.NDArray[np.int64]) -> Outcomes:
    """Each task's chance to have a requirement met, as uneven as the design effect asks for."""
    weighted = float(np.square(SIZES).sum() / np.sum(SIZES))
    together = (DESIGN_EFFECT - 1) / (weighted - 1)
    spread = 1 / together - 1
    return random.beta(MET * spread, (1 - MET) * spread, size=(*sizes.shape, 1))


def _outcomes(
    random: np.random.Generator, sizes: npt.NDArray[np.int64], chances: Outcomes | None = None
) -> Outcomes:
    chances = _chances(random, sizes) if chances is None else chances
    met = random.random((*sizes.shape, max(SIZES))) < chances
    return np.where(np.arange(max(SIZES)) < sizes[..., None], met, np.nan)


def sums(baseline: Outcomes, candidate: Outcomes) -> tuple[Outcomes, Outcomes]:
    """(sum of differences, size) of each task, of shape (seeds, tasks)."""
    return np.nansum(candidate - baseline, axis=2), (~np.isnan(baseline)).sum(axis=2).astype(float)


def _design_effect(outcomes: Outcomes) -> float:
    met, sizes = sums(np.where(np.isnan(outcomes), np.nan, 0.0), outcomes)
    found = [design_effect(a, m) for a, m in zip(met, sizes, strict=True)]
    return float(np.mean([effect for effect in found if effect is not None]))


def _printed_effect(baseline: Outcomes, candidate: Outcomes) -> float:
    """The mean over seeds of what `results.gate.detectable_effect` says of A/A."""
    effects = []
    differences, sizes = sums(baseline, candidate)
    met = np.nansum(baseline, axis=2)
    for d, m, a in zip(differences, sizes, met, strict=True):
        effect = effect_of_lost_clusters(
            d.tolist(), a.tolist(), m.tolist(), alpha=ALPHA, power=POWER
        )
        if effect is not None:
            effects.append(effect)
    return float(np.mean(effects))


if __name__ == "__main__":
    main()
