"""The values that comparing two runs produces, and those that a gate makes of them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from results.records import Evidence, Interval, Value


class Unit(Value):
    """One thing that both sides of a comparison measure: a requirement, or a sample's value."""

    cluster: str = Field(description="task, video or dialogue: what is resampled as a whole")
    key: str = Field(description="requirement id or sample id, unique within the cluster")
    value: float | None = Field(description="None where undecided: abstained, failed, unparsed")
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()


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
    p: float | None = Field(default=None, description="two-sided, sign-flip by cluster")
    n: int = 0
    clusters: int = 0
    undecided: int = Field(default=0, description="common units that a side left undecided")
    worst: float | None = None
    best: float | None = None
    unit: str = "share"
    higher_is_better: bool = True
    mcnemar_p: float | None = Field(
        default=None, description="exact McNemar, for values that are 0 or 1; ignores clusters"
    )
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

    `difference` and `ci` are candidate - baseline in the metric's own unit.
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
