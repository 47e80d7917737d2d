"""Files of JSON objects, one a line, as benchmarks release data and models leave predictions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from results.errors import InputError
from results.strict_json import read_small_file

MAX_BYTES = 2**30


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(the 1-based number of the line, its object) for each line that is not blank.

    Raises InputError that names the file, and the line that is no JSON object.
    """
    try:
        text = read_small_file(path, MAX_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"There is no file {path}; check the path.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        raise InputError(f"{path} cannot be read: {reason}.") from error
    # Only line feeds end a line: JSON may hold other separators as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{path}, line {number}, is no JSON: {str(error)[:200]}; it should hold an object"
                " a line."
            ) from error
        if not isinstance(value, dict):
            raise InputError(f"{path}, line {number}, is no JSON object.")
        yield number, value
