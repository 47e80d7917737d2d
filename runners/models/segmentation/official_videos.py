"""The video predictors of the SAM 2, EdgeTAM and EfficientTAM code bases.

They expect a whole video in a folder. Here each is shown a folder of one blank frame of the
video's size, and then reads the frames from this session instead, prepared as its own loader
prepares them. Going through a video frame by frame, what its memory cannot use any more is taken
out of its state.

Objects that are first prompted after tracking began get a state of their own, as in the official
inference for such sets (`vos_separate_inference_per_object`). The predictor is built as for the
official evaluation, without filling holes (`apply_postprocessing=False`), and with corrected frames
joining the conditioning frames (`add_all_frames_to_correct_as_cond`).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from results.errors import InputError, first_line
from runners.models.describing import Described, files_described, versions_described
from runners.models.devices import Placement
from runners.models.own_code import imported_from
from runners.models.segmentation.checkpoint import weights_described
from runners.models.segmentation.code_bases import OfficialModel, built
from runners.models.segmentation.frame_store import FrameStore
from runners.models.segmentation.interface import Mask, Prompt
from runners.models.segmentation.overlap import masks_at
from runners.models.segmentation.preparing import Normalization, frame_pixels
from runners.models.segmentation.sessions import FrameByFrameSegmenter, FrameByFrameSession


class OfficialVideoSegmenter(FrameByFrameSegmenter):
    """A `…VideoPredictor` of one of the code bases."""

    def __init__(
        self, model: OfficialModel, placement: Placement, *, compile: bool, code: Path | None
    ) -> None:
        base = model.code_base
        module = imported_from(base.building, base.package, base.install, code)
        settings: dict[str, Any] = {"apply_postprocessing": False}
        if compile:
            settings["hydra_overrides_extra"] = ["++model.compile_image_encoder=true"]
        make = getattr(module, base.build_video)
        self._predictor = built(make, model, placement.device, **settings)
        self._predictor.add_all_frames_to_correct_as_cond = True
        _quiet(self._predictor)
        self.name = model.checkpoint.stem
        self._model, self._placement, self._compiled = model, placement, compile
        self._size = int(self._predictor.image_size)
        stride = int(getattr(self._predictor, "memory_temporal_stride_for_eval", 1))
        self._reach = max(
            int(getattr(self._predictor, "num_maskmem", 7)) * stride,
            int(getattr(self._predictor, "max_obj_ptrs_in_encoder", 16)),
        )

    def _session(
        self, size: tuple[int, int], n_frames: int, *, keep_frames: bool, non_overlapping: bool
    ) -> OfficialVideoSession:
        return OfficialVideoSession(
            self, size, n_frames, keep_frames=keep_frames, non_overlapping=non_overlapping
        )

    def describe(self) -> Described:
        return {
            "adapter": f"official:{self._model.name}",
            "config": self._model.config,
            "image_size": self._size,
            "resize": "Pillow bicubic, uint8",
            "compiled": int(self._compiled),
            **weights_described(self._predictor),
            **files_described([self._model.checkpoint]),
            **versions_described("torch"),
        }


class OfficialVideoSession(FrameByFrameSession):
    """One video on its way through an `OfficialVideoSegmenter`.

    Without `keep_frames` memory does not grow with the video; with it, the frames are in a file and
    the predictor keeps what it makes of them, as it always does.
    """

    def __init__(
        self,
        segmenter: OfficialVideoSegmenter,
        size: tuple[int, int],
        n_frames: int,
        *,
        keep_frames: bool,
        non_overlapping: bool,
    ) -> None:
        super().__init__(segmenter.prepare, segmenter.accepts, *size, keep_frames=keep_frames)
        self._segmenter = segmenter
        self._predictor = segmenter._predictor
        self._n_frames = n_frames
        self._non_overlapping = non_overlapping
        self._frames = _LazyFrames(self._store, n_frames, segmenter.device)
        self._states: list[_State] = []
        self._features: dict[int, Any] = {}

    @property
    def _has_objects(self) -> bool:
        return bool(self._states)

    def _prompted(self, index: int, object_id: int, prompt: Prompt) -> Mask:
        state = self._state_for(object_id)
        with self._segmenter._placement.running(), self._sharing(state):
            if prompt.mask is not None:
                _, ids, logits = self._predictor.add_new_mask(
                    state.official, index, object_id, prompt.mask
                )
            else:
                _, ids, logits = self._predictor.add_new_points_or_box(
                    state.official, index, object_id, **_points_and_box(prompt)
                )
        found = logits[list(ids).index(object_id)]
        return masks_at({object_id: found}, self._height, self._width)[object_id]

    def close(self) -> None:
        super().close()
        self._states.clear()
        self._features = {}

    def _tracked(self, index: int) -> dict[int, Mask]:
        logits: dict[int, Any] = {}
        for state in self._states:
            with self._segmenter._placement.running(), self._sharing(state):
                for _, ids, found in self._predictor.propagate_in_video(
                    state.official, start_frame_idx=index, max_frame_num_to_track=0
                ):
                    logits.update(zip(ids, found, strict=True))
            state.is_tracking = True
            if not self._keeps:
                state.forget(index - self._segmenter._reach)
        return masks_at(logits, self._height, self._width, non_overlapping=self._non_overlapping)

    def _state_for(self, object_id: int) -> _State:
        """The state that has this object; else one that has not begun to track."""
        for state in self._states:
            if object_id in state.objects:
                return state
        if not self._states or self._states[-1].is_tracking:
            self._states.append(_State(self._started()))
        self._states[-1].objects.add(object_id)
        return self._states[-1]

    def _started(self) -> dict[str, Any]:
        from PIL import Image

        blank = Image.fromarray(np.zeros((self._height, self._width, 3), np.uint8))
        with tempfile.TemporaryDirectory(prefix="judge-video-") as folder:
            blank.save(Path(folder) / "00000.jpg", "JPEG")
            try:
                with self._segmenter._placement.running():
                    official: dict[str, Any] = self._predictor.init_state(video_path=folder)
            except (RuntimeError, AssertionError) as error:
                raise InputError(
                    f"The code base {self._segmenter._model.name} cannot start a video on"
                    f" {self._segmenter.device}: {first_line(error)}; update it, or choose the"
                    " device cuda."
                ) from None
        official["images"] = self._frames
        official["num_frames"] = self._n_frames
        official["cached_features"] = {}
        return official

    def _sharing(self, state: _State) -> _SharedFeatures:
        return _SharedFeatures(self, state)


class _State:
    """An inference state of the code base, and what is known of it here."""

    def __init__(self, official: dict[str, Any]) -> None:
        self.official = official
        self.objects: set[int] = set()
        self.is_tracking = False

    def forget(self, newest: int) -> None:
        """Takes frames up to `newest` out, but for those that were prompted.

        The names are those of the first release, which keeps outputs of all objects together, and
        of later ones, which keep each object's.
        """
        official = self.official
        for outputs in (
            official.get("output_dict", {}),
            *official.get("output_dict_per_obj", {}).values(),
        ):
            _drop_up_to(outputs.get("non_cond_frame_outputs", {}), newest)
        _drop_up_to(official.get("frames_already_tracked", {}), newest)
        for tracked in official.get("frames_tracked_per_obj", {}).values():
            _drop_up_to(tracked, newest)


class _SharedFeatures:
    """Lets a state use the image features that another made of the same frame."""

    def __init__(self, session: OfficialVideoSession, state: _State) -> None:
        self._session, self._state = session, state

    def __enter__(self) -> None:
        self._state.official["cached_features"] = self._session._features

    def __exit__(self, *_: object) -> None:
        self._session._features = self._state.official["cached_features"]


class _LazyFrames:
    """Stands where a state has its tensor of all frames."""

    def __init__(self, store: FrameStore, n_frames: int, device: str) -> None:
        self._store = store
        self._n_frames = n_frames
        self._device = device

    def __getitem__(self, index: int) -> Any:
        return frame_pixels(self._store.get(index), Normalization(), self._device)

    def __len__(self) -> int:
        return self._n_frames


def _points_and_box(prompt: Prompt) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    if prompt.points is not None:
        asked["points"] = np.asarray(prompt.points, np.float32)
        asked["labels"] = np.asarray(prompt.labels).astype(np.int32)
    if prompt.box is not None:
        asked["box"] = np.asarray(prompt.box, np.float32)
    return asked


def _drop_up_to(frames: dict[int, Any], newest: int) -> None:
    for index in [index for index in frames if index <= newest]:
        del frames[index]


def _quiet(predictor: Any) -> None:
    """Takes away the progress bar that the predictor would draw for each frame."""
    module = sys.modules.get(type(predictor).__module__)
    if hasattr(module, "tqdm"):
        setattr(module, "tqdm", lambda frames, **_: frames)  # noqa: B010 - the module is not ours
