"""What a run of image segmentation is asked, as its record keeps it and a resumed run reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import ValidationError

from benchmarks.image_segmentation.clicks import FirstRule, NextRule
from results.errors import InputError
from results.records import RunRecord, Value
from runners.image_segmentation.instances import BoxRule
from runners.image_segmentation.prompting import MultimaskRule, Prompting
from runners.models.devices import Device, Precision
from runners.models.segmentation.interface import ImageSegmenter
from runners.models.segmentation.opening import open_image_segmenter

InteractiveBenchmark = Literal["sa23", "coco", "lvis"]
InstanceBenchmark = Literal["coco-instances", "lvis-instances"]
DESCRIBED = "described"
_Asked = TypeVar("_Asked", bound="ModelAsked")

# Where COCO's and LVIS's own downloads have them below one folder.
_ANNOTATIONS = {
    "coco": ("annotations/instances_val2017.json", "instances_val2017.json"),
    "lvis": ("annotations/lvis_v1_val.json", "lvis_v1_val.json"),
}


class ModelAsked(Value):
    """Which model, and how it runs."""

    model: str
    device: Device = "auto"
    precision: Precision = "fp32"
    compile: bool = False
    code: str | None = None
    variant: str | None = None
    limit: int | None = None

    def open_model(self) -> ImageSegmenter:
        return open_image_segmenter(
            self.model,
            device=self.device,
            precision=self.precision,
            compile=self.compile,
            code=None if self.code is None else Path(self.code),
        )


class InteractiveAsked(ModelAsked):
    """Objects by clicks and boxes. `data` holds sets of images with masks for sa23, else
    `annotations` and `images` name a COCO or LVIS file and its folder of images."""

    benchmark: InteractiveBenchmark
    data: str | None = None
    annotations: str | None = None
    images: str | None = None
    clicks: tuple[int, ...] = (1, 3, 5)
    box: bool = True
    first_click: FirstRule = "center"
    next_click: NextRule = "center"
    multimask: MultimaskRule = "first"
    feed_back: bool = True
    seed: int = 0
    saliency: str | None = None
    save_masks: bool = False

    @property
    def prompting(self) -> Prompting:
        return Prompting(
            clicks=self.clicks,
            box=self.box,
            first_rule=self.first_click,
            next_rule=self.next_click,
            multimask=self.multimask,
            feed_back=self.feed_back,
            seed=self.seed,
        )

    @property
    def split(self) -> str:
        return Path(self.data or self.annotations or "").stem

    @property
    def scorer(self) -> str:
        return f"mIoU; first click {self.first_click}, next {self.next_click}"


class InstancesAsked(ModelAsked):
    """Masks for a detector's boxes."""

    benchmark: InstanceBenchmark
    annotations: str
    images: str
    boxes: str
    choose: BoxRule = "box-overlap"
    refine: bool = False

    @property
    def split(self) -> str:
        return Path(self.annotations).stem

    @property
    def rules(self) -> Literal["coco", "lvis"]:
        return "lvis" if self.benchmark == "lvis-instances" else "coco"


def asked_before(record: RunRecord, kind: type[_Asked]) -> _Asked:
    """What a run was asked; InputError where the record is of a run of another kind."""
    config = {key: value for key, value in record.config.items() if key != DESCRIBED}
    try:
        return kind.model_validate(config)
    except ValidationError:
        raise InputError(
            f"Run {record.run_id} is of {record.benchmark or 'another kind'}; it cannot be resumed"
            " as this benchmark."
        ) from None


def coco_places(
    kind: Literal["coco", "lvis"],
    data: Path | None,
    annotations: Path | None,
    images: Path | None,
) -> tuple[Path, Path]:
    """The annotation file and the folder of images, absolute, from either of them or from the
    folder that holds both. Raises InputError, naming what is missing.
    """
    if annotations is None and data is not None:
        found = [data / place for place in _ANNOTATIONS[kind] if (data / place).is_file()]
        if not found:
            places = " or ".join(_ANNOTATIONS[kind])
            raise InputError(f"{data} holds no {places}; name the file with --annotations.")
        annotations = found[0]
    if annotations is None or (images is None and data is None):
        raise InputError(f"Give --data, {kind.upper()}'s folder, or --annotations and --images.")
    folder = images
    if folder is None:
        assert data is not None
        # LVIS draws on both of COCO's folders, and its images are looked up from above them.
        folder = data / "val2017" if kind == "coco" and (data / "val2017").is_dir() else data
    return annotations.absolute(), folder.absolute()
