"""Who calls the API: a person by an access token, another system by its key. Never by a cookie."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from console.access import allowlist, api_keys, api_tokens, attempts, refusals
from console.access.api_keys import KeyRefused
from console.access.api_tokens import AddressNotAllowed, TokenRefused
from console.access.attempts import Kind, TooManyAttempts
from console.access.refusals import Refusal, Why
from console.access.visit import Visit, visit_of
from console.actor import Actor
from console.edge.api.problems import NotAuthenticated


async def acting(request: Request) -> Actor:
    """The caller of this request, counted against its rate.

    Raises NotAuthenticated, TokenRefused, KeyRefused, AddressNotAllowed, TooManyAttempts.
    """
    visit = visit_of(request.scope)
    try:
        actor = await identify(request)
    except (NotAuthenticated, TokenRefused, KeyRefused) as refused:
        # Whoever guesses is counted by address, whoever is known by name: neighbours do not use up each other's rate.
        await attempts.require(Kind.API, _address(visit))
        if not isinstance(refused, NotAuthenticated):
            operation = f"{request.method} {request.url.path}"
            await refusals.keep_of_nobody(visit, Refusal(operation, Why.NO_SESSION))
        raise
    await attempts.require(Kind.API, f"{actor.user_id or actor.session}")
    request.state.actor = actor
    if allowlist.is_shut_out(actor):
        raise AddressNotAllowed
    return actor


async def identify(request: Request) -> Actor:
    """Whose credential came with the request, at this moment. Raises NotAuthenticated, TokenRefused, KeyRefused."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    credential, visit = credential.strip(), visit_of(request.scope)
    if scheme.lower() != "bearer" or not credential:
        raise NotAuthenticated
    if not credential.startswith(api_keys.PREFIX):
        return await api_tokens.actor_of(credential, visit)
    # A key costs a look into the database: not for whoever has guessed too often.
    wait = await attempts.spent(Kind.API, _address(visit))
    if wait is not None:
        raise TooManyAttempts(wait)
    return await api_keys.actor_of(credential, visit)


def _address(visit: Visit) -> str:
    return f"address {visit.address}"


Caller = Annotated[Actor, Depends(acting)]
