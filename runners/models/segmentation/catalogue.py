"""Which forms of segmentation models can be opened, and what each needs to be installed."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

from runners.models.segmentation.code_bases import CODE_BASES

VIDEOS, IMAGES = "segment videos", "segment images"
EXTRA = "pip install 'agent-judge[{}]'"


@dataclass(frozen=True)
class Form:
    """One way to name a model. `modules` must be importable for it, or `install` is to be run."""

    spec: str
    kinds: tuple[str, ...]
    models: str
    modules: tuple[str, ...] = ()
    install: str | None = None

    @property
    def is_available(self) -> bool:
        """Whether what it needs is installed; nothing is imported to find out."""
        return all(importlib.util.find_spec(module) is not None for module in self.modules)


def forms() -> tuple[Form, ...]:
    """Every form, in the order in which a person would try them."""
    models, export = EXTRA.format("models"), EXTRA.format("export")
    exported = "EfficientSAM, SqueezeSAM, EdgeTAM, SAM 2, SAM: encoder and decoder, or one file"
    return (
        Form(
            "hf:<folder or hub id>",
            (VIDEOS, IMAGES),
            "SAM 2, EdgeTAM; SAM for images",
            ("torch", "transformers"),
            models,
        ),
        Form("onnx:<folder or file>", (IMAGES,), exported, ("torch", "onnxruntime"), export),
        Form("torchscript:<folder or file>", (IMAGES,), exported, ("torch",), models),
        Form("executorch:<folder or file>", (IMAGES,), exported, ("torch", "executorch"), export),
        *(
            Form(
                f"official:{name}:<config>:<checkpoint>",
                (VIDEOS, IMAGES),
                "models of that code base, where it is installed",
                ("torch", CODE_BASES[name].package),
                CODE_BASES[name].install,
            )
            for name in ("sam2", "edgetam", "efficienttam")
        ),
        Form("python:<module>:<factory>", (VIDEOS, IMAGES), "what a function of yours returns"),
    )
