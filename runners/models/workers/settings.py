"""How the workers of this machine are set up: their section of the config file.

The file is that of the chat client (`runners/models/chat/settings.py`):

    [workers.longvu]            # worker:longvu:<checkpoint>; for a file, its name without .py
    python = "~/longvu-env/bin/python"
    code = "~/LongVU"           # a checkout of the model's code
    environment = ["HTTPS_PROXY"]  # variables that its code gets beside the usual ones
    hello_seconds = 120         # until Python has started
    load_seconds = 1800
    predict_seconds = 600       # of one question; with it the worker is ended
    [workers.longvu.settings]   # what the adapter reads, see its file
    drop_threshold = 0.65
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from results.errors import InputError
from runners.models.chat.settings import config_path

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class WorkerSettings(BaseModel):
    """One `[workers.<adapter>]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    python: Path | None = None
    code: Path | None = None
    environment: tuple[str, ...] = ()
    hello_seconds: Seconds = 120.0
    load_seconds: Seconds = 1800.0
    predict_seconds: Seconds = 600.0
    settings: dict[str, str | int | float | bool] = Field(default_factory=dict)


class _Sections(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    workers: dict[str, WorkerSettings] = Field(default_factory=dict)


def worker_settings(adapter: str) -> WorkerSettings:
    """The section of an adapter, or what holds without one; InputError names the file's fault."""
    path = config_path()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return WorkerSettings()
    except OSError as error:
        raise InputError(
            f"The config file {path} cannot be read: {error.strerror}; mend its permissions."
        ) from None
    except ValueError as error:
        raise InputError(
            f"The config file {path} is not valid TOML: {error}; mend that line."
        ) from None
    try:
        sections = _Sections.model_validate(raw)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise InputError(f"The config file {path} has faults: {faults}.") from None
    return sections.workers.get(adapter, WorkerSettings())
