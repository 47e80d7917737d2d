"""Code that a person names: research code bases, and functions of one's own.

Importing it runs it, which is why it is imported only when it is named.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from results.errors import InputError


def imported_from(module: str, package: str, install: str, code: Path | None) -> Any:
    """The module of an installed package, or of the checkout `code`; InputError without it."""
    if code is not None:
        if not code.is_dir():
            raise InputError(f"There is no folder {code} with the code of {package}.")
        loaded = getattr(sys.modules.get(package), "__path__", None)
        if loaded and code.resolve() not in Path(next(iter(loaded))).resolve().parents:
            raise InputError(
                f"The package {package} was imported from {next(iter(loaded))} before; use the code"
                f" in {code} in a process of its own."
            )
        if str(code.resolve()) not in sys.path:
            sys.path.insert(0, str(code.resolve()))
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = error.name or str(error)
        if missing.partition(".")[0] == package:
            raise InputError(
                f"The package {package} is not installed ({missing} was not found): {install}, or"
                " give the folder of its code."
            ) from None
        raise InputError(
            f"The package {package} needs {missing}, which is not there: pip install {missing}."
        ) from None


def made_by(
    place: str, code: Path | None, methods: Sequence[str], interface: str, **settings: Any
) -> Any:
    """What the function `<module>:<factory>` returns for these settings.

    code: the folder of its module, where that is not installed.
    methods: what it must have; `interface` says what it must be, and where that is written.
    InputError, in a sentence, where there is no such function or it returns something else.
    """
    name, colon, factory = place.rpartition(":")
    if not colon or not name or not factory:
        raise InputError(f"python:{place} is not whole; write python:<module>:<factory>.")
    package = name.partition(".")[0]
    module = imported_from(name, package, f"install what holds {package}", code)
    make = getattr(module, factory, None)
    if not callable(make):
        raise InputError(f"The module {name} has no function {factory}.")
    made = make(**settings)
    lacking = [method for method in methods if not callable(getattr(made, method, None))]
    if lacking:
        raise InputError(
            f"What {place} returns has no {' and no '.join(lacking)}; it must be {interface}."
        )
    return made
