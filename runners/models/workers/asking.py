"""A model that a worker holds: asked over pipes, and started anew where it ends.

A worker that ends, or breaks the protocol, while it is asked is started once more and asked the
same again; one that does not answer in time is ended, and started for the next question. What has
no answer then is `Unanswered` with the cause. A worker that cannot be loaded is fatal: at once
where its adapter says why, and after a second try where it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from results.errors import InputError, ModelError
from runners.models.describing import Described, files_described
from runners.models.video_language.interface import Unanswered, VideoQuestion, VideoReply
from runners.models.workers.process import (
    Launch,
    WorkerCrashed,
    WorkerFault,
    WorkerHung,
    WorkerProcess,
    WorkerRefused,
)
from runners.models.workers.protocol import (
    Hello,
    Loaded,
    ProtocolFault,
    Unsendable,
    answers_of,
    hello_of,
    loaded_of,
    question_header,
)
from runners.models.workers.side.judge_worker import PROTOCOL


@dataclass(frozen=True)
class Loading:
    """What a worker is told to load, and how long each message may take, in seconds."""

    spec: str
    checkpoint: str | None = None
    device: str = "auto"
    precision: str = "fp32"
    variant: str | None = None
    code: Path | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    hello_seconds: float = 120.0
    load_seconds: float = 1800.0
    predict_seconds: float = 600.0

    @property
    def header(self) -> dict[str, Any]:
        return {
            "type": "load",
            "checkpoint": self.checkpoint,
            "device": self.device,
            "precision": self.precision,
            "variant": self.variant,
            "code": None if self.code is None else str(self.code),
            "settings": self.settings,
        }


class WorkerModel:
    """A model that a worker holds, as a VideoLanguageModel."""

    def __init__(self, launch: Launch, loading: Loading) -> None:
        """Starts the worker and loads its model.

        InputError when the adapter cannot load it, ModelError when the worker ends or hangs.
        """
        self._launch, self._loading = launch, loading
        self._process: WorkerProcess | None = None
        self._fatal: str | None = None
        self._hello, loaded = self._started()
        self.name = loaded.name or Path(loading.checkpoint or launch.adapter).stem
        self.variant = loading.variant
        self.device, self.precision = loaded.device, loaded.precision
        self._loaded = loaded

    @property
    def largest_batch(self) -> int | None:
        return self._loaded.largest_batch

    @property
    def pid(self) -> int | None:
        """The number of the worker's process; None while there is none."""
        return None if self._process is None else self._process.pid

    def answer(self, questions: Sequence[VideoQuestion]) -> list[VideoReply | Unanswered]:
        size = self._loaded.largest_batch or max(len(questions), 1)
        answers: list[VideoReply | Unanswered] = []
        for start in range(0, len(questions), size):
            answers += self._answered(questions[start : start + size])
        return answers

    def describe(self) -> Described:
        versions = {f"worker_{library}_version": at for library, at in self._hello.versions.items()}
        described: Described = {
            **self._loaded.described,
            "adapter": self._loading.spec,
            "protocol": PROTOCOL,
            "worker_python_version": self._hello.python,
            **versions,
        }
        described["adapter_sha256"] = files_described([Path(self._launch.adapter)])["sha256"]
        if self._loading.checkpoint is not None:
            described["checkpoint"] = self._loading.checkpoint
            described.update(_checkpoint_described(Path(self._loading.checkpoint)))
        return described

    def interrupt(self) -> None:
        self._fatal = "The model was left while it was asked."
        if (process := self._process) is not None:
            process.interrupt()

    def close(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None

    def _answered(self, questions: Sequence[VideoQuestion]) -> list[VideoReply | Unanswered]:
        """A batch's answers; what ended the worker is asked once more, one question at a time."""
        if self._fatal is not None:
            return [Unanswered(self._fatal, is_fatal=True) for _ in questions]
        try:
            return self._asked(questions)
        except (Unsendable, WorkerFault) as fault:
            # One that was refused, too slow, or too large to be sent, would be so again.
            if len(questions) == 1 and not isinstance(fault, WorkerCrashed):
                return [_unanswered(fault)]
        return [self._asked_again(question) for question in questions]

    def _asked_again(self, question: VideoQuestion) -> VideoReply | Unanswered:
        if self._fatal is not None:
            return Unanswered(self._fatal, is_fatal=True)
        try:
            return self._asked([question])[0]
        except (Unsendable, WorkerFault) as fault:
            return _unanswered(fault, ", asked a second time,")

    def _asked(self, questions: Sequence[VideoQuestion]) -> list[VideoReply | Unanswered]:
        """Raises Unsendable or a WorkerFault; where the model is lost all are `Unanswered`."""
        if self._process is None:
            try:
                self._started()
            except (InputError, ModelError) as error:
                self._fatal = str(error)
                return [Unanswered(self._fatal, is_fatal=True) for _ in questions]
        assert self._process is not None
        pictures = [picture for question in questions for picture in question.frames.pictures]
        try:
            message = self._process.ask(
                question_header(questions),
                pictures,
                seconds=self._loading.predict_seconds * len(questions),
            )
            return answers_of(message, len(questions))
        except ProtocolFault as fault:
            process, self._process = self._process, None
            raise process.broke_protocol(fault) from None
        except (Unsendable, WorkerRefused):
            raise
        except BaseException:
            self._process = None
            raise

    def _started(self) -> tuple[Hello, Loaded]:
        """Starts and loads; a worker that ends on the way is started a second time."""
        try:
            return self._loaded_once()
        except WorkerCrashed:
            pass
        try:
            return self._loaded_once()
        except WorkerCrashed as fault:
            raise ModelError(f"{self._named} cannot be loaded: twice it {fault}.") from None

    def _loaded_once(self) -> tuple[Hello, Loaded]:
        process = WorkerProcess(self._launch)
        asks = self._loading
        try:
            hello = hello_of(
                process.ask({"type": "hello", "protocols": [PROTOCOL]}, seconds=asks.hello_seconds)
            )
            loaded = loaded_of(process.ask(asks.header, seconds=asks.load_seconds))
        except WorkerRefused as refused:
            process.close()
            raise InputError(f"{self._named} cannot be loaded: {refused}") from None
        except WorkerHung as fault:
            raise ModelError(f"{self._named} cannot be loaded: it {fault}.") from None
        except ProtocolFault as fault:
            raise process.broke_protocol(fault) from None
        self._process = process
        return hello, loaded

    @property
    def _named(self) -> str:
        return f"The model {self._loading.spec}"


def _unanswered(fault: ModelError, how: str = "") -> Unanswered:
    if isinstance(fault, Unsendable):
        return Unanswered(str(fault))
    if isinstance(fault, WorkerRefused):
        return Unanswered(f"The worker could not answer: {fault}")
    return Unanswered(f"The worker{how} {str(fault).rstrip('.')}.")


def _checkpoint_described(checkpoint: Path) -> Described:
    """The bytes and hash of a checkpoint's file, or of the files of its folder."""
    if checkpoint.is_dir():
        return files_described(path for path in checkpoint.iterdir() if path.is_file())
    return files_described([checkpoint]) if checkpoint.is_file() else {}
