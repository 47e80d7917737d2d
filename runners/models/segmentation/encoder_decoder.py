"""EfficientSAM, SqueezeSAM, EdgeTAM and other SAMs as exported files: an encoder and a decoder.

`layouts` says which files are understood, and how.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError
from runners.models.describing import Described, files_described, versions_described
from runners.models.devices import Placement
from runners.models.segmentation.graphs import (
    ExecuTorchGraph,
    Graph,
    OnnxGraph,
    Shape,
    TorchScriptGraph,
    open_script,
    script_halves,
)
from runners.models.segmentation.interface import Picture, Prepared, Prompt, PromptKind
from runners.models.segmentation.layouts import (
    COORDINATES,
    DECODER_INPUTS,
    DECODER_OUTPUTS,
    DESCRIPTION,
    ENCODER_OUTPUTS,
    HAS_MASK_INPUT,
    IMAGE,
    JOINT_INPUTS,
    LABELS,
    LOW_MASKS,
    MASK_INPUT,
    MASKS,
    MOST_POINTS,
    ORIGINAL_SIZE,
    SCORES,
    LayoutName,
    ModelDescription,
    Names,
    found_layout,
    input_names,
    named_outputs,
    one_of,
    read_description,
)
from runners.models.segmentation.preparing import (
    image_pixels,
    logits_at,
    padded_pixels,
    unpadded_logits_at,
    within,
)
from runners.models.segmentation.prompts import as_points, check_picture, check_prompt

SUFFIXES = {"onnx": (".onnx",), "torchscript": (".pt", ".ts", ".pth"), "executorch": (".pte",)}
VERSIONS = {"onnx": "onnxruntime", "torchscript": "torch", "executorch": "executorch"}
# A layout whose model resizes and normalises for itself.
TAKES_ANY_IMAGE: tuple[LayoutName, ...] = ("efficient-sam", "joint")
NOT_A_POINT = -1


@dataclass(frozen=True)
class _Encoded:
    """The image at hand: what the decoder is fed for it, and the frame of the clicks."""

    fed: dict[str, NDArray[Any]]
    height: int
    width: int
    input_height: int
    input_width: int


class EncoderDecoderSegmenter:
    """An exported image model; `files` are its encoder and decoder, or one file that is both."""

    def __init__(
        self, form: str, files: tuple[Path, ...], description: ModelDescription, place: Placement
    ) -> None:
        self.name = files[0].resolve().parent.name if len(files) > 1 else files[0].stem
        self.variant: str | None = form
        self._form, self._files, self._description = form, files, description
        self._placement = place
        self._encoder, self._decoder = _opened(form, files, place)
        part, known = ("decoder", DECODER_INPUTS) if self._encoder else ("joint", JOINT_INPUTS)
        self._names = input_names(self._decoder, description.of(part), known)
        self.layout = found_layout(self._names, description)
        self._encoder_names: Names | None = None
        if self._encoder is not None:
            said = description.of("encoder")
            self._encoder_names = input_names(self._encoder, said, {1: ("image",)})
            if len(self._encoder_names.inputs) != 1:
                raise InputError(
                    f"The encoder takes {', '.join(self._encoder_names.inputs)}; expected was one"
                    f" image."
                )
        self._shape = self._input_shape()
        takes_mask = self._names.input(MASK_INPUT) is not None
        self.accepts: frozenset[PromptKind] = frozenset(
            {"points", "box", "previous"} if takes_mask else {"points", "box"}
        )
        self._encoded: _Encoded | None = None
        self._low: NDArray[Any] | None = None

    @property
    def device(self) -> str:
        return self._placement.device

    @property
    def precision(self) -> str:
        return "fp16" if self._decoder.is_half else self._placement.precision

    def prepare(self, image: Picture) -> Prepared:
        check_picture(image)
        if self.layout in TAKES_ANY_IMAGE:
            pixels = np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32) / 255
            if self._shape is not None and self._shape != image.shape[:2]:
                import torch

                pixels = logits_at(torch.from_numpy(pixels), *self._shape).numpy()
        else:
            assert self._shape is not None
            make = padded_pixels if self.layout == "sam" else image_pixels
            pixels = make(image, self._shape[0], self._description.normalization).numpy()
        return Prepared(pixels[None], image.shape[0], image.shape[1])

    def set_image(self, image: Picture | Prepared) -> None:
        prepared = image if isinstance(image, Prepared) else self.prepare(image)
        if self._encoder is not None and self._encoder_names is not None:
            parts = self._encoder.run([prepared.pixels])
            fed = named_outputs(parts, self._encoder_names, ENCODER_OUTPUTS)
        else:
            fed = {str(self._names.input(IMAGE)): prepared.pixels}
        height, width = prepared.pixels.shape[-2:]
        self._encoded = _Encoded(fed, prepared.height, prepared.width, height, width)
        self._low = None

    def predict(
        self, prompt: Prompt, *, multimask: bool, previous: int | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        encoded = self._encoded
        if encoded is None:
            raise InputError("There is no image yet: call set_image before predict.")
        check_prompt(prompt, encoded.height, encoded.width, self.accepts)
        results = named_outputs(
            self._decoder.run(self._arranged(self._fed(encoded, prompt, previous))),
            self._names,
            DECODER_OUTPUTS,
        )
        masks, scores, low = (one_of(results, known) for known in (MASKS, SCORES, LOW_MASKS))
        if masks is None or scores is None:
            raise InputError(
                f"The decoder gives {', '.join(results)}; expected were masks"
                f" ({', '.join(MASKS)}) and scores ({', '.join(SCORES)}). Give the names of its"
                f" results in {DESCRIPTION}."
            )
        masks, scores = _flat(masks, 3), scores.reshape(-1)
        low = masks if low is None else _flat(low, 3)
        chosen = _chosen(scores, multimask=multimask)
        self._low = low[chosen]
        logits = self._at_image_size(masks[chosen], low[chosen], encoded)
        found: NDArray[np.bool_] = (logits > self._description.mask_threshold).cpu().numpy()
        return found, scores[chosen].astype(np.float32)

    def describe(self) -> Described:
        counts = [graph.parameters for graph in (self._encoder, self._decoder) if graph]
        known = [count for count in counts if count is not None]
        parameters: Described = {"parameters": sum(known)} if len(known) == len(counts) else {}
        return {
            "adapter": self._form,
            "layout": self.layout,
            "files": ", ".join(path.name for path in self._files),
            "mask_threshold": self._description.mask_threshold,
            **parameters,
            **files_described(self._files),
            **versions_described(VERSIONS[self._form]),
        }

    def _input_shape(self) -> tuple[int, int] | None:
        """Height and width that the file's image input has; None where any will do."""
        graph = self._encoder or self._decoder
        names = self._encoder_names or self._names
        index = 0 if self._encoder else names.inputs.index(str(names.input(IMAGE)))
        if graph.shapes is not None and len(graph.shapes[index]) == 4:
            height, width = graph.shapes[index][2:]
            if height is not None and width is not None:
                if height != width and self.layout not in TAKES_ANY_IMAGE:
                    raise InputError(
                        f"The encoder takes {width} x {height}; a square was expected."
                    )
                return height, width
        if self._description.size is not None:
            return self._description.size, self._description.size
        if self.layout in TAKES_ANY_IMAGE:
            return None
        raise InputError(
            f"{self._files[0]} does not say the size of its input; give size in {DESCRIPTION}."
        )

    def _fed(
        self, encoded: _Encoded, prompt: Prompt, previous: int | None
    ) -> dict[str, NDArray[Any]]:
        """Everything the decoder may ask for, under its own names."""
        points, labels = as_points(prompt)
        points = points * self._click_scale(encoded)
        has_box = prompt.box is not None
        points, labels = self._padded(points, labels, has_box=has_box)
        coordinates = str(self._names.input(COORDINATES))
        leading = (None,) * (2 if coordinates.startswith("batched") else 1)
        size = (encoded.height, encoded.width)
        if self.layout in TAKES_ANY_IMAGE:
            size = (encoded.input_height, encoded.input_width)
        fed: dict[str, NDArray[Any]] = {
            **encoded.fed,
            coordinates: points[leading].astype(np.float32),
            str(self._names.input(LABELS)): labels[leading].astype(np.float32),
        }
        for known, value in (
            (ORIGINAL_SIZE, np.array(size, np.int64)),
            (HAS_MASK_INPUT, np.array([previous is not None], np.float32)),
        ):
            name = self._names.input(known)
            if name is not None:
                fed[name] = value
        name = self._names.input(MASK_INPUT)
        if name is not None:
            fed[name] = self._mask_input(previous)
        elif previous is not None:
            raise InputError("This model cannot refine an earlier answer: it takes no mask_input.")
        return fed

    def _click_scale(self, encoded: _Encoded) -> tuple[float, float]:
        height, width = encoded.input_height, encoded.input_width
        if self.layout == "sam":
            height, width = within(encoded.height, encoded.width, height)
        return width / encoded.width, height / encoded.height

    def _padded(
        self, points: NDArray[Any], labels: NDArray[Any], *, has_box: bool
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Points filled up with ones that count for nothing, to what the file asks for.

        SAM's own exports expect one such point where there is no box.
        """
        most = MOST_POINTS.get(self.layout)
        if most is not None and len(points) > most:
            raise InputError(
                f"EfficientSAM reads {most} points, a box being two of them; {len(points)} were"
                " given, and it would leave out the last without a word."
            )
        missing = 1 if self.layout == "sam" and not has_box else 0
        fixed = self._fixed_points()
        if fixed is not None:
            if len(points) > fixed:
                raise InputError(
                    f"{self._files[-1].name} was exported for {fixed} points, a box being two of"
                    f" them; {len(points)} were given."
                )
            missing = fixed - len(points)
        place = 0.0 if self.layout in ("sam", "sam2", "points") else float(NOT_A_POINT)
        points = np.concatenate([points, np.full((missing, 2), place)])
        return points, np.concatenate([labels, np.full(missing, NOT_A_POINT)])

    def _fixed_points(self) -> int | None:
        shapes = self._decoder.shapes
        if shapes is None:
            return None
        shape: Shape = shapes[self._names.inputs.index(str(self._names.input(COORDINATES)))]
        return shape[-2]

    def _mask_input(self, previous: int | None) -> NDArray[np.float32]:
        assert self._shape is not None
        side = self._shape[0] // 4
        if previous is None:
            return np.zeros((1, 1, side, side), np.float32)
        if self._low is None or not 0 <= previous < len(self._low):
            raise InputError(f"The last answer has no mask {previous} that could be refined.")
        low: NDArray[np.float32] = self._low[previous].astype(np.float32)[None, None]
        return low

    def _arranged(self, fed: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        unknown = [name for name in self._names.inputs if name not in fed]
        if unknown:
            raise InputError(
                f"The decoder takes {', '.join(unknown)}, which the encoder does not give and no"
                f" prompt holds; it gives {', '.join(fed)}. Names can be set in {DESCRIPTION}."
            )
        return [fed[name] for name in self._names.inputs]

    def _at_image_size(self, masks: NDArray[Any], low: NDArray[Any], encoded: _Encoded) -> Any:
        import torch

        if self.layout == "sam":
            # A traced SAM decoder has the crop of its example image in its own masks.
            return unpadded_logits_at(
                torch.from_numpy(low), encoded.height, encoded.width, encoded.input_height
            )
        logits = torch.from_numpy(masks)
        if masks.shape[1:] == (encoded.height, encoded.width):
            return logits
        return logits_at(logits, encoded.height, encoded.width)


def open_encoder_decoder(form: str, place: str, placement: Placement) -> EncoderDecoderSegmenter:
    """The exported model in a folder, or of this encoder file or joint file.

    form: `onnx`, `torchscript` or `executorch`. InputError, in a sentence, when the files are not
    there, cannot be read, or are not understood.
    """
    path = Path(place).expanduser()
    if not path.exists():
        raise InputError(f"There is no file or folder {place}.")
    folder = path if path.is_dir() else path.parent
    description = read_description(folder)
    files = _described_files(folder, description)
    if not files:
        files = _files_in(folder, form) if path.is_dir() else _files_of(path)
    for file in files:
        if not file.is_file():
            raise InputError(f"There is no file {file}.")
    return EncoderDecoderSegmenter(form, files, description, placement)


def _described_files(folder: Path, description: ModelDescription) -> tuple[Path, ...]:
    parts = ("joint",) if "joint" in description.files else ("encoder", "decoder")
    named = [description.of(part).file for part in parts]
    return tuple(folder / name for name in named if name) if all(named) else ()


def _files_in(folder: Path, form: str) -> tuple[Path, ...]:
    files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES[form])
    encoders = [path for path in files if "encoder" in path.name]
    decoders = [path for path in files if "decoder" in path.name]
    if len(encoders) == len(decoders) == 1:
        return encoders[0], decoders[0]
    if len(files) == 1:
        return (files[0],)
    raise InputError(
        f"{folder} holds {len(files)} {' or '.join(SUFFIXES[form])} files; expected was one with"
        " encoder and one with decoder in its name, or a single one. Name the encoder's file, or"
        f" write {DESCRIPTION}."
    )


def _files_of(path: Path) -> tuple[Path, ...]:
    if "encoder" in path.name:
        return path, path.with_name(path.name.replace("encoder", "decoder"))
    return (path,)


def _opened(form: str, files: tuple[Path, ...], placement: Placement) -> tuple[Graph | None, Graph]:
    """The encoder, None in a file that is both, and the decoder."""
    if form == "onnx":
        graphs: list[Graph] = [OnnxGraph(path, placement.device) for path in files]
    elif form == "executorch":
        graphs = [ExecuTorchGraph(path) for path in files]
    else:
        scripts = [open_script(path, placement) for path in files]
        if len(scripts) == 1 and hasattr(scripts[0], "predict_masks"):
            return script_halves(scripts[0], placement)
        graphs = [TorchScriptGraph(script, placement) for script in scripts]
    return (None, graphs[0]) if len(graphs) == 1 else (graphs[0], graphs[1])


def _flat(array: NDArray[Any], rank: int) -> NDArray[Any]:
    """The array without the leading dimensions, which are 1 for one image and one object."""
    return array.reshape(array.shape[-rank:])


def _chosen(scores: NDArray[Any], *, multimask: bool) -> NDArray[np.intp]:
    """Which of the masks are the answer.

    Of four, as SAM's decoder has them, the first is its single answer and the others its three.
    Of three, as EfficientSAM's has them, the single answer is that of the best score.
    """
    everything = np.arange(len(scores))
    if len(scores) == 4:
        return everything[1:] if multimask else everything[:1]
    return everything if multimask else everything[[int(scores.argmax())]]
