"""A warning for two runs that are compared: the judge itself is not the one it was."""

from __future__ import annotations

from pathlib import Path

from judge.anchoring.anchors import ANCHORS, Anchor, names_in, open_anchor
from judge.anchoring.checking import outcomes_of
from judge.anchoring.identity import changes
from judge.anchoring.movement import movement
from results.errors import InputError
from results.records import RunRecord, RunStatus
from results.run_folder import RunFolder, resolve_run

_SHOWN = 4


def drift_warning(
    baseline: RunRecord, candidate: RunRecord, anchors: Path | None = None
) -> str | None:
    """One sentence where the judge moved between two judgment runs, or may have; else None.

    What moved is read off the records, and by how much off the anchors in `anchors` (the folder
    `anchors` by default) that both judges have judged. A judge that is the same by its record is
    still said to have moved where the anchor's own runs, before the one and the other, say so:
    a hosted model may change under one name.
    """
    if baseline.kind != "judgment" or candidate.kind != "judgment":
        return None
    if baseline.judge == "human" or candidate.judge == "human":
        return None
    changed = changes(baseline, candidate)
    folder = ANCHORS if anchors is None else anchors
    said = []
    for name in names_in(folder):
        try:
            found = _on_anchor(open_anchor(folder, name), baseline, candidate, bool(changed))
        except InputError:
            # An anchor that is damaged has nothing to say, and must not end a comparison.
            continue
        if found is not None:
            said.append(found)
    if not changed:
        return None if not said else f"The judge moved between the two runs: {'; '.join(said)}."
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    what = f"The judge itself changed between the two runs ({'; '.join(changed[:_SHOWN])}{more})"
    if said:
        return f"{what}: {'; '.join(said)}."
    return (
        f"{what}; how far that moved its verdicts is not known: run judge anchor check with each."
    )


def drift_between(
    baseline: str, candidate: str, run_dir: Path, store: Path, anchors: Path | None = None
) -> str | None:
    """The warning for two runs as a person names them; None where either is no run's folder.

    Judgment files and a baseline's file do not say enough of their judge.
    """
    try:
        records = [resolve_run(run, run_dir, store).record for run in (baseline, candidate)]
    except (InputError, OSError):
        return None
    return drift_warning(records[0], records[1], anchors)


def _on_anchor(
    anchor: Anchor, baseline: RunRecord, candidate: RunRecord, is_other: bool
) -> str | None:
    runs = [run for run in anchor.runs() if run.status is RunStatus.COMPLETE]
    before, after = _standing(runs, baseline), _standing(runs, candidate)
    if before is None or after is None or before.run_id == after.run_id:
        return None
    found = movement(anchor.labels, outcomes_of(before), outcomes_of(after))
    if not is_other and found.moved is None:
        return None
    verb = "moved" if found.moved else "did not move beyond noise"
    return (
        f"on the anchor {anchor.name} it {verb}, agreeing on {found.before.agree} of"
        f" {found.before.n} labels before and {found.after.agree} after, with"
        f" {len(found.flips)} flips"
    )


def _standing(runs: list[RunFolder], record: RunRecord) -> RunFolder | None:
    """The anchor's last run by the same judge until that run began, else its first one after."""
    same = [run for run in runs if not changes(run.record, record)]
    until = [run for run in same if run.record.started_at <= record.started_at]
    return until[-1] if until else next(iter(same), None)
