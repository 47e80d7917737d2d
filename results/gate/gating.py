"""A gate: every rule of a policy tried on two sides, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Iterable

from results.comparison.comparing import compare
from results.comparison.values import GateResult, GateVerdict, Side
from results.gate.deciding import decide, try_rule
from results.gate.limits import try_budget, try_drift
from results.gate.policy import Policy


def gate(
    baseline: Side, candidate: Side, policy: Policy | None = None, *, allow: str | None = None
) -> GateResult:
    """Tries all rules before it ends. InputError, before any, where the sides were not measured
    alike (unless `allow` says why that is of no matter), have nothing in common, or lack what a
    rule is about."""
    policy = policy or Policy()
    comparison = compare(baseline, candidate, allow=allow)
    tried = [try_rule(rule, policy, baseline, candidate) for rule in policy.all_rules]
    results = (
        *decide(tried, policy),
        *(try_budget(budget, baseline, candidate) for budget in policy.budgets),
        *(try_drift(drift, policy, baseline, candidate) for drift in policy.drift),
    )
    return GateResult(
        verdict=overall(result.verdict for result in results),
        rules=results,
        comparison=comparison,
    )


def overall(verdicts: Iterable[GateVerdict]) -> GateVerdict:
    """FAIL when any fails, else INCONCLUSIVE when any is or there are none, else PASS."""
    found = set(verdicts)
    if GateVerdict.FAIL in found:
        return GateVerdict.FAIL
    return GateVerdict.PASS if found == {GateVerdict.PASS} else GateVerdict.INCONCLUSIVE
