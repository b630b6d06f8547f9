"""The demo bank's data: complete, consistent with itself, and the same for the same seed."""

import dataclasses
import json
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest

from console.intake.demo.bank import HISTORY_FRONTS, plan_demo_bank
from console.intake.demo.demo_file import truth_as_json
from console.intake.demo.drawing import Picture, View, draw_all
from console.intake.demo.model import AccountType, DemoBank, IssuedStatus, ItemKind, Outcome, Scenario, Side
from console.intake.demo.paper import EndorsementStyle, Forgery
from console.intake.demo.words import legal_amount

DAY = date(2026, 11, 20)


def of(bank: DemoBank, scenario: Scenario):
    return [item for item in bank.items if item.truth.scenario is scenario]


def account_of(bank: DemoBank, item):
    return next(account for account in bank.accounts if account.number == item.account_number)


def history_of(bank: DemoBank, number: str):
    return next(account.history for account in bank.accounts if account.number == number)


def issued_row(bank: DemoBank, item):
    return next((r for r in bank.issued if (r.account_number, r.serial) == (item.account_number, item.serial)), None)


def aba_valid(routing: str) -> bool:
    weights = (3, 7, 1, 3, 7, 1, 3, 7, 1)
    return len(routing) == 9 and sum(int(d) * w for d, w in zip(routing, weights, strict=True)) % 10 == 0


def test_the_same_seed_plans_the_same_bank_and_another_seed_another():
    assert plan_demo_bank(5, DAY) == plan_demo_bank(5, DAY)
    assert plan_demo_bank(5, DAY).items != plan_demo_bank(6, DAY).items


def test_the_same_papers_draw_the_same_bytes_with_any_number_of_processes(bank):
    chosen = sorted(bank.items, key=lambda item: item.paper.account_number)[:13]
    pictures = [Picture(view, item.paper) for item in chosen for view in (View.FRONT, View.BACK)]
    drawn = [side for item in chosen for side in (item.front, item.back)]
    assert draw_all(pictures, processes=1) == drawn
    assert draw_all(pictures, processes=2) == drawn


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_every_scenario_is_there_at_least_three_times_whatever_the_seed(seed):
    counts = Counter(item.truth.scenario for item in plan_demo_bank(seed, DAY).items)
    assert set(counts) == set(Scenario)
    assert min(counts.values()) >= 3
    assert counts[Scenario.CLEAN] > 125


def test_too_little_room_for_every_scenario_is_refused():
    with pytest.raises(ValueError, match="at least"):
        plan_demo_bank(1, DAY, items=40)
    with pytest.raises(ValueError, match="at least"):
        plan_demo_bank(1, DAY, accounts=4)


def test_size_and_kinds():
    bank = plan_demo_bank(11, DAY)  # as a first start draws it; the other tests have a smaller one
    assert (len(bank.items), len(bank.accounts)) == (250, 40)
    assert [item.sequence for item in bank.items] == list(range(1, 251))
    kinds = Counter(item.kind for item in bank.items)
    assert kinds[ItemKind.TRANSIT] >= 40
    assert kinds[ItemKind.ON_US] > kinds[ItemKind.TRANSIT]
    for item in bank.items:
        assert (item.routing == bank.institution.routing) == (item.kind is ItemKind.ON_US)


def test_routing_numbers_are_valid_and_nobodys(bank):
    routings = {item.routing for item in bank.items} | {
        item.paper.endorsement.bank_of_first_deposit.routing for item in bank.items
    }
    assert len(routings) >= 5
    assert all(aba_valid(routing) and 61 <= int(routing[:2]) <= 72 for routing in routings)


def test_amounts_are_decimals_of_whole_cents_and_some_are_large(bank):
    amounts = [item.amount for item in bank.items]
    amounts += [check.amount for account in bank.accounts for check in account.history]
    amounts += [row.amount for row in bank.issued]
    assert all(isinstance(amount, Decimal) and amount > 0 and amount == round(amount, 2) for amount in amounts)
    presented = [item.amount for item in bank.items]
    assert sum(amount >= 5000 for amount in presented) >= 10
    assert sum(amount >= 10000 for amount in presented) >= 1


