"""Whether the optional parts work on this machine, told by trying them, each in its own process.

A part that is installed may still be broken (a torchvision built for another torch, a grammar of
another ABI), and importing a broken one can end the process, so every trial is a child.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from results.records import Value
from runners.recording import version_of

SECONDS = 60.0


class State(StrEnum):
    """How a part stands."""

    WORKS = "works"
    MISSING = "missing"
    BROKEN = "broken"


class Part(Value):
    """One part; `mend` says how to get it where it does not work, else it is empty."""

    kind: str
    name: str
    state: State
    version: str | None = None
    mend: str = ""


@dataclass(frozen=True)
class _Package:
    """A distribution, a statement that uses it, and the extra that brings it ("" = the default)."""

    name: str
    trial: str
    extra: str = ""
    if_missing: str = ""
    if_broken: str = ""


_READERS = (
    _Package("av", "import av; av.codec.Codec('h264')"),
    _Package("charset-normalizer", "import charset_normalizer"),
    _Package("defusedxml", "import defusedxml.ElementTree"),
    _Package("duckdb", "import duckdb; duckdb.connect().execute('SELECT 1')"),
    _Package("h5py", "import h5py"),
    _Package("numpy", "import numpy; numpy.zeros(1)"),
    _Package("openpyxl", "import openpyxl"),
    _Package("pillow", "from PIL import Image; Image.new('RGB', (1, 1))"),
    _Package("pypdf", "import pypdf"),
    _Package("python-docx", "import docx"),
    _Package("python-pptx", "import pptx"),
    _Package("pyyaml", "import yaml"),
    _Package("tree-sitter", "import tree_sitter"),
    *(
        _Package(
            f"tree-sitter-{language}",
            f"import tree_sitter, tree_sitter_{language} as grammar;"
            f" tree_sitter.Parser(tree_sitter.Language(grammar.{function}()))",
        )
        for language, function in (
            ("bash", "language"),
            ("c", "language"),
            ("cpp", "language"),
            ("go", "language"),
            ("java", "language"),
            ("javascript", "language"),
            ("rust", "language"),
            ("typescript", "language_typescript"),
        )
    ),
)
_EXTRAS = (
    _Package("openai", "import openai"),
    _Package("litellm", "import litellm", "litellm"),
    _Package("docker", "import docker", "docker"),
    _Package("streamlit", "import streamlit", "dashboard"),
    _Package("torch", "import torch; torch.zeros(1)", "models"),
    _Package("transformers", "import transformers", "models"),
    _Package(
        "torchvision",
        "import torchvision",
        if_missing="not needed: models run without it",
        if_broken="models run without it, but a broken one breaks transformers: pip uninstall"
        " torchvision",
    ),
    _Package("onnx", "import onnx", "export"),
    _Package("onnxruntime", "import onnxruntime", "export"),
    _Package("executorch", "import executorch.runtime", "export"),
    _Package("llguidance", "import llguidance", "models"),
    _Package("lm-eval", "import lm_eval", "language"),
    _Package("llama-cpp-python", "import llama_cpp", "gguf"),
    _Package("faster-coco-eval", "import faster_coco_eval", "segmentation"),
    _Package("ray", "import ray", "distributed"),
)
# Tool -> (what proves that it works, what it is for).
_TOOLS: dict[str, tuple[tuple[str, ...], str]] = {
    "docker": (("docker", "info"), "the docker sandbox"),
    "bwrap": (("bwrap", "--ro-bind", "/", "/", "true"), "the bubblewrap sandbox"),
    "chromium": (("chromium", "--version"), "looking at web pages"),
}
_DEBIAN = {"docker": "docker.io", "bwrap": "bubblewrap", "chromium": "chromium"}


def examine() -> tuple[Part, ...]:
    """Every part's state. Never raises for a part that fails."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        # One child tries all readers; only where that fails is each tried by itself.
        together = "\n".join(package.trial for package in _READERS)
        do_all_work = _fault((sys.executable, "-c", together)) is None
        readers = list(pool.map(lambda package: _package("reader", package, do_all_work), _READERS))
        extras = list(pool.map(lambda package: _package("extra", package), _EXTRAS))
        tools = list(pool.map(_tool, _TOOLS))
    return (*readers, *extras, *tools)


def _package(kind: str, package: _Package, is_known_to_work: bool = False) -> Part:
    version = version_of(package.name)
    install = f"pip install 'agent-judge[{package.extra}]'" if package.extra else ""
    if version is None:
        mend = install or package.if_missing or f"pip install {package.name}"
        return Part(kind=kind, name=package.name, state=State.MISSING, mend=mend)
    fault = None if is_known_to_work else _fault((sys.executable, "-c", package.trial))
    if fault is None:
        return Part(kind=kind, name=package.name, state=State.WORKS, version=version)
    again = package.if_broken or f"pip install --force-reinstall {package.name}"
    return Part(
        kind=kind,
        name=package.name,
        state=State.BROKEN,
        version=version,
        mend=f"{fault}; {again}",
    )


def _tool(name: str) -> Part:
    command, purpose = _TOOLS[name]
    if shutil.which(name) is None:
        mend = f"for {purpose}: apt-get install {_DEBIAN[name]}"
        return Part(kind="system tool", name=name, state=State.MISSING, mend=mend)
    fault = _fault(command)
    if fault is None:
        return Part(kind="system tool", name=name, state=State.WORKS)
    mend = f"for {purpose}: {fault}"
    return Part(kind="system tool", name=name, state=State.BROKEN, mend=mend)


def _fault(command: tuple[str, ...]) -> str | None:
    """None when the command ends with 0, else the last thing it said."""
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"gave no answer in {SECONDS:.0f} s"
    except OSError as error:
        return error.strerror or "cannot be started"
    if ended.returncode == 0:
        return None
    said = [line.strip() for line in (ended.stderr or ended.stdout).splitlines() if line.strip()]
    return said[-1][:200].rstrip(".") if said else f"ended with {ended.returncode}"
