"""The audit trail month by month: made ahead, archived whole, proved before and after, kept under a legal hold."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from console.audit.archive import ArchiveFault, read_archive
from console.audit.entries import Event, record
from console.audit.verify import Position, is_anchored, verify, verify_part
from console.auditing.errors import EntryNotFound
from console.auditing.proof import read_entry
from console.auditing.standing import Archived, read_standing
from console.images.store import image_store
from console.retention.audit_months import (
    AHEAD,
    MonthsArchived,
    archive_key,
    archive_months,
    make_months,
    months_at_hand,
    over_since,
)
from console.retention.legal_holds import Scope, Subject, ask_to_lift, lift, place
from console.retention.object_holds import ObjectHolds, keep_object_holds
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.states import Act
from console.review.timeline import read_timeline
from console.settings import settings
from db.engine import transaction
from db.models import AuditAnchor, AuditEntry
from tests import warm
from tests.conftest import Database
from tests.factories import Bank, claimed, import_items, item_ids, make_bank, x9_item
from tests.retention.test_object_holds import destroyed_at
from tests.retention.test_purges import entries, lifted, unlocked

__all__ = ["unlocked"]

TODAY = datetime.now(UTC).date()
# Months whose seven years are over.
OLDEST, OLD = date(TODAY.year - 9, 3, 1), date(TODAY.year - 9, 4, 1)


class _Then(datetime):
    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        return datetime(OLD.year, OLD.month, 3, 12, tzinfo=tz)


async def story_of(folder: Path) -> tuple[Bank, Any]:
    """A bank with a check that was decided in the month OLD; the check."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("console.review.decision_rows.datetime", _Then)
        return await _story(folder)


async def _story(folder: Path) -> tuple[Bank, Any]:
    bank = await make_bank(recorded=True)
    await import_items(bank, folder, [x9_item(1, "100.00", "021000021")])
    (item,) = await item_ids(bank)
    _, seen = await claimed(bank.reviewer, item)
    await decide(bank.reviewer, item, Choice(Act.PAY), seen)
    return bank, item


async def told(bank: Bank, count: int) -> None:
    """So many entries more."""
    for n in range(count):
        async with transaction(bank.system) as session:
            await record(session, bank.system, Event.POLICY_EXPORTED, "policy", n)


def age(database: Database, first: int, last: int, month: date) -> None:
    """Put entries into a month of the past, past every guard: the clock that files them is the database's."""
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("select make_audit_month(%s)", (month,))
        connection.execute("set session_replication_role = replica")
        statement = "update audit_entry set month = %s where sequence between %s and %s"
        assert connection.execute(statement, (month, first, last)).rowcount == last - first + 1


def tampered(database: Database, statement: str) -> None:
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("set session_replication_role = replica")
        assert connection.execute(statement).rowcount == 1


async def anchors(bank: Bank) -> list[AuditAnchor]:
    async with transaction(bank.system) as session:
        return list(await session.scalars(select(AuditAnchor).order_by(AuditAnchor.month)))


async def exported(bank: Bank, month: date, folder: Path) -> Path:
    path = folder / f"{month:%Y-%m}.jsonl.gz"
    store, key = image_store(), archive_key(bank.institution_id, month)
    response = await asyncio.to_thread(store._client.get_object, store._bucket, key)
    path.write_bytes(response.read())
    return path


# --- months are made ---------------------------------------------------------------------------------------------


def test_months_are_made_ahead_and_entries_lie_in_theirs(run: Callable, database: Database) -> None:
    async def story() -> None:
        await make_months()  # one may have begun since the database was made
        bank = await make_bank(recorded=True)
        at_hand = await months_at_hand()
        today = datetime.now(UTC).date()
        this = today.replace(day=1)
        assert at_hand.months[-1 - AHEAD].month == this
        assert len(at_hand.months) <= 2 + AHEAD and at_hand.ahead(today) == AHEAD == 3 and at_hand.astray == 0
        assert await make_months() == 0
        async with transaction(bank.system) as session:
            assert set(await session.scalars(select(AuditEntry.month))) == {this}
        with psycopg.connect(database.superuser_url) as connection:
            last = at_hand.months[-1].month
            connection.execute(f"drop table months.audit_entry_{last:%Y_%m}")
        assert await make_months() == 1
        assert (await months_at_hand()).months == at_hand.months

    run(story())


