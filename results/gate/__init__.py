"""A red light that can be trusted: rules on paired differences, with their uncertainty."""

from results.gate.deciding import decide, try_rule
from results.gate.detectable import detectable_effect
from results.gate.gating import gate, overall
from results.gate.policy import DEFAULT_MARGIN, Budget, Drift, Policy, Rule, load_policy

__all__ = [
    "DEFAULT_MARGIN",
    "Budget",
    "Drift",
    "Policy",
    "Rule",
    "decide",
    "detectable_effect",
    "gate",
    "load_policy",
    "overall",
    "try_rule",
]
