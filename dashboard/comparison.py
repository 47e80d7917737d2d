"""The two sides that the Compare page offers, and what comparing them gives.

A side is a run, read from its folder as `judge compare` reads it, or the labels that people gave of
the bundled example, so that a first run has something to be held against.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.agreement_runs import Query
from devai_tasks import bundled_example
from judge.comparing import paired_sides
from judge.comparing.benchmarks import side_of_benchmark
from judge.comparing.judgments import side_of_judgments
from judge.reporting.judged import judged_by_files, judged_by_run
from results.comparison import Comparison, Side, compare, reasons_against
from results.errors import InputError
from results.run_content import is_run_id
from results.run_folder import RunFolder

LABELS = "labels"
"""What stands for the bundled labels where a run's id stands for a run."""
BECAUSE_OF_LABELS = "the baseline is what people said"
MOST_OFFERED = 300


@dataclass(frozen=True)
class Offer:
    """Something that can be a side."""

    key: str
    kind: str
    about: str
    date: str
    alike: tuple[str, ...]
    """What two sides have to share to be compared with sense: a benchmark, or the judge."""
    folder: str = ""


@dataclass(frozen=True)
class Found:
    """A comparison with what it was of, or why there is none."""

    comparison: Comparison | None = None
    texts: Mapping[tuple[str, str], str] | None = None
    """(cluster, key) -> what was asked there."""
    reasons: tuple[str, ...] = ()
    """What was measured otherwise on the two sides."""
    fault: str = ""


def offers(query: Query, wanted: Sequence[str]) -> dict[str, Offer]:
    """The newest runs and those that are `wanted`, by id; then the bundled labels."""
    rows = query(
        f"""
        SELECT run_id, kind, agent, judge, coalesce(model, '') AS model,
            coalesce(benchmark, '') AS benchmark, coalesce(split, '') AS split,
            coalesce(variant, '') AS variant, setting, started_at, folder
        FROM runs WHERE run_id IN (?, ?) OR run_id IN (
            SELECT run_id FROM runs ORDER BY started_at DESC, run_id DESC LIMIT {MOST_OFFERED}
        ) ORDER BY started_at DESC, run_id DESC
        """,
        [*wanted][:2] + [""] * (2 - len(wanted[:2])),
    )
    found = {row["run_id"]: _offer(row) for row in rows}
    found[LABELS] = Offer(LABELS, "judgment", "people's labels of the bundled example", "", ())
    return found


def against(offered: Mapping[str, Offer], candidate: Offer) -> list[str]:
    """The keys of what the candidate can be held against, what is most alike first."""
    alike = [
        offer
        for offer in offered.values()
        if offer.key != candidate.key and offer.kind == candidate.kind
    ]
    return [offer.key for offer in sorted(alike, key=lambda o: _distance(o, candidate))]


def compared(
    baseline: Offer, candidate: Offer, runs_dir: Path, version: tuple[str, str], allow: str
) -> Found:
    """The comparison, kept until the next snapshot."""
    found: Found = _kept(version, baseline, candidate, str(runs_dir), allow)
    return found


def _distance(offer: Offer, candidate: Offer) -> tuple[int, int]:
    """Runs before the labels, and those made alike before others; the newest stay first."""
    return (
        sum(mine != theirs for mine, theirs in zip(offer.alike, candidate.alike, strict=False)),
        offer.key == LABELS,
    )


def _offer(row: Mapping[str, Any]) -> Offer:
    if row["kind"] == "judgment":
        judged = " · ".join(part for part in (row["judge"], row["model"]) if part)
        about = f"{row['agent']} judged by {judged}"
        alike: tuple[str, ...] = (row["judge"], row["model"], row["setting"])
    else:
        model = " · ".join(part for part in (row["model"], row["variant"]) if part)
        place = " ".join(part for part in (row["benchmark"], row["split"]) if part)
        about, alike = f"{model} on {place}", (row["benchmark"], row["split"])
    return Offer(
        row["run_id"], row["kind"], about, row["started_at"][:16], alike, str(row["folder"])
    )


def _compare(
    version: tuple[str, str], baseline: Offer, candidate: Offer, runs_dir: str, allow: str
) -> Found:
    try:
        before, now = paired_sides(
            _side(baseline, Path(runs_dir)), _side(candidate, Path(runs_dir))
        )
        reasons = reasons_against(before, now)
        if LABELS in (baseline.key, candidate.key):
            # That people judged otherwise than a judge does is what is asked here.
            reasons, allow = (), BECAUSE_OF_LABELS
        if reasons and not allow:
            return Found(reasons=reasons)
        found = compare(before, now, allow=allow or None)
    except InputError as error:
        return Found(fault=str(error))
    texts = {
        (unit.cluster, unit.key): unit.text
        for series in before.series
        for unit in series.units
        if unit.text
    }
    return Found(found, texts, reasons)


def _side(offer: Offer, runs_dir: Path) -> Side:
    if offer.key == LABELS:
        return side_of_judgments(judged_by_files(bundled_example().labels))
    folder = _folder(offer, runs_dir)
    if folder.record.kind == "benchmark":
        return side_of_benchmark(folder)
    return side_of_judgments(judged_by_run(folder))


def _folder(offer: Offer, runs_dir: Path) -> RunFolder:
    """The run's folder, here or where it was when it was stored; only if it is that run's."""
    places = [runs_dir / offer.key, Path(offer.folder)]
    for place in places:
        if is_run_id(offer.key) and place.is_dir() and not place.is_symlink():
            folder = RunFolder.open(place)
            if folder.run_id == offer.key:
                return folder
    raise InputError(
        f"The folder of run {offer.key} is neither in {runs_dir} nor at {offer.folder}; its units"
        " can be compared only from there."
    )


_kept: Any = st.cache_data(max_entries=32, show_spinner="Comparing …")(_compare)
