"""Two runs side by side: paired differences with intervals, and the units that flipped."""

from results.comparison.comparability import reasons_against
from results.comparison.comparing import JudgeAccuracy, check_comparable, compare, compared
from results.comparison.pairing import PairedUnits, paired_units
from results.comparison.values import (
    Comparison,
    CorrectedDifference,
    Direction,
    Flip,
    Flips,
    GateResult,
    GateVerdict,
    MetricComparison,
    RuleResult,
    Series,
    Side,
    Unit,
)

__all__ = [
    "Comparison",
    "CorrectedDifference",
    "Direction",
    "Flip",
    "Flips",
    "GateResult",
    "GateVerdict",
    "JudgeAccuracy",
    "MetricComparison",
    "PairedUnits",
    "RuleResult",
    "Series",
    "Side",
    "Unit",
    "check_comparable",
    "compare",
    "compared",
    "paired_units",
    "reasons_against",
]
