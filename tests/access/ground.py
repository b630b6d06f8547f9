"""What the tests over the whole of the console share: settings for a module, sessions without the forms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from console.access import people, sessions, totp
from console.access.sessions import Stage
from console.access.visit import Visit
from console.actor import Actor
from console.settings import settings
from tests.browser.site import SECRET, enrol_person
from tests.conftest import Database, environ_on
from tests.factories import PASSWORD
from tests.kept import kept


@contextmanager
def settings_on(database: Database) -> Iterator[None]:
    """The settings in force on this database, for a module's tests; nobody is kept waiting by rate limits."""
    environ = {
        **environ_on(database.endpoints), "RATE_LIMIT_PER_MINUTE": "10000",
        # A provider, so that its routes are there; nobody answers at its address.
        "OIDC_ISSUER": "http://127.0.0.1:9", "OIDC_CLIENT_ID": "a-client", "OIDC_CLIENT_SECRET": "a-secret",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        settings.cache_clear()
        with kept(settings()):
            yield
    settings.cache_clear()


async def cookies_of(actor: Actor) -> dict[str, str]:
    """The cookie of a new session of this person, who has just given a code."""
    assert actor.user_id is not None
    account = await people.read_account(actor.institution_id, actor.user_id)
    assert account is not None
    token = await sessions.start(account.person, Stage.FULL, Visit("127.0.0.1", "a test"))
    return {sessions.cookie_name(settings()): token}


def with_code(actor: Actor) -> Actor:
    """The person, having just given a code: what asks for a fresh one goes on."""
    return replace(actor, code_at=datetime.now(UTC)) if hasattr(actor, "code_at") else actor


async def token_of(actor: Actor, client: httpx.AsyncClient) -> str:
    """An access token of the API for this person, who gets a second factor for it; `client` asks the console."""
    await enrol_person(actor)
    code = totp.code_at(SECRET, datetime.now(UTC))
    proof = {"username": actor.name.lower().replace(" ", "_"), "password": PASSWORD, "code": code}
    answer = await client.post(f"{settings().api_v1_prefix}/auth/token", json=proof)
    return str(answer.raise_for_status().json()["access_token"])
