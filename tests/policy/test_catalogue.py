"""Every field and every action of the catalogue changes what becomes of a real check that comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args
from uuid import UUID

import pytest
from sqlalchemy import select

from console.intake.accounts import AccountRecord, EarlierCheck, Issued, StopOrder, load_accounts
from console.intake.x9.layouts import IMAGE_ANALYSIS
from console.intake.x9.records import Addendum, ItemKind, Side, X9ImageView, X9Item
from console.policy.actions import ACTIONS, Action
from console.policy.fields import FIELDS, IMAGE_DEFECTS
from console.policy.judgement_sql import judgement_sql
from console.policy.operators import Operator
from console.policy.terms import terms_of
from console.policy.versions import active_policy
from console.resources import resources
from console.review.choices import Choice
from console.review.deciding import prepare
from console.review.errors import IncompleteChoice
from console.review.overrides import Override, OverrideCategory
from console.review.states import Act
from console.review.submission import Stage, Submission
from console.settings import settings
from db.engine import transaction
from db.models import CheckItem, Flag, KeptFacts, Queue
from tests.access.ground import settings_on
from tests.conftest import Database
from tests.factories import Bank, account_record, check_image, claimed, import_items, item_ids, make_bank, set_rules
from tests.factories import x9_item as plain_item

TODAY = date.today()  # noqa: DTZ011 - a day more or less does not matter to any case
TRANSIT, WRONG, DEPOSITARY = "061000146", "061000147", "122000661"
RICH, BUSINESS = "7000001", "7000002"

# A condition on each field that holds for one of the checks below, and not for another.
FIELD_CASES: dict[str, tuple[str, Any]] = {
    "amount": ("equals", "120.00"),
    "item_type": ("equals", "on_us"),
    "kind": ("equals", "return"),
    "payee": ("starts_with", "invented"),
    "routing": ("equals", TRANSIT),
    "routing_valid": ("equals", False),
    "account_number": ("equals", RICH),
    "depositary_routing": ("equals", DEPOSITARY),
    "return_reason": ("equals", "A"),
    "business_date": ("equals", "2026-11-20"),
    "received_hour": ("between", [0, 23]),
    "received_weekday": ("is_present", None),
    "account_known": ("equals", True),
    "account_type": ("equals", "Business"),
    "account_age_days": ("less", 20),
    "balance": ("less", "100.00"),
    "over_balance": ("greater", "0"),
    "average_90": ("greater", "10.00"),
    "times_usual": ("greater", "1.5"),
    "checks_7d": ("greater", 1),
    "checks_week_before": ("greater", 0),
    "returns_90d": ("equals", 2),
    "nsf_90d": ("equals", 3),
    "overdrafts_90d": ("equals", 1),
    "payroll": ("equals", True),
    "direct_deposit": ("equals", True),
    "positive_pay": ("equals", True),
    "serial": ("equals", "110"),
    "serial_number": ("is_missing", None),
    "last_serial": ("between", [100, 120]),
    "serial_distance": ("greater", 300),
    "serial_seen_before": ("equals", True),
    "duplicate_days_ago": ("less", 30),
    "stopped": ("equals", True),
    "on_issued_file": ("equals", False),
    "issued_status": ("equals", "void"),
    "issued_amount": ("equals", "100.00"),
    "issued_amount_differs": ("equals", True),
    "issued_payee_differs": ("equals", True),
    "issued_months_ago": ("greater", 6),
    "missing_sides": ("has_any", ["back"]),
    "undisplayable_sides": ("is_not_empty", None),
    "unusable_fields": ("has_any", ["payee usability"]),
    "flags": ("has_any", ["stop_payment"]),
}
# These say when a check came, and all of the file came at once.
OF_ALL = {"received_hour", "received_weekday", "business_date"}


def _item(ordinal: int, amount: str, routing: str, on_us: str, payee: str = "", **changes: Any) -> X9Item:
    fields = {"record_number": "1", "payee_name": payee, "bofd_routing": DEPOSITARY if payee else ""}
    addenda = (Addendum("26", 0, 0, {name: value for name, value in fields.items() if value}),) if payee else ()
    return replace(plain_item(ordinal, amount, routing), on_us=on_us, addenda=addenda, **changes)


def _items(bank: Bank) -> list[X9Item]:
    own = bank.routing
    unusable = X9ImageView(side=Side.FRONT, data=check_image("poor"), quality={"payee_usability": 1})
    return [
        _item(1, "120.00", own, f"{RICH}/110", "Invented Hardwa"),
        _item(2, "30.00", own, f"{RICH}/107"),
        _item(3, "31.00", own, f"{RICH}/111"),
        _item(4, "32.00", own, f"{RICH}/999"),
        _item(5, "33.00", own, f"{RICH}/"),
        _item(6, "120.00", own, f"{BUSINESS}/201", "Somebody Else"),
        _item(7, "34.00", own, f"{BUSINESS}/202"),
        _item(8, "35.00", TRANSIT, "555/301"),
        _item(9, "36.00", WRONG, "555/302"),
        _item(10, "37.00", TRANSIT, "555/303", views=(unusable,)),
        _item(11, "38.00", TRANSIT, "555/304", views=(X9ImageView(side=Side.FRONT, data=b"no image at all"),)),
        _item(12, "39.00", TRANSIT, "555/305", kind=ItemKind.RETURN, record_type="31", return_reason="A"),
    ]


def _accounts(bank: Bank) -> list[AccountRecord]:
    def earlier(serial: str, amount: str, days: int) -> EarlierCheck:
        return EarlierCheck(serial, Decimal(amount), TODAY - timedelta(days=days), "A Payee", "paid", None, None)

    rich = replace(
        account_record(bank, RICH, card=False), opened_on=TODAY - timedelta(days=10), balance=Decimal("90.00"),
        payroll=True, direct_deposit=True, returns_90d=2, nsf_90d=3, overdrafts_90d=1,
        history=[earlier("109", "40.00", 2), earlier("107", "30.00", 9), earlier("110", "70.00", 20)],
        stops=[StopOrder("111", None, TODAY)],
    )  # fmt: skip
    issued = Issued("201", Decimal("100.00"), "An Invented Name", TODAY - timedelta(days=300), "void")
    business = replace(
        account_record(bank, BUSINESS, card=False), account_type="business", positive_pay=True, payroll=False,
        history=[], issued=[issued],
    )  # fmt: skip
    return [rich, business]


@dataclass(frozen=True)
class Judged:
    """What became of the checks: the codes that the rules added to each, and the engine's word on each in SQL."""

    added: dict[UUID, frozenset[str]]
    said: dict[UUID, frozenset[str]]


