"""`judge models`: what can be loaded as a model under test, and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from judge.cli.calling import Call, judge_command
from judge.cli.model_export import export_model

if TYPE_CHECKING:
    from runners.models.catalogue import Form


@click.group("models", help="Models under test: what can be loaded, and mobile forms of them.")
def command() -> None:
    pass


@judge_command(
    "list",
    example="judge models list\njudge models list --json",
    help="Say how models are named, what each form loads, and whether what it needs is installed."
    " A form that is not installed is no fault.",
)
def list_models(call: Call) -> None:
    from judge.reporting.tables import text_table
    from runners.models.segmentation.catalogue import forms

    found = (*_language_forms(), *_video_forms(), *forms())
    document = {
        "forms": [
            {
                "spec": form.spec,
                "kinds": list(form.kinds),
                "models": form.models,
                "available": form.is_available,
                "install": form.install,
            }
            for form in found
        ]
    }
    rows = [
        (
            form.spec,
            ", ".join(form.kinds),
            form.models,
            "yes" if form.is_available else f"no: {form.install}",
        )
        for form in found
    ]
    call.answer(document, text_table(rows, ("name it", "to", "models", "installed")))


def _language_forms() -> tuple[Form, ...]:
    from runners.models.catalogue import EXTRA, Form

    scored = ("chat", "score text")
    exported = "causal language models that judge models export wrote"
    return (
        Form(
            "openai:<model>[@endpoint]",
            scored,
            "any server of Chat Completions; to score text, of Completions that gives prompts back",
            ("openai",),
        ),
        Form(
            "litellm:<model>[@endpoint]",
            scored,
            "every provider that LiteLLM knows",
            ("litellm",),
            EXTRA.format("litellm"),
        ),
        Form(
            "hf:<folder or hub id>",
            scored,
            "causal language models, MobileLLM included; chats need a chat template",
            ("torch", "transformers"),
            EXTRA.format("models"),
        ),
        Form(
            "onnx:<folder>",
            scored,
            exported,
            ("onnxruntime", "transformers"),
            EXTRA.format("export"),
        ),
        Form(
            "executorch:<folder>",
            scored,
            exported,
            ("executorch", "torch", "transformers"),
            EXTRA.format("export"),
        ),
        Form(
            "gguf:<file>",
            scored,
            "causal language models in llama.cpp's form",
            ("llama_cpp",),
            EXTRA.format("gguf"),
        ),
    )


def _video_forms() -> tuple[Form, ...]:
    from runners.models.catalogue import EXTRA, Form

    videos = ("answer about videos",)
    return (
        Form(
            "hf:<folder or hub id>",
            videos,
            "SmolVLM, Qwen2-VL, Qwen2.5-VL, LLaVA-OneVision, LLaVA-NeXT-Video",
            ("torch", "transformers"),
            EXTRA.format("models"),
        ),
        Form("openai:<model>[@endpoint]", videos, "any server that takes pictures", ("openai",)),
        Form(
            "litellm:<model>[@endpoint]",
            videos,
            "every provider that LiteLLM knows and that takes pictures",
            ("litellm",),
            EXTRA.format("litellm"),
        ),
        Form(
            "worker:<adapter>[:<checkpoint>]",
            videos,
            "longvu, minigpt_v2, metamorph, or an adapter's file; each in its own environment",
        ),
        Form("python:<module>:<factory>", videos, "what a function of yours returns"),
    )


command.add_command(list_models)
command.add_command(export_model)
