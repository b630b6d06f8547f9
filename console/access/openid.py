"""OpenID Connect (Core 1.0): the authorization code flow with PKCE, state and nonce, and the ID token's validation.

Nothing that a provider writes as an error reaches a person or a page.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError

from console.access.openid_provider import (
    MINIMUM_REFETCH_SECONDS,
    Documents,
    InvalidAnswer,
    Metadata,
    OpenIdRefused,
    ask,
)
from console.access.sessions import SessionServiceUnavailable
from console.settings import Settings
from db.redis_pool import REDIS_ERRORS, redis

START: Final = "/sign-in/openid"
CALLBACK: Final = "/sign-in/openid/callback"
SCOPE: Final = "openid profile"
ATTEMPT_LIFETIME: Final = timedelta(minutes=10)
# Asymmetric only: with HS256 whoever holds the client secret could write tokens, and `none` proves nothing.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CLOCK_SKEW_SECONDS: Final = 60


class UnknownAttempt(OpenIdRefused):
    """The answer belongs to no sign-in of this browser, or to one that is over."""

    def __init__(self, reason: str) -> None:
        super().__init__("This sign-in was not started here, took too long or was used before. Start again.", reason)


@dataclass(frozen=True)
class Identity:
    """Who somebody is, as the provider vouches. `second_factor`: it says that two factors were used.

    `subject` is issuer and subject together, which alone stay the same for a person (Core 5.7).
    """

    subject: str
    username: str
    display_name: str
    groups: frozenset[str]
    second_factor: bool


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way, kept under the cookie's token. `wanted` is where it leads on this site."""

    state: str
    nonce: str
    verifier: str
    wanted: str


class Provider:
    """The provider of the settings. It keeps what it read of it; make one per process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._documents = Documents(settings.oidc_issuer)

    async def begin(self, wanted: str) -> tuple[str, str]:
        """Start a sign-in: the provider's address to go to, and the token that binds the answer to this browser.

        Raises ProviderUnavailable or SessionServiceUnavailable.
        """
        metadata = await self._documents.metadata()
        attempt = Attempt(_random(), _random(), _random(), wanted)
        token = _random()
        await _keep(token, attempt)
        address = prepare_grant_uri(
            metadata.authorization_endpoint,
            client_id=self._settings.oidc_client_id,
            response_type="code",
            redirect_uri=self._redirect_uri,
            scope=SCOPE,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
        )
        return str(address), token

    async def finish(self, token: str, query: Mapping[str, str]) -> tuple[Identity, str]:
        """Who came back with this answer, and where they wanted to go; the attempt is used up either way.

        Raises OpenIdRefused or SessionServiceUnavailable.
        """
        attempt = await _take(token)
        if attempt is None:
            raise UnknownAttempt("no such attempt")
        if not hmac.compare_digest(attempt.state.encode(), query.get("state", "").encode()):
            raise UnknownAttempt("wrong state")
        metadata = await self._documents.metadata()
        _check_issuer_named(metadata, query)
        if "error" in query:
            raise _told_error(query["error"])
        answer = await self._exchange(metadata, query.get("code", ""), attempt.verifier)
        return self._identity(await self._claims(metadata, answer, attempt.nonce)), attempt.wanted

    @property
    def _redirect_uri(self) -> str:
        return self._settings.public_origin + CALLBACK

    async def _exchange(self, metadata: Metadata, code: str, verifier: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        client = self._settings.oidc_client_id, self._settings.oidc_client_secret.get_secret_value()
        if metadata.secret_in_body:
            form |= {"client_id": client[0], "client_secret": client[1]}
            return await ask("POST", metadata.token_endpoint, form=form)
        # RFC 6749, 2.3.1: both are form-encoded before they become Basic credentials.
        basic = httpx.BasicAuth(quote(client[0], safe=""), quote(client[1], safe=""))
        return await ask("POST", metadata.token_endpoint, form=form, auth=basic)

    async def _claims(self, metadata: Metadata, answer: Mapping[str, Any], nonce: str) -> CodeIDToken:
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise InvalidAnswer("no ID token")
        try:
            token = await self._verified(metadata, id_token)
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": metadata.issuer},
                    "aud": {"essential": True, "value": self._settings.oidc_client_id},
                    "nonce": {"essential": True, "value": nonce},
                },
                params={
                    "nonce": nonce,
                    "client_id": self._settings.oidc_client_id,
                    "access_token": answer.get("access_token"),
                },
            )
            claims.validate(leeway=CLOCK_SKEW_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise InvalidAnswer(f"ID token: {getattr(error, 'error', type(error).__name__)}") from error
        return claims

    async def _verified(self, metadata: Metadata, id_token: str) -> jwt.Token:
        keys = await self._documents.keys(metadata)
        try:
            return jwt.decode(id_token, keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            keys = await self._documents.keys(metadata, older_than=MINIMUM_REFETCH_SECONDS)
            return jwt.decode(id_token, keys, algorithms=ALGORITHMS)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        subject, username = claims.get("sub"), claims.get(self._settings.oidc_username_claim)
        if not (isinstance(subject, str) and subject and isinstance(username, str) and username.strip()):
            raise InvalidAnswer("no username claim")
        name = claims.get("name")
        proofs = _texts(claims.get("amr")) | _texts(claims.get("acr"))
        return Identity(
            subject=f"{claims['iss']} {subject}",
            username=username.strip(),
            display_name=name if isinstance(name, str) else "",
            groups=_texts(claims.get(self._settings.oidc_roles_claim)),
            second_factor=bool(proofs & set(self._settings.oidc_mfa_values)),
        )


def _check_issuer_named(metadata: Metadata, query: Mapping[str, str]) -> None:
    """RFC 9207, 2.4: an answer that names another issuer, or none where it must, was mixed up by somebody."""
    named = query.get("iss")
    if (named is None and metadata.names_issuer) or (named is not None and named != metadata.issuer):
        raise InvalidAnswer("answer of another issuer")


def _told_error(error: str) -> OpenIdRefused:
    if error == "access_denied":
        return OpenIdRefused("You cancelled the sign-in, or your organisation does not allow it.", "access denied")
    return InvalidAnswer("the provider answered with an error")


def _random() -> str:
    return secrets.token_urlsafe(32)


def _texts(value: object) -> frozenset[str]:
    values = value if isinstance(value, list) else [value]
    return frozenset(one for one in values if isinstance(one, str))


def _key(token: str) -> str:
    return "openid:" + hashlib.sha256(token.encode()).hexdigest()


async def _keep(token: str, attempt: Attempt) -> None:
    try:
        await redis().set(_key(token), json.dumps(asdict(attempt)), ex=ATTEMPT_LIFETIME)
    except REDIS_ERRORS as error:
        raise SessionServiceUnavailable from error


async def _take(token: str) -> Attempt | None:
    """The attempt, once: read and deleted in one step, so that an answer works one time over all replicas."""
    try:
        kept = await redis().getdel(_key(token)) if token else None
    except REDIS_ERRORS as error:
        raise SessionServiceUnavailable from error
    return Attempt(**json.loads(kept)) if kept else None
