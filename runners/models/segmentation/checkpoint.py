"""Opens checkpoints in the form of transformers, from a folder or the hub.

Weights are read by safetensors, or by torch.load with weights_only where a checkpoint has nothing
but a pickle; code that a checkpoint brings along is never run.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results.errors import InputError, MissingExtra, first_line
from runners.models.describing import Described
from runners.models.devices import Placement

SAFE_WEIGHTS = "*.safetensors"
PICKLED_WEIGHTS = "pytorch_model*.bin"
# Looks like org/name, or name: what the hub takes.
HUB_FORBIDDEN = ("\\", "..", " ")


@dataclass(frozen=True)
class Checkpoint:
    """A folder with a model: its name, its config, and the files of its weights."""

    name: str
    folder: Path
    config: dict[str, Any]
    weights: tuple[Path, ...]

    @property
    def model_type(self) -> str:
        return str(self.config.get("model_type"))


def open_checkpoint(place: str) -> Checkpoint:
    """The checkpoint in a folder, or that of the hub by this id.

    InputError, naming the file and the mend, when it is not there or not whole.
    """
    folder = Path(place).expanduser()
    name = folder.resolve().name
    if not folder.exists():
        name = place
        folder = _downloaded(place)
    elif not folder.is_dir():
        raise InputError(f"{place} is a file; hf: takes the folder that holds config.json.")
    config = _read_config(folder)
    weights = sorted(folder.glob(SAFE_WEIGHTS)) or sorted(folder.glob(PICKLED_WEIGHTS))
    if not weights:
        raise InputError(
            f"{folder} holds no weights: neither {SAFE_WEIGHTS} nor {PICKLED_WEIGHTS} is there."
        )
    return Checkpoint(name, folder, config, tuple(weights))


def load_model(checkpoint: Checkpoint, kind: str, placement: Placement) -> Any:
    """The transformers model class named `kind` with the checkpoint's weights, ready to run.

    InputError when the weights cannot be read or do not fill the model.
    """
    try:
        transformers: Any = importlib.import_module("transformers")
    except ImportError:
        raise MissingExtra("An hf: model", "models") from None
    _check_tower(checkpoint)
    if not hasattr(transformers, kind):
        raise InputError(
            f"transformers {transformers.__version__} has no {kind}; install a newer one:"
            " pip install -U transformers."
        )
    _check_weights(checkpoint)
    try:
        model, found = getattr(transformers, kind).from_pretrained(
            checkpoint.folder,
            local_files_only=True,
            output_loading_info=True,
            dtype=importlib.import_module("torch").float32,
        )
    except Exception as error:  # noqa: BLE001 - a broken file or config makes loading raise anything
        raise InputError(
            f"The model in {checkpoint.folder} cannot be loaded: {first_line(error)}."
        ) from None
    missing = sorted(found["missing_keys"])
    if missing:
        raise InputError(
            f"The weights in {checkpoint.folder} do not fill a {kind}: {len(missing)} are missing,"
            f" such as {missing[0]}; save the whole model."
        )
    return model.to(placement.device).eval()


def weights_described(model: Any) -> Described:
    """The number of parameters."""
    return {"parameters": sum(parameter.numel() for parameter in model.parameters())}


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{folder} holds no config.json; hf: takes a folder that save_pretrained wrote."
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {first_line(error)}.") from None
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise InputError(f"{path} names no model_type.")
    return config


def _check_tower(checkpoint: Checkpoint) -> None:
    """EdgeTAM's RepViT comes from timm, which transformers would ask for in many lines."""
    tower = (checkpoint.config.get("vision_config") or {}).get("backbone_config") or {}
    if "timm" in str(tower.get("model_type")) and importlib.util.find_spec("timm") is None:
        raise InputError(
            f"The image encoder of {checkpoint.name} comes from timm, which is not installed:"
            " pip install timm (its torchvision must fit the torch that is there)."
        )


def _check_weights(checkpoint: Checkpoint) -> None:
    """Reads the headers, so that a broken file is named."""
    for path in checkpoint.weights:
        if path.suffix != ".safetensors":
            continue
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="pt") as opened:
                opened.keys()
        except (SafetensorError, OSError) as error:
            raise InputError(f"{path} is broken: {first_line(error)}.") from None


def _downloaded(place: str) -> Path:
    if place.startswith(("/", ".", "~")) or place.count("/") > 1 or not place:
        raise InputError(f"There is no folder {place!r}.")
    if any(part in place for part in HUB_FORBIDDEN):
        raise InputError(f"{place!r} is neither a folder that is there nor a name on the hub.")
    try:
        hub: Any = importlib.import_module("huggingface_hub")
    except ImportError:
        raise MissingExtra("A model from the hub", "models") from None
    try:
        folder = Path(hub.snapshot_download(place, allow_patterns=["*.json", SAFE_WEIGHTS]))
        if not list(folder.glob(SAFE_WEIGHTS)):
            folder = Path(hub.snapshot_download(place, allow_patterns=["*.json", PICKLED_WEIGHTS]))
    except Exception as error:  # noqa: BLE001 - the hub's client raises its own and its HTTP client's
        raise InputError(
            f"There is no folder {place}, and the hub gave no model of that name:"
            f" {first_line(error)}."
        ) from None
    return folder
