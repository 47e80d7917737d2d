"""Which of the workspace's own programs a shell command starts."""

from __future__ import annotations

import posixpath
import re
import sys

from judge.trajectory.places import absolute
from judge.trajectory.shell import Command

_PYTHON = re.compile(r"python(?:\d(?:\.\d+)?)?|pypy3?|ipython3?")
_SCRIPT = re.compile(
    r"[^\s:]{1,500}\.(?:py|sh|bash|js|mjs|cjs|ts|tsx|jsx|r|rb|pl|php|jl|lua|ipynb)", re.I
)
# Modules that `python -m` starts and that no workspace holds.
_TOOLS = frozenset(
    "pip pytest build black ruff flake8 mypy isort pylint jupyter notebook ipykernel nbconvert "
    "streamlit flask uvicorn gunicorn coverage tox poetry conda virtualenv spacy nltk tensorboard "
    "torch accelerate huggingface_hub playwright setuptools wheel twine sphinx mkdocs".split()
)
_INTERPRETERS = frozenset(
    "bash sh zsh dash source . node nodejs deno bun ts-node tsx Rscript ruby perl php julia "
    "lua".split()
)
_PYTHON_VALUED = frozenset({"-W", "-X"})
# Options of test runners and servers that take a value which may look like a script.
_APP = re.compile(r"([A-Za-z_][\w.]*):[A-Za-z_]\w*(?:\(\))?")


def programs_of(command: Command) -> tuple[str, ...]:
    """The paths of the scripts that a command starts, from its folder; empty where none."""
    if not command.words:
        return ()
    found = _started(command.name, command.words[1:], command.words[0])
    paths = (absolute(path, command.folder) for path in found)
    return tuple(dict.fromkeys(path for path in paths if path))


def inline_code(command: Command) -> str | None:
    """The Python text that `python -c` or `python <<EOF` runs, else None."""
    if not command.words or not _PYTHON.fullmatch(command.name):
        return None
    words = command.words[1:]
    for at, word in enumerate(words):
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return words[at + 1] if at + 1 < len(words) else None
        if word == "-" or word.startswith("-"):
            continue
        return None
    return command.heredoc


def tool_of(command: Command) -> str:
    """The tool that a command is a call of: "pip" for `python -m pip`, else its own name."""
    if is_python(command):
        for at, word in enumerate(command.words[1:], start=1):
            if word == "-m" and at + 1 < len(command.words):
                module = command.words[at + 1].split(".")[0]
                return module if module in _TOOLS or module == "unittest" else "python"
            if not word.startswith("-"):
                break
        return "python"
    return command.name


def is_python(command: Command) -> bool:
    return bool(_PYTHON.fullmatch(command.name))


def _started(name: str, words: tuple[str, ...], written: str) -> list[str]:
    if _PYTHON.fullmatch(name):
        return _python(words)
    if name in _INTERPRETERS:
        first = next((word for word in words if not word.startswith("-") and word != "run"), "")
        return [first] if first else []
    if name in ("pytest", "py.test"):
        return [w.split("::")[0] for w in words if _SCRIPT.fullmatch(w.split("::")[0])]
    if name == "jupyter":
        is_run = "execute" in words or any(word.startswith("--execute") for word in words)
        return [word for word in words if word.endswith(".ipynb")] if is_run else []
    if name == "papermill":
        return [word for word in words if word.endswith(".ipynb")][:1]
    if name in ("streamlit", "chainlit", "gradio", "npx", "manim", "locust", "fastapi"):
        return [word for word in words if _SCRIPT.fullmatch(word)][:1]
    if name in ("uvicorn", "gunicorn", "hypercorn", "celery"):
        return [f"{m[1].replace('.', '/')}.py" for w in words if (m := _APP.fullmatch(w))][:1]
    if name == "flask":
        return _flask(words)
    if name == "go" and words[:1] == ("run",):
        return [word for word in words[1:] if not word.startswith("-")][:1]
    if "/" in written and _SCRIPT.fullmatch(written):
        return [written]
    return []


def _python(words: tuple[str, ...]) -> list[str]:
    at = 0
    while at < len(words):
        word = words[at]
        if word == "-m":
            return _module(words[at + 1 :])
        if word in _PYTHON_VALUED:
            at += 2
            continue
        if word == "-" or (word.startswith("-") and word.endswith("c") and word[1:2] != "-"):
            return []
        if not word.startswith("-"):
            return [word]
        at += 1
    return []


def _module(words: tuple[str, ...]) -> list[str]:
    if not words:
        return []
    module = words[0]
    top = module.split(".")[0]
    if top in ("pytest", "unittest"):
        return [word for word in words[1:] if _SCRIPT.fullmatch(word)]
    if top in ("streamlit", "flask", "uvicorn", "jupyter"):
        return _started(top, words[1:], top)
    if top in _TOOLS or top in sys.stdlib_module_names:
        return []
    return [f"{module.replace('.', '/')}.py"]


def _flask(words: tuple[str, ...]) -> list[str]:
    for at, word in enumerate(words):
        if word == "--app" and at + 1 < len(words):
            target = words[at + 1].split(":")[0]
            return [target if target.endswith(".py") else f"{target.replace('.', '/')}.py"]
    return ["app.py"] if "run" in words else []


def base_name(path: str) -> str:
    return posixpath.basename(path.rstrip("/"))
