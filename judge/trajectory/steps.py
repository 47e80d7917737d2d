"""What every trajectory becomes, whichever agent wrote it: numbered steps of bounded text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from results.records import Usage


@dataclass(frozen=True, slots=True)
class StepUsage:
    """What the model call behind a step took; `cost` is in USD, or None where it is unknown."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One thing an agent did in a step: a tool it called, and what came back.

    `exit_status` and `is_error` are what the format itself says, None where it says nothing.
    """

    name: str
    arguments: Mapping[str, str]
    observation: str = ""
    exit_status: int | None = None
    is_error: bool | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the agent. Texts are "" where the format has none.

    `number` is the file's own; `source` is the place in the raw file: a JSON pointer or a line.
    `calls` holds the tool calls that a format keeps apart; where it is empty, `action` is the
    whole of what was done. `is_answered` is False where the environment gave no answer at all,
    which an empty observation does not tell. `folder` is the absolute folder in which the shell
    stands after it, "" where the format does not say.
    """

    number: int
    thought: str = ""
    action: str = ""
    observation: str = ""
    user_message: str = ""
    usage: StepUsage | None = None
    seconds: float | None = None
    source: str = ""
    calls: tuple[Call, ...] = ()
    is_answered: bool = True
    folder: str = ""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The steps of one agent on one task. `cuts` says what was left out, `warnings` what is odd.

    `ended_by_agent` is True where the agent said it was done, False where something else ended
    it (a limit, an error), None where the file does not tell. `folder` is the absolute folder in
    which the agent began, "" where the file does not say. `total` is what the file itself gives
    for the whole, None where only the steps tell. Trajectories compare by identity.
    """

    agent: str
    format: str
    path: str
    steps: tuple[Step, ...]
    warnings: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()
    ended_by_agent: bool | None = None
    folder: str = ""
    total: Usage | None = None

    def step(self, number: int) -> Step | None:
        """The (first) step of that number, or None."""
        return self._by_number.get(number)

    @cached_property
    def usage(self) -> Usage:
        """The file's own total, else the sum over the steps that state theirs.

        Its cost is None where one of them has no price, and where none states its usage.
        """
        if self.total is not None:
            return self.total
        known = [step.usage for step in self.steps if step.usage is not None]
        total = Usage(cost=0.0 if known or not self.steps else None)
        for usage in known:
            total += Usage(
                calls=1,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cost=usage.cost,
            )
        return total

    @cached_property
    def _by_number(self) -> dict[int, Step]:
        return {step.number: step for step in reversed(self.steps)}
