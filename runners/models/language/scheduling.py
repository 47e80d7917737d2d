"""Which requests go through a network together: of about one length, and begun alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
Prompt = tuple[int, ...]

# Below this, reading a prefix by itself costs more than it saves.
SHORTEST_PREFIX = 32


@dataclass(frozen=True)
class Limits:
    """How large a batch may be: rows, and places (rows times the longest of them)."""

    rows: int
    places: int | None = None

    def allow(self, rows: int, longest: int) -> bool:
        """Whether a batch of so many rows fits; a single row always does."""
        if rows == 1:
            return True
        return rows <= self.rows and (self.places is None or rows * longest <= self.places)


def generation_batches(
    prompts: Sequence[Prompt], totals: Sequence[int], limits: Limits
) -> list[list[int]]:
    """The numbers of the prompts, batch by batch, each from the longest on.

    totals: tokens of each prompt and of what may be generated after it. Prompts that begin alike
    stay together where they fill batches of their own, because their beginning is then read once;
    all others are mixed, because batches of one length waste least.
    """
    families: dict[Prompt, list[int]] = defaultdict(list)
    for number, prompt in enumerate(prompts):
        families[prompt[:SHORTEST_PREFIX]].append(number)
    groups: list[list[int]] = []
    mixed: list[int] = []
    for beginning, members in families.items():
        is_group = len(beginning) == SHORTEST_PREFIX and len(members) >= limits.rows
        groups.append(members) if is_group else mixed.extend(members)
    batches: list[list[int]] = []
    for group in (mixed, *groups):
        order = sorted(group, key=lambda number: (-len(prompts[number]), number))
        batches += cut([totals[number] for number in order], order, limits)
    return batches


def scoring_batches(
    contexts: Sequence[Prompt], totals: Sequence[int], limits: Limits
) -> list[list[int]]:
    """The numbers of the requests, batch by batch, from the longest context on; equal contexts
    stand side by side, so that each is read once."""
    order = sorted(
        range(len(contexts)),
        key=lambda number: (-len(contexts[number]), contexts[number], -totals[number], number),
    )
    return cut([totals[number] for number in order], order, limits)


def cut(lengths: Sequence[int], items: Sequence[T], limits: Limits) -> list[list[T]]:
    """The items in their order, in batches that the limits allow."""
    batches: list[list[T]] = []
    longest = 0
    for length, item in zip(lengths, items, strict=True):
        longest = max(longest, length)
        if batches and limits.allow(len(batches[-1]) + 1, longest):
            batches[-1].append(item)
        else:
            batches.append([item])
            longest = length
    return batches


def shared_beginning(prompts: Sequence[Prompt]) -> Prompt:
    """What all prompts begin with, leaving at least one token of each."""
    # What the first and the last in order share, all between them share as well.
    first, last = min(prompts), max(prompts)
    longest = max(min(map(len, prompts)) - 1, 0)
    length = 0
    while length < longest and first[length] == last[length]:
        length += 1
    return first[:length]


def goes_on_from(prompt: Prompt, beginning: Prompt) -> bool:
    """Whether a prompt begins so and has more after it."""
    return len(prompt) > len(beginning) and prompt[: len(beginning)] == beginning
