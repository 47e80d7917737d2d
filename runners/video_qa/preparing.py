"""Questions made ready for a model: the frames of a video decoded once for all that is asked of it.

Videos are decoded ahead, in threads, while models answer about earlier ones; never more than a few
are held at once. A video that cannot be read makes the questions that need it errors, each with the
cause, and no others.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass

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
        frames: dict[tuple[object, ...], SampledFrames | str] = {}
        lines: dict[str, Subtitles | str | None] = {}
        found: list[Ready] = []
        for ask in asks:
            sampled = self._frames(ask, frames)
            if isinstance(sampled, str):
                found.append(Ready(ask, None, sampled))
                continue
            spoken = self._subtitles(ask.question, sampled, lines)
            if isinstance(spoken, InputError):
                found.append(Ready(ask, None, str(spoken)))
                continue
            prompt = prompt_of(ask.question, self.set_id, subtitles=spoken)
            found.append(Ready(ask, VideoQuestion(prompt, sampled, self.max_tokens)))
        return found

    def _frames(
        self, ask: Ask, known: dict[tuple[object, ...], SampledFrames | str]
    ) -> SampledFrames | str:
        """The frames that an ask is shown, or why there are none."""
        if ask.condition is Condition.BLIND:
            return SampledFrames()
        sampling = self.sampling
        if ask.condition is Condition.SINGLE_FRAME:
            sampling = FrameSampling(count=1, longest_side=sampling.longest_side)
        key = (sampling, ask.question.span, ask.question.media_names)
        if key not in known:
            try:
                path = self.videos.find(ask.question.media_names)
                if path is None:
                    known[key] = f"There is no video {ask.question.media_names[0][:200]}."
                else:
                    span = ask.question.span_in(path)
                    known[key] = sample_frames(path, sampling, cache=self.cache, span=span)
            except UnreadableVideo as error:
                known[key] = str(error)
        return known[key]

    def _subtitles(
        self,
        question: Question,
        frames: SampledFrames,
        known: dict[str, Subtitles | str | None],
    ) -> str | InputError | None:
        """The subtitles of the frames shown; None in a setting without, or without frames."""
        if self.subtitles is None or not frames.pictures:
            return None
        names = [question.subtitles, *question.media_names]
        try:
            path = self.subtitles.find(names)
            if path is None:
                return ""
            if str(path) not in known:
                known[str(path)] = read_subtitles(path)
        except (InputError, UnreadableVideo) as error:
            return InputError(str(error))
        lines = known[str(path)]
        assert isinstance(lines, Subtitles)
        return lines.at([time + question.subtitles_from for time in frames.times])


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
