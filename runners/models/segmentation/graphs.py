"""Exported networks as functions from named arrays to named arrays: ONNX, TorchScript, ExecuTorch.

Only ONNX files name what goes in and comes out. A TorchScript archive names its arguments, an
ExecuTorch program neither; what a file does not say is None here, and `layouts` settles it.

A TorchScript archive is a program: opening it runs its author's code. It is opened only because a
person names it as the model under test.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError, MissingExtra
from runners.models.devices import Device, Placement, Precision, torch_placement
from runners.models.loading import unreadable

Arrays = Mapping[str, NDArray[Any]]
# A dimension that is not fixed is None.
Shape = tuple[int | None, ...]

ONNX_PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "mps": "CoreMLExecutionProvider",
}
ONNX_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
}


class Graph(Protocol):
    """One exported network."""

    @property
    def inputs(self) -> tuple[str, ...] | None:
        """The names of what goes in; None where the file does not say."""

    @property
    def outputs(self) -> tuple[str, ...] | None: ...

    @property
    def shapes(self) -> tuple[Shape, ...] | None:
        """The shape of each input; None where the file does not say."""

    @property
    def is_half(self) -> bool:
        """Whether it computes in float16."""

    @property
    def parameters(self) -> int | None:
        """How many numbers it was trained to; None where the file does not tell them apart."""

    def run(self, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """What comes out, for what goes in, both in the file's order."""


