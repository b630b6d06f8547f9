"""PgBouncer in transaction mode between console and PostgreSQL: two connections to the server for everybody."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from console.actor import system_actor
from console.resources import resources
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.states import Act
from console.settings import Settings, settings
from db.direct import Direct
from db.engine import read_at_once, transaction
from db.models import CheckItem
from deploy.embedded.unprivileged import find_way
from tests.conftest import Database
from tests.factories import claimed, import_items, item_ids, make_bank, x9_item
from tests.operations.monitoring import install_packages
from tests.ports import free_port

PEOPLE, TURNS = 12, 15


def program() -> str:
    """PgBouncer's. Fails the test where it is not there and cannot be had."""
    path = "/usr/sbin:/usr/bin:/usr/local/bin"
    if shutil.which("pgbouncer", path=path) is None:
        install_packages(["pgbouncer"])
    found = shutil.which("pgbouncer", path=path)
    if found is None:
        pytest.fail("PgBouncer is not installed and not installable here (Debian: pgbouncer)")
    return found


@pytest.fixture
def pooled(console: Settings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The database's address behind PgBouncer; two connections lead on from there."""
    server, port = urlsplit(database.url), free_port()
    (tmp_path / "users").write_text(f'"{server.username}" "{server.password}"\n')
    (tmp_path / "pgbouncer.ini").write_text(
        f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {tmp_path}/users\n"
        "pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\n"
    )
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*find_way().prefix, program(), str(tmp_path / "pgbouncer.ini")], stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 40
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.05)
        netloc = f"{server.username}:{server.password}@127.0.0.1:{port}"
        yield urlunsplit(server._replace(netloc=netloc))
    finally:
        process.terminate()
        process.wait(timeout=40)


def with_pooler(monkeypatch: pytest.MonkeyPatch, url: str, *, said: bool) -> Settings:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATABASE_POOLER", str(said).lower())
    settings.cache_clear()
    return settings()


async def ask_by_turns(institution: UUID) -> set[tuple[str, str, str, str]]:
    """What a transaction finds set, in many one after the other, each beside those of others."""
    actor, found = system_actor(institution, "tests"), set()
    question = text(
        "select current_user, current_setting('console.institution_id') as institution,"
        " current_setting('lock_timeout') as locks, current_setting('timezone') as zone"
    )
    for _ in range(TURNS):
        async with transaction(actor) as session:
            found.add(tuple((await session.execute(question)).one()))
            await asyncio.sleep(0)
        [[row]] = await read_at_once(actor, (Direct(question), {}))
        found.add(tuple(row))
    return found


def test_each_transaction_is_its_own_institutions(pooled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    current = with_pooler(monkeypatch, pooled, said=True)

    async def story() -> None:
        async with resources(current):
            banks = [uuid4() for _ in range(PEOPLE)]
            found = await asyncio.gather(*map(ask_by_turns, banks))
            assert found == [{("console_app", str(bank), "2s", "UTC")} for bank in banks]

    asyncio.run(story())


def test_the_work_is_done_through_it(pooled: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    current = with_pooler(monkeypatch, pooled, said=True)

    async def story() -> None:
        async with resources(current):
            bank = await make_bank()
            await import_items(bank, tmp_path, [x9_item(n, f"{200 + n}.00", "061000146") for n in range(1, 5)])
            items = await item_ids(bank)
            assert len(items) == 4
            for item in items:
                _, seen = await claimed(bank.reviewer, item)
                await decide(bank.reviewer, item, Choice(Act.PAY), seen)
            async with transaction(bank.system) as session:
                assert {(await session.get_one(CheckItem, item)).status for item in items} == {"approved"}

    asyncio.run(story())


def test_what_is_prepared_is_lost_behind_it(pooled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without DATABASE_POOLER a statement that was prepared on one connection is asked for on another."""
    current = with_pooler(monkeypatch, pooled, said=False)

    async def story() -> None:
        async with resources(current):
            await asyncio.gather(*(ask_by_turns(uuid4()) for _ in range(PEOPLE)))

    with pytest.raises(DBAPIError, match="prepared statement"):
        asyncio.run(story())
