"""Questions made ready for a model: frames of a video sampled once for all that is asked of it.

Videos are decoded ahead, in threads, while models answer about earlier ones; never more than a few
are held at once. A video that cannot be read makes the questions that need it errors, each with the
cause, and no others.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.video_qa.prompts import prompt_of
from benchmarks.video_qa.questions import Question
from benchmarks.video_qa.subtitles import Subtitles, read_subtitles
from results.errors import InputError
from runners.models.video_language.interface import SampledFrames, VideoQuestion
from runners.video_qa.conditions import Ask, Condition
from runners.video_qa.frame_cache import FrameCache
from runners.video_qa.frames import FrameSampling, sample_frames
from runners.video_qa.packets import UnreadableVideo
from runners.video_qa.videos import MediaFolder

_Span = tuple[float, float] | None
_Known = dict[tuple[FrameSampling, _Span, tuple[str, ...]], SampledFrames | UnreadableVideo]


@dataclass(frozen=True)
class Ready:
    """An ask with what the model is shown, or the reason why it cannot be shown."""

    ask: Ask
    shown: VideoQuestion | None
    reason: str = ""


@dataclass(frozen=True)
class Preparation:
    """How asks are made ready."""

    set_id: str
    videos: MediaFolder
    subtitles: MediaFolder | None
    sampling: FrameSampling
    max_tokens: int
    cache: FrameCache | None = None

    def ready(self, asks: Sequence[Ask]) -> list[Ready]:
        """Asks about one video, ready in their order."""
        frames: _Known = {}
        lines: dict[Path, Subtitles] = {}
        found: list[Ready] = []
        for ask in asks:
            try:
                sampled = self._frames(ask, frames)
                spoken = self._subtitles(ask.question, sampled, lines)
            except UnreadableVideo as error:
                found.append(Ready(ask, None, str(error)))
                continue
            prompt = prompt_of(ask.question, self.set_id, subtitles=spoken)
            found.append(Ready(ask, VideoQuestion(prompt, sampled, self.max_tokens)))
        return found

    def _frames(self, ask: Ask, known: _Known) -> SampledFrames:
        """The frames that an ask is shown; raises UnreadableVideo, each time anew without reading
        the video again."""
        if ask.condition is Condition.BLIND:
            return SampledFrames()
        sampling = self.sampling
        if ask.condition is Condition.SINGLE_FRAME:
            sampling = FrameSampling(count=1, longest_side=sampling.longest_side)
        names, span = ask.question.media_names, ask.question.span
        if (sampling, span, names) not in known:
            try:
                known[sampling, span, names] = self._sampled(ask.question, sampling)
            except UnreadableVideo as error:
                known[sampling, span, names] = error
        sampled = known[sampling, span, names]
        if isinstance(sampled, UnreadableVideo):
            raise UnreadableVideo(str(sampled))
        return sampled

    def _sampled(self, question: Question, sampling: FrameSampling) -> SampledFrames:
        path = self.videos.find(question.media_names)
        if path is None:
            raise UnreadableVideo(f"There is no video {question.media_names[0][:200]}.")
        return sample_frames(path, sampling, cache=self.cache, span=question.span_in(path))

    def _subtitles(
        self, question: Question, frames: SampledFrames, known: dict[Path, Subtitles]
    ) -> str | None:
        """The subtitles of the frames shown; None in a setting without, or without frames."""
        if self.subtitles is None or not frames.pictures:
            return None
        path = self.subtitles.find([question.subtitles, *question.media_names])
        if path is None:
            return ""
        if path not in known:
            try:
                known[path] = read_subtitles(path)
            except InputError as error:
                raise UnreadableVideo(str(error)) from None
        return known[path].at([time + question.subtitles_from for time in frames.times])


def prepared(
    groups: Sequence[Sequence[Ask]], preparation: Preparation, *, threads: int, ahead: int
) -> Generator[list[Ready], None, None]:
    """The groups, each about one video, as they become ready; at most `ahead` are held.

    Leaving the iteration ends the threads. An exception in one of them is raised here.
    """
    waiting: queue.SimpleQueue[Sequence[Ask]] = queue.SimpleQueue()
    for group in groups:
        waiting.put(group)
    done: queue.Queue[list[Ready] | BaseException] = queue.Queue(max(ahead, 1))
    is_over = threading.Event()

    def give(item: list[Ready] | BaseException) -> None:
        while not is_over.is_set():
            try:
                done.put(item, timeout=0.1)
                return
            except queue.Full:
                continue

    def work() -> None:
        while not is_over.is_set():
            try:
                group = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                give(preparation.ready(group))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                give(error)
                return

    workers = [
        threading.Thread(target=work, name="decoding", daemon=True) for _ in range(max(threads, 1))
    ]
    for worker in workers:
        worker.start()
    try:
        for _ in groups:
            item = done.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        is_over.set()
