"""A tiny language model and its exports, made once for a whole run of the tests.

Lowering to ExecuTorch takes most of a minute, so that processes that run tests side by side wait
for whichever came first.
"""

from __future__ import annotations

import fcntl
from pathlib import Path

from runners.export.language_models import export_language_model
from tests.support.tiny_models import make_tiny_llama

LONGEST = 4_096


def exported_llama(shared: Path) -> dict[str, str]:
    """The spec of one model as hf:, onnx: and executorch:, below a folder that all tests share."""
    folder = shared / "exported-llama"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "hf" / "config.json").exists():
            make_tiny_llama(folder / "hf", longest=LONGEST, seed=11)
        for form in ("onnx", "executorch"):
            if not (folder / form).exists():
                export_language_model(f"hf:{folder / 'hf'}", form, folder / form)
    return {form: f"{form}:{folder / form}" for form in ("hf", "onnx", "executorch")}


def shared_folder(base: Path) -> Path:
    """What every process of one run of the tests has in common, from its own base folder."""
    return base.parent if base.name.startswith("popen-") else base
