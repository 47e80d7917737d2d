"""`judge models export`: a model written in the form in which it runs on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from judge.cli.calling import Call, judge_command
from judge.cli.progress import counting_bar

if TYPE_CHECKING:
    from runners.export.language_models import Exported


@judge_command(
    "export",
    example="judge models export hf:facebook/MobileLLM-125M --to executorch --out mobilellm-et\n"
    "judge models export hf:Qwen/Qwen3-0.6B --to onnx --quantize int8 --out qwen3-int8",
    help="Write a causal language model in another form, with its tokenizer. What was written is"
    " compared with the original before it counts; then it is named onnx:DIR or executorch:DIR.",
)
@click.argument("spec")
@click.option(
    "--to", "form", required=True, type=click.Choice(["onnx", "executorch"]), help="The form."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option(
    "--quantize",
    type=click.Choice(["int8", "8da4w"]),
    help="int8 weights; 8da4w: 8-bit activations, 4-bit weights (executorch).",
)
@click.option(
    "--context",
    type=click.IntRange(min=16),
    help="The longest context in tokens, the model's own by default.",
)
def export_model(
    call: Call, *, spec: str, form: str, out: Path, quantize: str | None, context: int | None
) -> None:
    from runners.export.language_models import export_language_model

    with counting_bar(call) as bar:
        row = bar.add_task("", total=None) if bar is not None else None

        def tell(step: str) -> None:
            if bar is not None and row is not None:
                bar.update(row, description=step)

        done = export_language_model(spec, form, out, quantize=quantize, context=context, tell=tell)
    _answer(call, done)


def _answer(call: Call, done: Exported) -> None:
    document = {
        "folder": str(done.folder.absolute()),
        "spec": f"{done.form}:{done.folder.absolute()}",
        "form": done.form,
        "quantized": done.quantized,
        "bytes": done.bytes,
        "original_bytes": done.original_bytes,
        "parameters": done.parameters,
        "context_length": done.context_length,
        "largest_difference": done.largest_difference,
        "same_choices": done.same_choices,
    }
    before = f", {done.original_bytes / 1e6:.1f} MB before" if done.original_bytes else ""
    call.answer(
        document,
        f"{done.form}:{done.folder}: {done.parameters:,} parameters, {done.bytes / 1e6:.1f} MB"
        f"{before}, contexts of up to {done.context_length:,} tokens",
        f"logits differ by at most {done.largest_difference:.2g} from the original's;"
        f" {100 * done.same_choices:.0f} % of next tokens are the same",
    )
