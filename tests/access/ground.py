"""What the tests over the whole of the console share: settings for a module, sessions without the forms."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from console.access import people, sessions
from console.access.sessions import Stage
from console.access.visit import Visit
from console.actor import Actor
from console.settings import settings
from tests.conftest import Database


@contextmanager
def settings_on(database: Database) -> Iterator[None]:
    """The settings in force on this database, for a module's tests; nobody is kept waiting by rate limits."""
    environ = {
        **database.endpoints.environ(), "SECRET_KEY": secrets.token_hex(48), "ARGON2_MEMORY_KIB": "8192",
        "RATE_LIMIT_PER_MINUTE": "10000",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        settings.cache_clear()
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