def test_without_its_month_an_entry_waits_and_moves_in_later(run: Callable, database: Database) -> None:
    async def story() -> None:
        await make_months()
        bank = await make_bank(recorded=True)
        month = datetime.now(UTC).date().replace(day=1)
        async with transaction(bank.system) as session:
            before = len(list(await session.scalars(select(AuditEntry.id))))
        with psycopg.connect(database.superuser_url) as connection:
            name = f"audit_entry_{month:%Y_%m}"
            connection.execute(f"alter table audit_entry detach partition months.{name}")
            connection.execute("set session_replication_role = replica")
            connection.execute(f"insert into months.audit_entry_default select * from months.{name}")
            connection.execute(f"drop table months.{name}")
        await told(bank, 2)  # nothing fails
        assert (await months_at_hand()).astray == before + 2
        assert await make_months() == 1
        assert (await months_at_hand()).astray == 0
        assert (await verify(bank.auditor)).ok

    run(story())


def test_the_month_never_goes_back_along_a_chain(run: Callable, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank(recorded=True)
        later = (datetime.now(UTC).date().replace(day=1) + timedelta(days=40)).replace(day=1)
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute("update audit_head set month = %s", (later,))
        await told(bank, 1)
        async with transaction(bank.system) as session:
            query = select(AuditEntry.month).order_by(AuditEntry.sequence.desc()).limit(1)
            assert await session.scalar(query) == later

    run(story())


@pytest.fixture(scope="module")
def guarded(module_database: Database) -> Iterator[str]:
    """The present month's table, in a database that holds an entry."""
    from console.resources import resources
    from tests.access.ground import settings_on

    async def story() -> None:
        async with resources(settings()):
            await make_bank(recorded=True)

    with settings_on(module_database):
        asyncio.run(story())
    yield f"months.audit_entry_{datetime.now(UTC):%Y_%m}"


@pytest.mark.parametrize("statement", ["select 1 from {}", "insert into {} default values", "delete from {}"])
def test_the_console_reaches_no_month_around_the_table(guarded: str, module_database: Database, statement: str) -> None:
    with (
        psycopg.connect(module_database.url) as app,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="schema months"),
    ):
        app.execute(statement.format(guarded))


@pytest.mark.parametrize("statement", ["update {} set action = 'x'", "delete from {}", "truncate {}"])
def test_each_month_is_append_only_for_the_owner_too(guarded: str, module_database: Database, statement: str) -> None:
    for table in (guarded, "months.audit_entry_default"):
        with psycopg.connect(module_database.owner_url) as owner, pytest.raises(psycopg.Error, match="append-only"):
            owner.execute(statement.format(table))


def test_no_sequence_twice_in_a_month(guarded: str, module_database: Database) -> None:
    with psycopg.connect(module_database.owner_url) as owner, pytest.raises(psycopg.errors.UniqueViolation):
        owner.execute(
            "create temporary table twice as select * from audit_entry where sequence = 1;"
            " update twice set id = gen_random_uuid(); insert into audit_entry select * from twice"
        )


# --- months are archived -----------------------------------------------------------------------------------------


def test_when_a_months_years_are_over() -> None:
    assert over_since(date(2019, 12, 1), 7) == date(2027, 1, 1)
    assert over_since(date(2019, 1, 1), 7) == date(2026, 2, 1)


