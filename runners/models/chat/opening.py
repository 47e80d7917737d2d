"""Opens the chat client that a model spec names."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from results.errors import InputError
from runners.models.chat.cache import ReplyCache
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
    if not (is_local or provider in ("openai", "litellm")) or not colon or not model.strip():
        raise InputError(
            f"The model {spec!r} is not a chat model; name it openai:<model>, litellm:<model>,"
            " hf:<folder or hub id>, onnx:<folder>, executorch:<folder> or gguf:<file>."
        )
    model, at, name = model.rpartition("@")
    if not at or name not in settings.endpoints or not model:
        model, name = f"{model}{at}{name}", ""
    if exchanges is not None and exchanges.replayed_from is not None:
        nowhere = NoEndpoint(exchanges.replayed_from)
        return ChatClient(spec, model, nowhere, settings.chat, exchanges=exchanges)
    named = settings.endpoints.get(name)
    endpoint: Endpoint
    size = 0
    key: str | None = None
    if named is not None:
        base_url: str | None = named.base_url
        key = _key_of(name, named, environment)
    elif provider == "openai":
        base_url, key = _default_openai(settings, environment)
    else:
        base_url = None
    if provider == "openai":
        endpoint = OpenAIEndpoint(base_url or OPENAI_URL, key)
    elif is_local:
        from runners.models.chat.local import DEFAULT_BATCH, LocalEndpoint
        from runners.models.language.opening import open_language_model

        size = batch_size or DEFAULT_BATCH
        opened = open_language_model(f"{provider}:{model}", device=device, precision=precision)
        endpoint = LocalEndpoint(opened, batch_size=size)
    else:
        endpoint = LiteLLMEndpoint(base_url, key)
    # Two batches' worth may wait, so that the model never does.
    places = 2 * size if is_local else settings.chat.max_concurrent
    if named is not None and named.max_concurrent is not None:
        places = named.max_concurrent
    return ChatClient(
        spec,
        model,
        endpoint,
        settings.chat,
        price=settings.prices.get(model),
        cache=open_cache(settings),
        redactor=_redactor(settings, environment, key, base_url),
        lane=lane_to(endpoint.address, places),
        stop=stop,
        exchanges=exchanges,
    )


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
