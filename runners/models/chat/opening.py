"""Opens the chat client that a model spec names."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from results.errors import InputError
from runners.models.chat.cache import ReplyCache
from runners.models.chat.calling import Caller
from runners.models.chat.client import ChatClient
from runners.models.chat.endpoints import (
    OPENAI_URL,
    Endpoint,
    LiteLLMEndpoint,
    NoEndpoint,
    OpenAIEndpoint,
)
from runners.models.chat.exchanges import Exchanges
from runners.models.chat.pacing import lane_to
from runners.models.chat.redaction import Redactor, secrets_in, secrets_in_url
from runners.models.chat.settings import EndpointSettings, Settings, load_settings
from runners.models.devices import Device, Precision

# Models that run in this process.
LOCAL = ("hf", "onnx", "executorch", "gguf")
# Models that are reached over a network.
REMOTE = ("openai", "litellm")


def open_chat(
    spec: str,
    *,
    settings: Settings | None = None,
    environment: Mapping[str, str] = os.environ,
    stop: threading.Event | None = None,
    exchanges: Exchanges | None = None,
    device: Device = "auto",
    precision: Precision = "fp32",
    batch_size: int | None = None,
) -> ChatClient:
    """The client for `openai:<model>`, `litellm:<model>` (`@<endpoint>` added), or a model in this
    process: `hf:<model>`, `onnx:<folder>`, `executorch:<folder>`, `gguf:<file>`.

    A plain `openai:<model>` goes to OPENAI_BASE_URL with OPENAI_API_KEY where the former is set,
    else to the config file's `chat.endpoint`, else to OpenAI itself. A key only ever goes to the
    endpoint that it was given for. Clients of one endpoint share its limit of concurrent calls
    and its pauses. Setting `stop` ends all waiting at once. `exchanges` keeps what a run is
    answered, or replays it, and then nothing is sent. `device`, `precision` and `batch_size` (how
    many requests are generated together) are those of a model in this process.
    """
    settings = load_settings(environment) if settings is None else settings
    provider, colon, model = spec.partition(":")
    is_local = provider in LOCAL
    if not (is_local or provider in REMOTE) or not colon or not model.strip():
        raise InputError(
            f"The model {spec!r} is not a chat model; name it openai:<model>, litellm:<model>,"
            " hf:<folder or hub id>, onnx:<folder>, executorch:<folder> or gguf:<file>."
        )
    if exchanges is not None and exchanges.replayed_from is not None:
        nowhere = NoEndpoint(exchanges.replayed_from)
        caller = Caller(_model_and_endpoint(model, settings)[0], nowhere, settings.chat)
        return ChatClient(spec, caller, exchanges=exchanges)
    weights = None
    if is_local:
        from runners.models.chat.local import DEFAULT_BATCH, LocalEndpoint
        from runners.models.language.opening import open_language_model

        size = batch_size or DEFAULT_BATCH
        opened = open_language_model(spec, device=device, precision=precision)
        endpoint = LocalEndpoint(opened, batch_size=size)
        weights = endpoint.identity()
        caller = Caller(
            model,
            endpoint,
            settings.chat,
            price=settings.prices.get(model),
            redactor=_redactor(settings, environment, None, None),
            # Two batches' worth may wait, so that the model never does.
            lane=lane_to(endpoint.address, 2 * size),
            stop=stop,
        )
    else:
        caller = open_caller(spec, settings=settings, environment=environment, stop=stop)
    cache = open_cache(settings)
    return ChatClient(spec, caller, cache=cache, exchanges=exchanges, weights=weights)


def open_caller(
    spec: str,
    *,
    settings: Settings | None = None,
    environment: Mapping[str, str] = os.environ,
    stop: threading.Event | None = None,
) -> Caller:
    """The caller of `openai:<model>` or `litellm:<model>` (`@<endpoint>` added), with the keys and
    limits that `open_chat` tells of."""
    settings = load_settings(environment) if settings is None else settings
    provider, _, rest = spec.partition(":")
    model, name = _model_and_endpoint(rest, settings)
    if provider not in REMOTE or not model.strip():
        raise InputError(
            f"The model {spec!r} is at no endpoint; name it openai:<model> or litellm:<model>."
        )
    named = settings.endpoints.get(name)
    base_url: str | None = None
    key: str | None = None
    if named is not None:
        base_url, key = named.base_url, _key_of(name, named, environment)
    elif provider == "openai":
        base_url, key = _default_openai(settings, environment)
    endpoint: Endpoint
    if provider == "openai":
        endpoint = OpenAIEndpoint(base_url or OPENAI_URL, key)
    else:
        endpoint = LiteLLMEndpoint(base_url, key)
    places = settings.chat.max_concurrent
    if named is not None and named.max_concurrent is not None:
        places = named.max_concurrent
    return Caller(
        model,
        endpoint,
        settings.chat,
        price=settings.prices.get(model),
        redactor=_redactor(settings, environment, key, base_url),
        lane=lane_to(endpoint.address, places),
        stop=stop,
    )


def _model_and_endpoint(named: str, settings: Settings) -> tuple[str, str]:
    """The model's name, and that of the endpoint after its last @ where there is such a one."""
    model, at, name = named.rpartition("@")
    return (model, name) if at and model and name in settings.endpoints else (named, "")


