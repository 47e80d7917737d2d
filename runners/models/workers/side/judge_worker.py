"""Holds a model in an environment of its own and answers questions over pipes.

Started as `<python> judge_worker.py --adapter <name or file>`; docs/workers.md describes the
protocol and what an adapter is. This one file runs under any Python from 3.8 on, with the standard
library and numpy alone, so that a model's own old environment needs nothing else.

Requests are read from file descriptor 0 and answered on 1, as they are at the start. Both are taken
away before anything else is imported: what a model prints goes to standard error, and what it reads
from standard input is empty.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib
import importlib.util
import json
import os
import platform
import select
import signal
import struct
import sys
import time
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROTOCOL = 1
LENGTH = struct.Struct(">I")
MAX_HEADER_BYTES = 1 << 20
MAX_FRAMES = 16_384
MAX_FRAME_SIDE = 16_384
MAX_FRAMES_BYTES = 4 << 30
MAX_REASON = 2_000
LIBRARIES = ("numpy", "torch", "transformers", "tokenizers", "timm", "torchvision", "peft")
SAID_OF_AN_ANSWER = (
    *("visual_tokens", "prompt_tokens", "output_tokens"),
    *("seconds_to_first", "seconds", "peak_bytes", "is_cut"),
)


class Unusable(Exception):
    """What a person must mend; its message is a whole sentence."""


class Question:
    """What is asked about a video.

    frames: uint8 arrays (height, width, 3), RGB, in order; empty for a question asked blind.
    times: the second at which each is shown. seconds: of the whole video.
    """

    def __init__(
        self,
        prompt: str,
        frames: list[NDArray[np.uint8]],
        times: list[float],
        seconds: float,
        max_tokens: int,
    ) -> None:
        self.prompt = prompt
        self.frames = frames
        self.times = times
        self.seconds = seconds
        self.max_tokens = max_tokens
        self.first_token_at: float | None = None

    def note_token(self, *_: Any) -> bool:
        """Notes when the first token came; may stand among the stopping criteria of a model."""
        if self.first_token_at is None:
            self.first_token_at = time.monotonic()
        return False


class Options:
    """What a model is loaded with; `device` is auto, cpu, cuda or mps."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.checkpoint: str | None = asked.get("checkpoint")
        self.device: str = asked.get("device", "auto")
        self.precision: str = asked.get("precision", "fp32")
        self.variant: str | None = asked.get("variant")
        self.code: str | None = asked.get("code")
        self.settings: dict[str, Any] = asked.get("settings") or {}
        if self.code is not None:
            if not Path(self.code).is_dir():
                raise Unusable(f"There is no folder {self.code} with the model's code.")
            sys.path.insert(0, self.code)

    def imported(self, module: str, install: str) -> Any:
        """A module of the model's code; Unusable says what to install, and where."""
        package = module.partition(".")[0]
        try:
            return importlib.import_module(module)
        except ImportError as error:
            missing = error.name or str(error)
            if missing.partition(".")[0] == package:
                raise Unusable(
                    f"The package {package} is not there for {sys.executable} ({missing} was not"
                    f" found): {install}, or give the folder of its code."
                ) from None
            raise Unusable(
                f"The package {package} needs {missing}, which {sys.executable} cannot import;"
                " install it there."
            ) from None

    def unusable(self, reason: str) -> Unusable:
        """To be raised when a person must mend something: the reason is said as it is."""
        return Unusable(reason)

    def needed_checkpoint(self, example: str) -> str:
        """The checkpoint; Unusable without one."""
        if not self.checkpoint:
            raise Unusable(f"This model needs a checkpoint: worker:<adapter>:{example}.")
        return self.checkpoint

    def torch_device(self) -> str:
        """The device for torch; `auto` becomes cuda where torch has it, else cpu."""
        if self.device == "auto":
            import torch

            self.device = "cuda" if torch.cuda.is_available() else "cpu"
        return self.device

    def torch_dtype(self) -> Any:
        """The precision as torch names it."""
        import torch

        kinds = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
        return kinds[self.precision]


