"""Requests that wait for a model at the same time, generated together.

A thread of its own drives the model. It takes what waits, up to a batch, and hands each text to who
asked as soon as it has ended. A request that nobody waits for any more is left out; a batch ends
early only when nobody waits for any of it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence

from results.errors import InputError, first_line
from runners.models.chat.failures import Failure, FailureKind
from runners.models.chat.pacing import SECONDS_BETWEEN_LOOKS
from runners.models.language.interface import Generated, GenerationRequest, LanguageModel

# Those who were answered together ask again within moments of each other.
SECONDS_TO_GATHER = 0.02


class Job:
    """A request, and what became of it."""

    def __init__(self, request: GenerationRequest) -> None:
        self.request = request
        self.batch = 0
        """How many were generated together; 0 while it waits."""
        self._outcome: Generated | Failure | None = None
        self._is_done = threading.Event()
        self._began: float | None = None
        self.is_left = False

    def begin(self, batch: int) -> None:
        self.batch = batch
        self._began = time.monotonic()

    def end(self, outcome: Generated | Failure) -> None:
        self._outcome = outcome
        self._is_done.set()

    @property
    def is_done(self) -> bool:
        return self._is_done.is_set()

    def wait(self, seconds: float, stop: threading.Event) -> Generated | Failure:
        """What became of it; a Failure once it took so many seconds, its turn not counted."""
        while not self._is_done.wait(SECONDS_BETWEEN_LOOKS):
            is_late = self._began is not None and time.monotonic() - self._began > seconds
            if stop.is_set() or is_late:
                self.is_left = True
                if stop.is_set():
                    return Failure(FailureKind.STOPPED)
                return Failure(FailureKind.TIMEOUT, f"{seconds:g} seconds passed")
        assert self._outcome is not None
        return self._outcome


class Batcher:
    """Generates for many threads with one model, at most `largest` requests at once."""

    def __init__(self, model: LanguageModel, largest: int) -> None:
        self._model = model
        self._largest = largest
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._asked_together = False

    def submit(self, request: GenerationRequest) -> Job:
        job = Job(request)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="generation", daemon=True)
                self._thread.start()
        self._waiting.put(job)
        return job

    def close(self) -> None:
        """Ends the thread once it is done with what it is at."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join(timeout=10)

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs, is_over = self._gathered(first)
            jobs = [job for job in jobs if not job.is_left]
            if jobs:
                self._generate(jobs)
            if is_over:
                return

    def _gathered(self, first: Job) -> tuple[list[Job], bool]:
        """What waits, and whether the thread is to end after it.

        Nobody is waited for where there has been one asker alone, who would only lose time.
        """
        jobs, is_over = [first], False
        while len(jobs) < self._largest:
            try:
                if self._asked_together:
                    job = self._waiting.get(timeout=SECONDS_TO_GATHER)
                else:
                    job = self._waiting.get_nowait()
            except queue.Empty:
                break
            if job is None:
                is_over = True
                break
            jobs.append(job)
        self._asked_together = len(jobs) > 1
        return jobs, is_over

    def _generate(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            job.begin(len(jobs))
        try:
            self._model.generate(
                [job.request for job in jobs],
                batch_size=self._largest,
                on_done=lambda index, generated: jobs[index].end(generated),
                is_left=lambda: all(job.is_left or job.is_done for job in jobs),
            )
        except Exception as error:  # noqa: BLE001 - whatever a model raises, who waits must know
            left = [job for job in jobs if not job.is_done]
            if len(jobs) > 1:
                # One request's fault is not the others'.
                for job in left:
                    self._generate([job])
                return
            is_asked = isinstance(error, InputError)
            kind = FailureKind.BAD_REQUEST if is_asked else FailureKind.SERVER_FAULT
            detail = first_line(error)
            for job in left:
                job.end(Failure(kind, detail, 400 if is_asked else None))
