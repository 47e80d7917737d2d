"""The values that comparing two runs produces, and those that a gate makes of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from results.records import Evidence, Interval, Value
from results.statistics import CorrectedShare, VarianceComponents


class Unit(Value):
    """One thing that both sides of a comparison measure: a requirement, or a sample's value."""

    cluster: str = Field(description="task, video or dialogue: what is resampled as a whole")
    key: str = Field(description="requirement id or sample id, unique within the cluster")
    value: float | None = Field(
        allow_inf_nan=False, description="None where undecided: abstained, failed, unparsed"
    )
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    is_error: bool = Field(default=False, description="undecided because something failed")
    slices: tuple[str, ...] = Field(default=(), description="such as `category=Evaluation`")
    text: str = Field(default="", description="what was asked: a requirement's criteria")


class Series(Value):
    """One metric of a run, unit by unit."""

    name: str
    unit: str = "share"
    higher_is_better: bool = True
    units: tuple[Unit, ...]


class Side(Value):
    """All that a comparison needs of a run; what a baseline file holds.

    `identity` says how it was measured: two sides are comparable when all of it agrees. `asked` is
    a hash of each task's text, and what both sides have must agree. Both are empty for judgment
    files, which do not say.
    """

    name: str = Field(description="run id, or the name of a folder or file")
    kind: Literal["judgment", "benchmark"] = "judgment"
    about: str = Field(default="", description="agent and judge, or model and benchmark")
    identity: dict[str, str] = Field(default_factory=dict)
    asked: dict[str, str] = Field(default_factory=dict)
    outputs: dict[str, str] = Field(
        default_factory=dict, description="task -> hash of what was judged"
    )
    series: tuple[Series, ...]
    primary: str = Field(description="the series that a gate without a policy looks at")
    totals: dict[str, float | None] = Field(
        default_factory=dict, description="what the run took, such as cost in USD and seconds"
    )
    spread: VarianceComponents | None = Field(
        default=None, description="of the primary metric, where the side is of repeated runs"
    )
    notes: tuple[str, ...] = ()


class Flip(Value):
    """A unit whose value differs between the two sides."""

    cluster: str
    key: str
    baseline: float
    candidate: float
    baseline_reason: str = ""
    candidate_reason: str = ""
    baseline_evidence: tuple[Evidence, ...] = ()
    candidate_evidence: tuple[Evidence, ...] = ()


class Flips(Value):
    """The units that got worse and those that got better, by the metric's own direction."""

    harmful: tuple[Flip, ...] = ()
    beneficial: tuple[Flip, ...] = ()


class CorrectedDifference(Value):
    """The two shares and their difference, corrected for a fallible judge; raw ones beside it."""

    baseline: CorrectedShare
    candidate: CorrectedShare
    difference: float | None


class MetricComparison(Value):
    """One metric on the units that both sides have and both decided.

    `difference` is candidate - baseline and `ci` its interval; both rest on `n` units in
    `clusters` clusters. `worst` and `best` are the difference when units that one side or both
    left undecided count against and for the candidate.
    """

    name: str
    slice: str = Field(default="", description="such as `category=Evaluation`; empty for all")
    baseline: float | None
    candidate: float | None
    difference: float | None
    ci: Interval | None = None
    p: float | None = Field(default=None, description="two-sided, of the test that `ci` inverts")
    n: int = 0
    clusters: int = 0
    higher_is_better: bool = True
    undecided: int = Field(default=0, description="common units that a side left undecided")
    worst: float | None = None
    best: float | None = None
    unit: str = "share"
    mcnemar_p: float | None = Field(
        default=None, description="exact McNemar, for values that are 0 or 1; ignores clusters"
    )
    corrected: CorrectedDifference | None = None
    flips: Flips = Flips()
    warnings: tuple[str, ...] = ()


class Comparison(Value):
    """Everything that two runs have in common, paired; and what only one of them has."""

    baseline: str = Field(description="run id, or the name of a folder or file")
    candidate: str
    kind: str = Field(default="judgment", description="judgment or benchmark")
    metrics: tuple[MetricComparison, ...] = ()
    only_in_baseline: tuple[str, ...] = ()
    only_in_candidate: tuple[str, ...] = ()
    baseline_spread: VarianceComponents | None = None
    candidate_spread: VarianceComponents | None = None
    allowed: str | None = Field(
        default=None, description="why runs that were made differently were compared all the same"
    )
    warnings: tuple[str, ...] = ()


class GateVerdict(StrEnum):
    """What a gate says of one rule, or of all of them together."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"


class Direction(StrEnum):
    """Which way a rule does not want its metric to go."""

    WORSE = "worse"
    BETTER = "better"
    EITHER = "either"


class RuleResult(Value):
    """What one rule of a gate found.

    `difference` and `ci` are candidate - baseline in the metric's own unit; of a drift, the mean
    absolute change of a unit.
    `minimum_detectable_effect` is the true worsening, in the same unit, that the rule would have
    called FAIL with the stated power; it stands beside every PASS, so that a green light from too
    few clusters is seen for what it is.
    """

    rule: str = Field(default="", description="the rule's name in the policy, or its metric")
    metric: str
    slice: str = ""
    verdict: GateVerdict
    baseline: float | None = None
    candidate: float | None = None
    difference: float | None = None
    ci: Interval | None = None
    margin: float = 0.0
    alpha: float = 0.05
    n: int = 0
    clusters: int = 0
    limit: str = Field(default="", description="of a budget or a drift, such as `at most 5`")
    minimum_detectable_effect: float | None = None
    power: float = 0.8
    p: float | None = Field(default=None, description="of the worsening beyond the margin")
    unit: str = "share"
    higher_is_better: bool = True
    direction: Direction = Direction.WORSE
    reason: str = Field(description="one sentence: why this verdict")
    flips: Flips = Flips()
    warnings: tuple[str, ...] = ()


class GateResult(Value):
    """The verdict over all rules, each rule's own, and the comparison they rest on.

    The verdict is FAIL when any rule fails, else INCONCLUSIVE when any is, else PASS.
    """

    verdict: GateVerdict
    rules: tuple[RuleResult, ...]
    comparison: Comparison
