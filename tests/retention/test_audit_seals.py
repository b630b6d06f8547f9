"""Seals of the audit trail: a chain that was written anew proves itself, but not against its seals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from console.audit.canonical import chained_hash
from console.audit.entries import entry_text
from console.audit.verify import verify
from console.images.store import StoreUnavailable, image_store
from console.notices.inbox import list_notices
from console.notices.kinds import NoticeKind
from console.operations.audit_seals import check_all_seals, compare_seals, seal_trails
from console.operations.checklist import Rule
from console.operations.compliance import State, read_compliance
from console.operations.jobs import list_checks
from console.retention.audit_months import archive_months
from console.retention.audit_seals import check_seals
from console.settings import settings
from db.engine import transaction
from db.models import AuditEntry
from tests.conftest import Database
from tests.factories import Bank, make_bank
from tests.images.test_restoring import client_of
from tests.retention.test_audit_months import OLDEST, age, told
from tests.retention.test_object_holds import destroyed_at, store_away
from tests.retention.test_purges import unlocked

__all__ = ["unlocked"]


def seal_keys(bank: Bank) -> list[str]:
    return sorted(image_store().keys(f"{bank.institution_id}/seals/"))


async def written_anew(bank: Bank, database: Database, first: int) -> None:
    """All entries from this one on, with another name and all hashes right: what only a superuser can do."""
    async with transaction(bank.system) as session:
        entries = list(await session.scalars(select(AuditEntry).order_by(AuditEntry.sequence)))
        session.expunge_all()
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("set session_replication_role = replica")
        previous = entries[first - 2].hash
        for entry in entries[first - 1 :]:
            entry.previous_hash = previous
            if entry.sequence == first:
                entry.actor_name = "Somebody else"
            entry.hash = previous = chained_hash(previous, entry_text(entry))
            statement = "update audit_entry set actor_name = %s, previous_hash = %s, hash = %s where id = %s"
            connection.execute(statement, (entry.actor_name, entry.previous_hash, entry.hash, entry.id))
        connection.execute("update audit_head set hash = %s", (previous,))


async def check_named(bank: Bank, name: str) -> Any:
    return next(one for one in await list_checks(bank.auditor) if one.name == name)


def test_a_trail_is_sealed_where_it_stands_and_only_where_something_was_written(run: Callable) -> None:
    async def story() -> None:
        assert await seal_trails() == 0 == await check_all_seals()
        bank = await make_bank(recorded=True)
        assert await seal_trails() == 1
        assert await seal_trails() == 0
        await told(bank, 3)
        assert await seal_trails() == 1
        assert await check_all_seals() == 2 == len(seal_keys(bank))
        assert (await check_named(bank, "audit seals")).ok
        # Nobody takes one away: the store's lock is on each.
        assert not any(destroyed_at(key) for key in seal_keys(bank))

    run(story())


def test_a_chain_that_was_written_anew_is_found_by_its_seals_alone(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        await told(bank, 3)
        await seal_trails()
        await told(bank, 2)
        async with transaction(bank.system) as session:
            last = (await session.scalars(select(AuditEntry.sequence).order_by(AuditEntry.sequence.desc()))).first()
        assert last is not None
        await written_anew(bank, database, last - 3)
        assert (await verify(bank.auditor)).ok, "the chain itself is right"
        found = await check_seals(bank.institution_id)
        assert [one.sequence for one in found.broken] == [last - 2] and found.accepted == 0
        await check_all_seals()
        kept = await check_named(bank, "audit seals")
        assert not kept.ok and f"audit_entry {last - 2}: is not there as it was sealed" in kept.detail
        shown = [one for lines in (await read_compliance(bank.auditor)).values() for one in lines]
        line = next(one for one in shown if one.rule is Rule.AUDIT)
        assert line.found.state is State.FAULT and "sealed" in line.found.words
        arrived = (await list_notices(bank.auditor)).notices
        assert [one.kind for one in arrived] == [NoticeKind.CHAIN_FAULT]

    run(story())


def test_a_seal_that_was_deleted_still_counts(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        await told(bank, 3)
        await seal_trails()
        (key,) = seal_keys(bank)
        client_of(settings()).remove_object(settings().object_store_bucket, key)
        await written_anew(bank, database, 3)
        assert len((await check_seals(bank.institution_id)).broken) == 1

    run(story())


def test_what_a_restore_lost_is_put_on_record_and_then_no_fault(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        await told(bank, 2)
        await seal_trails()
        # The database comes back as it was before the last two entries, and goes on.
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute("delete from audit_entry where sequence > (select max(sequence) - 2 from audit_entry)")
            connection.execute(
                "update audit_head h set (sequence, hash) ="
                " (select e.sequence, e.hash from audit_entry e order by e.sequence desc limit 1)"
            )
        assert len((await compare_seals()).faults) == 1
        await told(bank, 4)
        assert len((await compare_seals("  ")).faults) == 1
        accepted = await compare_seals("restored to 2026-11-26 04:05, ticket 17")
        assert (accepted.seals, accepted.accepted, accepted.faults) == (1, 1, ())
        async with transaction(bank.system) as session:
            query = select(AuditEntry.after).where(AuditEntry.action == "audit_seals.accepted")
            (entry,) = await session.scalars(query)
        assert entry["reason"].endswith("ticket 17") and len(entry["seals"]) == 1
        await seal_trails()
        await check_all_seals()
        kept = await check_named(bank, "audit seals")
        assert kept.ok and "1 are of what a restore lost" in kept.detail and (await verify(bank.auditor)).ok

    run(story())


def test_seals_of_archived_months_are_beyond_the_chain(run: Callable, database: Database, unlocked: None) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        await seal_trails()
        with psycopg.connect(database.superuser_url) as connection:
            (last,) = connection.execute("select max(sequence) from audit_entry").fetchone() or (0,)
        await told(bank, 1)
        age(database, 1, last + 1, OLDEST)
        assert (await archive_months()).archived == (OLDEST,) and isinstance(OLDEST, date)
        await seal_trails()
        found = await check_seals(bank.institution_id)
        assert (found.seals, found.broken) == (2, ())

    run(story())


def test_without_the_store_nothing_is_said_of_seals(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        await make_bank(recorded=True)
        monkeypatch.setattr("console.retention.audit_seals.image_store", store_away)
        for work in (seal_trails, check_all_seals):
            with pytest.raises(StoreUnavailable):
                await work()
        monkeypatch.undo()
        assert await seal_trails() == 1

    run(story())
