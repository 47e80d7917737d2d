"""Keeps keys and passwords out of errors, logs, replies and the reply cache."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit, urlunsplit

HIDDEN = "[hidden]"
_SHORTEST_SECRET = 4
# A short key of a local server, such as "ollama", is a word that a reply may hold by itself.
_SHORTEST_KEY_IN_A_REPLY = 12
_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)($|_)", re.IGNORECASE)
_LOOKS_SECRET = re.compile(
    r"\b(?:sk|pk|rk)-[A-Za-z0-9_\-]{8,}|\bBearer\s+[^\s'\",]+|(?<=://)[^/@\s]+(?=@)",
    re.IGNORECASE,
)


def secrets_in(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Values of the variables whose names say that they hold a secret, and of custom headers."""
    found = [value for name, value in environment.items() if _SECRET_NAME.search(name)]
    for line in environment.get("OPENAI_CUSTOM_HEADERS", "").splitlines():
        found.append(line.partition(":")[2])
    return tuple(found)


def secrets_in_url(url: str) -> tuple[str, ...]:
    """User, password and query of an address, each as written and decoded."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ()
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    values = [user, password, *(pair.partition("=")[2] for pair in parts.query.split("&"))]
    return tuple(form for value in values for form in {value, unquote(value)} if form)


def without_credentials(url: str) -> str:
    """The address without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class Redactor:
    """Replaces the secrets it knows, and whatever looks like one; its repr shows none.

    `keys` go to the endpoint and so could come back in a reply; `others` are merely known.
    """

    def __init__(self, keys: Iterable[str] = (), others: Iterable[str] = ()) -> None:
        keys = tuple(keys)
        self._keys = _forms(keys, _SHORTEST_KEY_IN_A_REPLY)
        self._known = _forms((*keys, *others), _SHORTEST_SECRET)

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} secrets)"

    def knows_secret_in(self, text: str) -> bool:
        return any(secret in text for secret in self._known)

    def redact(self, text: str) -> str:
        """For errors and logs: every known secret hidden, and all that looks like one."""
        return _LOOKS_SECRET.sub(HIDDEN, _hidden(text, self._known))

    def without_keys(self, text: str) -> str:
        """For what a model said, which is otherwise left word for word."""
        return _hidden(text, self._keys)


def _forms(secrets: Iterable[str], shortest: int) -> tuple[str, ...]:
    """The secrets as written and as a URL writes them, the longest first."""
    known = {secret.strip() for secret in secrets if len(secret.strip()) >= shortest}
    known |= {quote(secret, safe="") for secret in known}
    return tuple(sorted(known, key=len, reverse=True))


def _hidden(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text