@pytest.fixture(scope="module")
def judged(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    """A bank with a rule for each field, which adds a flag of the field's name, and its checks."""

    async def story() -> Judged:
        async with resources(settings()):
            bank = await make_bank()
            await load_accounts(bank.system, _accounts(bank), TODAY)
            await set_rules(bank, *(_rule(name) for name in FIELD_CASES))
            await import_items(bank, tmp_path_factory.mktemp("catalogue"), _items(bank))
            return await _judged(bank)

    with settings_on(module_database):
        yield asyncio.run(story())


def _rule(name: str) -> dict[str, Any]:
    op, value = FIELD_CASES[name]
    condition = {"field": name, "op": op} | ({} if value is None else {"value": value})
    return {"when": condition, "then": [{"do": "add_flag", "code": f"by_{name}", "title": name}]}


async def _judged(bank: Bank) -> Judged:
    async with transaction(bank.system) as session:
        rows = await session.execute(select(Flag.item_id, Flag.code).where(Flag.code.like("by\\_%")))
        added: dict[UUID, frozenset[str]] = {item_id: frozenset() for item_id in await item_ids(bank)}
        for item_id, code in rows:
            added[item_id] |= {code}
        terms = await terms_of(session, await active_policy(session), TODAY)
        words = await session.execute(judgement_sql(terms, KeptFacts.__table__))  # type: ignore[arg-type]
        return Judged(added, {row.item_id: frozenset(row.added) for row in words})


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_changes_what_becomes_of_a_check(judged: Judged, name: str) -> None:
    flagged = {item_id for item_id, codes in judged.added.items() if f"by_{name}" in codes}
    assert flagged, f"no check has a {name} of which the rule says yes"
    assert flagged != set(judged.added) or name in OF_ALL
    assert flagged == {item_id for item_id, codes in judged.said.items() if f"by_{name}" in codes}


def test_the_defects_of_an_image_are_those_of_the_standard() -> None:
    assert tuple(field.name.replace("_", " ") for field in IMAGE_ANALYSIS.fields) == IMAGE_DEFECTS


def test_every_field_has_its_case() -> None:
    assert set(FIELD_CASES) == set(FIELDS)
    assert {op for op, _ in FIELD_CASES.values()} <= set(Operator)


@dataclass(frozen=True)
class Outcome:
    """A check under one policy: its row, the key of its queue, its flags' codes, and what a payment is refused for."""

    item: CheckItem
    queue: str
    flags: frozenset[str]
    lacks: str | None


# What each action changes, as a test of the check with the rule and of the same check without.
ACTION_CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "require_dual_control": ({}, lambda one: one.item.two_people),
    "blind": ({}, lambda one: one.item.blind),
    "set_priority": ({"priority": "critical"}, lambda one: one.item.priority == 1),
    "set_risk_level": ({"level": "critical"}, lambda one: one.item.risk_level == 1),
    "route_to": ({"queue": "special_review"}, lambda one: one.queue == "special_review"),
    "set_sla_hours": ({"hours": "1"}, lambda one: one.item.rule_hours == 1),
    "add_flag": ({"code": "ours", "title": "Ours"}, lambda one: "ours" in one.flags),
    "require_reason": ({}, lambda one: one.lacks == "override"),
    "require_note": ({}, lambda one: one.lacks == "note"),
    "skip_review": ({}, lambda one: one.item.status == "cleared"),
}


