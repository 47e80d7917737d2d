"""Reader for HDF5 and Keras files: groups, datasets, layers; values only to see that there are any.

Links to other files and elements kept in other files are never followed.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from judge.workspace.artifact import ArtifactState, Damaged, Found
from judge.workspace.source import Source

MOST_DATASETS = 1_000
MOST_LISTED = 200
MOST_VALUE_BYTES = 4 << 20  # of a larger dataset only one corner is looked at
MOST_LOOKED = 500
_SAMPLED_ELEMENTS = 65_536


class _Enough(Exception):
    pass


def read_hdf5(source: Source) -> Found:
    source.file.seek(0)
    return told(source.file, {})


def told(file: BinaryIO, known: dict[str, Any]) -> Found:
    """What an open HDF5 file holds; `known` facts stand before its own."""
    import h5py

    walk = _Walk()
    cuts: tuple[str, ...] = ()
    try:
        opened = h5py.File(file, "r")
    except OSError:
        raise Damaged("it does not open as hdf5") from None
    with opened as archive:
        layers = known.get("layers") or _layers(archive.attrs)
        try:
            archive.visititems(walk.visit)
        except _Enough:
            cuts = (f"datasets after {MOST_DATASETS}",)
    facts: dict[str, Any] = {
        **known,
        "layers": layers,
        "tensors": len(walk.names),
        "parameters": walk.parameters,
        "tensor_names": walk.names[:MOST_LISTED],
        "shapes": walk.shapes,
    }
    if walk.outside:
        facts["outside_tensors"] = walk.outside
    format = "keras" if known else "hdf5"
    text = "\n".join(walk.shapes)
    state = ArtifactState.VALID
    signs: tuple[str, ...] = ()
    if not walk.parameters:
        state, signs = ArtifactState.PLACEHOLDER, ("it holds no parameter",)
    elif walk.outside == len(walk.names):
        state, signs = ArtifactState.UNREADABLE, ("its elements are kept in other files",)
    elif not walk.has_value and not walk.is_partly_seen and walk.parameters > 1:
        state, signs = ArtifactState.PLACEHOLDER, ("every parameter is zero",)
    return Found("model", format, state, facts, text, signs, cuts)


class _Walk:
    """What the datasets of a file are, and whether any holds something but zeros."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.shapes: list[str] = []
        self.parameters = self.outside = self.looked = 0
        self.has_value = self.is_partly_seen = False

    def visit(self, name: str, item: Any) -> None:
        import h5py

        if not isinstance(item, h5py.Dataset):
            return
        if len(self.names) >= MOST_DATASETS:
            raise _Enough
        self.names.append(name)
        if len(self.shapes) < MOST_LISTED:
            self.shapes.append(f"{name} {item.dtype} {list(item.shape or ())}")
        size = int(item.size or 0)
        self.parameters += size
        if item.is_virtual or item.external:
            self.outside += 1
        elif size and not self.has_value:
            self._look(item, size)

    def _look(self, item: Any, size: int) -> None:
        # Elements that were never written take no room, and read as zeros.
        if item.id.get_storage_size() == 0 and item.id.get_create_plist().get_layout() != 0:
            return
        if item.dtype.kind not in "biufc" or self.looked >= MOST_LOOKED:
            self.is_partly_seen = True
            return
        self.looked += 1
        if size * item.dtype.itemsize <= MOST_VALUE_BYTES:
            self.has_value = bool(item[()].any())
            return
        side = max(1, int(_SAMPLED_ELEMENTS ** (1 / len(item.shape))))
        self.has_value = bool(item[tuple(slice(0, side) for _ in item.shape)].any())
        self.is_partly_seen = True


def _layers(attributes: Any) -> list[str]:
    """The layers of a model that Keras saved, by the configuration it writes beside them."""
    try:
        config = attributes.get("model_config")
    except (OSError, KeyError, TypeError, ValueError):
        return []
    if isinstance(config, bytes):
        config = config.decode("utf-8", "replace")
    return layers_in(config) if isinstance(config, str) else []


def layers_in(config: str) -> list[str]:
    """The class names of a Keras model's layers, in order; [] where the text is no such thing."""
    try:
        parsed = json.loads(config)
        listed = parsed["config"]["layers"]
        return [str(layer["class_name"])[:80] for layer in listed[:MOST_LISTED]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
