"""A program that calls the API of the site of these tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI

from console.access import api_keys, totp
from console.access.api_keys import Key
from console.actor import Actor
from console.settings import Settings
from tests.edge.site import SECRET, site
from tests.factories import PASSWORD

ADDRESS = "192.0.2.7"


@asynccontextmanager
async def program(
    settings: Settings, *, address: str = ADDRESS, app: FastAPI | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A program at this address: no cookies, no Origin."""
    transport = httpx.ASGITransport(app or site(settings), client=(address, 4711), raise_app_exceptions=False)
    base = settings.public_origin + settings.api_v1_prefix + "/"
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        yield client


def code(steps: int = 0) -> str:
    """The code of now, or of some steps away."""
    return totp.code_at(SECRET, datetime.now(UTC) + timedelta(seconds=30 * steps))


async def tokens(client: httpx.AsyncClient, username: str, steps: int = 0) -> dict[str, Any]:
    """What the API gives for username, password and code."""
    answer = await client.post("auth/token", json={"username": username, "password": PASSWORD, "code": code(steps)})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def bearer(credential: str) -> dict[str, str]:
    return {"authorization": f"Bearer {credential}"}


def fresh(actor: Actor) -> Actor:
    """The actor, who has just given a code."""
    from dataclasses import replace

    return replace(actor, code_at=datetime.now(UTC))


async def key(
    administrator: Actor, *permissions: str, networks: tuple[str, ...] = (), days: float = 30
) -> tuple[Key, str]:
    """A key with these permissions."""
    expires = datetime.now(UTC) + timedelta(days=days)
    return await api_keys.create(fresh(administrator), "core banking", permissions, networks, expires)
