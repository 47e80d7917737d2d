"""`judge models`: what can be loaded as a model under test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from judge.cli.calling import Call, judge_command

if TYPE_CHECKING:
    from runners.models.catalogue import Form


@click.group("models", help="Models under test: what can be loaded.")
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

    found = (*_chat_forms(), *forms())
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


def _chat_forms() -> tuple[Form, ...]:
    from runners.models.catalogue import EXTRA, Form

    chat = ("chat",)
    return (
        Form("openai:<model>[@endpoint]", chat, "any server of Chat Completions", ("openai",)),
        Form(
            "litellm:<model>[@endpoint]",
            chat,
            "every provider that LiteLLM knows",
            ("litellm",),
            EXTRA.format("litellm"),
        ),
        Form(
            "hf:<folder or hub id>",
            chat,
            "causal language models with a chat template",
            ("torch", "transformers"),
            EXTRA.format("models"),
        ),
    )


command.add_command(list_models)
