"""Where the benches run: real services that flush to disk, in a temporary DATA_DIR, a new database for each bench."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from console.resources import resources
from console.settings import settings
from db.migrations.run import upgrade
from deploy.embedded.services import Endpoints, start

Result = TypeVar("Result")
_TEMPLATE = "bench_template"


@dataclass(frozen=True)
class Ground:
    """A migrated, empty database with the other services, and a folder that goes when the bench ends."""

    endpoints: Endpoints
    folder: Path

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run the coroutine with the console's database, Redis and image store open."""

        async def inside() -> Result:
            async with resources(settings()):
                return await work

        return asyncio.run(inside())


@contextmanager
def services() -> Iterator[Endpoints]:
    """The embedded services as `main.py up` starts them: nothing of their safety is given up for speed."""
    with (
        tempfile.TemporaryDirectory(prefix="check-review-bench-") as folder,
        start(Path(folder), fast=False, environ={}) as running,
    ):
        yield running.endpoints


@contextmanager
def ground(endpoints: Endpoints) -> Iterator[Ground]:
    """A database of one's own on these services, and the console's settings pointing at it."""
    _ensure_template(endpoints)
    name = f"bench_{secrets.token_hex(6)}"
    with _superuser(endpoints) as connection:
        connection.execute(
            sql.SQL("create database {} template {} owner console_owner").format(
                sql.Identifier(name), sql.Identifier(_TEMPLATE)
            )
        )
    own = replace(
        endpoints,
        database_url=_on(endpoints.database_url, name),
        owner_database_url=_on(endpoints.owner_database_url, name),
        superuser_database_url=_on(endpoints.superuser_database_url, name),
    )
    with environment_of(own), tempfile.TemporaryDirectory(prefix="check-review-bench-") as folder:
        yield Ground(own, Path(folder))
    with _superuser(endpoints) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def environment_of(endpoints: Endpoints) -> Iterator[None]:
    """The console's settings, pointing at these services, for the block."""
    values = {**endpoints.environ(), "SECRET_KEY": secrets.token_hex(48)}
    values |= {"ARGON2_MEMORY_KIB": "8192", "ARGON2_TIME_COST": "1"}
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        settings.cache_clear()


def _ensure_template(endpoints: Endpoints) -> None:
    with _superuser(endpoints) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", (_TEMPLATE,)).fetchone():
            return
        connection.execute(f"create database {_TEMPLATE} owner console_owner")
    upgrade(_on(endpoints.owner_database_url, _TEMPLATE))


def _superuser(endpoints: Endpoints) -> psycopg.Connection:
    """A connection outside any transaction, as CREATE DATABASE wants it."""
    return psycopg.connect(_on(endpoints.superuser_database_url, "postgres"), autocommit=True)


def _on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
