"""Questions made ready for a model: frames of a video sampled once for all that is asked of it.

Videos are decoded ahead, in threads, while models answer about earlier ones; never more than a few
are held at once. A video that cannot be read makes the questions that need it errors, each with the
cause, and no others.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.video_qa.prompts import prompt_of
from benchmarks.video_qa.questions import Question
from benchmarks.video_qa.subtitles import Subtitles, read_subtitles
from results.errors import InputError
from runners.models.video_language.interface import SampledFrames, VideoQuestion
from runners.video_qa.conditions import Ask, Condition
from runners.video_qa.frame_cache import FrameCache
from runners.video_qa.frames import FrameSampling, sample_frames_of_all
from runners.video_qa.packets import UnreadableVideo
from runners.video_qa.videos import MediaFolder

_Span = tuple[float, float] | None
# What of which video is sampled.
_Place = tuple[tuple[str, ...], _Span]
_Known = dict[tuple[FrameSampling, _Place], SampledFrames | UnreadableVideo]


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
        wanted: dict[_Place, list[FrameSampling]] = {}
        for ask in asks:
            sampling = self._sampling(ask)
            if sampling is not None:
                wanted.setdefault(_place(ask.question), []).append(sampling)
        lines: dict[Path, Subtitles] = {}
        found: list[Ready] = []
        for ask in asks:
            try:
                sampled = self._frames(ask, wanted, frames)
                spoken = self._subtitles(ask.question, sampled, lines)
            except UnreadableVideo as error:
                found.append(Ready(ask, None, str(error)))
                continue
            prompt = prompt_of(ask.question, self.set_id, subtitles=spoken)
            found.append(Ready(ask, VideoQuestion(prompt, sampled, self.max_tokens)))
        return found

    def _sampling(self, ask: Ask) -> FrameSampling | None:
        """What is sampled for an ask; None for one without frames."""
        if ask.condition is Condition.BLIND:
            return None
        if ask.condition is Condition.SINGLE_FRAME:
            return FrameSampling(count=1, longest_side=self.sampling.longest_side)
        return self.sampling

    def _frames(
        self, ask: Ask, wanted: Mapping[_Place, Sequence[FrameSampling]], known: _Known
    ) -> SampledFrames:
        """The frames that an ask is shown; raises UnreadableVideo, each time anew without reading
        the video again. What other asks want of the same video is read along."""
        sampling, place = self._sampling(ask), _place(ask.question)
        if sampling is None:
            return SampledFrames()
        if (sampling, place) not in known:
            every = list(dict.fromkeys(wanted[place]))
            for each, frames in self._sampled(ask.question, every).items():
                known[each, place] = frames
        sampled = known[sampling, place]
        if isinstance(sampled, UnreadableVideo):
            raise UnreadableVideo(str(sampled))
        return sampled

    def _sampled(
        self, question: Question, wanted: Sequence[FrameSampling]
    ) -> dict[FrameSampling, SampledFrames | UnreadableVideo]:
        try:
            path = self.videos.find(question.media_names)
            if path is None:
                raise UnreadableVideo(f"There is no video {question.media_names[0][:200]}.")
            span = question.span_in(path)
            return {**sample_frames_of_all(path, wanted, cache=self.cache, span=span)}
        except UnreadableVideo as error:
            if len(wanted) == 1:
                return {wanted[0]: error}
        # Where a part of it is damaged, some of them may still be read.
        alone: dict[FrameSampling, SampledFrames | UnreadableVideo] = {}
        for each in wanted:
            alone |= self._sampled(question, [each])
        return alone

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


def _place(question: Question) -> _Place:
    return question.media_names, question.span


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
