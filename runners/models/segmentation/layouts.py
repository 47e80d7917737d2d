"""How an exported encoder and decoder are spoken to: found from the names of what goes in.

| layout | encoder | decoder | source |
|---|---|---|---|
| `efficient-sam` | batched_images | image_embeddings, batched_point_coords, batched_point_labels, orig_im_size | export_to_onnx.py of EfficientSAM |
| `sam` | one image | image_embeddings, point_coords, point_labels, mask_input, has_mask_input, orig_im_size | SamOnnxModel of Segment Anything |
| `sam2` | image | image_embed, high_res_feats_0, high_res_feats_1, point_coords, point_labels, mask_input, has_mask_input | export_sam2.py of samexporter |
| `points` | one image | image_embeddings, point_coords, point_labels | EdgeTAM's exports for images |
| `joint` | | batched_images, batched_point_coords, batched_point_labels | EfficientSAM and SqueezeSAM in one file |

`efficient-sam` and `joint` models take values in 0..1, at the image's own size where the file
allows it, and clicks in pixels of what they are given; they resize and normalise for themselves.
The others take a normalised square: `sam` the image with its longer side at that size and padded,
`sam2` and `points` the image stretched, with clicks in pixels of the square.

A file `model.json` beside the model says what the files cannot; every key may be left out:
{"layout": "sam2", "size": 1024, "mean": [r, g, b], "std": [r, g, b], "mask_threshold": 0,
 "encoder": {"file": "encoder.pte", "inputs": ["image"], "outputs": ["image_embed", …]},
 "decoder": {"file": "decoder.pte", "inputs": [...], "outputs": ["masks", "iou_predictions"]}}
(`joint` in the place of both for one file.)
"""  # noqa: E501 - a table

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from results.errors import InputError
from runners.models.segmentation.graphs import Graph
from runners.models.segmentation.preparing import Normalization

LayoutName = Literal["efficient-sam", "sam", "sam2", "points", "joint"]
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)
DESCRIPTION = "model.json"
LARGEST_DESCRIPTION = 1 << 20

# Names for one and the same thing in the exports that there are.
IMAGE = ("batched_images", "image", "images", "input_image", "pixel_values", "x", "input")
COORDINATES = ("batched_point_coords", "batched_points", "point_coords", "points", "input_points")
LABELS = ("batched_point_labels", "point_labels", "labels", "input_labels")
ORIGINAL_SIZE = ("orig_im_size",)
MASK_INPUT = ("mask_input",)
HAS_MASK_INPUT = ("has_mask_input",)
MASKS = ("output_masks", "masks", "pred_masks")
SCORES = ("iou_predictions", "iou_scores", "scores")
LOW_MASKS = ("low_res_masks",)

SAM2_FEATURES = ("image_embed", "high_res_feats_0", "high_res_feats_1")
# In the order of the exports named above, for files that do not name what goes in or comes out.
ENCODER_OUTPUTS: dict[int, tuple[str, ...]] = {
    1: ("image_embeddings",),
    3: ("high_res_feats_0", "high_res_feats_1", "image_embed"),
}
DECODER_INPUTS: dict[int, tuple[str, ...]] = {
    3: ("image_embeddings", "point_coords", "point_labels"),
    4: ("image_embeddings", "batched_point_coords", "batched_point_labels", "orig_im_size"),
    6: (
        "image_embeddings",
        "point_coords",
        "point_labels",
        "mask_input",
        "has_mask_input",
        "orig_im_size",
    ),
    7: (*SAM2_FEATURES, "point_coords", "point_labels", "mask_input", "has_mask_input"),
}
JOINT_INPUTS: dict[int, tuple[str, ...]] = {
    3: ("batched_images", "batched_point_coords", "batched_point_labels")
}
DECODER_OUTPUTS: dict[int, tuple[str, ...]] = {
    2: ("masks", "iou_predictions"),
    3: ("masks", "iou_predictions", "low_res_masks"),
}
# EfficientSAM's decoder cuts off what goes beyond this many points, corners of a box included,
# and says nothing (decoder_max_num_input_points).
MOST_POINTS: dict[LayoutName, int] = {"efficient-sam": 6}


@dataclass(frozen=True)
class FileDescription:
    """What model.json says of one file."""

    file: str | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ModelDescription:
    """What model.json says; the default is what is assumed without one."""

    layout: LayoutName | None = None
    size: int | None = None
    normalization: Normalization = field(default_factory=Normalization)
    mask_threshold: float = 0.0
    files: dict[str, FileDescription] = field(default_factory=dict)

    def of(self, part: str) -> FileDescription:
        return self.files.get(part, FileDescription())