def test_items_concern_accounts_of_the_bank(bank):
    numbers = {account.number for account in bank.accounts}
    assert all(item.account_number in numbers for item in bank.items)
    for item in bank.items:
        business = bool(item.auxiliary_on_us)
        assert item.on_us == f"{item.paper.account_number}/{'' if business else item.serial}"
        assert len(item.on_us) <= 20
        assert len(item.auxiliary_on_us) <= 15


def test_context_agrees_with_the_history(bank):
    since = DAY - timedelta(days=90)
    for account in bank.accounts:
        returned = [c for c in account.history if c.presented_on >= since and c.outcome is Outcome.RETURNED]
        assert account.returns_90d == len(returned)
        assert account.nsf_90d == sum(check.return_code == "A" for check in returned)
        assert account.overdrafts_90d >= account.nsf_90d
        for check in account.history:
            assert account.opened_on <= check.written_on <= check.presented_on < DAY
            assert check.presented_on.weekday() < 5
            assert (check.outcome is Outcome.RETURNED) == (check.return_code is not None)
        serials = [check.serial for check in account.history]
        assert len(serials) == len(set(serials))


def test_history_reaches_back_eighteen_months_and_its_latest_checks_have_pictures(bank):
    old = [account for account in bank.accounts if (DAY - account.opened_on).days > 600]
    assert len(old) > 25
    for account in old:
        assert (DAY - account.history[0].presented_on).days > 440
        assert [check.front is not None for check in account.history[-HISTORY_FRONTS:]] == [True] * HISTORY_FRONTS
        assert not any(check.front for check in account.history[:-HISTORY_FRONTS])


def test_every_trouble_is_explained_and_clean_items_claim_none(bank):
    for item in bank.items:
        assert bool(item.truth.what_is_wrong) == (item.truth.scenario is not Scenario.CLEAN)
        if item.truth.region:
            region = item.truth.region
            assert item.truth.side in Side
            assert region.left >= 0
            assert region.top >= 0
            assert region.right <= 8.51
            assert region.bottom <= 3.51


def test_clean_papers_are_in_order(bank):
    for item in of(bank, Scenario.CLEAN):
        paper = item.paper
        assert paper.words == legal_amount(item.amount)
        assert paper.signature.forgery is Forgery.NONE
        assert paper.endorsement.style is not EndorsementStyle.MISSING
        assert paper.endorsement.name == item.payee
        assert DAY - timedelta(days=8) <= paper.written_on < DAY
        assert not paper.alterations
        assert not paper.counterfeit


def test_troubles_on_paper(bank):
    assert all(item.paper.words != legal_amount(item.amount) for item in of(bank, Scenario.AMOUNT_MISMATCH))
    assert all(item.paper.counterfeit for item in of(bank, Scenario.COUNTERFEIT_STOCK))
    forgeries = {item.paper.signature.forgery for item in of(bank, Scenario.FORGED_SIGNATURE)}
    assert forgeries == {Forgery.SKILLED, Forgery.UNSKILLED}
    signers = {account.signer_key for account in bank.accounts}
    for item in of(bank, Scenario.FORGED_ENDORSEMENT):
        assert item.paper.endorsement.signature.forgery is Forgery.UNSKILLED
        assert item.paper.endorsement.signature.signer in signers
    for item in of(bank, Scenario.MISSING_ENDORSEMENT):
        assert item.paper.endorsement.style is EndorsementStyle.MISSING
    assert all(item.paper.endorsement.name != item.payee for item in of(bank, Scenario.PAYEE_MISMATCH))
    assert all(len(item.paper.alterations) == 2 for item in of(bank, Scenario.ALTERED_AMOUNT))
    assert all(len(item.paper.alterations) == 3 for item in of(bank, Scenario.WASHED))
    # Six calendar months are at most 184 days.
    assert all((DAY - item.paper.written_on).days > 184 for item in of(bank, Scenario.STALE_DATED))
    assert all(item.paper.written_on > DAY for item in of(bank, Scenario.POST_DATED))


