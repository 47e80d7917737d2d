"""Keeps keys and passwords out of errors, logs and the reply cache."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit, urlunsplit

HIDDEN = "[hidden]"
_SHORTEST_SECRET = 6
_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)($|_)", re.IGNORECASE)
_LOOKS_SECRET = re.compile(
    r"\b(?:sk|pk|rk)-[A-Za-z0-9_\-]{8,}|\bBearer\s+[^\s'\",]+|(?<=://)[^/@\s]+(?=@)",
    re.IGNORECASE,
)


def secrets_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Values of the variables whose names say that they hold a secret."""
    return tuple(v for name, v in environment.items() if _SECRET_NAME.search(name))


def without_credentials(url: str) -> str:
    """The address without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class Redactor:
    """Replaces the secrets it knows, and whatever looks like one; its repr shows none."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {s.strip() for s in secrets if len(s.strip()) >= _SHORTEST_SECRET}
        known |= {quote(s, safe="") for s in known}
        self._known = tuple(sorted(known, key=len, reverse=True))

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} secrets)"

    def knows_secret_in(self, text: str) -> bool:
        return any(secret in text for secret in self._known)

    def redact(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return _LOOKS_SECRET.sub(HIDDEN, text)
