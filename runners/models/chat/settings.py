"""Settings of the chat client: the config file, the environment, endpoints and prices.

The file is `agent-judge/config.toml` in the user's config folder, or `$JUDGE_CONFIG`:

    [chat]
    endpoint = "lab"            # which endpoint a plain openai:<model> talks to
    timeout_seconds = 120       # of one call
    retries = 5
    give_up_seconds = 900       # of one question, with all its retries and waits
    max_concurrent = 64         # calls that one endpoint gets at once
    cache_dir = "~/replies"     # $JUDGE_CACHE_DIR goes before it
    cache_max_mb = 512          # $JUDGE_CACHE_MAX_MB goes before it; 0 keeps nothing

    [endpoints.lab]             # openai:<model>@lab
    base_url = "http://127.0.0.1:8000/v1"
    api_key_env = "LAB_KEY"     # or api_key = "…"
    max_concurrent = 2

    [prices."gpt-4o-mini"]      # USD per million tokens
    input = 0.15
    output = 0.60
    cached_input = 0.075        # of prompt tokens that the endpoint had kept; else as input
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from results.errors import InputError

APPLICATION = "agent-judge"
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ChatSettings(_Section):
    """The `[chat]` section."""

    endpoint: str | None = None
    timeout_seconds: Finite = Field(default=120.0, gt=0)
    retries: int = Field(default=5, ge=0, le=100)
    give_up_seconds: Finite = Field(default=900.0, gt=0)
    max_concurrent: int = Field(default=64, ge=1, le=1000)
    first_wait_seconds: Finite = Field(default=1.0, ge=0)
    longest_wait_seconds: Finite = Field(default=60.0, ge=0)
    temperature: Finite | None = 0.0
    max_output_tokens: int | None = Field(default=None, ge=1)
    cache_dir: Path | None = None
    cache_max_mb: Finite = Field(default=512.0, ge=0)


class EndpointSettings(_Section):
    """One `[endpoints.<name>]` section."""

    base_url: str = Field(pattern=r"^https?://[^\s]+$")
    api_key: SecretStr | None = None
    api_key_env: str | None = None
    max_concurrent: int | None = Field(default=None, ge=1, le=1000)


class Price(_Section):
    """USD per million tokens."""

    input: Finite = Field(ge=0)
    output: Finite = Field(ge=0)
    cached_input: Finite | None = Field(default=None, ge=0)

    def cost(self, input_tokens: int, output_tokens: int, cached_input_tokens: int = 0) -> float:
        """USD; `cached_input_tokens` are a part of `input_tokens`."""
        kept = self.input if self.cached_input is None else self.cached_input
        fresh = input_tokens - cached_input_tokens
        total = fresh * self.input + cached_input_tokens * kept + output_tokens * self.output
        return total / 1_000_000


class Settings(BaseModel):
    """The sections that chat models read; other sections of the file are not ours."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    chat: ChatSettings = ChatSettings()
    endpoints: dict[str, EndpointSettings] = Field(default_factory=dict)
    prices: dict[str, Price] = Field(default_factory=dict)

    @property
    def cache_dir(self) -> Path:
        chosen = self.chat.cache_dir
        if chosen is None:
            return platformdirs.user_cache_path(APPLICATION) / "replies"
        return chosen.expanduser()

    @property
    def cache_max_bytes(self) -> int:
        return int(self.chat.cache_max_mb * 1024 * 1024)


def config_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the config file is looked for."""
    chosen = environment.get("JUDGE_CONFIG")
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_config_path(APPLICATION) / "config.toml"


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The config file, with the environment's settings before it.

    Raises InputError that names the file and the field, never a value.
    """
    path = config_path(environment)
    raw = _read(path, must_exist=bool(environment.get("JUDGE_CONFIG")))
    settings = _checked(raw, f"The config file {path}")
    overrides: dict[str, object] = {}
    if directory := environment.get("JUDGE_CACHE_DIR"):
        overrides["cache_dir"] = directory
    if size := environment.get("JUDGE_CACHE_MAX_MB"):
        overrides["cache_max_mb"] = size
    if overrides:
        chat = {**settings.chat.model_dump(), **overrides}
        checked = _checked({"chat": chat}, "The environment (JUDGE_CACHE_DIR, JUDGE_CACHE_MAX_MB)")
        settings = settings.model_copy(update={"chat": checked.chat})
    if settings.chat.endpoint is not None and settings.chat.endpoint not in settings.endpoints:
        raise InputError(
            f"The config file {path}: chat.endpoint names {settings.chat.endpoint!r}, but there is"
            f" no [endpoints.{settings.chat.endpoint}] section; add it or remove chat.endpoint."
        )
    return settings


def _read(path: Path, *, must_exist: bool) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if must_exist:
            raise InputError(
                f"The config file {path} that JUDGE_CONFIG names does not exist; make it or unset"
                " the variable."
            ) from error
        return {}
    except OSError as error:
        raise InputError(
            f"The config file {path} cannot be read: {error.strerror}; mend its permissions."
        ) from error
    except ValueError as error:
        raise InputError(
            f"The config file {path} is not valid TOML: {error}; mend that line."
        ) from error


def _checked(raw: object, where: str) -> Settings:
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
    raise InputError(f"{where} has faults: {faults}.")
