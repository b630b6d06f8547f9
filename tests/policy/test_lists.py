"""Lists: what is read from people, that two people change them, what rules see of them, what they held before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from console.access.held import InvalidPerson
from console.access.permissions import NotAllowed
from console.access.step_up import CodeNeeded
from console.notices.inbox import list_notices
from console.notices.words import detail
from console.policy.list_changes import (
    MAX_WAITING,
    ChangeNotFound,
    ListAct,
    OwnChange,
    approve_change,
    propose_entries,
    propose_removal,
    read_full_change,
    refuse_change,
    waiting_changes,
    withdraw_change,
)
from console.policy.list_entries import PAGE, list_entries, list_history, read_full_entries
from console.policy.list_values import MAX_TEXT, BadEntry, ListKind, read_entry, read_lines
from console.policy.lists import (
    InvalidList,
    ListNotFound,
    StaleList,
    create_list,
    list_lists,
    lists_held,
    read_list,
    rename_list,
)
from console.policy.values import folded
from console.policy.versions import active_policy
from console.roles import Role
from db.engine import transaction
from db.models import AuditEntry, CheckItem
from tests.factories import (
    Bank,
    activate_document,
    approve_waiting,
    fill_list,
    import_items,
    item_ids,
    make_bank,
    make_person,
    second_supervisor,
    x9_item,
)

ACCOUNT, PAYEE, ROUTING = ListKind.ACCOUNT, ListKind.PAYEE, ListKind.ROUTING


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (PAYEE, "  ACME  Supply Company Ltd ", "acme supply com"),
        (PAYEE, "Öl & Gas", "Öl & gas"),  # as both engines fold it: A to Z only
        (ACCOUNT, "00 123-456", "00123456"),
        (ROUTING, "0210-0002-1", "021000021"),
    ],
)
def test_an_entry_is_kept_as_it_is_compared(kind: ListKind, text: str, value: str) -> None:
    assert read_entry(kind, text).value == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [(PAYEE, "  "), (PAYEE, "x" * 101), (PAYEE, "a\x00"), (ACCOUNT, "12a"), (ACCOUNT, "1" * 21), (ROUTING, "021000022"),
     (ROUTING, "02100002"), (ROUTING, "٠٢١٠٠٠٠٢١")],
)  # fmt: skip
def test_what_is_no_entry(kind: ListKind, text: str) -> None:
    with pytest.raises(BadEntry):
        read_entry(kind, text)


def test_lines_and_the_faults_among_them() -> None:
    text = '\ufeffRouting number,Why\r\n021000021,ours\r\n\r\n021000022,wrong\n021000021,twice\n"026009593",\n1,2,3\n'
    read = read_lines(ROUTING, text)
    assert [(one.value, one.note) for one in read.entries] == [("021000021", "ours"), ("026009593", "")]
    assert [(one.line, one.text) for one in read.faults] == [(4, "021000022, wrong"), (7, "1, 2, 3")]
    assert "check digit" in read.faults[0].message
    assert [one.note for one in read_lines(PAYEE, "Acme\tfrom the police\nBolt\t").entries] == ["from the police", ""]
    assert read_lines(PAYEE, '"Bolt, Nut and Co"').entries[0].shown == "Bolt, Nut and Co"
    with pytest.raises(BadEntry, match="too long"):
        read_lines(PAYEE, "x" * (MAX_TEXT + 1))


@given(st.text(max_size=300), st.sampled_from(list(ListKind)))
def test_whatever_is_pasted_is_read_or_named(text: str, kind: ListKind) -> None:
    read = read_lines(kind, text)
    assert all(one.value == folded(one.value) and one.value.strip() for one in read.entries)
    assert all(one.message for one in read.faults)


async def a_list(bank: Bank, kind: ListKind = ACCOUNT, *texts: str) -> Any:
    made = await create_list(bank.supervisor, f"Watched {kind}", kind, "", "police report 12")
    if texts:
        await fill_list(bank, made, kind, *texts)
    return made


def test_entries_come_and_go_and_are_not_forgotten(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        made = await a_list(bank, ACCOUNT, "10001001", "10001002")
        before = datetime.now(UTC)
        again = [read_entry(ACCOUNT, text) for text in ("10001002", "10001003")]
        done = await propose_entries(bank.supervisor, made, again, "one more")
        assert (done.waiting, done.needless) == (1, 1)
        assert await approve_waiting(bank, made) == 1
        [first, *_] = (await list_entries(bank.auditor, made)).rows
        assert (first.shown, first.added_by, first.added_approved) == ("•••• 1001", "Supervisor", "Approver")
        assert (await propose_removal(bank.supervisor, made, [first.id], "cleared")).waiting == 1
        assert await approve_waiting(bank, made) == 1
        assert (await propose_removal(bank.supervisor, made, [first.id], "cleared")).waiting == 0
        async with transaction(bank.system) as session:
            now = await lists_held(session, ["watched_account", "no_such"])
            then = await lists_held(session, ["watched_account"], before)
            of_it = select(AuditEntry).where(AuditEntry.object_id == str(made)).order_by(AuditEntry.sequence)
            trail = list(await session.scalars(of_it))
        assert now == {"watched_account": {"10001002", "10001003"}}
        assert then == {"watched_account": {"10001001", "10001002"}}
        each = ["policy_list.proposed", "policy_list.changed"]
        assert [entry.action for entry in trail] == ["policy_list.created", *each * 3]
        assert "10001001" not in str([entry.after for entry in trail])
        history = (await list_history(bank.auditor, made)).rows
        assert len(history) == 3
        [gone] = [one for one in history if one.removed_at]
        assert (gone.removed_by, gone.removed_approved) == ("Supervisor", "Approver")
        assert (await read_list(bank.auditor, made)).version == 4

    run(story())


def test_a_change_waits_for_somebody_else_and_rules_do_not_know_of_it_before(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        made, second = await a_list(bank, ACCOUNT, "10001001"), second_supervisor(bank)
        await propose_entries(bank.supervisor, made, [read_entry(ACCOUNT, "10001002", "stolen")], "report 13")
        assert await held(bank) == {"10001001"}
        assert (await read_list(bank.auditor, made)).waiting == 1
        [waits] = await waiting_changes(second, made)
        assert (waits.act, waits.by, waits.own, waits.shown) == (
            ListAct.ADD, "Supervisor", False, ("•••• 1002, stolen",),
        )  # fmt: skip
        assert [one.own for one in await waiting_changes(bank.supervisor, made)] == [True]
        with pytest.raises(OwnChange):
            await approve_change(bank.supervisor, waits.id)
        with pytest.raises(OwnChange):
            await refuse_change(bank.supervisor, waits.id, "no")
        with pytest.raises(ChangeNotFound):
            await withdraw_change(second, waits.id, "not mine")
        with pytest.raises(NotAllowed):
            await approve_change(bank.auditor, waits.id)
        with pytest.raises(CodeNeeded):
            await approve_change(replace(second, code_at=None), waits.id)
        with pytest.raises(CodeNeeded):
            await read_full_change(replace(second, code_at=None), waits.id)
        assert await read_full_change(second, waits.id) == ("10001002, stolen",)
        assert await held(bank) == {"10001001"}
        assert await approve_change(second, waits.id) == 1
        assert await held(bank) == {"10001001", "10001002"}
        with pytest.raises(ChangeNotFound):
            await approve_change(second, waits.id)

    run(story())


async def held(bank: Bank) -> frozenset[str]:
    async with transaction(bank.system) as session:
        return (await lists_held(session, ["watched_account"]))["watched_account"]


def test_a_change_is_refused_or_withdrawn_with_a_reason_and_people_hear_of_it(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        made = await a_list(bank, ACCOUNT, "10001001")
        third = await make_person(bank.system, "third_supervisor", Role.SUPERVISOR)
        entry = [read_entry(ACCOUNT, "10001002")]
        await propose_entries(bank.supervisor, made, entry, "report 13")
        [waits] = await waiting_changes(third, made)
        assert [one.kind for one in (await list_notices(third)).notices] == ["list_change_waiting"]
        with pytest.raises(InvalidPerson):
            await refuse_change(third, waits.id, " ")
        await refuse_change(third, waits.id, "the report is of another bank")
        told = (await list_notices(bank.supervisor)).notices[0]
        assert told.kind == "list_change_decided"
        assert detail(told.kind, told.values) == "Watched account: the report is of another bank"
        await propose_entries(bank.supervisor, made, entry, "again")
        [waits] = await waiting_changes(bank.supervisor, made)
        await withdraw_change(bank.supervisor, waits.id, "it was right")
        assert await waiting_changes(bank.supervisor, made) == ()
        assert await held(bank) == {"10001001"}
        for _ in range(MAX_WAITING):
            await propose_entries(bank.supervisor, made, entry, "again")
        with pytest.raises(InvalidList, match="wait already"):
            await propose_entries(bank.supervisor, made, entry, "once more")
        # Proposed twice, it comes once.
        assert await approve_waiting(bank, made) == 1

    run(story())


_NEW = "insert into policy_list_entry (id, institution_id, list_id, value, shown, added_in) select gen_random_uuid(), "
_AROUND = (
    (_NEW + "institution_id, list_id, '10001009', '10001009', id from policy_list_change where status = 'approved'",
     "approved change that names it"),
    (_NEW + "institution_id, list_id, '10001002', '10001002', id from policy_list_change where status = 'waiting'",
     "comes by an approved change"),
    (_NEW + "institution_id, id, '10001002', '10001002', null from policy_list", "comes by an approved change"),
    ("update policy_list_entry set removed_at = now()", "goes by an approved change"),
    ("update policy_list_entry set value = '10001009'", "goes by an approved change"),
    ("update policy_list_change set status = 'approved', decided_by = proposed_by, decided_at = now() "
     "where status = 'waiting'", "ck_policy_list_change_two_people"),
    ("update policy_list_change set status = 'approved', decided_at = now() where status = 'waiting'",
     "ck_policy_list_change_decided"),
    ("update policy_list_change set entries = '[]' where status = 'waiting'", "does not change"),
    ("update policy_list_change set status = 'waiting', decided_by = null, decided_at = null "
     "where status = 'approved'", "approved already"),
    ("insert into policy_list_change (id, institution_id, list_id, act, status, entries, reason, proposed_by, "
     "decided_by, decided_at) select gen_random_uuid(), institution_id, list_id, 'add', 'approved', entries, 'x', "
     "proposed_by, decided_by, now() from policy_list_change where status = 'approved'", "begins as a proposal"),
)  # fmt: skip


def test_the_database_itself_wants_two_people(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        made = await a_list(bank, ACCOUNT, "10001001")
        await propose_entries(bank.supervisor, made, [read_entry(ACCOUNT, "10001002")], "report 13")
        for statement, why in _AROUND:
            with pytest.raises(IntegrityError, match=why):
                async with transaction(bank.system) as session:
                    await session.execute(text(statement))
        assert await held(bank) == {"10001001"}

    run(story())


def test_full_numbers_ask_for_a_fresh_code_and_are_audited(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        made = await a_list(bank, ACCOUNT, "10001001")
        with pytest.raises(CodeNeeded):
            await read_full_entries(replace(bank.auditor, code_at=None), made)
        assert (await read_full_entries(bank.auditor, made)).rows[0].shown == "10001001"
        async with transaction(bank.system) as session:
            last = (await session.scalars(select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1))).one()
        assert (last.action, last.after) == ("policy_list.read", {"entries": 1, "first": "•••• 1001"})

    run(story())


def test_who_may_and_what_may_not_be(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        made = await a_list(bank, PAYEE)
        entry = [read_entry(PAYEE, "Acme")]
        with pytest.raises(NotAllowed):
            await propose_entries(bank.auditor, made, entry, "why")
        with pytest.raises(NotAllowed):
            await list_lists(bank.reviewer)
        with pytest.raises(InvalidPerson):
            await propose_entries(bank.supervisor, made, entry, " ")
        with pytest.raises(InvalidList, match="already"):
            await create_list(bank.supervisor, "watched PAYEE", PAYEE, "", "why")
        with pytest.raises(InvalidList):
            await create_list(bank.supervisor, "—", PAYEE, "", "why")
        with pytest.raises(ListNotFound):
            await read_list(bank.supervisor, bank.institution_id)
        version = (await read_list(bank.supervisor, made)).version
        await rename_list(bank.supervisor, made, "Wanted", "", version, "better")
        with pytest.raises(StaleList):
            await rename_list(bank.supervisor, made, "Unwanted", "", version, "worse")
        row = await read_list(bank.supervisor, made)
        assert (row.name, row.key) == ("Wanted", "watched_payee")

    run(story())


def test_paging_and_search(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        made = await a_list(bank, PAYEE, *(f"Name {number:03d}" for number in range(PAGE + 10)), "100%", "Zed")
        first = await list_entries(bank.supervisor, made)
        rest = await list_entries(bank.supervisor, made, after=first.next)
        shown = [row.shown for row in (*first.rows, *rest.rows)]
        assert shown == ["100%", *(f"Name {number:03d}" for number in range(PAGE + 10)), "Zed"]
        assert rest.next is None
        assert [row.shown for row in (await list_entries(bank.supervisor, made, "ZE")).rows] == ["Zed"]
        assert [row.shown for row in (await list_entries(bank.supervisor, made, "100%")).rows] == ["100%"]
        assert not (await list_entries(bank.supervisor, made, "%")).rows
        ended = await list_history(bank.supervisor, made)
        older = await list_history(bank.supervisor, made, ended.next)
        assert len(ended.rows) == PAGE and len(older.rows) == 12

    run(story())


def test_a_rule_looks_in_a_list_when_a_check_comes_in(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        made = await a_list(bank, ACCOUNT, "1001")
        rule = {
            "id": "r-watched", "name": "Watched", "then": [{"do": "require_dual_control"}],
            "when": {"field": "account_number", "op": "in_list", "value": "watched_account"},
        }  # fmt: skip
        async with transaction(bank.system) as session:
            document = (await active_policy(session)).document.model_dump(mode="json")
        await activate_document(bank, document | {"rules": [rule]})
        assert (await read_list(bank.supervisor, made)).used_by == (2,)
        await import_items(bank, tmp_path, [x9_item(n, "10.00", bank.routing) for n in (1, 2)])
        async with transaction(bank.system) as session:
            query = select(CheckItem.account_number, CheckItem.two_people).order_by(CheckItem.ordinal)
            found = [tuple(row) for row in await session.execute(query)]
        assert found == [("1001", True), ("1002", False)]
        assert len(await item_ids(bank)) == 2

    run(story())
