"""A tiny promptable network, and its halves in the layouts that exported SAMs have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
CHANNELS = 16
MASKS = 4
# What the ExecuTorch files take: they have no free dimension.
MOST_TINY_POINTS = 6


class TinyNetwork(nn.Module):  # type: ignore[misc]  # torch is read as untyped
    """An encoder of two convolutions, and a decoder whose masks depend on every input."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.high = nn.Conv2d(3, CHANNELS, 4, stride=4)
        self.middle = nn.Conv2d(CHANNELS, CHANNELS, 2, stride=2)
        self.low = nn.Conv2d(CHANNELS, CHANNELS, 2, stride=2)
        self.place = nn.Linear(2, CHANNELS)
        self.label = nn.Embedding(5, CHANNELS)
        self.tokens = nn.Linear(CHANNELS, MASKS * CHANNELS)
        self.quality = nn.Linear(CHANNELS, MASKS)
        self.earlier = nn.Conv2d(1, CHANNELS, 1)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))

    def embed(self, pixels: Any) -> tuple[Any, Any, Any]:
        """Normalised pixels (1, 3, size, size) -> features at a 16th, a quarter, an eighth."""
        high = torch.tanh(self.high(pixels))
        middle = torch.tanh(self.middle(high))
        return torch.tanh(self.low(middle)), high, middle

    def normalised(self, images: Any) -> Any:
        """Values in 0..1 of any size, as the network reads them."""
        images = functional.interpolate(images, (self.size, self.size), mode="bilinear")
        return (images - self.mean) / self.std

    def decode(
        self, features: Any, points: Any, labels: Any, high: Any = None, earlier: Any = None
    ) -> tuple[Any, Any]:
        """Logits (1, 4, size / 4, size / 4) and scores (1, 4).

        points: (1, n, 2) in pixels of the square; labels: (1, n), -1 for one that counts for
        nothing; earlier: logits that are refined.
        """
        codes = torch.sin(3 * self.place(points / self.size)) + self.label(labels.long() + 1)
        counts = (labels >= 0).float()[..., None]
        token = torch.tanh((codes * counts).sum(1))
        side = self.size // 4
        pixels = functional.interpolate(features, (side, side), mode="bilinear")
        if high is not None:
            pixels = pixels + high
        if earlier is not None:
            pixels = pixels + torch.tanh(self.earlier(earlier))
        weights = self.tokens(token).view(1, MASKS, CHANNELS)
        masks = torch.einsum("bkc,bchw->bkhw", weights, torch.tanh(pixels))
        # About zero, so that each mask has a border in the picture.
        masks = 8 * (masks - masks.mean((2, 3), keepdim=True))
        return masks, torch.sigmoid(self.quality(token))


@dataclass(frozen=True)
class TinyGraph:
    """One file to be: a module, an example of what goes in for n points, and names."""

    module: Any
    example: Callable[[int], tuple[Any, ...]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    axes: dict[str, dict[int, str]]

    def save_onnx(self, path: Path) -> None:
        torch.onnx.export(
            self.module,
            self.example(2),
            str(path),
            input_names=list(self.inputs),
            output_names=list(self.outputs),
            dynamic_axes=self.axes,
            opset_version=17,
            dynamo=False,
        )

    def save_executorch(self, path: Path, points: int) -> None:
        from executorch.exir import to_edge_transform_and_lower

        exported = torch.export.export(self.module, self.example(points))
        path.write_bytes(to_edge_transform_and_lower(exported).to_executorch().buffer)


class _Part(nn.Module):  # type: ignore[misc]
    def __init__(self, network: TinyNetwork) -> None:
        super().__init__()
        self.network = network


class EfficientEncoder(_Part):
    def forward(self, batched_images: Any) -> Any:
        return self.network.embed(self.network.normalised(batched_images))[0]


class EfficientDecoder(_Part):
    """Three masks at the size of the image that the encoder was given."""

    def forward(
        self,
        image_embeddings: Any,
        batched_point_coords: Any,
        batched_point_labels: Any,
        orig_im_size: Any,
    ) -> Any:
        scale = self.network.size / orig_im_size.flip(0)
        masks, scores = self.network.decode(
            image_embeddings, batched_point_coords[0] * scale, batched_point_labels[0]
        )
        masks, scores = masks[:, 1:], scores[:, 1:]
        sides = (orig_im_size[0], orig_im_size[1])
        return functional.interpolate(masks, sides, mode="bilinear")[None], scores[None], masks


class FixedEfficientDecoder(_Part):
    """The same for images of size x size, whose masks come at a quarter of it."""

    def forward(
        self,
        image_embeddings: Any,
        batched_point_coords: Any,
        batched_point_labels: Any,
        orig_im_size: Any,
    ) -> Any:
        scale = self.network.size / orig_im_size.float().flip(0)
        masks, scores = self.network.decode(
            image_embeddings, batched_point_coords[0] * scale, batched_point_labels[0]
        )
        return masks[None, :, 1:], scores[None, :, 1:], masks[:, 1:]


class Joint(_Part):
    def forward(
        self, batched_images: Any, batched_point_coords: Any, batched_point_labels: Any
    ) -> Any:
        features, _, _ = self.network.embed(self.network.normalised(batched_images))
        height, width = batched_images.shape[2], batched_images.shape[3]
        x = batched_point_coords[0, :, :, 0] * self.network.size / width
        y = batched_point_coords[0, :, :, 1] * self.network.size / height
        points = torch.stack([x, y], dim=-1)
        masks, scores = self.network.decode(features, points, batched_point_labels[0])
        return masks[None, :, 1:], scores[None, :, 1:]


class PlainEncoder(_Part):
    def forward(self, image: Any) -> Any:
        return self.network.embed(image)[0]


class SamDecoder(_Part):
    """All four masks, and the size, which shapes them in the original, merely read."""

    def forward(
        self,
        image_embeddings: Any,
        point_coords: Any,
        point_labels: Any,
        mask_input: Any,
        has_mask_input: Any,
        orig_im_size: Any,
    ) -> Any:
        masks, scores = self.network.decode(
            image_embeddings, point_coords, point_labels, None, mask_input * has_mask_input
        )
        return masks + 0 * orig_im_size.sum(), scores, masks


class Sam2Encoder(_Part):
    def forward(self, image: Any) -> Any:
        low, high, middle = self.network.embed(image)
        return high, middle, low


class Sam2Decoder(_Part):
    def forward(
        self,
        image_embed: Any,
        high_res_feats_0: Any,
        high_res_feats_1: Any,
        point_coords: Any,
        point_labels: Any,
        mask_input: Any,
        has_mask_input: Any,
    ) -> Any:
        side = self.network.size // 4
        detail = functional.interpolate(high_res_feats_1, (side, side), mode="bilinear")
        masks, scores = self.network.decode(
            image_embed,
            point_coords,
            point_labels,
            high_res_feats_0 + detail,
            mask_input * has_mask_input,
        )
        return masks[:, 1:], scores[:, 1:]


class PointsDecoder(_Part):
    def forward(self, image_embeddings: Any, point_coords: Any, point_labels: Any) -> Any:
        masks, scores = self.network.decode(image_embeddings, point_coords, point_labels)
        return masks[:, :1], scores[:, :1]


def tiny_network(size: int = 64, seed: int = 0) -> TinyNetwork:
    torch.manual_seed(seed)
    network = TinyNetwork(size)
    network.eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)
    return network


