"""Research code bases of the SAM 2 family, found where they are installed or checked out.

They share one predictor interface and bring old dependencies of their own (hydra, torchvision), so
they are never installed along with this project. Importing one runs its code, which a person asks
for by naming it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results.errors import InputError, first_line


@dataclass(frozen=True)
class CodeBase:
    """Where a code base has what builds its models."""

    building: str
    build_video: str
    build_image: str
    predicting: str
    image_predictor: str
    install: str
    config: str | None = None

    @property
    def package(self) -> str:
        return self.building.partition(".")[0]


_SAM2 = ("sam2.build_sam", "build_sam2_video_predictor", "build_sam2")
_SAM2_IMAGES = ("sam2.sam2_image_predictor", "SAM2ImagePredictor")
_EFFICIENT_TAM = CodeBase(
    "efficient_track_anything.build_efficienttam",
    "build_efficienttam_video_predictor",
    "build_efficienttam",
    "efficient_track_anything.efficienttam_image_predictor",
    "EfficientTAMImagePredictor",
    "pip install git+https://github.com/yformer/EfficientTAM",
)
CODE_BASES = {
    "sam2": CodeBase(
        *_SAM2, *_SAM2_IMAGES, "pip install git+https://github.com/facebookresearch/sam2"
    ),
    # EdgeTAM is a fork whose package has the name of SAM 2's.
    "edgetam": CodeBase(
        *_SAM2,
        *_SAM2_IMAGES,
        "pip install git+https://github.com/facebookresearch/EdgeTAM",
        "configs/edgetam.yaml",
    ),
    "efficient_track_anything": _EFFICIENT_TAM,
    "efficienttam": _EFFICIENT_TAM,
}


@dataclass(frozen=True)
class OfficialModel:
    """A model of a code base: `config` is a name that its hydra finds, `checkpoint` a file."""

    name: str
    code_base: CodeBase
    config: str
    checkpoint: Path


def official_model(place: str) -> OfficialModel:
    """What `<code base>[:<config>]:<checkpoint>` names; the config may be left out for edgetam.

    InputError says which part is missing.
    """
    name, _, rest = place.partition(":")
    code_base = CODE_BASES.get(name)
    if code_base is None:
        raise InputError(f"There is no code base {name!r}; there are {', '.join(CODE_BASES)}.")
    config, _, checkpoint = rest.rpartition(":")
    config = config or code_base.config or ""
    if not config or not checkpoint:
        raise InputError(
            f"official:{place} is not whole; write official:{name}:<config>:<checkpoint>, such as"
            f" official:sam2:configs/sam2.1/sam2.1_hiera_t.yaml:sam2.1_hiera_tiny.pt."
        )
    path = Path(checkpoint).expanduser()
    if not path.is_file():
        raise InputError(f"There is no checkpoint {path}.")
    return OfficialModel(name, code_base, config, path)


def built(make: Any, model: OfficialModel, device: str, **settings: Any) -> Any:
    """What a code base's builder makes of the model; InputError when it cannot."""
    try:
        return make(model.config, str(model.checkpoint), device=device, **settings)
    except Exception as error:  # noqa: BLE001 - research code and hydra raise anything
        raise InputError(
            f"The code base {model.name} cannot build {model.config} with {model.checkpoint}:"
            f" {first_line(error)}."
        ) from None