class Channel:
    """Messages over two pipes: the length of a header, the header, and then its frames."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests = requests
        self._answers = answers

    def receive(self) -> tuple[dict[str, Any], list[NDArray[np.uint8]]] | None:
        """The next message and its frames; None when the judge has gone. ValueError on nonsense."""
        start = self._requests.read(LENGTH.size)
        if len(start) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack(start)
        if length > MAX_HEADER_BYTES:
            raise ValueError(f"a header of {length} bytes is more than {MAX_HEADER_BYTES}")
        header = json.loads(self._requests.read(length).decode("utf-8"))
        if not isinstance(header, dict):
            raise ValueError("a header is not an object")
        shapes = header.get("frames", [])
        check_shapes(shapes)
        return header, [self._frame(shape) for shape in shapes]

    def _frame(self, shape: list[int]) -> NDArray[np.uint8]:
        import numpy as np

        frame = np.empty(shape, np.uint8)
        left = frame.reshape(-1).data
        while left:
            # A buffered reader's readinto may give less than was asked for.
            count = self._requests.readinto(left)  # type: ignore[attr-defined]
            if not count:
                raise ValueError("the frames end early")
            left = left[count:]
        return frame

    def send(self, header: dict[str, Any]) -> None:
        reason = None
        try:
            data = json.dumps(header, default=plain).encode("ascii")
        except (TypeError, ValueError) as error:
            reason = f"The adapter's answer cannot be written as JSON: {error}."
        else:
            if len(data) > MAX_HEADER_BYTES:
                reason = f"The adapter's answer has {len(data)} bytes, over {MAX_HEADER_BYTES}."
        if reason is not None:
            data = json.dumps({"type": "error", "id": header["id"], "reason": reason}).encode()
        self._answers.write(LENGTH.pack(len(data)) + data)
        self._answers.flush()


def plain(value: Any) -> Any:
    """The Python number in a number of numpy or torch."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is no text or number")


def check_shapes(shapes: Any) -> None:
    """ValueError unless these are the shapes of frames within the limits."""
    if not isinstance(shapes, list) or len(shapes) > MAX_FRAMES:
        raise ValueError(f"the frames are not a list of at most {MAX_FRAMES} shapes")
    total = 0
    for shape in shapes:
        is_shape = (
            isinstance(shape, list)
            and len(shape) == 3
            and all(type(side) is int for side in shape)
            and all(0 < side <= MAX_FRAME_SIDE for side in shape[:2])
            and shape[2] == 3
        )
        if not is_shape:
            raise ValueError(
                f"a frame is not (height, width, 3) with sides from 1 to {MAX_FRAME_SIDE}"
            )
        total += shape[0] * shape[1] * 3
    if total > MAX_FRAMES_BYTES:
        raise ValueError(f"the frames take {total} bytes, more than {MAX_FRAMES_BYTES}")


class Worker:
    """The model of one adapter, and what it is asked."""

    def __init__(self, channel: Channel, adapter: str) -> None:
        self._channel = channel
        self._place = adapter
        self._adapter: Any = None

    def serve(self) -> None:
        """Answers until the judge says bye or is gone."""
        while True:
            message = self._channel.receive()
            if message is None:
                return
            header, frames = message
            answer = {"id": header.get("id"), **self._answer(header, frames)}
            self._channel.send(answer)
            if answer["type"] == "bye":
                return

    def _answer(self, header: dict[str, Any], frames: list[NDArray[np.uint8]]) -> dict[str, Any]:
        kind = header.get("type")
        try:
            if kind == "hello":
                return self._hello(header)
            if kind == "load":
                return self._load(header)
            if kind == "predict":
                return self._predict(header, frames)
            if kind == "bye":
                return {"type": "bye"}
            raise Unusable(f"There is no message {kind!r} in version {PROTOCOL} of the protocol.")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - research code raises anything
            return {"type": "error", "reason": in_a_sentence(error)}

    def _hello(self, header: dict[str, Any]) -> dict[str, Any]:
        spoken = header.get("protocols") or []
        if PROTOCOL not in spoken:
            raise Unusable(f"The worker speaks version {PROTOCOL} of the protocol, not {spoken}.")
        return {
            "type": "hello",
            "protocol": PROTOCOL,
            "adapter": self._place,
            "pid": os.getpid(),
            "python": platform.python_version(),
            "versions": installed_versions(),
        }

    def _load(self, header: dict[str, Any]) -> dict[str, Any]:
        if importlib.util.find_spec("numpy") is None:
            raise Unusable(f"A worker needs numpy: {sys.executable} -m pip install numpy.")
        options = Options(header)
        adapter = adapter_class(self._place)()
        adapter.load(options)
        self._adapter = adapter
        return {
            "type": "loaded",
            "name": getattr(adapter, "name", None),
            "device": getattr(adapter, "device", options.device),
            "precision": getattr(adapter, "precision", options.precision),
            "largest_batch": getattr(adapter, "largest_batch", 1),
            "described": adapter.describe() if hasattr(adapter, "describe") else {},
        }

    def _predict(self, header: dict[str, Any], frames: list[NDArray[np.uint8]]) -> dict[str, Any]:
        if self._adapter is None:
            raise Unusable("No model is loaded yet.")
        questions = []
        for asked in header["questions"]:
            count = asked["frames"]
            questions.append(
                Question(
                    asked["prompt"],
                    frames[:count],
                    asked["times"],
                    asked["seconds"],
                    asked["max_tokens"],
                )
            )
            frames = frames[count:]
        if hasattr(self._adapter, "predict_batch"):
            return {"type": "answers", "answers": self._predicted_together(questions)}
        return {"type": "answers", "answers": [self._predicted(asked) for asked in questions]}

    def _predicted(self, question: Question) -> dict[str, Any]:
        started = begin_measuring()
        try:
            said = self._adapter.predict(question)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - research code raises anything
            return {"error": in_a_sentence(error)}
        return answer_of(said, question, started)

    def _predicted_together(self, questions: list[Question]) -> list[dict[str, Any]]:
        started = begin_measuring()
        said = self._adapter.predict_batch(questions)
        if len(said) != len(questions):
            raise Unusable(f"The adapter gave {len(said)} answers to {len(questions)} questions.")
        return [answer_of(said[at], question, started) for at, question in enumerate(questions)]


