"""Opens the video-language model that a spec names.

- `hf:<folder or hub id>`: SmolVLM, Qwen2-VL and Qwen2.5-VL, LLaVA-OneVision, LLaVA-NeXT-Video.
- `openai:<model>[@endpoint]`, `litellm:<model>`: an endpoint that is sent frames as pictures.
- `worker:<adapter>[:<checkpoint>]`: research code in an environment of its own.
- `python:<module>:<factory>`: what a function of one's own returns, called with `device` and
  `precision`.

The last two run code of their authors, which is why they are opened only when a person names them.
"""

from __future__ import annotations

from pathlib import Path

from results.errors import InputError
from runners.models.devices import Device, Precision, torch_placement
from runners.models.own_code import made_by
from runners.models.video_language.interface import VideoLanguageModel

FORMS = ("hf", "openai", "litellm", "worker", "python")
OWN_CODE = ("worker", "python")


def open_video_language_model(
    spec: str,
    *,
    device: Device = "auto",
    precision: Precision = "fp32",
    variant: str | None = None,
    code: Path | None = None,
    python: Path | None = None,
) -> VideoLanguageModel:
    """The model that a spec names, ready on its device.

    code: a checkout of the code that a worker's adapter imports, or the folder of one's own module.
    python: the interpreter of the worker's environment.
    InputError, in a sentence, when there is no such model.
    """
    form, colon, place = spec.partition(":")
    if form not in FORMS or not colon or not place.strip():
        raise InputError(
            f"The model {spec!r} answers no questions about videos; name it"
            f" {', '.join(f'{known}:…' for known in FORMS)}."
        )
    if (form != "worker" and python is not None) or (form not in OWN_CODE and code is not None):
        raise InputError(
            "A checkout of code is for worker: and python: models, and an interpreter for worker:"
            " models; leave it out."
        )
    if form == "hf":
        from runners.models.video_language.hf import open_hf_video_model

        return open_hf_video_model(place, torch_placement(device, precision), variant)
    if form in ("openai", "litellm"):
        from runners.models.video_language.endpoint import EndpointVideoModel

        return EndpointVideoModel(spec, variant=variant)
    if form == "worker":
        from runners.models.workers.models import open_worker_model

        return open_worker_model(
            place, device=device, precision=precision, variant=variant, code=code, python=python
        )
    made: VideoLanguageModel = made_by(
        place,
        code,
        ("answer", "describe", "close"),
        "a VideoLanguageModel as in runners/models/video_language/interface.py",
        device=device,
        precision=precision,
    )
    return made
