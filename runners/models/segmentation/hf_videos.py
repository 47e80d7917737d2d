"""SAM 2 and EdgeTAM for videos, through transformers.

Each object has an inference session of its own, and all share the frames and the image features:
in SAM 2's code, too, objects know nothing of each other. Two things differ from what transformers
does by itself, both as in SAM 2's `SAM2VideoPredictor`: clicks on a frame that has a mask already
start from that mask (`prev_sam_mask_logits`), and the number of frames that the model reads is the
video's, not that of the frames at hand. A corrected frame joins the conditioning frames
(`add_all_frames_to_correct_as_cond`), so that going over the video again keeps the correction.
Holes are not filled (`fill_hole_area`), which the official evaluation of VOS leaves off, too.
"""

from __future__ import annotations

import functools
import importlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from results.errors import InputError
from runners.models.describing import Described, files_described, versions_described
from runners.models.devices import Placement, compiled
from runners.models.segmentation.checkpoint import Checkpoint, load_model, weights_described
from runners.models.segmentation.frame_store import FrameStore
from runners.models.segmentation.interface import Mask, Prompt
from runners.models.segmentation.memory_window import (
    FEATURES,
    ONE_STEP,
    WindowedOutputs,
)
from runners.models.segmentation.overlap import masks_at
from runners.models.segmentation.preparing import (
    Normalization,
    frame_pixels,
    read_normalization,
)
from runners.models.segmentation.prompts import as_points
from runners.models.segmentation.sessions import ENDLESS, FrameByFrameSegmenter, FrameByFrameSession

# config.model_type -> the model, and the module and name of its sessions.
VIDEO_MODELS = {
    "sam2_video": ("Sam2VideoModel", "sam2_video", "Sam2VideoInferenceSession"),
    "edgetam_video": ("EdgeTamVideoModel", "edgetam_video", "EdgeTamVideoInferenceSession"),
}
HIGHEST_LOGIT = 32.0


class HfVideoSegmenter(FrameByFrameSegmenter):
    """A video model of the SAM 2 family."""

    def __init__(self, checkpoint: Checkpoint, placement: Placement, *, compile: bool) -> None:
        known = VIDEO_MODELS.get(checkpoint.model_type)
        if known is None:
            raise InputError(
                f"{checkpoint.folder} is a {checkpoint.model_type}; videos can be segmented with"
                f" {', '.join(sorted(VIDEO_MODELS))}."
            )
        kind, module, session = known
        self.name = checkpoint.name
        self._checkpoint = checkpoint
        self._placement = placement
        self._normalization = read_normalization(checkpoint.folder)
        self._model = load_model(checkpoint, kind, placement)
        self._size = int(self._model.config.image_size)
        self._compiled = compile
        if compile:
            self._model.vision_encoder.forward = compiled(self._model.vision_encoder.forward)
        modelling = importlib.import_module(f"transformers.models.{module}.modeling_{module}")
        self._inference_session = _windowed(getattr(modelling, session))

    def _session(
        self, size: tuple[int, int], n_frames: int, *, keep_frames: bool, non_overlapping: bool
    ) -> HfVideoSession:
        return HfVideoSession(
            self, size, n_frames, keep_frames=keep_frames, non_overlapping=non_overlapping
        )

    def describe(self) -> Described:
        config = self._model.config
        return {
            "adapter": "transformers",
            "model_type": self._checkpoint.model_type,
            "image_size": self._size,
            "resize": "Pillow bicubic, uint8",
            "num_maskmem": int(config.num_maskmem),
            "max_object_pointers": int(config.max_object_pointers_in_encoder),
            "compiled": int(self._compiled),
            **weights_described(self._model),
            **files_described(self._checkpoint.weights),
            **versions_described("torch", "transformers"),
        }


