"""Opens the causal language model that a spec names."""

from __future__ import annotations

from pathlib import Path

from results.errors import InputError
from runners.models.devices import Device, Precision, torch_placement
from runners.models.language.interface import LanguageModel

FORMS = ("hf", "onnx", "executorch", "gguf", "openai", "litellm")


def open_language_model(
    spec: str,
    *,
    device: Device = "auto",
    precision: Precision = "fp32",
    variant: str | None = None,
) -> LanguageModel:
    """The model of `hf:<folder or hub id>`, `onnx:<folder>`, `executorch:<folder>` or
    `gguf:<file>`, ready on its device, or of `openai:<model>` or `litellm:<model>` at an endpoint.

    Raises InputError, in a sentence, where there is no such model or it cannot run so.
    """
    form, colon, place = spec.partition(":")
    if form not in FORMS or not colon or not place.strip():
        raise InputError(
            f"The model {spec!r} is not a language model; name it"
            f" {', '.join(f'{known}:…' for known in FORMS)}."
        )
    if form in ("openai", "litellm"):
        return _open_endpoint(spec, device, precision, variant)
    if form == "hf":
        return _open_hf(spec, place, device, precision, variant)
    if precision != "fp32":
        raise InputError(
            f"The precision of an {form} file is its own; leave it at fp32, and export the model"
            f" in {precision} for that."
        )
    if form == "gguf":
        return _open_gguf(spec, place, device, variant)
    return _open_exported(spec, form, place, device, variant)


def _open_endpoint(
    spec: str, device: Device, precision: Precision, variant: str | None
) -> LanguageModel:
    from runners.models.language.endpoints import open_endpoint_model

    if device != "auto" or precision != "fp32":
        raise InputError(
            f"Where {spec} runs and in which precision is its endpoint's own; leave both out."
        )
    return open_endpoint_model(spec, variant)


def _open_hf(
    spec: str, place: str, device: Device, precision: Precision, variant: str | None
) -> LanguageModel:
    from runners.models.language.engine import EngineModel
    from runners.models.language.hf import open_hf_network
    from runners.models.language.tokenizers import HfTokenizer

    placement = torch_placement(device, precision)
    place = _folder_or_name(place)
    network = open_hf_network(place, placement)
    return EngineModel(
        spec,
        network,
        HfTokenizer(place, network.ends),
        device=placement.device,
        precision=precision,
        variant=variant,
    )


def _folder_or_name(place: str) -> str:
    """The folder, or the hub's name of a model; InputError for what can be neither."""
    folder = Path(place).expanduser()
    if folder.is_dir():
        return str(folder)
    if folder.exists():
        raise InputError(f"{place} is a file; hf: takes the folder that holds config.json.")
    if place.startswith(("/", ".", "~")) or place.count("/") > 1:
        raise InputError(f"There is no folder {place!r}; hf: takes one, or a name on the hub.")
    return place


def _open_gguf(spec: str, place: str, device: Device, variant: str | None) -> LanguageModel:
    from runners.models.language.engine import EngineModel
    from runners.models.language.gguf import GgufNetwork, GgufTokenizer, open_llama

    path = Path(place).expanduser()
    llama = open_llama(path, device)
    network = GgufNetwork(llama, path)
    placed = "cpu" if device == "auto" else device
    return EngineModel(
        spec, network, GgufTokenizer(llama), device=placed, variant=variant or "gguf"
    )


def _open_exported(
    spec: str, form: str, place: str, device: Device, variant: str | None
) -> LanguageModel:
    from runners.models.language.engine import EngineModel
    from runners.models.language.executorch import ExecuTorchNetwork
    from runners.models.language.onnx import OnnxNetwork
    from runners.models.language.tokenizers import HfTokenizer

    folder = Path(place).expanduser()
    if not folder.is_dir():
        raise InputError(
            f"There is no folder {place!r}; {form}: takes one that `judge models export` wrote."
        )
    network: OnnxNetwork | ExecuTorchNetwork
    if form == "onnx":
        network = OnnxNetwork(folder, device)
    else:
        if device not in ("auto", "cpu"):
            raise InputError(f"An executorch file runs on the cpu; leave {device} out.")
        network = ExecuTorchNetwork(folder)
    tokenizer = HfTokenizer(str(folder), network.settings.ends)
    named = " ".join(filter(None, (form, network.settings.quantized)))
    return EngineModel(spec, network, tokenizer, device=network.device, variant=variant or named)
