"""Loading models: transformers without bars and reports of its own, and files that are none."""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from results.errors import InputError, MissingExtra, first_line


@contextmanager
def quiet_transformers() -> Iterator[Any]:
    """The module; MissingExtra without it. What is wrong with a model is told by errors alone."""
    try:
        transformers: Any = importlib.import_module("transformers")
    except ImportError:
        raise MissingExtra("Running a model here", "models") from None
    logs = transformers.utils.logging
    level, has_bars = logs.get_verbosity(), logs.is_progress_bar_enabled()
    logs.set_verbosity(logs.CRITICAL)
    logs.disable_progress_bar()
    # torchao, where it is installed, is imported with the first model and complains of this torch.
    others = [logging.getLogger(name) for name in ("torchao", "torch.utils._pytree")]
    levels = [other.level for other in others]
    for other in others:
        other.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield transformers
    finally:
        for other, before in zip(others, levels, strict=True):
            other.setLevel(before)
        logs.set_verbosity(level)
        if has_bars:
            logs.enable_progress_bar()


def mismatched(found: Mapping[str, Any]) -> list[str]:
    """The names of weights whose shape is not the model's, in what `from_pretrained` tells."""
    return [name if isinstance(name, str) else str(name[0]) for name in found["mismatched_keys"]]


def unreadable(path: Path, error: Exception) -> InputError:
    """What a person is told of a file that a runtime cannot read."""
    return InputError(f"{path} cannot be read as a model: {first_line(error)}.")


def end_tokens(model: Any) -> tuple[int, ...]:
    """The tokens that end a reply, by the generation config of a transformers model."""
    found = model.generation_config.eos_token_id
    if found is None:
        return ()
    return tuple(map(int, found)) if isinstance(found, list | tuple) else (int(found),)
