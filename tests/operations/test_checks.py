"""What the installation finds out about itself: faults in its chains, things that expire, reviews that are due."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server
from uuid import UUID

import psycopg
import pytest

from console.access import access_review, api_keys
from console.access.permissions import Permission
from console.actor import Actor
from console.audit.verify import Position, verify_part
from console.notices.inbox import list_notices
from console.notices.kinds import NoticeKind
from console.operations import chain_checks, expiries
from console.operations.checks import CheckName, figures_of
from console.operations.jobs import CheckShown, list_checks
from console.operations.review_reminders import remind
from console.settings import Settings
from tests.access.fresh import fresh
from tests.conftest import Database
from tests.factories import make_bank
from tests.notices.mail_server import certificate

DAY = timedelta(days=1)


async def kinds_of(actor: Actor) -> list[NoticeKind]:
    return [one.kind for one in (await list_notices(actor)).notices]


async def check(actor: Actor, name: CheckName) -> CheckShown:
    return next(one for one in await list_checks(actor) if one.name == name)


def tamper(database: Database, statement: str) -> None:
    """Past every guard, as somebody with the database's files could."""
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(statement)


def test_parts_come_round_and_cover_every_entry(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        whole, end = await verify_part(bank.auditor, Position(), 1, 1)
        assert whole.ok and whole.entries >= 5 and end == Position()
        at, seen = Position(), 0
        for _ in range(whole.entries + 1):
            found, at = await verify_part(bank.auditor, at, 1000, 2)
            assert found.ok and 1 <= found.entries <= 2
            seen += found.entries
            if at == Position():
                break
        assert seen == whole.entries

    run(story())


def test_a_fault_is_told_and_stays_until_it_is_mended(run: Callable, database: Database) -> None:
    async def healthy() -> tuple[Actor, Actor, UUID]:
        bank = await make_bank(recorded=True)
        assert await chain_checks.verify_slice() > 0 and await chain_checks.verify_everything() > 0
        for name in (CheckName.AUDIT_SLICE, CheckName.AUDIT_WHOLE):
            assert (await check(bank.administrator, name)).ok
        assert await kinds_of(bank.auditor) == []
        return bank.administrator, bank.auditor, bank.institution_id

    administrator, auditor, _ = run(healthy())
    tamper(database, "update audit_entry set actor_name = 'Somebody else' where sequence = 3")

    async def broken() -> None:
        for _ in range(2):
            await chain_checks.verify_slice()
            found = await check(administrator, CheckName.AUDIT_SLICE)
            assert not found.ok and "it is not what was written" in found.detail
        await chain_checks.verify_everything()
        assert not (await check(administrator, CheckName.AUDIT_WHOLE)).ok
        # Those who can do something about it, each once for the same fault.
        assert await kinds_of(administrator) == await kinds_of(auditor) == [NoticeKind.CHAIN_FAULT]

    run(broken())


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate ends in two days."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate(tmp_path))
    with create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    line, _ = listener.accept()
                    with context.wrap_socket(line, server_side=True) as secured:
                        secured.recv(1)
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"


def test_what_expires_soon_is_told_in_time(run: Callable, console: Settings, tls_server: str) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        late = console.model_copy(update={"public_origin": tls_server, "expiry_warning_days": 1})
        early = late.model_copy(update={"expiry_warning_days": 3})
        assert await expiries.check_certificate(late) == 0
        assert (await check(bank.administrator, CheckName.CERTIFICATE)).ok
        ends = (await figures_of(CheckName.CERTIFICATE))["expires"]
        assert timedelta(hours=47) < datetime.fromtimestamp(ends, UTC) - datetime.now(UTC) < timedelta(hours=49)
        assert await expiries.check_certificate(early) == 1
        assert await expiries.check_certificate(early) == 0  # told once
        assert not (await check(bank.administrator, CheckName.CERTIFICATE)).ok
        nowhere = late.model_copy(update={"public_origin": "https://127.0.0.1:1"})
        await expiries.check_certificate(nowhere)
        assert "showed no certificate" in (await check(bank.administrator, CheckName.CERTIFICATE)).detail

        administrator = fresh(bank.administrator)
        await api_keys.create(administrator, "core banking", [Permission.FILE_IMPORT], [], datetime.now(UTC) + 30 * DAY)
        assert await expiries.check_api_keys(early) == 0
        assert await expiries.check_api_keys(early, datetime.now(UTC) + 29 * DAY) == 1
        assert await kinds_of(bank.administrator) == [NoticeKind.EXPIRY_NEAR] * 2
        assert await kinds_of(bank.supervisor) == []

    run(story())


def test_who_decides_on_an_access_review_is_reminded(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        due = datetime.now(UTC).date() + 20 * DAY
        await access_review.start(bank.administrator, "Autumn", due)
        told = []
        for days in (20, 8, 7, 6, 2, 1, 0, -1, -5):
            told.append(await remind(bank.institution_id, due - days * DAY))
        assert [bool(count) for count in told] == [False, False, True, False, False, True, False, True, False]
        assert set(await kinds_of(bank.supervisor)) == {NoticeKind.ACCESS_REVIEW_DUE}
        assert await kinds_of(bank.administrator) == []

    run(story())
