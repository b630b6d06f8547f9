"""Every threshold of the policy changes what becomes of a real check: the same check comes in under both values."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from console.access.permissions import Permission
from console.actor import Actor, Grant
from console.intake.accounts import AccountRecord, EarlierCheck, Issued, load_accounts
from console.intake.x9.records import X9Item
from console.policy.model import Thresholds
from console.resources import resources
from console.review.advice import GivenAdvice, give_advice
from console.review.choices import Choice
from console.review.deciding import prepare
from console.review.errors import SideNotViewed
from console.review.states import Act
from console.review.submission import Stage, Submission
from console.review.undo import submit, undo
from console.settings import settings
from db.engine import transaction
from db.models import CheckItem, Flag
from tests.access.ground import settings_on
from tests.factories import Bank, account_record, claimed, import_items, item_ids, make_bank, set_thresholds, x9_item

TODAY = date.today()  # noqa: DTZ011 - a day more or less does not matter to any case
TRANSIT = "061000146"
PAY = Submission(Stage.DECIDE, Choice(Act.PAY))


@dataclass(frozen=True)
class Outcome:
    """A check under one value: its row, its flags' codes, and what was found of it while it was worked on."""

    item: CheckItem
    flags: frozenset[str]
    found: Any = None


@dataclass(frozen=True)
class Case:
    """The other value; what it changes of a check, as something to be compared; and the check's account, where it
    matters what is known of it: none is a check on another bank. `work` is done with the check while the value holds.
    """

    value: Any
    looks: Callable[[Outcome], Any]
    account: dict[str, Any] | None = None
    serial: str = "110"
    amount: str = "40.00"
    work: Callable[[Bank, UUID], Any] | None = None


def _flag(code: str) -> Callable[[Outcome], bool]:
    return lambda one: code in one.flags


def _paid(serial: str, amount: str, days: int) -> EarlierCheck:
    return EarlierCheck(serial, Decimal(amount), TODAY - timedelta(days=days), "A Payee", "paid", None, None)


async def _undone(bank: Bank, item: UUID) -> bool:
    """Whether a decision can be taken back."""
    _, seen = await claimed(bank.reviewer, item)
    submitted = await submit(bank.reviewer, item, PAY, seen)
    if submitted.commit_at is None:
        return False
    await undo(bank.reviewer, item)
    return True


async def _unseen(bank: Bank, item: UUID) -> bool:
    """Whether it can be decided with only the front looked at."""
    _, seen = await claimed(bank.reviewer, item)
    try:
        async with transaction(bank.reviewer) as session:
            await prepare(session, bank.reviewer, item, PAY, replace(seen, viewed_ms={"front": 900}))
    except SideNotViewed:
        return False
    return True


async def _weak(bank: Bank, item: UUID) -> bool:
    """Whether advice of a confidence of 0.8 is but a hint."""
    grant = Grant(frozenset({Permission.ADVICE_WRITE}), Decimal(0))
    system = Actor(bank.institution_id, None, "API key detector", session="key crc_abc", grants=(grant,))
    given = {"act": "return", "confidence": "0.8", "model": "stockwatch", "model_version": "3.1"}
    await give_advice(system, item, GivenAdvice.model_validate(given))
    view, _ = await claimed(bank.reviewer, item)
    assert view.advice is not None
    return view.advice.weak


_NEW = {"opened_on": TODAY - timedelta(days=10)}
_ISSUED = Issued("110", Decimal("40.00"), "A Payee", TODAY - timedelta(days=230), "outstanding")