class HfVideoSession(FrameByFrameSession):
    """One video on its way through a `HfVideoSegmenter`."""

    def __init__(
        self,
        segmenter: HfVideoSegmenter,
        size: tuple[int, int],
        n_frames: int,
        *,
        keep_frames: bool,
        non_overlapping: bool,
    ) -> None:
        super().__init__(segmenter.prepare, segmenter.accepts, *size, keep_frames=keep_frames)
        self._segmenter = segmenter
        self._model = segmenter._model
        self._n_frames = n_frames
        self._non_overlapping = non_overlapping
        self._frames = _Pixels(self._store, segmenter._normalization, segmenter.device)
        self._objects: dict[int, Any] = {}
        # (object, frame) -> what the model remembered of it, if anything, before the prompts given
        # there since the last frame was tracked.
        self._before: dict[tuple[int, int], Any] = {}
        self._spill: tempfile.TemporaryDirectory[str] | None = None
        if keep_frames:
            self._spill = tempfile.TemporaryDirectory(prefix="judge-memory-")
        self._features: Any = None

    @property
    def _has_objects(self) -> bool:
        return bool(self._objects)

    def _prompted(self, index: int, object_id: int, prompt: Prompt) -> Mask:
        session = self._objects.get(object_id)
        if session is None:
            session = self._objects[object_id] = self._new_session(object_id)
        earlier = None
        if prompt.mask is not None:
            session.add_mask_inputs(0, index, self._mask_input(prompt.mask))
            session.remove_point_inputs(0, index)
        else:
            session.add_point_inputs(0, index, self._point_input(prompt))
            session.remove_mask_inputs(0, index)
            earlier = _mask_logits_there(session, index)
        session.obj_with_new_inputs = [object_id]
        outputs = session.output_dict_per_obj[0]
        remembered, tracked = outputs["cond_frame_outputs"], outputs["non_cond_frame_outputs"]
        # A prompt does not see the memory of the ones before it: SAM 2's predictor keeps what they
        # give apart until it tracks.
        before = self._before.setdefault((object_id, index), remembered.pop(index, None))
        if before is not None:
            remembered[index] = dict(before)
        with self._segmenter._placement.running(), _starting_from(self._model, earlier):
            logits = self._stepped(session, index)
        if index in tracked:
            # transformers writes a corrected frame's memory to where the frame was remembered.
            memory = {part: remembered[index][part] for part in FEATURES if index in remembered}
            remembered[index] = {**memory, **tracked[index]}
            tracked.discard(index)
        for part in ONE_STEP:
            remembered[index].pop(part, None)
        masks = masks_at({object_id: logits}, self._height, self._width)
        return masks[object_id]

    def close(self) -> None:
        super().close()
        self._objects.clear()
        self._before.clear()
        self._features = None
        if self._spill is not None:
            self._spill.cleanup()
            self._spill = None

    def _tracked(self, index: int) -> dict[int, Mask]:
        logits: dict[int, Any] = {}
        self._before.clear()
        with self._segmenter._placement.running():
            for object_id, session in self._objects.items():
                logits[object_id] = self._stepped(session, index)
                # A prompted frame counts as tracked, too: what is clicked there now corrects it.
                session.frames_tracked_per_obj[0][index] = {"reverse": False}
                session.output_dict_per_obj[0]["non_cond_frame_outputs"].settle(index)
                if not self._keeps:
                    _forget_tracked(session.frames_tracked_per_obj[0], index)
        return masks_at(logits, self._height, self._width, non_overlapping=self._non_overlapping)

    def _stepped(self, session: Any, index: int) -> Any:
        """Mask logits (1, h, w) of the session's object in a frame, after a step of the model."""
        import torch

        logits = self._model(session, frame_idx=index).pred_masks[0]
        if self._segmenter.precision == "fp16":
            # SAM 2 keeps its memory in bf16, which autocast to fp16 refuses to join with the rest.
            for outputs in session.output_dict_per_obj[0].values():
                made = outputs.get(index)
                if made is not None and made.get("maskmem_features") is not None:
                    made["maskmem_features"] = made["maskmem_features"].to(torch.float16)
        return logits

    def _new_session(self, object_id: int) -> Any:
        import torch

        session = self._segmenter._inference_session(
            video_height=self._height,
            video_width=self._width,
            inference_device=self._segmenter.device,
            inference_state_device=self._segmenter.device,
            video_storage_device=self._segmenter.device,
            dtype=torch.float32,
        )
        session.n_frames = self._n_frames
        session.processed_frames = self._frames
        if self._features is None:
            self._features = session.cache
        session.cache = self._features
        session.obj_id_to_idx(object_id)
        spill = None
        if self._spill is not None:
            spill = Path(self._spill.name) / str(len(self._objects))
            spill.mkdir()
        config = self._model.config
        session.output_dict_per_obj[0]["non_cond_frame_outputs"] = WindowedOutputs(
            config.num_maskmem, config.max_object_pointers_in_encoder, spill
        )
        return session

    def _point_input(self, prompt: Prompt) -> dict[str, Any]:
        import torch

        size = self._segmenter._size
        points, labels = as_points(prompt)
        points = points * (size / self._width, size / self._height)
        return {
            "point_coords": torch.tensor(points).float()[None, None],
            "point_labels": torch.tensor(labels, dtype=torch.int32)[None, None],
        }

    def _mask_input(self, mask: NDArray[np.bool_]) -> Any:
        """The mask at the model's input size, as `add_new_mask` resizes it."""
        import torch

        size = self._segmenter._size
        whole = torch.tensor(mask, device=self._segmenter.device).float()[None, None]
        if mask.shape == (size, size):
            return whole
        resized = torch.nn.functional.interpolate(
            whole, (size, size), mode="bilinear", antialias=True, align_corners=False
        )
        return (resized >= 0.5).float()


class _Pixels:
    """Stored frames as the model reads them; stands where a session has its dict of frames."""

    def __init__(self, store: FrameStore, normalization: Normalization, device: str) -> None:
        self._store = store
        self._normalization = normalization
        self._device = device

    def __getitem__(self, index: int) -> Any:
        return frame_pixels(self._store.get(index), self._normalization, self._device)


@functools.cache
def _windowed(base: Any) -> Any:
    """The session class, with the video's number of frames in the place of the number at hand."""

    class Windowed(base):  # type: ignore[misc]  # the base is known at run time only
        n_frames = ENDLESS

        @property
        def num_frames(self) -> int:
            return self.n_frames

    return Windowed


@contextmanager
def _starting_from(model: Any, logits: Any) -> Iterator[None]:
    """The model's next step takes these mask logits (1, 1, h, w) in with its clicks.

    The model's own step has a place for them that its public call does not reach.
    """
    if logits is None:
        yield
        return
    step = model._run_single_frame_inference
    logits = logits.clamp(-HIGHEST_LOGIT, HIGHEST_LOGIT)
    model._run_single_frame_inference = functools.partial(step, prev_sam_mask_logits=logits)
    try:
        yield
    finally:
        del model._run_single_frame_inference


def _mask_logits_there(session: Any, index: int) -> Any:
    """The object's mask logits in that frame, of a prompt or of tracking; None without any."""
    outputs = session.output_dict_per_obj[0]
    for kind in ("cond_frame_outputs", "non_cond_frame_outputs"):
        output = outputs[kind].get(index)
        if output is not None and output.get("pred_masks") is not None:
            return output["pred_masks"].to(session.inference_device)
    return None


def _forget_tracked(tracked: dict[int, Any], newest: int) -> None:
    for index in [index for index in tracked if index < newest]:
        del tracked[index]