def open_cache(settings: Settings) -> ReplyCache | None:
    """The reply cache of the settings; None where its size is set to 0."""
    if settings.cache_max_bytes == 0:
        return None
    return ReplyCache(settings.cache_dir, settings.cache_max_bytes)


def _redactor(
    settings: Settings, environment: Mapping[str, str], key: str | None, base_url: str | None
) -> Redactor:
    keys = [key or "", *secrets_in_url(base_url or "")]
    others = [*secrets_in(environment)]
    if key is None:
        # litellm then sends one that it finds in the environment itself.
        keys += others
    for endpoint in settings.endpoints.values():
        others += secrets_in_url(endpoint.base_url)
        if endpoint.api_key is not None:
            others.append(endpoint.api_key.get_secret_value())
    return Redactor(keys, others)


def _default_openai(
    settings: Settings, environment: Mapping[str, str]
) -> tuple[str | None, str | None]:
    base_url = environment.get("OPENAI_BASE_URL", "").strip() or None
    chosen = settings.chat.endpoint
    if base_url is None and chosen is not None:
        named = settings.endpoints[chosen]
        return named.base_url, _key_of(chosen, named, environment)
    if base_url is not None and not _is_web_address(base_url):
        raise InputError(
            "OPENAI_BASE_URL is not an http:// or https:// address; set it to one, such as"
            " http://127.0.0.1:8000/v1."
        )
    key = _sendable_key(environment.get("OPENAI_API_KEY"), "OPENAI_API_KEY")
    if base_url is None and key is None:
        raise InputError(
            "No key for OpenAI was found; set OPENAI_API_KEY, or OPENAI_BASE_URL for another"
            " endpoint, or name an endpoint in the config file."
        )
    return base_url, key


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _key_of(name: str, endpoint: EndpointSettings, environment: Mapping[str, str]) -> str | None:
    if endpoint.api_key is not None:
        return _sendable_key(endpoint.api_key.get_secret_value(), f"endpoints.{name}.api_key")
    if endpoint.api_key_env is None:
        return None
    key = _sendable_key(environment.get(endpoint.api_key_env), endpoint.api_key_env)
    if key is None:
        raise InputError(
            f"The endpoint {name} takes its key from {endpoint.api_key_env}, which is not set;"
            f" set it, or change endpoints.{name}.api_key_env in the config file."
        )
    return key


def _sendable_key(key: str | None, where: str) -> str | None:
    """The key without surrounding white space; InputError when no HTTP header can carry it."""
    key = (key or "").strip()
    if not key:
        return None
    if not (key.isascii() and key.isprintable()):
        raise InputError(f"The key in {where} holds characters that no key has; set it anew.")
    return key
