"""Whether two sides were measured alike, so that a difference is one of what was measured."""

from __future__ import annotations

from results.comparison.values import Side

_LONGEST = 60


def reasons_against(baseline: Side, candidate: Side) -> tuple[str, ...]:
    """What was measured otherwise, a clause each; empty where the two can be compared.

    Two sides that do not say how they were made, as judgment files do not, are taken as made alike;
    one that says and one that does not are not.
    """
    if baseline.kind != candidate.kind:
        return (f"one is a {baseline.kind} run and the other a {candidate.kind} run",)
    before, now = baseline.identity, candidate.identity
    reasons = []
    if _is_silent(before) and _is_silent(now):
        judges = before.get("judge"), now.get("judge")
        if None not in judges and judges[0] != judges[1]:
            reasons.append(f"the judge differs ({judges[0]} and {judges[1]})")
    elif _is_silent(before) or _is_silent(now):
        silent = baseline if _is_silent(before) else candidate
        said = now if _is_silent(before) else before
        reasons.append(
            f"{silent.name} says no more of its judge than its folder's name"
            f" ({silent.identity.get('judge', 'which is none that is known')}), and the other was"
            f" made by {said.get('judge', 'another')}"
        )
    else:
        reasons += [
            f"the {name} differs ({_short(before.get(name))} and {_short(now.get(name))})"
            for name in sorted(before.keys() | now.keys(), key=lambda n: (len(n) > 20, n))
            if before.get(name) != now.get(name)
        ]
    other_text = [
        task for task, text in baseline.asked.items() if candidate.asked.get(task, text) != text
    ]
    if other_text:
        more = f" and {len(other_text) - 1} more" if len(other_text) > 1 else ""
        reasons.append(f"the dataset differs: {other_text[0]}{more} asks something else")
    return tuple(reasons)


def _is_silent(identity: dict[str, str]) -> bool:
    """Whether a side says at most who judged."""
    return not identity.keys() - {"judge"}


def _short(text: str | None) -> str:
    if text is None:
        return "none"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
