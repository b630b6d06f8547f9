"""`verify` finds one changed byte, wherever it is and whoever changed it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from console.audit.verify import Verification, verify, verify_all
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.states import Act
from tests.conftest import Database
from tests.factories import claimed, import_items, item_ids, make_bank, x9_item

# What somebody with every right in the database might change, and the table whose row must be named.
TAMPERING = [
    ("audit_entry", "update audit_entry set actor_name = actor_name || ' ' where sequence = 5"),
    ("audit_entry", "update audit_entry set after = jsonb_set(after, '{status}', '\"paid\"') where sequence = 12"),
    ("audit_entry", "delete from audit_entry where sequence = 7"),
    ("audit_entry", "delete from audit_entry where sequence = (select max(sequence) from audit_entry)"),
    ("audit_entry", "update audit_entry set at = at + interval '1 microsecond' where sequence = 3"),
    ("evidence", "update evidence set snapshot = replace(snapshot, '\"front\":2000', '\"front\":2001')"),
    ("decision", "update decision set note = 'x' where sequence = 1"),
    ("decision", "update decision set actor_id = (select id from app_user where username = 'approver')"),
    ("evidence", "delete from evidence"),
    ("check_item", "update check_item set status = 'returned', version = version where status = 'approved'"),
]


async def decided_bank(folder: Path) -> None:
    bank = await make_bank(recorded=True)
    await import_items(bank, folder, [x9_item(n, "100.00", "021000021") for n in range(1, 4)])
    for item in (await item_ids(bank))[:2]:
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)


def test_untouched_chains_verify(run: Callable, tmp_path: Path) -> None:
    async def story() -> Verification:
        await decided_bank(tmp_path)
        return await verify_all()

    found = run(story())
    assert found.ok and found.first_fault is None
    assert found.decisions == 2
    assert found.entries >= 10


@pytest.mark.parametrize("table, statement", TAMPERING)
def test_a_change_past_all_triggers_is_named(
    run: Callable, database: Database, tmp_path: Path, table: str, statement: str
) -> None:
    run(decided_bank(tmp_path))
    with psycopg.connect(database.superuser_url, autocommit=True) as owner:
        owner.execute("set session_replication_role = replica")
        changed = owner.execute(statement).rowcount
    assert changed >= 1
    found = run(verify_all())
    assert not found.ok
    assert found.first_fault is not None and found.first_fault.table == table, found.first_fault


def test_reviewers_do_not_verify(run: Callable) -> None:
    from console.access.permissions import NotAllowed

    async def story() -> None:
        bank = await make_bank(recorded=True)
        with pytest.raises(NotAllowed):
            await verify(bank.reviewer)
        assert (await verify(bank.auditor)).ok

    run(story())
