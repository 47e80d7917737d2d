"""Reader for HDF5 and Keras files: groups, datasets, layers; values only to see that there are any.

Links to other files and elements kept in other files are never followed.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from judge.workspace.artifact import ArtifactState, Damaged, Found
from judge.workspace.source import Source

MOST_DATASETS = 5_000
MOST_LISTED = 200
MOST_VALUE_BYTES = 4 << 20  # a dataset that unpacks to more is not looked into
MOST_SAMPLED = 32 << 20


class _Enough(Exception):
    pass


def read_hdf5(source: Source) -> Found:
    source.file.seek(0)
    return told(source.file, {})


def told(file: BinaryIO, known: dict[str, Any]) -> Found:
    """What an open HDF5 file holds; `known` facts stand before its own."""
    import h5py

    names: list[str] = []
    shapes: list[str] = []
    parameters = looked = 0
    has_value = is_partly_seen = False

    def visit(name: str, item: Any) -> None:
        nonlocal parameters, looked, has_value, is_partly_seen
        if not isinstance(item, h5py.Dataset):
            return
        if len(names) >= MOST_DATASETS:
            raise _Enough
        names.append(name)
        shapes.append(f"{name} {item.dtype} {list(item.shape or ())}")
        size = int(item.size or 0)
        parameters += size
        inside = not item.is_virtual and not item.external and item.dtype.kind in "biufc"
        bytes_ = size * item.dtype.itemsize
        if not inside or bytes_ > MOST_VALUE_BYTES or looked + bytes_ > MOST_SAMPLED:
            is_partly_seen = is_partly_seen or size > 0
        elif not has_value and size:
            looked += bytes_
            has_value = bool(item[()].any())

    cuts: tuple[str, ...] = ()
    try:
        opened = h5py.File(file, "r")
    except OSError:
        raise Damaged("it does not open as hdf5") from None
    with opened as archive:
        layers = known.get("layers") or _layers(archive.attrs)
        try:
            archive.visititems(visit)
        except _Enough:
            cuts = (f"datasets after {MOST_DATASETS}",)
    facts: dict[str, Any] = {
        **known,
        "layers": layers,
        "tensors": len(names),
        "parameters": parameters,
        "tensor_names": names[:MOST_LISTED],
        "shapes": shapes[:MOST_LISTED],
    }
    format = "keras" if known else "hdf5"
    text = "\n".join(shapes[:MOST_LISTED])
    if parameters == 0:
        sign = "it holds no parameter"
        return Found("model", format, ArtifactState.PLACEHOLDER, facts, text, (sign,))
    if not has_value and not is_partly_seen and parameters > 1:
        sign = "every parameter is zero"
        return Found("model", format, ArtifactState.PLACEHOLDER, facts, text, (sign,), cuts)
    return Found("model", format, facts=facts, text=text, cuts=cuts)


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
