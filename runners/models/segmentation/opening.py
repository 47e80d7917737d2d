"""Opens the segmentation model that a spec names.

- `hf:<folder or hub id>`: SAM 2, EdgeTAM (videos and images) and SAM (images) in transformers.
- `onnx:<folder or encoder file>`, `torchscript:<…>`, `executorch:<…>`: an encoder and a decoder,
  or one file that is both (images).
- `official:<sam2|edgetam|efficient_track_anything>:<config>:<checkpoint>`: a model's own code base,
  installed or in the folder given as `code`.
- `python:<module>:<factory>`: what a function of one's own returns.

A TorchScript file and the last two run code of their authors, which is why they are opened only
when a person names them.
"""

from __future__ import annotations

from pathlib import Path

from results.errors import InputError
from runners.models.devices import Device, Precision, torch_placement
from runners.models.own_code import made_by
from runners.models.segmentation.checkpoint import open_checkpoint
from runners.models.segmentation.code_bases import official_model
from runners.models.segmentation.encoder_decoder import SUFFIXES, open_encoder_decoder
from runners.models.segmentation.graphs import graph_placement
from runners.models.segmentation.hf_images import HfImageSegmenter
from runners.models.segmentation.hf_videos import HfVideoSegmenter
from runners.models.segmentation.interface import ImageSegmenter, VideoSegmenter
from runners.models.segmentation.official_images import OfficialImageSegmenter
from runners.models.segmentation.official_videos import OfficialVideoSegmenter

FORMS = ("hf", "onnx", "torchscript", "executorch", "official", "python")
_SEGMENTER = "a segmenter as in runners/models/segmentation/interface.py"


def open_video_segmenter(
    spec: str,
    *,
    device: Device = "auto",
    precision: Precision = "fp32",
    compile: bool = False,
    code: Path | None = None,
) -> VideoSegmenter:
    """The video model that a spec names, ready on its device.

    compile: by torch.compile, the image encoder.
    code: a checkout of the code base that `official:` names.
    InputError, in a sentence, when there is no such model or it cannot run so.
    """
    form, place = _parts(spec)
    if form == "hf":
        placement = torch_placement(device, precision)
        return HfVideoSegmenter(open_checkpoint(place), placement, compile=compile)
    if form == "official":
        placement = torch_placement(device, precision)
        return OfficialVideoSegmenter(official_model(place), placement, compile=compile, code=code)
    if form == "python":
        methods = ("prepare", "start")
        settings = {"device": device, "precision": precision, "compile": compile}
        own: VideoSegmenter = made_by(place, code, methods, _SEGMENTER, **settings)
        return own
    raise InputError(
        f"An {form} file segments images and no videos; name hf:, official: or python: for these."
    )


def open_image_segmenter(
    spec: str,
    *,
    device: Device = "auto",
    precision: Precision = "fp32",
    compile: bool = False,
    code: Path | None = None,
) -> ImageSegmenter:
    """The image model that a spec names, ready on its device; else as `open_video_segmenter`."""
    form, place = _parts(spec)
    if form in SUFFIXES:
        if compile:
            raise InputError(f"An {form} file is compiled already; leave torch.compile out.")
        return open_encoder_decoder(form, place, graph_placement(form, device, precision))
    if form == "python":
        methods = ("set_image", "predict")
        settings = {"device": device, "precision": precision, "compile": compile}
        own: ImageSegmenter = made_by(place, code, methods, _SEGMENTER, **settings)
        return own
    placement = torch_placement(device, precision)
    if form == "official":
        return OfficialImageSegmenter(official_model(place), placement, compile=compile, code=code)
    return HfImageSegmenter(open_checkpoint(place), placement, compile=compile)


def _parts(spec: str) -> tuple[str, str]:
    form, colon, place = spec.partition(":")
    if form not in FORMS or not colon or not place:
        raise InputError(
            f"The model {spec!r} is not a segmentation model; name it"
            f" {', '.join(f'{known}:…' for known in FORMS)}."
        )
    return form, place
