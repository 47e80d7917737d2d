"""Opens the chat client that a model spec names."""

from __future__ import annotations

import os
from collections.abc import Mapping

from results.errors import InputError
from runners.models.chat.cache import ReplyCache
from runners.models.chat.client import ChatClient
from runners.models.chat.endpoints import Endpoint, LiteLLMEndpoint, OpenAIEndpoint
from runners.models.chat.redaction import Redactor, secrets_in
from runners.models.chat.settings import EndpointSettings, Settings, load_settings

OPENAI_URL = "https://api.openai.com/v1"


def open_chat(
    spec: str,
    *,
    settings: Settings | None = None,
    environment: Mapping[str, str] = os.environ,
) -> ChatClient:
    """The client for `openai:<model>` or `litellm:<model>`, `@<endpoint>` added where wanted.

    A plain `openai:<model>` goes to OPENAI_BASE_URL with OPENAI_API_KEY where the former is set,
    else to the config file's `chat.endpoint`, else to OpenAI itself. A key only ever goes to the
    endpoint that it was given for.
    """
    settings = load_settings(environment) if settings is None else settings
    provider, colon, model = spec.partition(":")
    if provider not in ("openai", "litellm") or not colon or not model.strip():
        raise InputError(
            f"The model {spec!r} is not a chat model; name it openai:<model> or litellm:<model>."
        )
    model, at, name = model.rpartition("@")
    if not at or name not in settings.endpoints or not model:
        model, name = f"{model}{at}{name}", ""
    named = settings.endpoints.get(name)
    endpoint: Endpoint
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
    else:
        endpoint = LiteLLMEndpoint(base_url, key)
    cache = None
    if settings.cache_max_bytes > 0:
        cache = ReplyCache(settings.cache_dir, settings.cache_max_bytes)
    keys_in_file = [e.api_key.get_secret_value() for e in settings.endpoints.values() if e.api_key]
    return ChatClient(
        spec,
        model,
        endpoint,
        settings.chat,
        price=settings.prices.get(model),
        cache=cache,
        redactor=Redactor([*secrets_in(environment), *keys_in_file, key or ""]),
    )


def _default_openai(
    settings: Settings, environment: Mapping[str, str]
) -> tuple[str | None, str | None]:
    base_url = environment.get("OPENAI_BASE_URL") or None
    key = environment.get("OPENAI_API_KEY") or None
    chosen = settings.chat.endpoint
    if base_url is None and chosen is not None:
        endpoint = settings.endpoints[chosen]
        return endpoint.base_url, _key_of(chosen, endpoint, environment)
    if base_url is None and key is None:
        raise InputError(
            "No key for OpenAI was found; set OPENAI_API_KEY, or OPENAI_BASE_URL for another"
            " endpoint, or name an endpoint in the config file."
        )
    return base_url, key


def _key_of(name: str, endpoint: EndpointSettings, environment: Mapping[str, str]) -> str | None:
    if endpoint.api_key is not None:
        return endpoint.api_key.get_secret_value()
    if endpoint.api_key_env is None:
        return None
    key = environment.get(endpoint.api_key_env)
    if not key:
        raise InputError(
            f"The endpoint {name} takes its key from {endpoint.api_key_env}, which is not set;"
            " set it, or change endpoints." + name + ".api_key_env in the config file."
        )
    return key
