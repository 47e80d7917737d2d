"""Which forms of segmentation models can be opened, and what each needs to be installed."""

from __future__ import annotations

from runners.models.catalogue import EXTRA, Form
from runners.models.segmentation.code_bases import CODE_BASES

VIDEOS, IMAGES = "segment videos", "segment images"


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
