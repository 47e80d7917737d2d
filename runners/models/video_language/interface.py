"""What a model offers that answers questions about videos.

Pictures are uint8 (height, width, 3) RGB. A question without frames is one to be answered blind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from runners.models.describing import Described

Picture: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class SampledFrames:
    """Frames of a video in order, with the second at which each is shown.

    seconds: of the whole video.
    """

    pictures: tuple[Picture, ...] = ()
    times: tuple[float, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class VideoQuestion:
    """What is asked about a video; the prompt holds the options as well."""

    prompt: str
    frames: SampledFrames = field(default_factory=SampledFrames)
    max_tokens: int = 32


@dataclass(frozen=True)
class VideoReply:
    """What a model said, and what it took; None where a model or endpoint does not say.

    visual_tokens: how many places of the language model's input the frames take.
    seconds_to_first, seconds: from the question to the first and to the last token, of its batch.
    peak_bytes: the most memory while answering: the device's, or this process's on a CPU.
    """

    text: str
    visual_tokens: int | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    seconds_to_first: float | None = None
    seconds: float = 0.0
    peak_bytes: int | None = None
    is_cut: bool = False


@dataclass(frozen=True)
class Unanswered:
    """Why a question got no answer: one sentence. `is_fatal` when no other would get one either."""

    reason: str
    is_fatal: bool = False


class VideoLanguageModel(Protocol):
    """A model that is open. Not safe for threads."""

    name: str
    variant: str | None
    device: str
    precision: str

    @property
    def largest_batch(self) -> int | None:
        """How many questions it takes at once; None for any number."""

    def answer(self, questions: Sequence[VideoQuestion]) -> list[VideoReply | Unanswered]:
        """A reply to each question, in their order, greedily decoded."""

    def describe(self) -> Described:
        """For the run's record: versions, parameters, bytes, hashes of the files, and settings."""

    def close(self) -> None: ...


@runtime_checkable
class Interruptible(Protocol):
    """A model that can be left while another thread waits for its answer."""

    def interrupt(self) -> None:
        """Ends what is asked of it now, which gets no answer, and takes no further question."""
