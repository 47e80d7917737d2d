"""The models that a run asks side by side: one here, or several in processes of their own."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from results.errors import InputError
from runners.models.devices import Device
from runners.models.video_language.interface import VideoLanguageModel

if TYPE_CHECKING:
    from runners.video_qa.sessions import How, VideoQaAsked

MOST_MODELS = 64


def opened_models(asked: VideoQaAsked, how: How) -> tuple[VideoLanguageModel, ...]:
    """As many models as there are devices times processes, all of one spec.

    A single one is opened in this process unless its device is one of several GPUs. InputError, and
    none left open, where one of them cannot be opened.
    """
    places = [device for device in how.devices for _ in range(how.processes)]
    if len(places) > MOST_MODELS:
        raise InputError(f"{len(places)} models at once are too many; {MOST_MODELS} are the most.")
    with contextlib.ExitStack() as stack:
        models: list[VideoLanguageModel] = []
        for place in places:
            model = _opened(asked, place, is_alone=len(places) == 1)
            stack.callback(model.close)
            models.append(model)
        stack.pop_all()
        return tuple(models)


def _opened(asked: VideoQaAsked, device: str, *, is_alone: bool) -> VideoLanguageModel:
    form = asked.model.partition(":")[0]
    code = None if asked.code is None else Path(asked.code)
    if form == "worker":
        from runners.models.workers.models import open_worker_model

        return open_worker_model(
            asked.model.partition(":")[2],
            device=device,
            precision=asked.precision,
            variant=asked.variant,
            code=code,
            python=None if asked.python is None else Path(asked.python),
        )
    if not is_alone or ":" in device:
        from runners.models.workers.models import local_process_model

        return local_process_model(
            asked.model,
            device=device,
            precision=asked.precision,
            variant=asked.variant,
            code=code,
        )
    from runners.models.video_language.opening import open_video_language_model

    return open_video_language_model(
        asked.model,
        device=cast("Device", device),
        precision=asked.precision,
        variant=asked.variant,
        code=code,
        python=None if asked.python is None else Path(asked.python),
    )
