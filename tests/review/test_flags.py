"""Flags from facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.policy.default import default_document
from console.policy.facts import AccountFacts, IssuedLine, ItemFacts, Sighting
from console.review.flags import detect
from console.settings import Settings

THRESHOLDS = default_document(Settings()).thresholds
TODAY = date(2026, 11, 20)
ACCOUNT = AccountFacts(
    opened_on=date(2020, 1, 1),
    account_type="personal",
    balance=Decimal("9000.00"),
    average_90=Decimal("100.00"),
    checks_7d=2,
    checks_week_before=3,
    returns_90d=0,
    last_serial=110,
    positive_pay=False,
)
CLEAN = ItemFacts(
    amount=Decimal("120.00"),
    serial="111",
    routing="729999010",
    routing_valid=True,
    on_us=True,
    payee="Example Hardware Co",
    presented_on=TODAY,
    account=ACCOUNT,
    serial_seen_amount=None,
    duplicates=(),
    stopped=False,
    issued=None,
    missing_sides=(),
    undisplayable_sides=(),
    unusable_fields=(),
)
ISSUED = IssuedLine(Decimal("120.00"), "Example Hardware Co.", date(2026, 11, 1), "outstanding")


def with_account(**changes: object) -> ItemFacts:
    return replace(CLEAN, account=replace(ACCOUNT, **changes))


def issued(**changes: object) -> ItemFacts:
    return replace(with_account(positive_pay=True), issued=replace(ISSUED, **changes))


def codes(facts: ItemFacts) -> list[str]:
    return [flag.code for flag in detect(facts, THRESHOLDS)]


def test_a_clean_check_has_none() -> None:
    assert codes(CLEAN) == []
    assert codes(issued()) == []


@pytest.mark.parametrize(
    "facts, code",
    [
        (replace(CLEAN, amount=Decimal("500.00")), "unusual_amount"),
        (with_account(balance=Decimal("119.99")), "exceeds_balance"),
        (
            replace(with_account(opened_on=date(2026, 10, 21), average_90=None), amount=Decimal("2500")),
            "new_account_large",
        ),
        (replace(CLEAN, serial="161"), "serial_gap"),
        (replace(CLEAN, serial=""), "serial_zero"),
        (replace(CLEAN, serial="0000"), "serial_zero"),
        (replace(CLEAN, serial_seen_amount=Decimal("80.00")), "serial_duplicate"),
        (replace(CLEAN, duplicates=(Sighting("paid from this account on 01 Oct 2026", 50),)), "duplicate_presentment"),
        (replace(CLEAN, stopped=True), "stop_payment"),
        (with_account(checks_7d=10), "velocity"),
        (with_account(returns_90d=1), "returned_before"),
        (with_account(positive_pay=True), "not_issued"),
        (issued(amount=Decimal("119.99")), "issued_amount_differs"),
        (issued(payee="Somebody Else"), "issued_payee_differs"),
        (issued(status="void"), "void_check"),
        (issued(status="paid"), "already_paid"),
        (issued(issued_on=date(2026, 5, 20)), "stale_dated"),
        (replace(CLEAN, routing_valid=False), "routing_invalid"),
        (replace(CLEAN, account=None), "account_unknown"),
        (replace(CLEAN, missing_sides=("back",)), "image_missing"),
        (replace(CLEAN, undisplayable_sides=("front",)), "image_unusable"),
        (replace(CLEAN, unusable_fields=("payee",)), "image_quality"),
    ],
)
def test_each_alone(facts: ItemFacts, code: str) -> None:
    assert codes(facts) == [code]


@pytest.mark.parametrize(
    "facts",
    [
        replace(CLEAN, amount=Decimal("499.99")),
        replace(CLEAN, serial="160"),
        replace(with_account(opened_on=date(2026, 10, 20), average_90=None), amount=Decimal("2500")),
        replace(with_account(opened_on=date(2026, 11, 1), average_90=None), amount=Decimal("2499.99")),
        with_account(checks_7d=9),
        with_account(checks_7d=20, checks_week_before=10),
        issued(issued_on=date(2026, 5, 21)),
        replace(issued(payee="Example Hardware Company of Sampleton"), payee="EXAMPLE HARDWAR"),
        replace(issued(payee="A.B. Sample"), payee="ab sample"),
    ],
)
def test_just_below(facts: ItemFacts) -> None:
    assert codes(facts) == []


def test_depositors_are_not_judged_by_their_own_checks() -> None:
    transit = replace(CLEAN, on_us=False, amount=Decimal("5000"), serial="9999")
    assert codes(transit) == []


@given(
    amount=st.decimals(0, Decimal("9999999999.99"), places=2),
    serial=st.text(max_size=15),
    average=st.none() | st.decimals(0, Decimal("99999.99"), places=2),
    last=st.none() | st.integers(0, 10**15),
)
def test_whatever_the_facts_it_says_why(
    amount: Decimal, serial: str, average: Decimal | None, last: int | None
) -> None:
    facts = replace(CLEAN, amount=amount, serial=serial, account=replace(ACCOUNT, average_90=average, last_serial=last))
    found = detect(facts, THRESHOLDS)
    assert len({flag.code for flag in found}) == len(found)
    for flag in found:
        assert flag.title and flag.explanation and flag.evidence["fields"]
