"""The values that judging produces: outcomes, evidence, verdicts, usage, runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Outcome(StrEnum):
    """What a judge says of one requirement. Neither of the last two counts as unsatisfied."""

    SATISFIED = "satisfied"
    UNSATISFIED = "unsatisfied"
    ABSTAINED = "abstained"
    ERROR = "error"

    @property
    def is_decided(self) -> bool:
        return self in (Outcome.SATISFIED, Outcome.UNSATISFIED)


class Value(BaseModel):
    """A frozen value that refuses unknown keys.

    An infinite number is kept as what it is rather than turned into null on its way to JSON, so
    that what writes JSON can refuse it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class FileEvidence(Value):
    """A quote that stands word for word (white space folded) in lines of a workspace file."""

    kind: Literal["file"] = "file"
    path: str
    start_line: int = Field(ge=1, description="1-based, inclusive")
    end_line: int = Field(ge=1, description="1-based, inclusive")
    quote: str


class TrajectoryEvidence(Value):
    """A quote from the observation or the action of one trajectory step."""

    kind: Literal["trajectory"] = "trajectory"
    step: int
    quote: str


class ArtifactEvidence(Value):
    """What was measured in a file, such as `640 x 480 pixels, 312 colours`; or its absence."""

    kind: Literal["artifact"] = "artifact"
    path: str
    fact: str


class ExecutionEvidence(Value):
    """A command that was run in the sandbox and how it ended."""

    kind: Literal["execution"] = "execution"
    command: str
    exit_status: int
    output: str


Evidence = Annotated[
    FileEvidence | TrajectoryEvidence | ArtifactEvidence | ExecutionEvidence,
    Field(discriminator="kind"),
]


class Usage(Value):
    """What model calls took. `cost` is in USD, or None where a price is unknown.

    `cached_input_tokens` are those of `input_tokens` that the endpoint had kept from before.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    cached_input_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost=cost,
            cached_input_tokens=self.cached_input_tokens + other.cached_input_tokens,
        )


class Verdict(Value):
    """What one judge says of one requirement of one task."""

    task: str
    requirement_id: int
    outcome: Outcome
    confidence: float = Field(ge=0, le=1)
    reason: str
    evidence: tuple[Evidence, ...] = ()
    usage: Usage = Usage()
    seconds: float = Field(default=0.0, ge=0)
    is_preference: bool = False


class Judgment(Value):
    """All verdicts of one task by one judge."""

    task: str
    verdicts: tuple[Verdict, ...]


class RunRecord(Value):
    """What a run was asked to do; the content of `run.json`. Holds no secrets."""

    run_id: str
    kind: Literal["judgment", "benchmark"] = "judgment"
    agent: str = Field(default="", description="whose outputs were judged; empty for a benchmark")
    judge: str = Field(default="", description="what gave the verdicts; empty for a benchmark")
    model: str | None = Field(default=None, description="the judge's model, or that under test")
    benchmark: str | None = None
    split: str | None = None
    variant: str | None = Field(default=None, description="such as `onnx int8` of the model")
    scorer: str | None = Field(default=None, description="whose rules scored, such as `davis`")
    setting: Literal["black-box", "gray-box"] = "black-box"
    started_at: str = Field(description="ISO 8601, UTC")
    config: dict[str, Any] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    hashes: dict[str, str] = Field(default_factory=dict)
    host: dict[str, Any] = Field(default_factory=dict)


class RunStatus(StrEnum):
    """How a run stands. Everything but `complete` can be resumed."""

    UNFINISHED = "unfinished"
    """It is under way, or it was killed: no end was written after its last verdict."""
    COMPLETE = "complete"
    """Every unit has a final verdict."""
    INCOMPLETE = "incomplete"
    """It ended with units in `error`, or at a budget."""
    INTERRUPTED = "interrupted"
    """A person stopped it."""


class AskedRequirement(Value):
    """The text of one requirement or preference, as a run asked it."""

    requirement_id: int
    criteria: str
    prerequisites: tuple[int, ...] = ()
    category: str | None = None
    is_preference: bool = False


class AskedTask(Value):
    """The text of one task, kept with a run so that its verdicts can be read alone."""

    task: str
    query: str = ""
    tags: tuple[str, ...] = ()
    requirements: tuple[AskedRequirement, ...] = ()


class Interval(Value):
    """A confidence interval, and how it was made."""

    low: float
    high: float
    level: float
    method: str
    clusters: int


class ScoreStatus(StrEnum):
    """How the scoring of one sample ended. Only `error` is asked again when a run resumes."""

    SCORED = "scored"
    UNPARSED = "unparsed"
    """There is a reply and no answer in it; the benchmark's rule says what that is worth."""
    ERROR = "error"
    """No prediction or no score came of it; never counted as a wrong answer."""


class Score(Value):
    """What a model gave for one sample of a benchmark, and what that is worth."""

    sample: str = Field(min_length=1, description="unique within the benchmark and split")
    status: ScoreStatus = ScoreStatus.SCORED
    values: dict[str, float] = Field(
        default_factory=dict, description="per-sample scores by metric, such as J, F or correct"
    )
    cluster: str = Field(default="", description="video, dialogue or task; the sample where empty")
    slices: dict[str, str] = Field(
        default_factory=dict, description="what breakdowns go by, such as duration: short"
    )
    prediction: str = Field(default="", description="text, or where the files are in the run")
    reference: str = ""
    reason: str = Field(default="", description="why it is wrong, unparsed or an error")
    measures: dict[str, float] = Field(
        default_factory=dict, description="what it took, such as frames, tokens or peak_bytes"
    )
    seconds: float = Field(default=0.0, ge=0)
    usage: Usage = Usage()


class Metric(Value):
    """One aggregate figure of a run, over all samples or those of one slice."""

    name: str = Field(min_length=1, description="such as J&F, accuracy, fps")
    value: float | None
    n: int = Field(ge=0, description="how many samples or objects went in")
    unit: str = Field(default="share", description="share is 0..1; else ms, frames/s, bytes …")
    higher_is_better: bool | None = True
    slice: str = Field(default="", description="such as `duration=short`; empty for all")
    interval: Interval | None = None
    worst: float | None = Field(default=None, description="with failed samples counted as lost")
    best: float | None = Field(default=None, description="with failed samples counted as won")
    note: str = ""


class Rate(Value):
    """A share in 0..1 over `n` decided units, with undecided ones counted as unmet and as met."""

    value: float | None
    worst: float | None
    best: float | None
    n: int
