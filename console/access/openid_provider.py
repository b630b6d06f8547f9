"""What an OpenID Connect provider says of itself, its keys, and how it is asked: over HTTP, in bounded time and size.

What was read is kept for an hour.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

KEPT_SECONDS: Final = 3600
# A provider that signs with a key we do not know has changed its keys; no more often than this do we believe it.
MINIMUM_REFETCH_SECONDS: Final = 60
MAXIMUM_ANSWER_BYTES: Final = 1 << 20
_TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)


class OpenIdRefused(Exception):
    """Nobody is signed in; the text is for the person, `reason` for the log and the audit trail."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ProviderUnavailable(OpenIdRefused):
    """The provider does not answer, or not as the protocol wants it."""

    def __init__(self, reason: str) -> None:
        text = "The sign-in service of your organisation cannot be reached. Try again in a moment, or use a password."
        super().__init__(text, reason)


class InvalidAnswer(OpenIdRefused):
    """The provider's answer does not prove who somebody is."""

    def __init__(self, reason: str) -> None:
        text = "The sign-in service’s answer did not pass our checks. Start again; if it stays so, tell the help desk."
        super().__init__(text, reason)


@dataclass(frozen=True)
class Metadata:
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    names_issuer: bool
    secret_in_body: bool
    read_at: float


@dataclass(frozen=True)
class _Keys:
    keys: KeySet
    read_at: float


class Documents:
    """What one issuer says of itself, read when needed."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._metadata: Metadata | None = None
        self._keys: _Keys | None = None

    async def metadata(self) -> Metadata:
        """The discovery document. Raises ProviderUnavailable."""
        kept = self._metadata
        if kept is None or time.monotonic() - kept.read_at > KEPT_SECONDS:
            document = await ask("GET", f"{self._issuer}/.well-known/openid-configuration")
            kept = self._metadata = _checked_metadata(document, self._issuer)
        return kept

    async def keys(self, metadata: Metadata, *, older_than: float = KEPT_SECONDS) -> KeySet:
        """The keys that tokens are signed with, read again after `older_than` seconds. Raises ProviderUnavailable."""
        kept = self._keys
        if kept is None or time.monotonic() - kept.read_at > older_than:
            document = await ask("GET", metadata.jwks_uri)
            try:
                # Whatever JSON came: the library says whether it is a set of keys.
                kept = self._keys = _Keys(KeySet.import_key_set(document), time.monotonic())  # type: ignore[arg-type]
            except (JoseError, ValueError, TypeError, KeyError) as error:
                raise ProviderUnavailable("unreadable keys") from error
        return kept.keys


def _checked_metadata(document: Mapping[str, Any], issuer: str) -> Metadata:
    """Discovery 1.0, 4.3: the document must name the issuer that was asked; addresses are as safe as the issuer's."""
    names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    values = {name: document.get(name) for name in names}
    if not all(isinstance(value, str) for value in values.values()) or str(values["issuer"]).rstrip("/") != issuer:
        raise ProviderUnavailable("the discovery document is not the issuer's")
    schemes = ("https://",) if issuer.startswith("https://") else ("https://", "http://")
    if not all(str(values[name]).startswith(schemes) for name in names):
        raise ProviderUnavailable("the discovery document names an address without TLS")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        **{name: str(value) for name, value in values.items()},
        names_issuer=document.get("authorization_response_iss_parameter_supported") is True,
        secret_in_body="client_secret_basic" not in methods,
        read_at=time.monotonic(),
    )


async def ask(
    method: str, address: str, *, form: dict[str, str] | None = None, auth: httpx.Auth | None = None
) -> dict[str, Any]:
    """The JSON object that the address answers with. Raises ProviderUnavailable, or InvalidAnswer to a refused code."""
    body = b""
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False) as client,
            client.stream(method, address, data=form, auth=auth, headers={"Accept": "application/json"}) as answer,
        ):
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > MAXIMUM_ANSWER_BYTES:
                    raise ProviderUnavailable("the answer is too long")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ProviderUnavailable(type(error).__name__) from error
    if answer.status_code in {400, 401, 403} and form is not None:
        raise InvalidAnswer(f"the code was refused ({answer.status_code})")
    if answer.status_code != 200:
        raise ProviderUnavailable(f"status {answer.status_code}")
    try:
        document = json.loads(body)
    except ValueError as error:
        raise ProviderUnavailable("not JSON") from error
    if not isinstance(document, dict):
        raise ProviderUnavailable("not a JSON object")
    return document
