"""A version becomes active: open checks follow it where its approver chose so, and are let alone where they must be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from console.intake.accounts import load_accounts
from console.policy.versions import active_policy
from console.review.choices import Choice
from console.review.claims import claim
from console.review.decisions import decide
from console.review.giving_back import release
from console.review.queue_moves import move
from console.review.reevaluation import reevaluate_open
from console.review.reevaluation_effect import Effect, preview_reevaluation
from console.review.states import Act
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Flag, PolicyVersion, Queue
from tests.factories import (
    Bank,
    account_record,
    activate_document,
    claimed,
    import_items,
    item_ids,
    make_bank,
    sent_version,
    view_of,
    x9_item,
)

# Checks of another bank raise no flag here.
THEIRS = "021000021"
RULE = {
    "id": "r-1",
    "name": "Six thousand and more",
    "when": {"field": "amount", "op": "greater_or_equal", "value": "6000.00"},
    "then": [
        {"do": "set_priority", "priority": "critical"},
        {"do": "route_to", "queue": "high_priority"},
        {"do": "add_flag", "code": "six_thousand", "title": "Six thousand"},
        {"do": "set_sla_hours", "hours": "1"},
    ],
}


async def new_document(bank: Bank, **thresholds: object) -> dict[str, Any]:
    async with transaction(bank.system) as session:
        now = (await active_policy(session)).document.model_dump(mode="json")
    return now | {"thresholds": now["thresholds"] | thresholds, "rules": [RULE]}


async def items_of(bank: Bank) -> list[CheckItem]:
    async with transaction(bank.system) as session:
        return list(await session.scalars(select(CheckItem).order_by(CheckItem.ordinal)))


async def queues_of(bank: Bank) -> list[str]:
    async with transaction(bank.system) as session:
        query = select(Queue.key).join(CheckItem, CheckItem.queue_id == Queue.id).order_by(CheckItem.ordinal)
        return list(await session.scalars(query))


async def five_checks(bank: Bank, folder: Path) -> list[UUID]:
    amounts = ("100.00", "6000.00", "7000.00", "6500.00", "6100.00")
    await import_items(bank, folder, [x9_item(n, amount, THEIRS) for n, amount in enumerate(amounts, 1)])
    return await item_ids(bank)


def test_open_checks_follow_and_those_in_hands_do_later(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        small, large, held, moved, waiting = await five_checks(bank, tmp_path)
        await claim(bank.reviewer, held)
        await move(bank.supervisor, [moved], "escalation", "by hand")
        view, seen = await claimed(bank.second_reviewer, waiting)
        assert view.two_people
        await decide(bank.second_reviewer, waiting, Choice(Act.PAY), seen)
        document = await new_document(bank, dual_control_amount="6200.00")
        draft = await sent_version(bank, document)
        assert await preview_reevaluation(bank.auditor, draft) == Effect(
            open=5, in_hands=2, changed=2, queue=1, more_urgent=2, one=1, hours=2
        )
        async with transaction(bank.system) as session:
            await session.execute(text("update policy_version set note = 'not yet' where id = :id"), {"id": draft})
        before = {item.id: item for item in await items_of(bank)}
        version = await activate_document(bank, document | {"rules": [RULE | {"name": "Another"}]}, reevaluate=True)
        assert await reevaluate_open(bank.system) == 3

        after = {item.id: item for item in await items_of(bank)}
        assert {one for one in after if after[one].policy_version_id == version} == {small, large, moved}
        assert (after[large].priority, after[large].two_people, after[large].rule_hours) == (1, False, 1)
        assert after[large].sla_due_at < before[large].sla_due_at
        assert after[large].version == before[large].version + 1
        assert await queues_of(bank) == ["standard", "high_priority", "standard", "escalation", "standard"]
        assert (after[held].version, after[waiting].two_people) == (before[held].version, True)
        async with transaction(bank.system) as session:
            flags = set(await session.scalars(select(Flag.item_id).where(Flag.code == "six_thousand")))
            trail = list(await session.scalars(select(AuditEntry).where(AuditEntry.action == "item.reevaluated")))
            assert (await session.get_one(PolicyVersion, version)).reevaluated_at is None
        assert flags == {large, moved}
        # What stays as it was has no entry.
        assert {entry.object_id for entry in trail} == {str(large), str(moved)}
        [entry] = [one for one in trail if one.object_id == str(large)]
        assert (entry.before or {})["queue"] == "standard"
        assert {"queue": "high_priority", "policy": 3, "flags": ["six_thousand"]}.items() <= (entry.after or {}).items()

        # Put back, the check follows; the one that waits for its second person still does not.
        await release(bank.reviewer, held)
        assert await reevaluate_open(bank.system) == 1
        assert (await items_of(bank))[2].policy_version_id == version
        assert await reevaluate_open(bank.system) == 0

    run(story())


def test_without_the_choice_open_checks_keep_their_version(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        ids = await five_checks(bank, tmp_path)
        await activate_document(bank, await new_document(bank, dual_control_amount="50.00"))
        assert await reevaluate_open(bank.system) == 0
        # A check is decided under the version that judged it: one person may still pay the small one.
        view = await view_of(bank.reviewer, ids[0])
        assert (view.policy_number, view.required.two_people) == (1, False)
        _, seen = await claimed(bank.reviewer, ids[0])
        await decide(bank.reviewer, ids[0], Choice(Act.PAY), seen)
        item = (await items_of(bank))[0]
        async with transaction(bank.system) as session:
            judged_by = await session.get_one(PolicyVersion, item.policy_version_id)
        assert (item.status, judged_by.number) == ("approved", 1)

    run(story())


def test_it_ends_and_says_when(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await five_checks(bank, tmp_path)
        version = await activate_document(bank, await new_document(bank), reevaluate=True)
        assert await reevaluate_open(bank.system, most=1) == 5
        assert await reevaluate_open(bank.system) == 0
        async with transaction(bank.system) as session:
            done = (await session.get_one(PolicyVersion, version)).reevaluated_at
        assert done is not None and datetime.now(UTC) - done < timedelta(minutes=1)
        assert await preview_reevaluation(bank.auditor, version) == Effect(open=5)

    run(story())


def test_a_flag_that_the_new_version_raises_is_added_and_an_old_one_stays(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await load_accounts(bank.supervisor, [account_record(bank, "60601001")], date(2026, 11, 20))
        # 3.3 times the account's usual check of 60.00, and a serial far from its last one.
        await import_items(bank, tmp_path, [x9_item(1, "200.00", bank.routing, "60601001", images=False)])
        [item] = await item_ids(bank)
        before = await flags_of(bank, item)
        assert "unusual_amount" not in before and "image_missing" in before
        calmer = {"checks_in_7_days": 9999, "serial_gap": 999_999, "unusual_amount_factor": "3"}
        await activate_document(bank, await new_document(bank, **calmer), reevaluate=True)
        await reevaluate_open(bank.system)
        after = await flags_of(bank, item)
        assert after.keys() == {*before, "unusual_amount"}
        found = after["unusual_amount"]
        assert found.title == "Unusual amount" and "judged anew" in found.explanation
        assert {"label": "usual check", "value": "60.00"} in found.evidence["fields"]

    run(story())


async def flags_of(bank: Bank, item: UUID) -> dict[str, Flag]:
    async with transaction(bank.system) as session:
        return {flag.code: flag for flag in await session.scalars(select(Flag).where(Flag.item_id == item))}


def test_too_many_to_count_is_no_fault(run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        bank = await make_bank()
        await five_checks(bank, tmp_path)
        draft = await sent_version(bank, await new_document(bank))
        assert await preview_reevaluation(bank.auditor, draft) is not None
        monkeypatch.setattr("console.review.reevaluation_effect._TIMEOUT_MS", 1)
        assert await preview_reevaluation(bank.auditor, draft) is None

    run(story())