CASES: dict[str, Case] = {
    "dual_control_amount": Case("30.00", lambda one: one.item.two_people),
    "high_priority_amount": Case("30.00", lambda one: one.item.priority),
    "sla_hours": Case("1", lambda one: one.item.sla_due_at - one.item.received_at),
    "warning_minutes": Case(60, lambda one: one.item.sla_due_at - one.item.sla_warning_at),
    "blind_second_review": Case(True, lambda one: one.item.blind),
    "undo_seconds": Case(0, lambda one: one.found, work=_undone),
    "view_both_sides": Case(True, lambda one: one.found, work=_unseen),
    "advisory_confidence": Case("0.9", lambda one: one.found, work=_weak),
    "unusual_amount_factor": Case("1.2", _flag("unusual_amount"), {"history": [_paid("109", "30.00", 20)]}),
    "new_account_days": Case(5, _flag("new_account_large"), _NEW, amount="2600.00"),
    "new_account_amount": Case("30.00", _flag("new_account_large"), _NEW),
    "serial_gap": Case(5, _flag("serial_gap"), {"history": [_paid("100", "30.00", 20)]}),
    "checks_in_7_days": Case(
        2, _flag("velocity"), {"history": [_paid(str(number), "30.00", 2) for number in (107, 108, 109)]}
    ),
    "duplicate_window_days": Case(10, _flag("duplicate_presentment"), {"history": [_paid("110", "40.00", 20)]}),
    "stale_months": Case(12, _flag("stale_dated"), {"positive_pay": True, "issued": [_ISSUED], "history": []}),
}


def _number(at: int, after: bool) -> str:
    return f"{8000 + 2 * at + after}"


def _account(bank: Bank, at: int, after: bool, case: Case) -> AccountRecord:
    # An earlier presentment of a check is looked for by its account: each value has one of its own.
    return replace(account_record(bank, _number(at, after), card=False), **(case.account or {}))


def _check(bank: Bank, at: int, after: bool, case: Case) -> X9Item:
    routing = TRANSIT if case.account is None else bank.routing
    item = x9_item(2 * at + after, case.amount, routing)
    return replace(item, on_us=f"{_number(at, after)}/{case.serial}")


@pytest.fixture(scope="module")
def outcomes(make_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Any, Any]]]:
    """What each threshold says of the same check as it is at first, and with the other value."""

    async def story() -> dict[str, tuple[Any, Any]]:
        async with resources(settings()):
            bank, cases = await make_bank(), list(enumerate(CASES.items(), 1))
            accounts = [_account(bank, at, after, case) for at, (_, case) in cases for after in (False, True)]
            await load_accounts(bank.system, accounts, TODAY)
            folder = tmp_path_factory.mktemp("thresholds")
            await import_items(bank, folder, [_check(bank, at, False, case) for at, (_, case) in cases], "0")
            firsts = await item_ids(bank)
            before = {name: await _outcome(bank, firsts[at - 1], case) for at, (name, case) in cases}
            first = {name: Thresholds.model_fields[name].default for name in CASES}
            found = {}
            for at, (name, case) in cases:
                await set_thresholds(bank, **{name: case.value})
                await import_items(bank, folder, [_check(bank, at, True, case)], chr(ord("A") + at))
                found[name] = before[name], await _outcome(bank, (await item_ids(bank))[-1], case)
                await set_thresholds(bank, **{name: _FIRST.get(name, first[name])})
            return {name: tuple(map(CASES[name].looks, both)) for name, both in found.items()}  # type: ignore[misc]

    with settings_on(make_database()):
        yield asyncio.run(story())


# Those that the environment seeds.
_FIRST = {"dual_control_amount": "5000.00", "high_priority_amount": "10000.00", "sla_hours": "4"}


async def _outcome(bank: Bank, item_id: UUID, case: Case) -> Outcome:
    async with transaction(bank.system) as session:
        item = await session.get_one(CheckItem, item_id)
        flags = frozenset(await session.scalars(select(Flag.code).where(Flag.item_id == item_id)))
    return Outcome(item, flags, await case.work(bank, item_id) if case.work else None)


@pytest.mark.parametrize("name", Thresholds.model_fields)
def test_a_threshold_changes_what_becomes_of_a_check(outcomes: dict[str, tuple[Any, Any]], name: str) -> None:
    before, after = outcomes[name]
    assert before != after
    match before, after:
        case timedelta(), timedelta():
            assert (before > after) is (name == "sla_hours")
        case bool(), bool():
            # These take something away: an undo, a pair of unseen eyes, a flag.
            less = {"undo_seconds", "view_both_sides", "new_account_days", "duplicate_window_days", "stale_months"}
            assert after is (name not in less)
