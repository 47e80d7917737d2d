"""Which programming language a path is written in, and whether it belongs to the tests."""

from __future__ import annotations

import re

_BY_SUFFIX = {
    ".py": "python",
    ".pyw": "python",
    ".ipynb": "python",
    ".js": "javascript",
    ".jsx": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".ts": "typescript",
    ".tsx": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".java": "java",
    ".go": "go",
    ".rs": "rust",
    ".c": "c",
    ".h": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".cxx": "cpp",
    ".hpp": "cpp",
    ".hh": "cpp",
    ".hxx": "cpp",
    ".sh": "shell",
    ".bash": "shell",
}

_TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "testing", "spec", "specs"})
_TEST_NAME = re.compile(
    r"^(test_.*|.*_test|conftest|.*\.(test|spec)|.*Tests?)\.(py|[cm]?[jt]sx?|java|go|rs|cc|cpp|c)$"
)


def language_of(path: str) -> str | None:
    """The language by the path's suffix, or None where it is not one this package reads."""
    name = path.rsplit("/", 1)[-1]
    dot = name.rfind(".")
    return _BY_SUFFIX.get(name[dot:].lower()) if dot >= 0 else None


def is_test_path(path: str) -> bool:
    """Whether a file stands among the tests by its folder or its name."""
    *folders, name = path.split("/")
    return any(folder.lower() in _TEST_FOLDERS for folder in folders) or bool(
        _TEST_NAME.match(name)
    )
