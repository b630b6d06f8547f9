"""Real services for the tests: started once a session, a database of its own for who wants one.

``CRC_TEST_POSTGRES_BIN=/usr/lib/postgresql/15/bin`` and ``CRC_TEST_REDIS_BIN=/usr/bin/redis-server`` run the
tests against the programs there in place of the packaged ones.
"""

from __future__ import annotations

import gc
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import psycopg
import pytest
import structlog
from psycopg import sql

from console.settings import Settings, settings
from deploy.embedded.services import Endpoints, Programs, start
from tests.bank_copies import SUPERUSER_URL
from tests.kept import Run, in_a_thread, kept
from tests.parallel import (  # noqa: F401
    pytest_collection_modifyitems,
    pytest_xdist_auto_num_workers,
    pytest_xdist_make_scheduler,
)
from tests.spare_databases import SpareDatabases

# How long an example takes says what else the machine does. The same examples each time, so that a run says of the
# change before it and not of its luck: CRC_TEST_EXPLORE=1 draws others.
hypothesis.settings.register_profile(
    "console",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    print_blob=True,
    derandomize=not os.environ.get("CRC_TEST_EXPLORE"),
)
hypothesis.settings.load_profile("console")

# An error that is logged is told in plain lines: the coloured ones with every local take half a second each.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# Tests start the console dozens of times: what it is made of is compiled once, whatever the environment prefers.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


# A process of several that run the tests loads all of them first, and nothing of it is garbage.
if "PYTEST_XDIST_WORKER" in os.environ:
    gc.disable()


def pytest_collection_finish() -> None:
    """What was loaded for the tests stays until the end: nobody looks through it for garbage again, and through what
    tests make not as often."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@dataclass(frozen=True)
class Database:
    """A migrated, otherwise empty database of the test's own."""

    name: str
    url: str
    """As the role the console connects as."""
    owner_url: str
    """As the owner of the tables."""
    superuser_url: str
    """Past every guard."""
    endpoints: Endpoints
    """The session's services with this database in place of theirs."""


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """PostgreSQL, Valkey and the object store, empty, for the whole session."""
    programs = Programs(postgres_bin=_named("CRC_TEST_POSTGRES_BIN"), redis_server=_named("CRC_TEST_REDIS_BIN"))
    data_dir = tmp_path_factory.mktemp("services")
    with start(data_dir, fast=True, programs=programs, environ={}) as running:
        yield running.endpoints


@pytest.fixture(scope="session")
def migrated_template(services: Endpoints) -> str:
    """Name of a database brought up to date once, from which the others are copied."""
    from db.migrations.run import upgrade

    name = "migrated"
    with _superuser(services) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER console_owner")
    upgrade(_on(services.owner_database_url, name))
    return name


@pytest.fixture(scope="session")
def make_database(services: Endpoints, migrated_template: str) -> Callable[..., Database]:
    """Makes databases, each a copy of the template; they go when the session ends. `name` is of one that is there."""

    def make(name: str = "") -> Database:
        if not name:
            name = f"test_{secrets.token_hex(6)}"
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER console_owner")
            with _superuser(services) as connection:
                connection.execute(statement.format(sql.Identifier(name), sql.Identifier(migrated_template)))
        urls = (services.database_url, services.owner_database_url, services.superuser_database_url)
        url, owner_url, superuser_url = (_on(given, name) for given in urls)
        endpoints = replace(
            services, database_url=url, owner_database_url=owner_url, superuser_database_url=superuser_url
        )
        return Database(name, url, owner_url, superuser_url, endpoints)

    return make


@pytest.fixture(scope="session")
def lent_database(make_database: Callable[..., Database]) -> Callable[[], AbstractContextManager[Database]]:
    """Lends databases that are empty but for what migrations put there."""
    databases = SpareDatabases()

    @contextmanager
    def lent() -> Iterator[Database]:
        name, uses = databases.spare.pop() if databases.spare else ("", 0)
        database = make_database(name)
        if not name:
            databases.made(database.superuser_url)
        yield database
        databases.give_back(database.name, database.superuser_url, uses + 1)

    return lent


@pytest.fixture
def database(lent_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Database]:
    """A database for one test."""
    with lent_database() as lent:
        yield lent


@pytest.fixture(scope="module")
def module_database(lent_database: Callable[[], AbstractContextManager[Database]]) -> Iterator[Database]:
    """A database for the tests of one module, which see each other's rows."""
    with lent_database() as lent:
        yield lent


def environ_on(endpoints: Endpoints) -> dict[str, str]:
    """What the console needs on these services, with a key of its own, and what spares tests time."""
    return {
        **endpoints.environ(),
        SUPERUSER_URL: endpoints.superuser_database_url,
        "SECRET_KEY": secrets.token_hex(48),
        # A password costs as much as passwords may cost at least; tests of what they cost set their own.
        "ARGON2_MEMORY_KIB": "8192",
        "ARGON2_TIME_COST": "1",
        # Tests sign in more often than people do; those of the limits set their own.
        "SIGN_IN_LIMIT_PER_MINUTE": "1000",
    }


@pytest.fixture
def console(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The console's settings in force on a database of the test's own; what the test awaits runs in `run`."""
    for name, value in environ_on(database.endpoints).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    with kept(settings()) as current:
        yield current
    settings.cache_clear()


@pytest.fixture(scope="module")
def module_console(module_database: Database) -> Iterator[Settings]:
    """As `console`, for a module whose tests share a database. A module takes it by the usual name with

    @pytest.fixture(scope="module")
    def console(module_console: Settings) -> Settings:
        return module_console
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ_on(module_database.endpoints).items():
            patch.setenv(name, value)
        settings.cache_clear()
        with kept(settings()) as current:
            yield current
    settings.cache_clear()


@pytest.fixture
def run(console: Settings) -> Run:
    """Runs a coroutine to its end with the database, Redis and the image store open."""
    return in_a_thread(console)


def _superuser(services: Endpoints) -> psycopg.Connection:
    """A connection outside any transaction, as CREATE DATABASE wants it."""
    return psycopg.connect(_on(services.superuser_database_url, "postgres"), autocommit=True)


def _on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _named(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None