def graphs_of(network: TinyNetwork, layout: str) -> dict[str, TinyGraph]:
    """The files of a layout by their part: `encoder` and `decoder`, or `joint`."""
    size = network.size
    grid, side = size // 16, size // 4
    image = torch.rand(1, 3, size, size)
    low = torch.zeros(1, CHANNELS, grid, grid)
    high = torch.zeros(1, CHANNELS, side, side)
    middle = torch.zeros(1, CHANNELS, size // 8, size // 8)
    mask, has_mask = torch.zeros(1, 1, side, side), torch.zeros(1)
    sizes = torch.tensor([size, size])

    def points(n: int) -> tuple[Any, Any]:
        return torch.rand(1, n, 2) * size, torch.ones(1, n)

    def batched(n: int) -> tuple[Any, Any]:
        coordinates, labels = points(n)
        return coordinates[None], labels[None]

    free = {"point_coords": {1: "points"}, "point_labels": {1: "points"}}
    batched_free = {"batched_point_coords": {2: "points"}, "batched_point_labels": {2: "points"}}
    any_size = {"batched_images": {2: "height", 3: "width"}}
    sam_names = ("point_coords", "point_labels", "mask_input", "has_mask_input")
    batched_names = ("batched_point_coords", "batched_point_labels")
    three = ("masks", "iou_predictions", "low_res_masks")

    def one(module: Any, name: str, outputs: tuple[str, ...]) -> TinyGraph:
        axes = any_size if name == "batched_images" else {}
        return TinyGraph(module, lambda n: (image,), (name,), outputs, axes)

    if layout == "joint":
        return {
            "joint": TinyGraph(
                Joint(network),
                lambda n: (image, *batched(n)),
                ("batched_images", *batched_names),
                ("output_masks", "iou_predictions"),
                batched_free,
            )
        }
    if layout in ("efficient-sam", "efficient-sam-fixed"):
        decoder = EfficientDecoder if layout == "efficient-sam" else FixedEfficientDecoder
        return {
            "encoder": one(EfficientEncoder(network), "batched_images", ("image_embeddings",)),
            "decoder": TinyGraph(
                decoder(network),
                lambda n: (low, *batched(n), sizes),
                ("image_embeddings", *batched_names, "orig_im_size"),
                ("output_masks", "iou_predictions", "low_res_masks"),
                batched_free,
            ),
        }
    if layout == "sam2":
        features = ("high_res_feats_0", "high_res_feats_1", "image_embed")
        return {
            "encoder": one(Sam2Encoder(network), "image", features),
            "decoder": TinyGraph(
                Sam2Decoder(network),
                lambda n: (low, high, middle, *points(n), mask, has_mask),
                ("image_embed", "high_res_feats_0", "high_res_feats_1", *sam_names),
                ("masks", "iou_predictions"),
                free,
            ),
        }
    encoder = one(PlainEncoder(network), "image", ("image_embeddings",))
    if layout == "sam":
        decoder_graph = TinyGraph(
            SamDecoder(network),
            lambda n: (low, *points(n), mask, has_mask, sizes.float()),
            ("image_embeddings", *sam_names, "orig_im_size"),
            three,
            free,
        )
    else:
        decoder_graph = TinyGraph(
            PointsDecoder(network),
            lambda n: (low, *points(n)),
            ("image_embeddings", "point_coords", "point_labels"),
            ("masks", "iou_predictions"),
            free,
        )
    return {"encoder": encoder, "decoder": decoder_graph}
