"""`executorch:` language models: what `judge models export --to executorch` wrote, on the CPU."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from results.errors import MissingExtra
from runners.models.describing import Described, versions_described
from runners.models.language.interface import Logits
from runners.models.language.stepwise import (
    Arrays,
    StepwiseNetwork,
    read_settings,
)
from runners.models.loading import unreadable

FORM = "executorch"


class ExecuTorchNetwork(StepwiseNetwork):
    """A causal language model in ExecuTorch's runtime, one row at a time."""

    device = "cpu"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, read_settings(folder, FORM))
        try:
            runtime: Any = importlib.import_module("executorch.runtime")
        except ImportError:
            raise MissingExtra("An executorch: model", "export") from None
        self._torch: Any = importlib.import_module("torch")
        path = folder / self.settings.file
        try:
            # The program must outlive its method.
            self._program = runtime.Runtime.get().load_program(path)
            self._method = self._program.load_method("forward")
        except Exception as error:  # noqa: BLE001 - a broken file makes the runtime raise anything
            raise unreadable(path, error) from None

    def describe(self) -> Described:
        return {**super().describe(), **versions_described("executorch", "tokenizers")}

    def _call(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[Logits, Arrays, Arrays]:
        given = [self._torch.from_numpy(array.copy()) for array in inputs.values()]
        # The runtime reuses the memory of what it gives.
        logits, keys, values = (each.clone().numpy() for each in self._method.execute(given))
        return logits, keys, values