def test_troubles_in_the_data(bank):
    for item in of(bank, Scenario.SERIAL_DUPLICATE):
        assert item.serial in {check.serial for check in history_of(bank, item.account_number)}
    for item in of(bank, Scenario.SERIAL_OUT_OF_SEQUENCE):
        last = max(int(check.serial) for check in history_of(bank, item.account_number))
        assert abs(int(item.serial) - last) > 500
    assert all(int(item.serial) == 0 for item in of(bank, Scenario.SERIAL_ZERO))
    for item in of(bank, Scenario.UNUSUAL_AMOUNT):
        assert item.amount >= 3 * max(check.amount for check in history_of(bank, item.account_number))
    for item in of(bank, Scenario.VELOCITY):
        week = [c for c in history_of(bank, item.account_number) if c.presented_on >= DAY - timedelta(days=7)]
        assert len(week) >= 7
        assert str(len(week)) in item.truth.what_is_wrong
    for item in of(bank, Scenario.NEW_ACCOUNT_LARGE):
        assert (DAY - account_of(bank, item).opened_on).days <= 30
        assert item.amount > 6725
    stops = {(stop.account_number, stop.serial) for stop in bank.stop_payments}
    stopped = {(item.account_number, item.serial) for item in of(bank, Scenario.STOP_PAYMENT)}
    assert stopped < stops
    others = {(i.account_number, i.serial) for i in bank.items if i.truth.scenario is not Scenario.STOP_PAYMENT}
    assert not others & stops


def test_duplicates_are_the_same_paper_in_another_scan(bank):
    for item in of(bank, Scenario.DUPLICATE_PRESENTMENT):
        twins = [c.paper for c in history_of(bank, item.account_number)] + [
            other.paper for other in bank.items if other is not item
        ]
        twin = next(paper for paper in twins if paper.paper_seed == item.paper.paper_seed)
        assert dataclasses.replace(item.paper, scan_seed=twin.scan_seed) == twin
        assert item.paper.scan_seed != twin.scan_seed


def test_kites_pay_each_other_and_have_little_of_their_own(bank):
    kites = of(bank, Scenario.KITING)
    holders = {account.holder: account for account in bank.accounts}
    for item in kites:
        giver, taker = account_of(bank, item), holders[item.payee]
        since = DAY - timedelta(days=25)
        there = [c for c in giver.history if c.payee == taker.holder and c.presented_on >= since]
        back = [c for c in taker.history if c.payee == giver.holder and c.presented_on >= since]
        assert len(there) >= 4
        assert len(back) >= 4
        assert item.amount > max(check.amount for check in there)


def test_issued_files_disagree_exactly_where_they_should(bank):
    for item in of(bank, Scenario.NOT_ISSUED):
        assert issued_row(bank, item) is None
    expected = {
        Scenario.ISSUED_AMOUNT: lambda row, item: row.amount != item.amount and row.payee == item.payee,
        Scenario.ISSUED_PAYEE: lambda row, item: row.payee != item.payee and row.amount == item.amount,
        Scenario.ISSUED_VOID: lambda row, item: row.status is IssuedStatus.VOID,
        Scenario.ISSUED_STALE: lambda row, item: (DAY - row.issued_on).days > 184,
        Scenario.ISSUED_PAID: lambda row, item: row.status is IssuedStatus.PAID and row.status_on < DAY,
    }
    for scenario, holds in expected.items():
        for item in of(bank, scenario):
            row = issued_row(bank, item)
            assert row is not None
            assert holds(row, item)
    subscribers = {account.number for account in bank.accounts if account.positive_pay}
    assert all(account.account_type is AccountType.BUSINESS for account in bank.accounts if account.positive_pay)
    for item in of(bank, Scenario.CLEAN):
        if item.kind is ItemKind.ON_US and item.account_number in subscribers:
            row = issued_row(bank, item)
            assert row is not None
            assert (row.amount, row.payee, row.status) == (item.amount, item.payee, IssuedStatus.OUTSTANDING)


def test_an_issued_file_names_each_serial_once(bank):
    keys = Counter((row.account_number, row.serial) for row in bank.issued)
    assert max(keys.values()) == 1


def test_truth_as_json_names_every_item(bank):
    document = json.loads(truth_as_json(bank))
    assert [entry["sequence"] for entry in document["items"]] == [f"{i.sequence:015d}" for i in bank.items]
    scenarios = Counter(entry["scenario"] for entry in document["items"])
    assert scenarios == Counter(item.truth.scenario.value for item in bank.items)
    assert all(
        Decimal(entry["amount"]) == item.amount for entry, item in zip(document["items"], bank.items, strict=True)
    )
