"""The image predictors of the SAM 2, EdgeTAM and EfficientTAM code bases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError
from runners.models.describing import Described, files_described, versions_described
from runners.models.devices import Placement
from runners.models.own_code import imported_from
from runners.models.segmentation.checkpoint import weights_described
from runners.models.segmentation.code_bases import OfficialModel, built
from runners.models.segmentation.interface import Picture, Prepared, Prompt, PromptKind
from runners.models.segmentation.prompts import check_picture, check_prompt


class OfficialImageSegmenter:
    """A `SAM2ImagePredictor`, or its like in another code base."""

    variant: str | None = None
    accepts: frozenset[PromptKind] = frozenset({"points", "box", "previous"})

    def __init__(
        self, model: OfficialModel, placement: Placement, *, compile: bool, code: Path | None
    ) -> None:
        base = model.code_base
        building = imported_from(base.building, base.package, base.install, code)
        predicting = imported_from(base.predicting, base.package, base.install, code)
        settings: dict[str, Any] = {}
        if compile:
            settings["hydra_overrides_extra"] = ["++model.compile_image_encoder=true"]
        network = built(getattr(building, base.build_image), model, placement.device, **settings)
        self._network = network
        self._predictor = getattr(predicting, base.image_predictor)(network)
        self.name = model.checkpoint.stem
        self._model, self._placement, self._compiled = model, placement, compile
        self._size: tuple[int, int] | None = None
        self._logits: NDArray[np.float32] | None = None

    @property
    def device(self) -> str:
        return self._placement.device

    @property
    def precision(self) -> str:
        return self._placement.precision

    def prepare(self, image: Picture) -> Prepared:
        """The image as it is: the predictor prepares it with its own code."""
        check_picture(image)
        return Prepared(np.ascontiguousarray(image), image.shape[0], image.shape[1])

    def set_image(self, image: Picture | Prepared) -> None:
        prepared = image if isinstance(image, Prepared) else self.prepare(image)
        with self._placement.running():
            self._predictor.set_image(prepared.pixels)
        self._size = (prepared.height, prepared.width)
        self._logits = None

    def predict(
        self, prompt: Prompt, *, multimask: bool, previous: int | None = None
    ) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        if self._size is None:
            raise InputError("There is no image yet: call set_image before predict.")
        check_prompt(prompt, *self._size, self.accepts)
        earlier = None
        if previous is not None:
            if self._logits is None or not 0 <= previous < len(self._logits):
                raise InputError(f"The last answer has no mask {previous} that could be refined.")
            earlier = self._logits[previous][None]
        with self._placement.running():
            masks, scores, self._logits = self._predictor.predict(
                point_coords=_array(prompt.points, np.float32),
                point_labels=_array(prompt.labels, np.int32),
                box=_array(prompt.box, np.float32),
                mask_input=earlier,
                multimask_output=multimask,
            )
        return np.asarray(masks) > 0.5, np.asarray(scores, np.float32)

    def describe(self) -> Described:
        return {
            "adapter": f"official:{self._model.name}",
            "config": self._model.config,
            "image_size": int(self._network.image_size),
            "compiled": int(self._compiled),
            **weights_described(self._network),
            **files_described([self._model.checkpoint]),
            **versions_described("torch"),
        }


def _array(values: Any, kind: type) -> NDArray[Any] | None:
    return None if values is None else np.asarray(values).astype(kind)
