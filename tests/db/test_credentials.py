"""Rotation of the database's credentials: a password changes while people work, and nobody notices."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from console.resources import resources
from console.settings import Settings, settings
from db.engine import transaction
from tests.conftest import Database


@pytest.fixture
def login(database: Database) -> Iterator[str]:
    """A login of the console's kind, whose password this test may change."""
    name = f"console_login_{secrets.token_hex(4)}"
    with psycopg.connect(database.superuser_url, autocommit=True) as line:
        role = sql.Identifier(name)
        line.execute(sql.SQL("create role {} login nosuperuser password 'first' in role console_app").format(role))
        yield name
        line.execute(sql.SQL("drop role {}").format(role))


def as_login(database: Database, login: str, password: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    parts = urlsplit(database.url)
    netloc = f"{login}:{password}@{parts.hostname}:{parts.port}"
    monkeypatch.setenv("DATABASE_URL", urlunsplit(parts._replace(netloc=netloc)))
    settings.cache_clear()
    return settings()


async def ask() -> None:
    async with transaction(None) as session:
        await session.execute(text("select pg_sleep(0.05)"))


def test_a_password_is_changed_under_people_at_work(
    console: Settings, database: Database, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First in the database, then in the secret: processes that run keep their connections until they are restarted."""
    before = as_login(database, login, "first", monkeypatch)

    async def goes_on() -> None:
        async with resources(before):
            await asyncio.gather(*(ask() for _ in range(5)))
            with psycopg.connect(database.superuser_url, autocommit=True) as line:
                line.execute(sql.SQL("alter role {} password 'second'").format(sql.Identifier(login)))
            await asyncio.gather(*(ask() for _ in range(5)))

    async def one() -> None:
        async with resources(settings()):
            await ask()

    asyncio.run(goes_on())
    with pytest.raises(OperationalError, match="password authentication failed"):
        asyncio.run(one())
    as_login(database, login, "second", monkeypatch)
    asyncio.run(one())
