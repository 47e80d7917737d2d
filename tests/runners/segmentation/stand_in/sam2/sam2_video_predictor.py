"""A video predictor with SAM 2's interface, whose masks depend on frame, prompts and memory."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional


def tqdm(frames: Any, desc: str) -> Any:
    """Draws as much as the real one does."""
    print(desc, file=sys.stderr)
    return frames


class SAM2Network(torch.nn.Module):  # type: ignore[misc]  # torch is read as untyped
    image_size = 32
    num_maskmem = 3
    max_obj_ptrs_in_encoder = 5
    add_all_frames_to_correct_as_cond = False

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([0.7, -0.4, 0.9]))

    @property
    def device(self) -> Any:
        return self.weight.device

    def clicked(self, feature: Any, points: Any, labels: Any) -> Any:
        """Logits (1, 1, 32, 32) around positive points, in pixels of the square."""
        rows = torch.arange(self.image_size, device=self.device).float()
        logits = feature[None, None] - 2
        for (x, y), label in zip(points[0], labels[0], strict=True):
            near = torch.exp(-((rows[None, :] - x) ** 2 + (rows[:, None] - y) ** 2) / 60)
            logits = logits + (6 if int(label) != 0 else -6) * near
        return logits


class SAM2VideoPredictor(SAM2Network):
    def __init__(
        self,
        fill_hole_area: int = 0,
        non_overlap_masks: bool = False,
        *,
        is_first_release: bool = False,
    ) -> None:
        super().__init__()
        self.fill_hole_area = fill_hole_area
        self.non_overlap_masks = non_overlap_masks
        self.is_first_release = is_first_release

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def init_state(
        self,
        video_path: str,
        offload_video_to_cpu: bool = False,
        offload_state_to_cpu: bool = False,
        async_loading_frames: bool = False,
    ) -> dict[str, Any]:
        paths = [path for path in Path(video_path).iterdir() if path.suffix in (".jpg", ".jpeg")]
        paths.sort(key=lambda path: int(path.stem))
        pictures = [Image.open(path).convert("RGB") for path in paths]
        side = (self.image_size, self.image_size)
        images = torch.stack(
            [torch.tensor(np.array(picture.resize(side)) / 255.0).float() for picture in pictures]
        ).permute(0, 3, 1, 2)
        mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
        std = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
        state: dict[str, Any] = {
            "images": (images - mean) / std,
            "num_frames": len(images),
            "video_height": pictures[0].height,
            "video_width": pictures[0].width,
            "device": self.device,
            "storage_device": self.device,
            "point_inputs_per_obj": {},
            "mask_inputs_per_obj": {},
            "cached_features": {},
            "constants": {},
            "obj_id_to_idx": OrderedDict(),
            "obj_idx_to_id": OrderedDict(),
            "obj_ids": [],
            "output_dict_per_obj": {},
            "temp_output_dict_per_obj": {},
        }
        if self.is_first_release:
            state["output_dict"] = {"cond_frame_outputs": {}, "non_cond_frame_outputs": {}}
            state["tracking_has_started"] = False
            state["frames_already_tracked"] = {}
        else:
            state["frames_tracked_per_obj"] = {}
        self._get_image_feature(state, frame_idx=0)
        return state

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def add_new_points_or_box(
        self,
        inference_state: dict[str, Any],
        frame_idx: int,
        obj_id: int,
        points: Any = None,
        labels: Any = None,
        clear_old_points: bool = True,
        normalize_coords: bool = True,
        box: Any = None,
    ) -> tuple[int, list[int], Any]:
        state = inference_state
        points = torch.zeros(0, 2) if points is None else torch.tensor(points)
        labels = torch.zeros(0) if labels is None else torch.tensor(labels)
        if box is not None:
            points = torch.cat([torch.tensor(box).reshape(2, 2), points])
            labels = torch.cat([torch.tensor([2, 3]), labels])
        points = points / torch.tensor([state["video_width"], state["video_height"]])
        obj_idx = self._obj_id_to_idx(state, obj_id)
        state["point_inputs_per_obj"][obj_idx][frame_idx] = (points, labels)
        earlier = self._output_there(state, obj_idx, frame_idx)
        feature = self._get_image_feature(state, frame_idx)
        logits = self.clicked(feature, points[None] * self.image_size, labels[None])
        if earlier is not None:
            logits = logits + 0.5 * earlier["pred_masks"].clamp(-32.0, 32.0)
        return self._prompted(state, frame_idx, obj_idx, logits)

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def add_new_mask(
        self, inference_state: dict[str, Any], frame_idx: int, obj_id: int, mask: Any
    ) -> tuple[int, list[int], Any]:
        mask = torch.tensor(mask, dtype=torch.bool)
        assert mask.dim() == 2
        obj_idx = self._obj_id_to_idx(inference_state, obj_id)
        inference_state["mask_inputs_per_obj"][obj_idx][frame_idx] = mask
        side = (self.image_size, self.image_size)
        resized = functional.interpolate(
            mask[None, None].float(), side, mode="bilinear", antialias=True, align_corners=False
        )
        return self._prompted(
            inference_state, frame_idx, obj_idx, (resized >= 0.5).float() * 20 - 10
        )

    @torch.inference_mode()  # type: ignore[untyped-decorator]
    def propagate_in_video(
        self,
        inference_state: dict[str, Any],
        start_frame_idx: int | None = None,
        max_frame_num_to_track: int | None = None,
        reverse: bool = False,
    ) -> Iterator[tuple[int, list[int], Any]]:
        state = inference_state
        if self.is_first_release:
            state["tracking_has_started"] = True
        for obj_idx, temporary in state["temp_output_dict_per_obj"].items():
            for kind, outputs in temporary.items():
                state["output_dict_per_obj"][obj_idx][kind].update(outputs)
                if self.is_first_release:
                    state["output_dict"][kind].update(outputs)
                outputs.clear()
        for outputs in state["output_dict_per_obj"].values():
            for frame_idx in outputs["cond_frame_outputs"]:
                outputs["non_cond_frame_outputs"].pop(frame_idx, None)
        conditioned = [
            frame_idx
            for outputs in state["output_dict_per_obj"].values()
            for frame_idx in outputs["cond_frame_outputs"]
        ]
        if not conditioned:
            raise RuntimeError("No points are provided; please add points first")
        start = min(conditioned) if start_frame_idx is None else start_frame_idx
        count = state["num_frames"] if max_frame_num_to_track is None else max_frame_num_to_track
        end = min(start + count, state["num_frames"] - 1)
        for frame_idx in tqdm(range(start, end + 1), desc="propagate in video"):
            masks = [self._tracked(state, obj_idx, frame_idx) for obj_idx in state["obj_idx_to_id"]]
            yield frame_idx, state["obj_ids"], self._at_video_size(state, torch.cat(masks))

    def _obj_id_to_idx(self, state: dict[str, Any], obj_id: int) -> int:
        found = state["obj_id_to_idx"].get(obj_id)
        if found is not None:
            return int(found)
        if state.get("tracking_has_started"):
            raise RuntimeError(f"Cannot add new object id {obj_id} after tracking starts.")
        obj_idx = len(state["obj_id_to_idx"])
        state["obj_id_to_idx"][obj_id] = obj_idx
        state["obj_idx_to_id"][obj_idx] = obj_id
        state["obj_ids"] = list(state["obj_id_to_idx"])
        state["point_inputs_per_obj"][obj_idx] = {}
        state["mask_inputs_per_obj"][obj_idx] = {}
        for name in ("output_dict_per_obj", "temp_output_dict_per_obj"):
            state[name][obj_idx] = {"cond_frame_outputs": {}, "non_cond_frame_outputs": {}}
        if "frames_tracked_per_obj" in state:
            state["frames_tracked_per_obj"][obj_idx] = {}
        return obj_idx

    def _prompted(
        self, state: dict[str, Any], frame_idx: int, obj_idx: int, logits: Any
    ) -> tuple[int, list[int], Any]:
        is_cond = frame_idx not in self._frames_tracked(state, obj_idx)
        is_cond = is_cond or self.add_all_frames_to_correct_as_cond
        kind = "cond_frame_outputs" if is_cond else "non_cond_frame_outputs"
        output = {"pred_masks": logits, "obj_ptr": logits.mean()}
        state["temp_output_dict_per_obj"][obj_idx][kind][frame_idx] = output
        every = []
        for other in state["obj_idx_to_id"]:
            there = self._output_there(state, other, frame_idx)
            missing = torch.full_like(logits, -1024.0)
            every.append(missing if there is None else there["pred_masks"])
        return frame_idx, state["obj_ids"], self._at_video_size(state, torch.cat(every))

    def _tracked(self, state: dict[str, Any], obj_idx: int, frame_idx: int) -> Any:
        outputs = state["output_dict_per_obj"][obj_idx]
        self._frames_tracked(state, obj_idx)[frame_idx] = {"reverse": False}
        if frame_idx in outputs["cond_frame_outputs"]:
            return outputs["cond_frame_outputs"][frame_idx]["pred_masks"]
        tracked = outputs["non_cond_frame_outputs"]
        memory = [torch.tanh(out["pred_masks"]) for out in outputs["cond_frame_outputs"].values()]
        for back in range(1, self.num_maskmem):
            if frame_idx - back in tracked:
                memory.append(torch.tanh(tracked[frame_idx - back]["pred_masks"]))
        reach = min(state["num_frames"], self.max_obj_ptrs_in_encoder)
        pointers = [
            tracked[frame_idx - back]["obj_ptr"] / (reach - 1)
            for back in range(1, reach)
            if frame_idx - back in tracked
        ]
        feature = self._get_image_feature(state, frame_idx)
        logits = feature[None, None] + 3 * torch.stack(memory).mean(0) + sum(pointers, start=0.1)
        output = {"pred_masks": logits, "obj_ptr": logits.mean()}
        tracked[frame_idx] = output
        if self.is_first_release:
            state["output_dict"]["non_cond_frame_outputs"][frame_idx] = output
        return logits

    def _get_image_feature(self, state: dict[str, Any], frame_idx: int) -> Any:
        feature = state["cached_features"].get(frame_idx)
        if feature is None:
            image = state["images"][frame_idx].to(self.device).float()
            feature = torch.einsum("chw,c->hw", image, self.weight)
            state["cached_features"] = {frame_idx: feature}
        return feature

    def _at_video_size(self, state: dict[str, Any], masks: Any) -> Any:
        sides = (state["video_height"], state["video_width"])
        return functional.interpolate(masks, sides, mode="bilinear", align_corners=False)

    def _frames_tracked(self, state: dict[str, Any], obj_idx: int) -> dict[int, Any]:
        tracked = state.get("frames_already_tracked")
        found: dict[int, Any]
        found = tracked if tracked is not None else state["frames_tracked_per_obj"][obj_idx]
        return found

    def _output_there(self, state: dict[str, Any], obj_idx: int, frame_idx: int) -> Any:
        for name in ("temp_output_dict_per_obj", "output_dict_per_obj"):
            for outputs in state[name][obj_idx].values():
                if frame_idx in outputs:
                    return outputs[frame_idx]
        return None