class OnnxGraph:
    """An ONNX file in onnxruntime."""

    def __init__(self, path: Path, device: str) -> None:
        try:
            runtime: Any = importlib.import_module("onnxruntime")
        except ImportError:
            raise MissingExtra("An onnx: model", "export") from None
        provider = ONNX_PROVIDERS[device]
        if provider not in runtime.get_available_providers():
            raise InputError(
                f"onnxruntime has no {provider} here; choose the device cpu, or install an"
                " onnxruntime for that device."
            )
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        try:
            self._session = runtime.InferenceSession(
                path, options, providers=list(dict.fromkeys((provider, ONNX_PROVIDERS["cpu"])))
            )
        except Exception as error:  # noqa: BLE001 - a broken file makes the runtime raise anything
            raise unreadable(path, error) from None
        entries = self._session.get_inputs()
        self.inputs: tuple[str, ...] | None = tuple(entry.name for entry in entries)
        self.outputs: tuple[str, ...] | None = tuple(
            entry.name for entry in self._session.get_outputs()
        )
        self.shapes: tuple[Shape, ...] | None = tuple(_fixed(entry.shape) for entry in entries)
        self._path = path
        self._types = [ONNX_TYPES.get(entry.type, np.float32) for entry in entries]
        self.is_half = np.float16 in self._types

    @property
    def parameters(self) -> int | None:
        """Numbers in the file's floating-point initializers; None without the onnx package."""
        try:
            onnx: Any = importlib.import_module("onnx")
        except ImportError:
            return None
        kinds = onnx.TensorProto
        floating = (kinds.FLOAT, kinds.FLOAT16, kinds.BFLOAT16, kinds.DOUBLE, kinds.INT8)
        model = onnx.load(self._path, load_external_data=False)
        weights = [entry for entry in model.graph.initializer if entry.data_type in floating]
        return int(sum(math.prod(entry.dims) for entry in weights))

    def run(self, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        names = self.inputs or ()
        fed = {
            name: np.ascontiguousarray(array, dtype=kind)
            for name, array, kind in zip(names, arrays, self._types, strict=True)
        }
        answer: list[NDArray[Any]] = self._session.run(None, fed)
        return answer


class TorchScriptGraph:
    """A function of a TorchScript archive, by default its `forward`."""

    is_half = False

    def __init__(
        self,
        function: Callable[..., Any],
        placement: Placement,
        inputs: tuple[str, ...] | None = None,
    ) -> None:
        self._function = function
        self._placement = placement
        self.inputs = inputs or _argument_names(getattr(function, "forward", function))
        self.parameters: int | None = _count_parameters(function)
        self.outputs: tuple[str, ...] | None = None
        self.shapes: tuple[Shape, ...] | None = None

    def run(self, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        torch = importlib.import_module("torch")
        fed = [torch.tensor(array, device=self._placement.device) for array in arrays]
        with self._placement.running():
            answer = self._function(*fed)
        parts = answer if isinstance(answer, (tuple, list)) else (answer,)
        return [part.float().cpu().numpy() for part in parts]


class ExecuTorchGraph:
    """The `forward` of an ExecuTorch program, on the CPU."""

    is_half = False
    parameters: int | None = None

    def __init__(self, path: Path) -> None:
        try:
            runtime: Any = importlib.import_module("executorch.runtime")
        except ImportError:
            raise MissingExtra("An executorch: model", "export") from None
        try:
            # The program must outlive its method.
            self._program = runtime.Runtime.get().load_program(path)
            self._method = self._program.load_method("forward")
            meta = self._method.metadata
            shapes = [tuple(meta.input_tensor_meta(i).sizes()) for i in range(meta.num_inputs())]
        except Exception as error:  # noqa: BLE001 - a broken file makes the runtime raise anything
            raise unreadable(path, error) from None
        self.inputs: tuple[str, ...] | None = None
        self.outputs: tuple[str, ...] | None = None
        self.shapes: tuple[Shape, ...] | None = tuple(shapes)
        self._types = [meta.input_tensor_meta(i).dtype() for i in range(meta.num_inputs())]

    def run(self, arrays: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        torch = importlib.import_module("torch")
        kinds = {6: torch.float32, 4: torch.int64, 3: torch.int32}
        fed = [
            torch.tensor(array).to(kinds.get(kind, torch.float32)).contiguous()
            for array, kind in zip(arrays, self._types, strict=True)
        ]
        return [part.float().numpy() for part in self._method.execute(fed)]


def open_script(path: Path, placement: Placement) -> Any:
    """A TorchScript archive on its device; InputError when it cannot be read."""
    torch = importlib.import_module("torch")
    try:
        return torch.jit.load(str(path), map_location=placement.device).eval()
    except Exception as error:  # noqa: BLE001 - a broken archive makes torch raise anything
        raise unreadable(path, error) from None


def script_halves(script: Any, placement: Placement) -> tuple[Graph, Graph]:
    """Encoder and decoder of EfficientSAM's own archive, which has a method for each.

    That way an image is encoded once for all its prompts.
    """

    def decoded(embeddings: Any, points: Any, labels: Any, size: Any) -> Any:
        height, width = (int(side) for side in size)
        return script.predict_masks(embeddings, points, labels, True, height, width, height, width)

    names = ("image_embeddings", "batched_point_coords", "batched_point_labels", "orig_im_size")
    encoder = TorchScriptGraph(script.get_image_embeddings, placement, ("batched_images",))
    encoder.parameters = _count_parameters(script)
    return encoder, TorchScriptGraph(decoded, placement, names)


def graph_placement(form: str, device: Device, precision: Precision) -> Placement:
    """Where a file of that form can run; InputError names what cannot be had.

    The precision of an ONNX or ExecuTorch file is a part of it, so it is not to be chosen.
    """
    if form == "torchscript":
        return torch_placement(device, precision)
    if precision != "fp32":
        raise InputError(
            f"The precision of an {form} file is its own; leave it at fp32, and export the model"
            f" in {precision} for that."
        )
    if form == "executorch":
        if device not in ("auto", "cpu"):
            raise InputError(f"ExecuTorch programs run on the CPU here, not on {device}.")
        return Placement("cpu", precision)
    if device == "auto":
        return Placement("cuda" if _has_onnx_cuda() else "cpu", precision)
    if device not in ONNX_PROVIDERS:
        raise InputError(f"No device {device}; there are auto, cpu, cuda and mps.")
    return Placement(device, precision)


def _has_onnx_cuda() -> bool:
    try:
        runtime: Any = importlib.import_module("onnxruntime")
    except ImportError:
        return False
    return ONNX_PROVIDERS["cuda"] in runtime.get_available_providers()


def _count_parameters(script: Any) -> int:
    """Of a module; 0 of a function, whose module is counted elsewhere."""
    listed = getattr(script, "parameters", None)
    return sum(parameter.numel() for parameter in listed()) if callable(listed) else 0


def _argument_names(function: Any) -> tuple[str, ...] | None:
    schema = getattr(function, "schema", None)
    if schema is None:
        return None
    return tuple(argument.name for argument in schema.arguments if argument.name != "self")


def _fixed(shape: Sequence[Any]) -> Shape:
    return tuple(side if isinstance(side, int) else None for side in shape)
