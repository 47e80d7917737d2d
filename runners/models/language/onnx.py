"""`onnx:` language models: a folder that `judge models export --to onnx` wrote, in onnxruntime."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from results.errors import InputError, MissingExtra
from runners.models.describing import Described, versions_described
from runners.models.devices import Device
from runners.models.language.interface import Logits
from runners.models.language.stepwise import (
    Arrays,
    StepwiseNetwork,
    read_settings,
)
from runners.models.loading import unreadable

FORM = "onnx"


class OnnxNetwork(StepwiseNetwork):
    """A causal language model in onnxruntime, any number of rows at once."""

    def __init__(self, folder: Path, device: Device = "auto") -> None:
        super().__init__(folder, read_settings(folder, FORM))
        try:
            runtime: Any = importlib.import_module("onnxruntime")
        except ImportError:
            raise MissingExtra("An onnx: model", "export") from None
        there = runtime.get_available_providers()
        wanted = {"cuda": "CUDAExecutionProvider", "mps": "CoreMLExecutionProvider"}.get(device)
        if device == "auto" and "CUDAExecutionProvider" in there:
            wanted = "CUDAExecutionProvider"
        if wanted is not None and wanted not in there:
            raise InputError(
                f"onnxruntime has no {wanted} here; choose the device cpu, or install an"
                " onnxruntime for that device."
            )
        self.device = "cpu" if wanted is None else "cuda" if "CUDA" in wanted else "mps"
        options = runtime.SessionOptions()
        options.log_severity_level = 3
        path = folder / self.settings.file
        providers = [each for each in (wanted, "CPUExecutionProvider") if each]
        try:
            self._session = runtime.InferenceSession(path, options, providers=providers)
        except Exception as error:  # noqa: BLE001 - a broken file makes the runtime raise anything
            raise unreadable(path, error) from None

    def describe(self) -> Described:
        return {**super().describe(), **versions_described("onnxruntime", "tokenizers")}

    def _call(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[Logits, Arrays, Arrays]:
        logits, keys, values = self._session.run(None, dict(inputs))
        return logits, keys, values
