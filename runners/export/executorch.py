"""A torch program as an ExecuTorch program for XNNPACK, the CPU kernels of phones."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from results.errors import InputError, MissingExtra, first_line

FILE = "model.pte"
QUANTIZED = ("8da4w", "int8")
GROUP = 32


def quantized(model: Any, kind: str) -> None:
    """Quantises the linear layers of a transformers model where they stand, by torchao.

    8da4w is what ExecuTorch's own language models use: activations in 8 bits as they come, weights
    in 4 bits by groups of `GROUP`. int8 has weights of 8 bits a channel. InputError where a layer
    does not divide into groups.
    """
    try:
        library: Any = importlib.import_module("torchao.quantization")
        granularity: Any = importlib.import_module("torchao.quantization.granularity")
        torch: Any = importlib.import_module("torch")
    except ImportError:
        raise MissingExtra("Quantising a model", "export") from None
    kinds = {
        "8da4w": (torch.int4, granularity.PerGroup(GROUP)),
        "int8": (torch.int8, granularity.PerAxis(0)),
    }
    width, granule = kinds[kind]
    try:
        library.quantize_(
            model,
            library.Int8DynamicActivationIntxWeightConfig(
                weight_dtype=width, weight_granularity=granule
            ),
        )
    except Exception as error:  # noqa: BLE001 - layers that do not fit make it raise anything
        raise InputError(f"The model cannot be quantised to {kind}: {first_line(error)}.") from None


def write_executorch(program: Any, folder: Path) -> None:
    """Lowers the program to XNNPACK and writes it to `FILE`.

    InputError where it cannot be lowered, MissingExtra without the library.
    """
    try:
        lowering: Any = importlib.import_module("executorch.exir")
        partitioning: Any = importlib.import_module(
            "executorch.backends.xnnpack.partition.xnnpack_partitioner"
        )
    except ImportError:
        raise MissingExtra("Exporting to ExecuTorch", "export") from None
    try:
        lowered = lowering.to_edge_transform_and_lower(
            program, partitioner=[partitioning.XnnpackPartitioner()]
        ).to_executorch()
    except Exception as error:  # noqa: BLE001 - an operator that it lacks makes it raise anything
        raise InputError(
            f"The model cannot be lowered to ExecuTorch: {first_line(error)}."
        ) from None
    with (folder / FILE).open("wb") as file:
        lowered.write_to_file(file)
