"""What a model of the SAM 2 family remembers of tracked frames, held to what it can still use.

Memory attention reads, beside the frames that were prompted, the features of the last
`num_maskmem` - 1 frames and the object pointers of the last `max_object_pointers_in_encoder` - 1.
What is older is dropped, or goes to a file where a later correction may look back at it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

# An output's parts that only the frame's own step reads, and those that only features' reach needs.
ONE_STEP = ("high_res_masks",)
FEATURES = ("maskmem_features", "maskmem_pos_enc")


class WindowedOutputs(dict[int, dict[str, Any]]):
    """Outputs of tracked frames by index, of which the newest stay in memory.

    It stands where a session of transformers has a plain dict, and answers `get`, `in`, `[]` as
    one. spill: a folder for what leaves the window; None drops it.
    """

    def __init__(self, features_reach: int, pointers_reach: int, spill: Path | None) -> None:
        super().__init__()
        self._features_reach = features_reach
        self._reach = max(features_reach, pointers_reach)
        self._spill = spill
        self._spilled: set[int] = set()
        self._position: Any = None

    def get(self, index: int, default: Any = None) -> Any:
        if dict.__contains__(self, index):
            return dict.__getitem__(self, index)
        return self._read(index) if index in self._spilled else default

    def __getitem__(self, index: int) -> dict[str, Any]:
        found: dict[str, Any] | None = self.get(index)
        if found is None:
            raise KeyError(index)
        return found

    def __contains__(self, index: object) -> bool:
        return dict.__contains__(self, index) or index in self._spilled

    def discard(self, index: int) -> None:
        """Forgets a frame, wherever its output is."""
        self.pop(index, None)
        if index in self._spilled:
            self._spilled.discard(index)
            self._path(index).unlink(missing_ok=True)

    def settle(self, newest: int) -> None:
        """Holds memory to what frame `newest` + 1 can use; called after each frame."""
        if self._spill is None:
            for index in [index for index in self if index <= newest - self._reach]:
                self.pop(index)
            for index, output in self.items():
                for part in _parts_out_of_use(index, newest, self._features_reach):
                    output.pop(part, None)
            return
        for output in self.values():
            for part in ONE_STEP:
                output.pop(part, None)
        for index in [i for i in self if not newest - self._reach < i <= newest]:
            self._write(index, self.pop(index))

    def _path(self, index: int) -> Path:
        assert self._spill is not None
        return self._spill / f"{index}.pt"

    def _write(self, index: int, output: dict[str, Any]) -> None:
        import torch

        # The same for every frame, and the largest part.
        self._position = output.pop("maskmem_pos_enc", self._position)
        held = io.BytesIO()
        torch.save({key: _whole(value) for key, value in output.items()}, held)
        self._path(index).write_bytes(held.getbuffer())
        self._spilled.add(index)

    def _read(self, index: int) -> Any:
        import torch

        output = torch.load(self._path(index), weights_only=True)
        return {**output, "maskmem_pos_enc": self._position}


def _parts_out_of_use(index: int, newest: int, features_reach: int) -> tuple[str, ...]:
    """Of a frame whose pointer is still in reach; the mask is for a correction of the newest."""
    parts: tuple[str, ...] = ONE_STEP
    if index < newest:
        parts += ("pred_masks", "object_score_logits")
    if index <= newest - features_reach:
        parts += FEATURES
    return parts


def _whole(value: Any) -> Any:
    """A tensor of its own memory: saving a view would save all that it is a part of."""
    return value.clone() if hasattr(value, "clone") else value