@dataclass(frozen=True)
class Names:
    """The names of a graph's inputs and outputs, in the file's order."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...] | None

    def input(self, known: tuple[str, ...]) -> str | None:
        """What this file calls one of these; None where it has none of them."""
        return next((name for name in self.inputs if name in known), None)


def read_description(folder: Path) -> ModelDescription:
    """What the folder's model.json says, if there is one; InputError names the faulty key."""
    path = folder / DESCRIPTION
    if not path.is_file():
        return ModelDescription()
    try:
        if path.stat().st_size > LARGEST_DESCRIPTION:
            raise ValueError("it is larger than a megabyte")
        said = json.loads(path.read_text("utf-8"))
        if not isinstance(said, dict):
            raise ValueError("an object was expected")
        layout = said.get("layout")
        if layout is not None and layout not in LAYOUTS:
            raise ValueError(f"layout is one of {', '.join(LAYOUTS)}")
        files = {
            part: _file(said[part], part)
            for part in ("encoder", "decoder", "joint")
            if part in said
        }
        default = Normalization()
        return ModelDescription(
            layout,
            _size(said.get("size")),
            Normalization(
                _colours(said.get("mean", default.mean)), _colours(said.get("std", default.std))
            ),
            float(said.get("mask_threshold", 0.0)),
            files,
        )
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None


def input_names(graph: Graph, said: FileDescription, known: dict[int, tuple[str, ...]]) -> Names:
    """The graph's names: as model.json says, else as the file says, else by their number."""
    inputs = said.inputs or graph.inputs
    if inputs is None and graph.shapes is not None:
        inputs = known.get(len(graph.shapes))
    if inputs is None or (graph.shapes is not None and len(inputs) != len(graph.shapes)):
        count = "some" if graph.shapes is None else str(len(graph.shapes))
        raise InputError(
            f"A file with {count} inputs without known names was found; give their names in"
            f" {DESCRIPTION}."
        )
    return Names(tuple(inputs), said.outputs or graph.outputs)


def found_layout(names: Names, description: ModelDescription) -> LayoutName:
    """The layout of a decoder (or of a file that is both) with these inputs.

    InputError says what was found and what was expected.
    """
    if names.input(COORDINATES) is None or names.input(LABELS) is None:
        raise InputError(
            f"The decoder takes {', '.join(names.inputs)}; expected were the points"
            f" ({', '.join(COORDINATES)}) and their labels ({', '.join(LABELS)}). Give the names"
            f" of this file's inputs in {DESCRIPTION}."
        )
    if description.layout is not None:
        return description.layout
    if names.input(IMAGE) is not None:
        return "joint"
    if set(SAM2_FEATURES) <= set(names.inputs):
        return "sam2"
    if str(names.input(COORDINATES)).startswith("batched"):
        return "efficient-sam"
    return "sam" if names.input(ORIGINAL_SIZE) is not None else "points"


def named_outputs(
    parts: list[Any], names: Names, known: dict[int, tuple[str, ...]]
) -> dict[str, Any]:
    """What came out of a graph, by name."""
    outputs = names.outputs or known.get(len(parts))
    if outputs is None or len(outputs) != len(parts):
        raise InputError(
            f"The model gave {len(parts)} results without known names; give their names in"
            f" {DESCRIPTION}."
        )
    return dict(zip(outputs, parts, strict=True))


def one_of(results: dict[str, Any], known: tuple[str, ...]) -> Any:
    """The result of one of these names; None where there is none."""
    return next((results[name] for name in known if name in results), None)


def _file(said: Any, part: str) -> FileDescription:
    if not isinstance(said, dict):
        raise ValueError(f"{part} is an object")
    file = said.get("file")
    if file is not None and (not isinstance(file, str) or Path(file).name != file):
        raise ValueError(f"{part}.file is the name of a file beside {DESCRIPTION}")
    return FileDescription(file, _names(said, part, "inputs"), _names(said, part, "outputs"))


def _names(said: dict[str, Any], part: str, key: str) -> tuple[str, ...] | None:
    names = said.get(key)
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{part}.{key} is a list of names")
    return tuple(names)


def _size(said: Any) -> int | None:
    if said is None:
        return None
    if not isinstance(said, int) or not 16 <= said <= 8192:
        raise ValueError("size is a number of pixels from 16 to 8192")
    return said


def _colours(said: Any) -> tuple[float, float, float]:
    values = tuple(float(value) for value in said)
    if len(values) != 3:
        raise ValueError("mean and std are three numbers each")
    return values
