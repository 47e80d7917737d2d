"""A benchmark run as a side of a comparison: every value of its samples is a metric."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from results.comparison.values import Series, Side, Unit
from results.errors import InputError
from results.records import Metric, RunRecord, Score, ScoreStatus, Usage
from results.run_folder import RunFolder

# Hashes of what is under test, and of the names of samples, which are compared one by one; all
# others are of how it was tested and must agree.
NOT_HASHED = frozenset(
    "model weights checkpoint variant predictions code export sequences samples".split()
)
# Settings that name what is under test, where it lies, how fast and on how much it was tried. All
# others are part of the protocol, as prompts and clicks are.
NOT_PROTOCOL = frozenset(
    "model described device precision compile code variant jobs batch_size warm_up cache executor"
    " endpoint limit save_masks data annotations images boxes masks predictions out".split()
)


def side_of_benchmark(folder: RunFolder) -> Side:
    """Sample by sample; InputError where the run holds no scores with values."""
    record, scores, metrics = folder.record, folder.scores(), folder.metrics()
    names = list(dict.fromkeys(name for score in scores for name in score.values))
    if not names:
        raise InputError(
            f"Run {record.run_id} has no scored samples yet, so there is nothing to compare; it is"
            f" {folder.status.value}."
        )
    described = {metric.name: metric for metric in reversed(metrics)}
    series = tuple(_series(name, scores, described.get(name)) for name in names)
    headline = [metric.name for metric in metrics if metric.name in names]
    return Side(
        name=record.run_id,
        kind="benchmark",
        about=f"{record.model or 'a model'} on {record.benchmark or 'a benchmark'}",
        identity=_identity(record),
        series=series,
        primary=headline[0] if headline else names[0],
        totals=_totals(scores, metrics),
        notes=folder.notes(),
    )


def _series(name: str, scores: Sequence[Score], metric: Metric | None) -> Series:
    units = tuple(
        _unit(name, score)
        for score in scores
        # A sample that was scored without this value is no sample of this metric.
        if name in score.values or score.status is not ScoreStatus.SCORED
    )
    values = [unit.value for unit in units if unit.value is not None]
    is_share = all(0 <= value <= 1 for value in values)
    return Series(
        name=name,
        unit=metric.unit if metric is not None else "share" if is_share else "value",
        higher_is_better=metric is None or metric.higher_is_better is not False,
        units=units,
    )


def _unit(name: str, score: Score) -> Unit:
    is_error = score.status is ScoreStatus.ERROR
    return Unit(
        cluster=score.cluster or score.sample,
        key=score.sample,
        value=None if is_error else score.values.get(name),
        reason=score.reason or _said(score),
        is_error=is_error,
        slices=tuple(f"{dimension}={value}" for dimension, value in sorted(score.slices.items())),
    )


def _said(score: Score) -> str:
    if not score.prediction:
        return ""
    expected = f", expected {score.reference[:200]}" if score.reference else ""
    return f"predicted {score.prediction[:200]}{expected}"


def _identity(record: RunRecord) -> dict[str, str]:
    hashes = {
        f"hash of {name}": sha
        for name, sha in record.hashes.items()
        if name.partition(":")[0] not in NOT_HASHED
    }
    return {
        "benchmark": record.benchmark or "none",
        "split": record.split or "none",
        "scorer": record.scorer or "none",
        "version of the scorer": record.versions.get("scorer", "none"),
        "version of agent-judge": record.versions.get("agent-judge", "unknown"),
        **hashes,
        **_settings(record.config),
    }


def _settings(config: Mapping[str, Any]) -> dict[str, str]:
    """How the model was asked; a path says nothing of it, and what was not set is not named."""
    asked = config.get("asked", config)
    if not isinstance(asked, Mapping):
        return {}
    return {
        f"setting {name}": json.dumps(value, sort_keys=True)
        for name, value in asked.items()
        if name not in NOT_PROTOCOL
        and value is not None
        and not (isinstance(value, str) and Path(value).is_absolute())
    }


def _totals(scores: Sequence[Score], metrics: Sequence[Metric]) -> dict[str, float | None]:
    """What the run took: sums of usage and time, means of measures, then its own metrics.

    A run's metric of one name with a measure is the run's own word for it, and stands.
    """
    usage = sum((score.usage for score in scores), Usage())
    n = len(scores)
    measured: dict[str, list[float]] = {}
    for score in scores:
        for name, value in score.measures.items():
            measured.setdefault(name, []).append(value)
    means: Mapping[str, float] = {name: sum(found) / len(found) for name, found in measured.items()}
    seconds = sum(score.seconds for score in scores)
    return {
        **means,
        **{metric.name: metric.value for metric in reversed(metrics) if not metric.slice},
        "seconds": seconds,
        "seconds_per_unit": seconds / n if n else None,
        "calls": float(usage.calls),
        "input_tokens": float(usage.input_tokens),
        "output_tokens": float(usage.output_tokens),
        "cost": usage.cost,
        "cost_per_unit": None if usage.cost is None or not n else usage.cost / n,
    }