@pytest.fixture(scope="module")
def outcomes(make_database: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """One check without any rule (under the name ``), and one for each action, all of the same kind and amount."""

    async def story() -> dict[str, Outcome]:
        found: dict[str, Outcome] = {}
        async with resources(settings()):
            bank = await make_bank()
            for at, name in enumerate(("", *ACTION_CASES), 1):
                if name:
                    action = {"do": name, **ACTION_CASES[name][0]}
                    await set_rules(bank, {"when": {"field": "amount", "op": "less", "value": "50"}, "then": [action]})
                file = tmp_path_factory.mktemp("action")
                await import_items(bank, file, [_item(at, "40.00", TRANSIT, f"555/{400 + at}")], modifier=str(at % 10))
                found[name] = await _outcome(bank, (await item_ids(bank))[-1])
        return found

    with settings_on(make_database()):
        yield asyncio.run(story())


async def _outcome(bank: Bank, item_id: UUID) -> Outcome:
    async with transaction(bank.system) as session:
        item = await session.get_one(CheckItem, item_id)
        queue = (await session.get_one(Queue, item.queue_id)).key
        flags = frozenset(await session.scalars(select(Flag.code).where(Flag.item_id == item_id)))
    return Outcome(item, queue, flags, None if item.status == "cleared" or flags else await _lacks(bank, item_id))


async def _lacks(bank: Bank, item_id: UUID) -> str | None:
    """What is missing where a reviewer pays the check without more; None: nothing is."""
    _, seen = await claimed(bank.reviewer, item_id)
    try:
        async with transaction(bank.reviewer) as session:
            await prepare(session, bank.reviewer, item_id, Submission(Stage.DECIDE, Choice(Act.PAY)), seen)
    except IncompleteChoice as refused:
        lacks = refused.field
        given = {"note": "I looked at it.", "override": Override(OverrideCategory.KNOWN_PATTERN, "As every month.")}
        complete = Choice(Act.PAY, **{lacks: given[lacks]})
        async with transaction(bank.reviewer) as session:
            await prepare(session, bank.reviewer, item_id, Submission(Stage.DECIDE, complete), seen)
        return lacks
    return None


def test_every_action_is_in_the_catalogue_and_has_its_case() -> None:
    union = get_args(get_args(Action)[0])
    assert {get_args(one.model_fields["do"].annotation)[0] for one in union} == set(ACTIONS) == set(ACTION_CASES)


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_changes_what_becomes_of_a_check(outcomes: dict[str, Outcome], name: str) -> None:
    _, changed = ACTION_CASES[name]
    assert changed(outcomes[name])
    assert not changed(outcomes[""])


def test_a_rules_hours_stand_before_the_queues(outcomes: dict[str, Outcome]) -> None:
    sooner, later = outcomes["set_sla_hours"].item, outcomes[""].item
    assert sooner.sla_due_at - sooner.received_at < later.sla_due_at - later.received_at
