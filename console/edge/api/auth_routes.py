"""Tokens: proving who one is, renewing, giving them back, and who one is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, SecretStr

from console.access import api_tokens, attempts
from console.access.api_tokens import Tokens
from console.access.attempts import Kind
from console.access.permissions import permissions_of
from console.access.visit import visit_of
from console.edge.api.door import Caller

router = APIRouter(prefix="/auth", tags=["auth"])


class Credentials(BaseModel):
    """Username, password, and the code that the authenticator shows."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1024)]
    code: Annotated[SecretStr, Field(min_length=1, max_length=16)]


class Renewal(BaseModel):
    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=2000)]


class TokenAnswer(BaseModel):
    """As RFC 6749, 5.1 has it; lifetimes in seconds."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the name of a scheme
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


class Me(BaseModel):
    """Who the credential stands for, and what it allows from this address."""

    id: UUID | None
    name: str
    roles: list[str]
    permissions: list[str]
    session: str | None


@router.post("/token")
async def token(request: Request, given: Credentials) -> TokenAnswer:
    """Tokens for a username, a password and a code. A refresh token works once: keep the one that comes with it."""
    password, code = given.password.get_secret_value(), given.code.get_secret_value()
    return _answer(await api_tokens.issue(given.username, password, code, visit_of(request.scope)))


@router.post("/refresh")
async def refresh(request: Request, given: Renewal) -> TokenAnswer:
    """New tokens for a refresh token. One that was used before ends the session: it was copied."""
    visit = visit_of(request.scope)
    await attempts.require(Kind.API, f"address {visit.address}")
    return _answer(await api_tokens.renew(given.refresh_token.get_secret_value(), visit))


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def logout(caller: Caller) -> None:
    """End the session of this access token, with every token of it. A key is revoked by an administrator instead."""
    if caller.user_id is not None:
        await api_tokens.revoke(caller)


@router.get("/me")
async def me(caller: Caller) -> dict[str, Any]:
    """Who is calling."""
    return Me(
        id=caller.user_id,
        name=caller.name,
        roles=sorted(caller.roles),
        permissions=sorted(permissions_of(caller)),
        session=caller.session,
    ).model_dump(mode="json")


def _answer(tokens: Tokens) -> TokenAnswer:
    return TokenAnswer(
        access_token=tokens.access,
        expires_in=tokens.access_seconds,
        refresh_token=tokens.refresh,
        refresh_expires_in=tokens.refresh_seconds,
    )