def answer_of(said: Any, question: Question, started: float) -> dict[str, Any]:
    """What an adapter said, as a text or a dictionary, with the time and memory that it took."""
    answer = {"text": said} if isinstance(said, str) else said
    if isinstance(answer, dict) and isinstance(answer.get("error"), str):
        return {"error": answer["error"][:MAX_REASON], "is_fatal": bool(answer.get("is_fatal"))}
    if not isinstance(answer, dict) or not isinstance(answer.get("text"), str):
        return {"error": "The adapter's answer is neither a text nor a dictionary with one."}
    unknown = sorted(set(answer) - {"text", *SAID_OF_AN_ANSWER})
    if unknown:
        return {"error": f"The adapter's answer has unknown fields: {', '.join(unknown)[:200]}."}
    measured: dict[str, Any] = {
        "seconds": time.monotonic() - started,
        "peak_bytes": peak_bytes(),
    }
    if question.first_token_at is not None:
        measured["seconds_to_first"] = question.first_token_at - started
    return {**measured, **answer}


def begin_measuring() -> float:
    """The time now; the device's peak of memory begins anew where torch is there for it."""
    cuda = cuda_in_use()
    for at in range(cuda.device_count() if cuda else 0):
        cuda.reset_peak_memory_stats(at)
    return time.monotonic()


def cuda_in_use() -> Any:
    """torch.cuda where the model's code has begun to use it, else None."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available() or not torch.cuda.is_initialized():
        return None
    return torch.cuda


def peak_bytes() -> int:
    """The most memory since `begin_measuring` on the CUDA devices, else of this process so far."""
    cuda = cuda_in_use()
    if cuda:
        return sum(int(cuda.max_memory_allocated(at)) for at in range(cuda.device_count()))
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024


def installed_versions() -> dict[str, str]:
    """Versions of those libraries that this environment has; none is imported."""
    from importlib import metadata

    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def adapter_class(place: str) -> Any:
    """The class `Adapter` of a file, or of one of the adapters that lie beside this file."""
    path = Path(place)
    if path.suffix != ".py":
        path = Path(__file__).resolve().parent / "adapters" / (place + ".py")
    if not path.is_file():
        raise Unusable(f"There is no adapter {place}.")
    module = types.ModuleType("judge_adapter")
    module.__file__ = str(path)
    sys.modules["judge_adapter"] = module
    # Not by an import, which would leave a folder of bytecode beside a person's file.
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), module.__dict__)
    adapter = getattr(module, "Adapter", None)
    if not callable(adapter):
        raise Unusable(f"The file {path} has no class Adapter.")
    return adapter


def in_a_sentence(error: BaseException) -> str:
    """What went wrong, for the judge; the whole trace goes to standard error."""
    if isinstance(error, Unusable):
        return str(error)[:MAX_REASON]
    traceback.print_exception(type(error), error, error.__traceback__)
    said = " ".join(str(error).split())[:MAX_REASON]
    if isinstance(error, SystemExit):
        return f"The model's code ended with status {said or 0}."
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def taken_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes of requests and answers, which nothing that is imported later can find."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb")


def leave_a_guard(requests: int, answers: int) -> None:
    """Forks a process that ends this one and all it started, once the judge or this one is gone.

    A thread would not do: research code may hold the interpreter's lock for minutes.
    """
    worker = os.getpid()
    if os.fork():
        return
    os.close(answers)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    poll = select.poll()
    # Asked for nothing, it still reports that the other end was closed.
    poll.register(requests, 0)
    while os.getppid() == worker and not poll.poll(500):
        pass
    if os.getpgrp() == worker:
        os.killpg(worker, signal.SIGKILL)
    elif os.getppid() == worker:
        os.kill(worker, signal.SIGKILL)
    os._exit(0)


def main() -> None:
    arguments = argparse.ArgumentParser(description="A worker of agent-judge.")
    arguments.add_argument("--adapter", required=True, help="a name, or a file with Adapter")
    adapter = arguments.parse_args().adapter
    requests, answers = taken_pipes()
    leave_a_guard(requests.fileno(), answers.fileno())
    # Its own folder holds no modules for the model's code.
    sys.path[:] = [at for at in sys.path if at != str(Path(__file__).resolve().parent)]
    faulthandler.enable()
    Worker(Channel(requests, answers), adapter).serve()


if __name__ == "__main__":
    main()
