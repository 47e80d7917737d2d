"""What a gate is asked: rules on metrics, budgets of what a run takes, and drift of a variant."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from results.comparison.values import Direction
from results.errors import InputError
from results.records import Value
from results.strict_json import read_small_file, visible

# Agent-as-a-Judge misses the share of requirements that people find met by 1.4, 1.9 and 0.5 points
# on the three released agents (verdicts and labels of arXiv 2410.10934): a smaller change cannot be
# told from the judge's own error, and a red light for it would be one for nothing. Of a metric that
# is no share it is this part of the baseline's value.
DEFAULT_MARGIN = 0.02
MAX_POLICY_BYTES = 2**20

Chance = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
# Below this the 19,999 drawn sign assignments cannot tell; above, a verdict is a coin's.
Alpha = Annotated[float, Field(ge=0.001, le=0.5, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Rule(Value):
    """One metric must not change beyond a margin, in a direction, at a level."""

    name: str = ""
    metric: str | None = Field(default=None, description="the run's primary metric where not given")
    slice: str = Field(default="", description="such as `category=Evaluation`; empty for all")
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="in the metric's unit; 0.02 for shares, else 2 % of the baseline"
    )
    direction: Direction = Direction.WORSE
    minimum_n: int = Field(default=0, ge=0, description="fewer common units are inconclusive")
    alpha: Alpha | None = None
    allowed_errors: int | None = Field(
        default=None, ge=0, description="more units of the candidate in error fail the rule"
    )


class Budget(Value):
    """What the candidate may take: `cost` in USD, `seconds`, `calls`, tokens, or a measure."""

    name: str = ""
    measure: str = Field(min_length=1)
    maximum: Finite | None = None
    minimum: Finite | None = None
    maximum_ratio: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None, description="of what the baseline took"
    )

    @model_validator(mode="after")
    def _limits_something(self) -> Budget:
        if self.maximum is None and self.minimum is None and self.maximum_ratio is None:
            raise ValueError("limits nothing; give maximum, minimum or maximum_ratio")
        return self


class Drift(Value):
    """How far a variant may stray from its reference, sample by sample, in either direction."""

    name: str = ""
    metric: str | None = None
    slice: str = ""
    maximum: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        description="of the mean absolute change of a unit"
    )
    alpha: Alpha | None = None
    minimum_n: int = Field(default=0, ge=0)


class Policy(Value):
    """All rules of a gate; without any there is one, on the primary metric."""

    alpha: Alpha = 0.05
    power: Chance = 0.8
    margin: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = Field(
        default=None, description="of rules that give none"
    )
    correction: Literal["holm", "none"] = Field(
        default="holm", description="how several rules share alpha"
    )
    inconclusive: Literal["pass", "fail"] | None = Field(
        default=None, description="what an inconclusive gate ends with; --inconclusive goes first"
    )
    rules: tuple[Rule, ...] = ()
    budgets: tuple[Budget, ...] = ()
    drift: tuple[Drift, ...] = ()

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """The rules; one with nothing but defaults where the policy has none of any kind."""
        return self.rules or (() if self.budgets or self.drift else (Rule(),))


def load_policy(path: Path | str) -> Policy:
    """The policy in a TOML or YAML file; InputError names the file, the key and the mend."""
    path = Path(path)
    if path.suffix.lower() not in (".toml", ".yaml", ".yml"):
        raise InputError(f"The policy {path} is neither .toml nor .yaml; name it for what it is.")
    try:
        text = read_small_file(path, MAX_POLICY_BYTES).decode("utf-8")
    except OSError as error:
        raise InputError(
            f"The policy {path} cannot be read: {os.strerror(error.errno or 0)}."
        ) from error
    except ValueError as error:
        raise InputError(f"The policy {path} cannot be read: {error}.") from error
    content = _toml(text, path) if path.suffix.lower() == ".toml" else _yaml(text, path)
    if not isinstance(content, dict):
        raise InputError(f"The policy {path} holds no keys; it has {_keys(Policy)}.")
    try:
        return Policy.model_validate(content)
    except ValidationError as error:
        raise InputError(f"The policy {path}: {_faults(error)}.") from error


def _toml(text: str, path: Path) -> Any:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(
            f"The policy {path} is no TOML: {str(error) or 'nested too deep'}."
        ) from error


def _yaml(text: str, path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        what = " ".join(str(error).split())[:300]
        raise InputError(f"The policy {path} is no YAML: {what}.") from error


_SECTIONS: dict[str, type[Value]] = {"rules": Rule, "budgets": Budget, "drift": Drift}


def _faults(error: ValidationError) -> str:
    """Every fault, each with the place it is at."""
    said = []
    for fault in error.errors(include_url=False)[:10]:
        place = [part for part in fault["loc"] if isinstance(part, (str, int))]
        where = _place(place)
        section = _SECTIONS.get(str(place[0])) if len(place) > 1 else Policy
        if fault["type"] == "extra_forbidden":
            said.append(f"{where} is not a key of it; there are {_keys(section or Policy)}")
        elif fault["type"] == "value_error":
            said.append(f"{where} {fault['ctx']['error']}")
        else:
            said.append(f"{where}: {_lowered(fault['msg']).replace('valid tuple', 'list')}")
    return "; ".join(said)


def _place(parts: list[str | int]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{visible(part)[:100]}"
    return text.lstrip(".") or "it"


def _keys(section: type[Value]) -> str:
    return ", ".join(section.model_fields)


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
