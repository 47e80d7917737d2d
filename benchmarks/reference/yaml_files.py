"""Reading YAML that people edit, so that every fault is said with its file and place."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from results.errors import InputError
from results.strict_json import read_small_file

MAX_BYTES = 16 * 2**20

_Model = TypeVar("_Model", bound=BaseModel)


def read_yaml(path: Path) -> Any:
    """What a YAML (or JSON) file holds; InputError with file, line and column of a fault."""
    try:
        text = read_small_file(path, MAX_BYTES).decode("utf-8")
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8.") from error
    except ValueError as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise InputError(f"{path}{place}, is not YAML: {error.problem}.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path} is not YAML: {str(error).partition(chr(10))[0]}.") from error
    except RecursionError as error:
        raise InputError(f"{path} is nested too deep.") from error


def read_model(path: Path, model: type[_Model]) -> _Model:
    """A YAML file as a value; InputError names the file and the place of the first fault."""
    try:
        return model.model_validate(read_yaml(path))
    except ValidationError as error:
        raise InputError(f"{path}, {first_fault(error)}.") from error


def first_fault(error: ValidationError) -> str:
    """The first thing pydantic minds, and where, such as `` `rows.3.value`: field required``."""
    detail = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part)[:80] for part in detail["loc"])
    return f"`{place}`: {detail['msg'][0].lower()}{detail['msg'][1:]}"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader, the fast one where there is one, that minds a key written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value[:80]!r} is there twice", key.start_mark
                    )
                seen.add(key.value)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found