def test_a_month_is_archived_when_its_years_are_over(
    run: Callable, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def first_part() -> tuple[Bank, Any]:
        return await story_of(tmp_path)

    bank, item = run(first_part())
    with psycopg.connect(database.superuser_url) as connection:
        (total,) = connection.execute("select max(sequence) from audit_entry").fetchone() or (0,)
    age(database, 1, 4, OLDEST)
    age(database, 5, total, OLD)

    async def second_part() -> None:
        await told(bank, 3)
        assert (await verify(bank.auditor)).ok
        monkeypatch.setenv("AUDIT_RETENTION_YEARS", "20")
        settings.cache_clear()
        assert await archive_months() == MonthsArchived((), None)
        monkeypatch.delenv("AUDIT_RETENTION_YEARS")
        settings.cache_clear()
        assert await archive_months() == MonthsArchived((OLDEST, OLD), None)
        assert await archive_months() == MonthsArchived((), None)
        first, second = await anchors(bank)
        assert (first.first_sequence, first.sequence, first.entries) == (1, 4, 4)
        assert (second.first_sequence, second.sequence) == (5, total)
        # What is left proves itself from the anchor on, in one piece and in parts, and goes on.
        await told(bank, 1)
        found = await verify(bank.auditor)
        assert found.ok and found.entries == 3 + 2 + 1 and found.decisions == 1, found
        part, end = await verify_part(bank.auditor, Position(), 1, 1)
        assert part.ok and part.entries == 6 and end == Position()
        part, reached = await verify_part(bank.auditor, Position(), 1000, 2)
        assert part.ok and part.entries == 2 and reached.sequence == total + 2
        async with transaction(bank.system) as session:
            query = select(AuditEntry.after).where(AuditEntry.action == "audit_month.archived")
            entries = list(await session.scalars(query.order_by(AuditEntry.sequence)))
        assert [one["sequence"] for one in entries] == [4, total]
        assert entries[1]["hash"] == second.hash.hex() and entries[1]["export_sha256"] == second.export_sha256.hex()
        # Who reads the trail is told where the rest of it is, and the first entry at hand follows what is archived.
        standing = await read_standing(bank.auditor)
        assert standing.archived == Archived(total, 2, OLD, archive_key(bank.institution_id, OLD))
        proved = await read_entry(bank.auditor, total + 1)
        assert (proved.is_written, proved.follows, proved.after_archive) == (True, True, True)
        with pytest.raises(EntryNotFound):
            await read_entry(bank.auditor, total)
        # The files prove themselves, follow one another, and end where the anchors say.
        for anchor in (first, second):
            archived = read_archive(await exported(bank, anchor.month, tmp_path))
            assert await is_anchored(archived) and not await is_anchored(replace(archived, hash=bytes(32)))
            assert (archived.sequence, archived.hash, archived.sha256, archived.institution_id) == (
                anchor.sequence, anchor.hash, anchor.export_sha256, bank.institution_id,
            )  # fmt: skip
        # The check's story goes on without what is archived.
        assert [one.event for one in (await read_timeline(bank.auditor, item)).happenings] == ["item.received"]

    run(second_part())
    with psycopg.connect(database.owner_url) as owner:
        kept = owner.execute(f"select count(*), max(sequence) from archive.audit_entry_{OLD:%Y_%m}").fetchone()
        assert kept == (total - 4, total)
        with pytest.raises(psycopg.Error, match="append-only"):
            owner.execute(f"delete from archive.audit_entry_{OLD:%Y_%m}")


def test_what_is_detached_comes_back_with_a_downgrade(run: Callable, database: Database, tmp_path: Path) -> None:
    from db.migrations.run import downgrade, upgrade

    bank, _ = run(story_of(tmp_path))
    age(database, 1, 3, OLDEST)
    assert run(archive_months()).archived == (OLDEST,)
    with psycopg.connect(database.superuser_url) as connection:
        before = connection.execute("select max(sequence) from audit_entry").fetchone()
    downgrade(database.owner_url, "0023")
    with psycopg.connect(database.superuser_url) as connection:
        assert connection.execute("select count(*) from audit_entry").fetchone() == before
    upgrade(database.owner_url)
    assert run(verify(bank.auditor)).ok


def test_a_legal_hold_keeps_a_month_and_those_after_it(run: Callable, database: Database, tmp_path: Path) -> None:
    bank, item = run(story_of(tmp_path))
    with psycopg.connect(database.superuser_url) as connection:
        (last,) = connection.execute("select max(sequence) from audit_entry").fetchone() or (0,)
        (claim,) = connection.execute(
            "select min(sequence) from audit_entry where object_type = 'item'"
        ).fetchone() or (0,)
    age(database, 1, claim - 1, OLDEST)
    age(database, claim, last, OLD)

    async def held_by(subject: Subject) -> MonthsArchived:
        hold = await place(bank.supervisor, subject, "Case", "reason")
        found = await archive_months()
        with pytest.raises(DBAPIError, match=r"a legal hold covers|not the oldest"):
            async with transaction(None) as session:
                await session.execute(text("select * from detach_audit_month(:month, '{}')"), {"month": OLD})
        await ask_to_lift(bank.supervisor, hold, "over")
        await lift(bank.administrator, hold)
        return found

    async def story() -> None:
        days = Subject(Scope.PERIOD, None, OLDEST + timedelta(days=4), OLDEST + timedelta(days=4))
        assert await held_by(days) == MonthsArchived((), OLDEST)
        # The person who was created in the first month, by an entry of somebody else's.
        assert await held_by(Subject(Scope.PERSON, bank.reviewer.user_id)) == MonthsArchived((), OLDEST)
        assert await held_by(Subject(Scope.ITEM, item)) == MonthsArchived((OLDEST,), OLD)
        assert await archive_months() == MonthsArchived((OLD,), None)
        assert (await verify(bank.auditor)).ok

    run(story())


def test_a_hold_reaches_months_that_are_archived_already(
    unlocked: None, run: Callable, database: Database, tmp_path: Path
) -> None:
    bank, item = run(story_of(tmp_path))
    with psycopg.connect(database.superuser_url) as connection:
        (last,) = connection.execute("select max(sequence) from audit_entry").fetchone() or (0,)
    age(database, 1, 4, OLDEST)
    age(database, 5, last, OLD)
    came = "update app_user set created_at = %s where id = %s"
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute(came, (OLD + timedelta(days=3), bank.second_reviewer.user_id))
    first, second = (archive_key(bank.institution_id, month) for month in (OLDEST, OLD))

    async def held_by(subject: Subject) -> tuple[ObjectHolds, UUID]:
        hold = await place(bank.supervisor, subject, "Case", "reason")
        return await keep_object_holds(bank.institution_id), hold

    async def story() -> None:
        assert (await archive_months()).archived == (OLDEST, OLD)
        # The last day of the bank's calendar reaches into the month after it in UTC.
        told, days = await held_by(Subject(Scope.PERIOD, None, OLDEST, OLD - timedelta(days=1)))
        assert told == ObjectHolds(held=2)
        assert not destroyed_at(first) and not destroyed_at(second)
        await lifted(bank, days)
        assert await keep_object_holds(bank.institution_id) == ObjectHolds(released=2)
        # Of a person since they came, of a check since it came: two pictures, and no month.
        told, person = await held_by(Subject(Scope.PERSON, bank.second_reviewer.user_id))
        assert told == ObjectHolds(held=1) and not destroyed_at(second)
        assert (await held_by(Subject(Scope.ITEM, item)))[0] == ObjectHolds(held=2)
        proofs = await entries(bank, "objects.held")
        assert [one["count"] for one in proofs] == [2, 1, 2]
        assert destroyed_at(first)
        await lifted(bank, person)
        assert await keep_object_holds(bank.institution_id) == ObjectHolds(released=1)
        assert destroyed_at(second) and (await verify(bank.auditor)).ok

    run(story())


def test_a_month_that_is_not_what_was_written_is_not_archived(run: Callable, database: Database) -> None:
    bank = run(make_bank(recorded=True))
    age(database, 1, 4, OLDEST)
    tampered(database, "update audit_entry set actor_name = 'Somebody else' where sequence = 3")
    with pytest.raises(ArchiveFault, match="entry 3 is not what was written"):
        run(archive_months())
    assert run(anchors(bank)) == []


def test_the_database_detaches_only_what_is_old_exported_and_next(run: Callable, database: Database) -> None:
    bank = run(make_bank(recorded=True))
    age(database, 1, 4, OLDEST)
    recent = date(TODAY.year - 6, 1, 1)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("select make_audit_month(%s)", (recent,))

    async def detach(month: date, exports: dict[str, str]) -> None:
        async with transaction(None) as session:
            values = {"month": month, "exports": json.dumps(exports)}
            await session.execute(text("select * from detach_audit_month(:month, cast(:exports as jsonb))"), values)

    for month, exports, why in (
        (recent, {}, "not seven years old"),
        (OLD, {}, "not the oldest"),
        (OLDEST, {}, "not exported"),
        (OLDEST, {str(bank.institution_id): "abcd"}, "export_sha256"),
    ):
        with pytest.raises(DBAPIError, match=why):
            run(detach(month, exports))

    async def forged() -> None:
        async with transaction(bank.system) as session:
            await session.execute(
                text(
                    "insert into audit_anchor (institution_id, month, entries, first_sequence, sequence, hash,"
                    " export_sha256) select institution_id, :month, 1, sequence, sequence, hash, hash from audit_entry"
                    " where sequence = 2"
                ),
                {"month": OLDEST},
            )

    with pytest.raises(DBAPIError, match="permission denied"):
        run(forged())


def test_an_anchor_of_which_the_trail_does_not_tell_is_a_fault(run: Callable, database: Database) -> None:
    """Past every guard somebody cuts the chain off, so that what was changed before is not looked at."""
    bank = run(make_bank(recorded=True))
    tampered(
        database,
        "insert into audit_anchor (institution_id, month, entries, first_sequence, sequence, hash, export_sha256)"
        " select institution_id, '2017-03-01', 3, 1, 3, hash, hash from audit_entry where sequence = 3",
    )
    found = run(verify(bank.auditor))
    assert not found.ok and found.first_fault is not None and found.first_fault.table == "audit_anchor"


def test_a_changed_file_is_found(run: Callable, database: Database, tmp_path: Path) -> None:
    bank = run(make_bank(recorded=True))
    age(database, 1, 4, OLDEST)

    async def story() -> Path:
        await archive_months()
        return await exported(bank, OLDEST, tmp_path)

    path = run(story())
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    changed = {
        "line 3 is not what was written": [*lines[:2], lines[2].replace("created", "deleted"), *lines[3:]],
        "line 3 is": [*lines[:2], *lines[3:]],
        "no archived month": lines[1:],
        "it holds no entry": lines[:1],
    }
    for why, content in changed.items():
        path.write_bytes(gzip.compress("\n".join(content).encode()))
        with pytest.raises(ArchiveFault, match=why):
            read_archive(path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(ArchiveFault, match="no archived month"):
        read_archive(path)


def test_two_institutions_are_cut_each_at_its_own_place(run: Callable, database: Database, tmp_path: Path) -> None:
    from tests.access.strangers import make_stranger

    async def make() -> tuple[Bank, Any]:
        bank = await make_bank(recorded=True)
        return bank, await make_stranger(bank, tmp_path)

    bank, stranger = run(make())
    age_both = "update audit_entry set month = %s where sequence <= case when institution_id = %s then 3 else 2 end"
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("select make_audit_month(%s)", (OLDEST,))
        connection.execute("set session_replication_role = replica")
        connection.execute(age_both, (OLDEST, bank.institution_id))

    async def story() -> None:
        assert (await archive_months()).archived == (OLDEST,)
        theirs = replace(bank.auditor, institution_id=stranger.institution_id)
        for auditor, cut in ((bank.auditor, 3), (theirs, 2)):
            async with transaction(auditor) as session:
                assert list(await session.scalars(select(AuditAnchor.sequence))) == [cut]
            found = await verify(auditor)
            assert found.ok, found

    run(story())


def test_the_regular_check_tells_of_months_and_of_what_waits(run: Callable, database: Database, tmp_path: Path) -> None:
    from console.operations.audit_months import keep_months
    from console.operations.jobs import list_checks

    bank, _ = run(story_of(tmp_path))
    age(database, 1, 4, OLDEST)

    async def check() -> tuple[bool, str]:
        (found,) = [one for one in await list_checks(bank.auditor) if one.name == "months of the audit trail"]
        return found.ok, found.detail

    async def story() -> None:
        await make_months()
        hold = await place(bank.supervisor, Subject(Scope.PERIOD, None, OLDEST), "Case", "reason")
        assert await keep_months() == 0
        ok, detail = await check()
        assert ok and f"{OLDEST:%b %Y} is kept by a legal hold" in detail and "3 of them ahead" in detail
        await ask_to_lift(bank.supervisor, hold, "over")
        await lift(bank.administrator, hold)
        assert await keep_months() == 1
        assert (await check())[0]
        with psycopg.connect(database.superuser_url) as connection:
            connection.execute("update audit_head set month = month + interval '3 years'")
        await told(bank, 1)
        assert await keep_months() == 0
        ok, detail = await check()
        assert not ok and "1 entries wait in no month of their own" in detail

    run(story())


def test_an_auditor_verifies_an_archived_month_by_a_command(run: Callable, database: Database, tmp_path: Path) -> None:
    bank = run(make_bank(recorded=True))
    age(database, 1, 4, OLDEST)

    async def story() -> Path:
        await archive_months()
        return await exported(bank, OLDEST, tmp_path)

    path = run(story())
    fine = warm.run(("verify-archive", str(path)), os.environ)
    assert fine.returncode == 0, fine.stderr
    assert f"{OLDEST:%b %Y}, 4 entries as written, the chain goes on from it" in fine.stdout
    # Whole, and yet not the file that was archived: packed anew.
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1))
    other = warm.run(("verify-archive", str(path)), os.environ)
    assert other.returncode == 1 and "no anchor of this database names it" in other.stdout
    path.write_bytes(b"nothing of the kind")
    assert warm.run(("verify-archive", str(path)), os.environ).returncode == 1
