"""The kernel as other machines compile it gives the same counts as the one that runs here."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from benchmarks.vos.counting import Reading
from benchmarks.vos.fallback import count_maps
from tests.benchmarks.vos.scenes import GREY, Labels, perturbed, png, scene

NATIVE = Path(__file__).parents[3] / "benchmarks" / "vos" / "native"


def built(folder: Path, *options: str) -> ModuleType:
    """The kernel, compiled for this test alone."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()
    headers = sysconfig.get_paths()["include"]
    if os.name == "nt" or not shutil.which(compiler[0]) or not Path(headers, "Python.h").is_file():
        pytest.skip("a C compiler and Python's headers are needed")
    made = folder / f"_kernel{EXTENSION_SUFFIXES[0]}"
    sources = [str(path) for path in sorted(NATIVE.glob("*.c"))]
    command = [*compiler, "-shared", "-fPIC", "-O2", "-DPy_LIMITED_API=0x030B0000", *options]
    if sysconfig.get_platform().startswith("macosx"):
        command += ["-undefined", "dynamic_lookup"]
    command += [f"-I{headers}", *sources, "-o", str(made), "-lm"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    loader = ExtensionFileLoader("_kernel", str(made))
    spec = importlib.util.spec_from_loader("_kernel", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-DVOS_PLAIN_C",)], ids=["this machine", "plain C"])
def test_every_build_counts_alike(options: tuple[str, ...], tmp_path: Path) -> None:
    kernel = built(tmp_path, *options)
    rng = np.random.default_rng(5)
    sizes = [(1, 1), (1, 65), (65, 1), (40, 63), (40, 64), (40, 65), (90, 129), (200, 356)]
    for height, width in sizes:
        gt = scene(height, width, 4, frame=1)
        noise: Labels = rng.integers(0, 4, (height, width))
        for pred in (perturbed(gt, 2), noise):
            for depth, scale in ((8, 1), (16, 700)):
                one, other = (labels.astype(np.uint16) * scale for labels in (gt, pred))
                sources = [png(labels, depth, GREY, row_filter=4) for labels in (one, other)]
                for reading in (Reading(), Reading(every_pair=True, void=2 * scale)):
                    found = kernel.count(*sources, reading.flags, reading.void)
                    assert sorted(found) == sorted(count_maps(one, other, reading))
