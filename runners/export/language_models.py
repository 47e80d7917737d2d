"""A causal language model written in another form, and compared with itself before it counts.

The folder holds the file, the tokenizer, and `export.json`: where it comes from, its sizes, and by
how much its logits differ from those of the original. It is written whole or not at all.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from results.errors import InputError
from runners.export.causal_lm import Sizes, exported_program, sizes_of
from runners.models.describing import Described
from runners.models.language.engine import EngineModel
from runners.models.language.hf import HfNetwork
from runners.models.language.interface import Network
from runners.models.language.opening import open_language_model
from runners.models.language.stepwise import FORMAT_VERSION, SETTINGS
from runners.recording import installed_versions

FORMS = ("onnx", "executorch")
# Of logits, between the original and what was written of it in the same precision.
TOLERANCE = 1e-3
_TEXT = "The quick brown fox jumps over the lazy dog; 0123456789, and so on."
_LIBRARIES = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "executorch", "torchao")


@dataclass(frozen=True)
class Exported:
    """What was written, and how it compares with the original.

    bytes, original_bytes: of the files of weights. largest_difference: of a logit.
    same_choices: the share of next tokens, 0..1, that both find likeliest.
    """

    folder: Path
    form: str
    quantized: str | None
    bytes: int
    original_bytes: int
    parameters: int
    context_length: int
    largest_difference: float
    same_choices: float


def export_language_model(
    spec: str,
    form: str,
    out: Path,
    *,
    quantize: str | None = None,
    context: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Writes the model of an `hf:` spec in another form.

    Args:
        spec: `hf:<folder or hub id>`.
        form: one of FORMS.
        out: a folder that is not there yet, or is empty.
        quantize: int8 for onnx; 8da4w or int8 for executorch; None for 32 bits.
        context: the longest context in tokens; that of the model with None.
        tell: told each step as it begins.

    Raises:
        InputError: the model cannot be opened, traced or written, or what was written is not the
            same model any more.
        MissingExtra: a library is not installed.
    """
    _check(spec, form, out, quantize)
    tell("loading the model")
    model = open_language_model(spec, device="cpu")
    assert isinstance(model, EngineModel) and isinstance(model.network, HfNetwork)
    sizes = sizes_of(model.network.model, context)
    described = model.describe()
    rows = _tokens(model, sizes)
    original = _logits(model.network, rows)
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    # Within it, because a folder made so can be read by nobody else.
    unfinished = beside / "model"
    try:
        unfinished.mkdir()
        with _quiet():
            _write(model.network.model, form, quantize, sizes, unfinished, tell)
        _copy_tokenizer(model, unfinished)
        tell("comparing it with the original")
        settings = _settings(spec, form, quantize, sizes, described, model)
        (unfinished / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n")
        with _quiet():
            again = _opened(form, unfinished)
            written = _logits(again, rows)
        difference = max(float(np.abs(a - b).max()) for a, b in zip(original, written, strict=True))
        same = [
            bool(x == y)
            for a, b in zip(original, written, strict=True)
            for x, y in zip(a.argmax(-1), b.argmax(-1), strict=True)
        ]
        if not np.isfinite(difference) or (quantize is None and difference > TOLERANCE):
            raise InputError(
                f"What was written is another model: a logit differs by {difference:.3g}, and"
                f" {TOLERANCE:g} is allowed; this kind of model cannot be exported to {form} here."
            )
        settings["largest_difference"] = difference
        (unfinished / SETTINGS).write_text(json.dumps(settings, indent=1) + "\n")
        size = int(again.describe()["bytes"])
        if out.is_dir():
            out.rmdir()
        unfinished.rename(out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Exported(
        folder=out,
        form=form,
        quantized=quantize,
        bytes=size,
        original_bytes=int(described.get("bytes", 0)),
        parameters=int(described["parameters"]),
        context_length=sizes.context_length,
        largest_difference=difference,
        same_choices=sum(same) / len(same),
    )


def _check(spec: str, form: str, out: Path, quantize: str | None) -> None:
    from runners.export import executorch, onnx

    if form not in FORMS:
        raise InputError(f"There is no form {form!r}; there are {', '.join(FORMS)}.")
    if spec.partition(":")[0] != "hf":
        raise InputError(f"{spec} cannot be exported; name a model hf:<folder or hub id>.")
    offered = onnx.QUANTIZED if form == "onnx" else executorch.QUANTIZED
    if quantize is not None and quantize not in offered:
        raise InputError(
            f"{form} has no quantisation {quantize!r}; there is {' and '.join(offered)}."
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already; --out takes a new folder.")


def _write(
    network: Any,
    form: str,
    quantize: str | None,
    sizes: Sizes,
    folder: Path,
    tell: Callable[[str], None],
) -> None:
    from runners.export import executorch, onnx

    if form == "onnx":
        tell("tracing it")
        program = exported_program(network, sizes, rows=None)
        tell("writing it as ONNX")
        onnx.write_onnx(program, folder, quantize)
        return
    if quantize is not None:
        tell(f"quantising it to {quantize}")
        executorch.quantized(network, quantize)
    tell("tracing it")
    program = exported_program(network, sizes, rows=1)
    tell("lowering it to ExecuTorch, which takes minutes for a large model")
    executorch.write_executorch(program, folder)


def _settings(
    spec: str,
    form: str,
    quantize: str | None,
    sizes: Sizes,
    described: Described,
    model: EngineModel,
) -> dict[str, Any]:
    from runners.export import executorch, onnx

    return {
        "format": form,
        "format_version": FORMAT_VERSION,
        "file": onnx.FILE if form == "onnx" else executorch.FILE,
        "source": spec,
        "source_sha256": described.get("sha256"),
        "quantized": quantize,
        "layers": sizes.layers,
        "heads": sizes.heads,
        "size": sizes.size,
        "vocabulary": sizes.vocabulary,
        "context_length": sizes.context_length,
        "rows": 1 if form == "executorch" else None,
        "parameters": described["parameters"],
        "ends": sorted(model.tokenizer.ends),
        "largest_difference": 0.0,
        "versions": installed_versions(_LIBRARIES),
    }


def _copy_tokenizer(model: EngineModel, folder: Path) -> None:
    tokenizer: Any = model.tokenizer
    tokenizer.hf.save_pretrained(folder)


def _opened(form: str, folder: Path) -> Network:
    if form == "onnx":
        from runners.models.language.onnx import OnnxNetwork

        return OnnxNetwork(folder, "cpu")
    from runners.models.language.executorch import ExecuTorchNetwork

    return ExecuTorchNetwork(folder)


def _tokens(model: EngineModel, sizes: Sizes) -> list[list[int]]:
    """Two rows to compare on: words, and tokens drawn from all there are."""
    longest = max(min(sizes.context_length - 8, 48), 2)
    words = model.tokenizer.encode(_TEXT, special=True)[:longest]
    drawn = np.random.default_rng(0).integers(0, sizes.vocabulary, longest).tolist()
    return [words if len(words) > 1 else drawn, drawn]


def _logits(network: Network, rows: list[list[int]]) -> list[np.ndarray]:
    """Of each row the logits after its prompt and after each of four more tokens (5, vocabulary).

    So what is compared has read prompts, and has gone on by its cache.
    """
    found = []
    for row in rows:
        prompt, rest = row[:-4] or row[:1], row[-4:]
        tokens = np.array([prompt], np.int64)
        cache, logits = network.read(tokens, np.array([len(prompt)], np.int64))
        steps = [logits[0]]
        for token in rest:
            cache, logits = network.step(cache, np.array([token], np.int64))
            steps.append(logits[0])
        found.append(np.stack(steps))
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Exporters and runtimes write to both streams as they go; nothing of it is for a person.

    Some write below Python, so the descriptors themselves are turned away.
    """
    logging.disable(logging.ERROR)
    kept = [os.dup(1), os.dup(2)]
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            Path(os.devnull).open("w") as nowhere,
        ):
            warnings.simplefilter("ignore")
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        for descriptor, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)
        logging.disable(logging.NOTSET)
