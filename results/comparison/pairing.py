"""The units that two sides have in common, cluster by cluster, and what differs between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from results.comparison.values import Flip, Flips, Series, Unit
from results.statistics import (
    SignFlips,
    StudentT,
    design_effect,
    paired_test,
    ratio_standard_error,
)

# Values nearer than this are one value that was summed up in two orders.
SAME = 1e-9


@dataclass(frozen=True)
class PairedUnits:
    """Units of one metric that both sides have; what is decided in both is compared."""

    pairs: tuple[tuple[Unit, Unit], ...]
    unit: str
    higher_is_better: bool

    @cached_property
    def decided(self) -> tuple[tuple[Unit, Unit, float, float], ...]:
        """(baseline, candidate, their values) of the pairs that both sides decided."""
        return tuple(
            (before, now, before.value, now.value)
            for before, now in self.pairs
            if before.value is not None and now.value is not None
        )

    @property
    def n(self) -> int:
        return len(self.decided)

    @cached_property
    def sums(self) -> dict[str, tuple[float, float, int]]:
        """Cluster -> (sum of the baseline's values, sum of the differences, how many)."""
        gathered: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for before, _, old, new in self.decided:
            change = new - old
            gathered[before.cluster].append((old, 0.0 if abs(change) <= SAME else change))
        return {
            cluster: (sum(a for a, _ in rows), sum(d for _, d in rows), len(rows))
            for cluster, rows in gathered.items()
        }

    @property
    def clusters(self) -> int:
        return len(self.sums)

    @property
    def baseline(self) -> float | None:
        return _mean([old for _, _, old, _ in self.decided])

    @property
    def candidate(self) -> float | None:
        return _mean([new for _, _, _, new in self.decided])

    @property
    def difference(self) -> float | None:
        return sum(self.differences) / self.n if self.n else None

    @property
    def differences(self) -> list[float]:
        """The sum of each cluster's differences, candidate - baseline."""
        return [difference for _, difference, _ in self.sums.values()]

    @property
    def sizes(self) -> list[float]:
        return [float(size) for _, _, size in self.sums.values()]

    @cached_property
    def flips(self) -> Flips:
        harmful: list[Flip] = []
        beneficial: list[Flip] = []
        for before, now, old, new in self.decided:
            if abs(new - old) <= SAME:
                continue
            is_better = (new > old) == self.higher_is_better
            (beneficial if is_better else harmful).append(_flip(before, now, old, new))
        return Flips(harmful=tuple(harmful), beneficial=tuple(beneficial))

    @property
    def is_unchanged(self) -> bool:
        """Whether there is something to compare, and no unit of it differs."""
        return self.n > 0 and all(abs(new - old) <= SAME for _, _, old, new in self.decided)

    def test(self, level: float) -> SignFlips | StudentT | None:
        """The test of the difference; None with fewer than two clusters."""
        return paired_test(self.differences, self.sizes, level=level)

    @property
    def standard_error(self) -> float | None:
        """Of the difference; None with fewer than two clusters."""
        return ratio_standard_error(self.differences, self.sizes)

    @property
    def is_share(self) -> bool:
        """Whether every value lies in 0..1, so that no difference can exceed 1."""
        return self.unit == "share" and all(
            0 <= v <= 1 for *_, a, b in self.decided for v in (a, b)
        )

    @property
    def is_binary(self) -> bool:
        return all(v in (0, 1) for *_, a, b in self.decided for v in (a, b))

    @property
    def losable(self) -> list[float]:
        """By cluster, how far a share could get worse: what is met, or unmet where less is better.

        Of the sum, like `differences`.
        """
        if self.higher_is_better:
            return [met for met, _, _ in self.sums.values()]
        return [size - met for met, _, size in self.sums.values()]

    @property
    def baseline_design_effect(self) -> float | None:
        """How much the baseline's own values move together within a cluster."""
        found = design_effect([a for a, _, _ in self.sums.values()], self.sizes)
        return None if found is None else max(1.0, found)

    def extremes(self) -> tuple[float, float] | None:
        """The difference over all pairs with the undecided against the candidate, and for it."""
        if not self.pairs or not self.is_share:
            return None
        least, most = (
            sum(_or(now, side) - _or(before, 1 - side) for before, now in self.pairs)
            for side in (0.0, 1.0)
        )
        n = len(self.pairs)
        return (least / n, most / n) if self.higher_is_better else (most / n, least / n)

    def with_lost_units(self) -> float | None:
        """The difference with what only the candidate left undecided counted against it."""
        lost = 0.0 if self.higher_is_better else 1.0
        rows = [(b.value, _or(now, lost)) for b, now in self.pairs if b.value is not None]
        return sum(new - old for old, new in rows) / len(rows) if rows else None

    def of_slice(self, name: str) -> PairedUnits | None:
        """Only the pairs whose baseline belongs to a slice; None where none does."""
        return self.by_slice().get(name)

    def by_slice(self) -> dict[str, PairedUnits]:
        """All pairs under an empty name, then those of each slice, in the slices' order."""
        parts: dict[str, list[tuple[Unit, Unit]]] = defaultdict(list)
        for pair in self.pairs:
            for name in pair[0].slices:
                parts[name].append(pair)
        return {
            "": self,
            **{
                name: PairedUnits(tuple(parts[name]), self.unit, self.higher_is_better)
                for name in sorted(parts)
            },
        }


def paired_units(baseline: Series, candidate: Series) -> PairedUnits:
    """The units of both series with the same cluster and key, in the baseline's order."""
    others = {(unit.cluster, unit.key): unit for unit in candidate.units}
    return PairedUnits(
        tuple(
            (unit, others[unit.cluster, unit.key])
            for unit in baseline.units
            if (unit.cluster, unit.key) in others
        ),
        baseline.unit,
        baseline.higher_is_better,
    )


def only_in(first: Iterable[Series], second: Iterable[Series]) -> tuple[str, ...]:
    """The units of `first` that no series of `second` of that name has, named for a person."""
    known = {series.name: {(u.cluster, u.key) for u in series.units} for series in second}
    found: dict[str, None] = {}
    for series in first:
        there = known.get(series.name)
        if there is not None:
            found |= {named(u): None for u in series.units if (u.cluster, u.key) not in there}
    return tuple(found)


def named(unit: Unit | Flip) -> str:
    """`<cluster>/<key>`, or the key alone where it names its cluster already."""
    if unit.key == unit.cluster or unit.key.startswith(f"{unit.cluster}/"):
        return unit.key
    return f"{unit.cluster}/{unit.key}"


def _flip(before: Unit, now: Unit, old: float, new: float) -> Flip:
    return Flip(
        cluster=before.cluster,
        key=before.key,
        baseline=old,
        candidate=new,
        baseline_reason=before.reason,
        candidate_reason=now.reason,
        baseline_evidence=before.evidence,
        candidate_evidence=now.evidence,
    )


def _or(unit: Unit, otherwise: float) -> float:
    return otherwise if unit.value is None else unit.value


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
