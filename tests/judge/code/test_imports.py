"""Imports of the workspace are told from those of installed packages."""

from __future__ import annotations

from judge.code import Import
from tests.judge.code.reading import graph_of


def one_import(module: str, /, **files: str) -> Import:
    return next(each for each in graph_of(**files).imports if each.module == module)


def test_a_module_beside_the_importing_file_is_found() -> None:
    found = one_import(
        "model", src__train_py="from model import build\n", src__model_py="build = 1\n"
    )
    assert (found.is_local, found.resolved_path) == (True, "src/model.py")


def test_a_module_is_found_from_the_workspaces_root_and_in_folders_on_the_path() -> None:
    files = {"main_py": "import sys\nsys.path.insert(0, 'src')\nimport loader\n",
             "src__loader_py": "x = 1\n"}  # fmt: skip
    assert one_import("loader", **files).resolved_path == "src/loader.py"
    files = {"src__deep__a_py": "import src.util\n", "src__util_py": ""}
    assert one_import("src.util", **files).resolved_path == "src/util.py"


def test_relative_imports_are_named_in_full_and_resolved() -> None:
    found = one_import(
        "pkg.sub.core", pkg__sub__a_py="from .core import x\n", pkg__sub__core_py="x = 1\n"
    )
    assert (found.is_resolved, found.resolved_path) == (True, "pkg/sub/core.py")
    missing = one_import("pkg.gone", pkg__sub__a_py="from ..gone import x\n")
    assert (missing.is_resolved, missing.is_local) == (False, False)


def test_a_module_that_ought_to_be_in_a_folder_of_the_workspace_is_not_resolved() -> None:
    files = {"main_py": "from utils.plots import draw\n", "utils__io_py": "x = 1\n"}
    assert not one_import("utils.plots", **files).is_resolved
    assert one_import("flair", main_py="import flair\n").is_resolved


def test_an_installed_package_wins_over_a_file_of_its_name_elsewhere() -> None:
    files = {
        "main_py": "import random\nimport datasets\n",
        "old__random_py": "",
        "datasets__x_py": "",
    }
    graph = graph_of(**files)
    assert [each.is_local for each in graph.imports] == [False, False]


def test_a_file_named_like_a_package_is_meant_when_it_defines_what_is_imported() -> None:
    files = {"main_py": "from evaluate import errors\n", "src__evaluate_py": "def errors(a): ...\n"}
    assert one_import("evaluate", **files).resolved_path == "src/evaluate.py"


def test_names_that_a_local_module_does_not_have_are_missing() -> None:
    files = {"main_py": "from model import build, gone\n", "model_py": "def build(): ...\n"}
    assert one_import("model", **files).missing_names == ("gone",)


def test_an_import_is_used_when_a_name_it_binds_is_used_in_code() -> None:
    graph = graph_of("""
        import torch
        import numpy as np
        import os.path
        from a import b as c, d
        # torch
        print("torch", np.pi, c, os.sep)
    """)
    assert {each.module: each.is_used for each in graph.imports} == {
        "torch": False,
        "numpy": True,
        "os.path": True,
        "a": True,
    }
