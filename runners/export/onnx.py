"""A torch program as an ONNX file, and one with weights in 8 bits."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from results.errors import InputError, MissingExtra, first_line
from runners.export.causal_lm import INPUTS, OUTPUTS

FILE = "model.onnx"
QUANTIZED = ("int8",)


def write_onnx(program: Any, folder: Path, quantize: str | None) -> None:
    """Writes the program to `FILE`; int8 are weights, with activations quantised as they come.

    InputError where the exporter cannot write it, MissingExtra without its libraries.
    """
    try:
        torch: Any = importlib.import_module("torch")
        importlib.import_module("onnxscript")
    except ImportError:
        raise MissingExtra("Exporting to ONNX", "export") from None
    path = folder / FILE
    try:
        written = torch.onnx.export(
            program,
            dynamo=True,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            verbose=False,
        )
        written.save(path)
    except Exception as error:  # noqa: BLE001 - an operator that it lacks makes it raise anything
        raise InputError(f"The model cannot be written as ONNX: {first_line(error)}.") from None
    if quantize is None:
        return
    quantization: Any = importlib.import_module("onnxruntime.quantization")
    whole = path.with_name(f"whole-{FILE}")
    path.replace(whole)
    try:
        quantization.quantize_dynamic(
            whole, path, weight_type=quantization.QuantType.QInt8, per_channel=True
        )
    except Exception as error:  # noqa: BLE001 - as above
        raise InputError(f"The model cannot be quantised to int8: {first_line(error)}.") from None
    finally:
        whole.unlink(missing_ok=True)
        whole.with_name(f"{whole.name}.data").unlink(missing_ok=True)
