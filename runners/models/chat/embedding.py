"""Embeddings of texts from an OpenAI-compatible endpoint, where it has them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from results.errors import ModelError
from runners.models.chat.redaction import Redactor, secrets_in

LONGEST_TEXT = 6_000
TIMEOUT_SECONDS = 60.0

Embed = Callable[[Sequence[str]], list[list[float]]]


def open_embedding(model: str, environment: Mapping[str, str] = os.environ) -> Embed:
    """A function from texts to vectors by `model` at OPENAI_BASE_URL; it raises ModelError.

    Each text is cut after 6,000 characters.
    """
    import openai

    client = openai.OpenAI(
        base_url=environment.get("OPENAI_BASE_URL") or None,
        api_key=environment.get("OPENAI_API_KEY") or "no-key-is-set",
        timeout=TIMEOUT_SECONDS,
        max_retries=2,
    )
    redactor = Redactor(secrets_in(environment))

    def embed(texts: Sequence[str]) -> list[list[float]]:
        shortened = [text[:LONGEST_TEXT] or " " for text in texts]
        try:
            answer = client.embeddings.create(model=model, input=shortened, encoding_format="float")
        except openai.OpenAIError as error:
            said = redactor.redact(str(error))[:200]
            raise ModelError(f"The embedding model {model} gave no vectors: {said}") from None
        vectors = [list(item.embedding) for item in sorted(answer.data, key=lambda i: i.index)]
        if len(vectors) != len(shortened) or len({len(vector) for vector in vectors}) != 1:
            raise ModelError(f"The embedding model {model} gave {len(vectors)} unequal vectors.")
        return vectors

    return embed
