"""Issued files of businesses, and items that do not agree with them."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from console.intake.demo.day import Day
from console.intake.demo.drawers import Drawer
from console.intake.demo.model import (
    DemoItem,
    HistoryCheck,
    IssuedCheck,
    IssuedStatus,
    Outcome,
    Scenario,
    Side,
)

_MONTHS_OF_FILE = 120
"""Days for which an issued file is kept."""


def _row(
    drawer_number: str,
    serial: str,
    amount: Decimal,
    payee: str,
    issued_on: date,
    status: IssuedStatus = IssuedStatus.OUTSTANDING,
    status_on: date | None = None,
) -> IssuedCheck:
    return IssuedCheck(drawer_number, serial, amount, payee, issued_on, status, status_on or issued_on)


def enrol(day: Day) -> None:
    """All businesses but three send issued files."""
    businesses = [drawer for drawer in day.customers if drawer.business]
    day.positive_pay.update(drawer.number for drawer in businesses[:-3])


def _subscriber(day: Day) -> Drawer:
    while (drawer := day.next_customer(business=True)).number not in day.positive_pay:
        pass
    return drawer


def mismatches(day: Day) -> None:
    """Each way in which an item can disagree with the issued file, three times."""
    for turn in range(3):
        _not_issued(day, _subscriber(day))
        _other_amount(day, _subscriber(day), turn)
        _other_payee(day, _subscriber(day), turn)
        _void(day, _subscriber(day), turn)
        _stale(day, _subscriber(day), turn)
        _already_paid(day, _subscriber(day))


def _not_issued(day: Day, drawer: Drawer) -> None:
    draft = day.draft(drawer)
    what = f"Serial {draft.paper.serial} is not in the issued file"
    day.present(draft, Scenario.NOT_ISSUED, what, side=Side.FRONT, at="number")


def _other_amount(day: Day, drawer: Drawer, turn: int) -> None:
    draft = day.draft(drawer)
    paper = draft.paper
    issued = paper.figures - (Decimal("0.90"), Decimal(90), Decimal(-300))[turn]
    day.issued.append(_row(drawer.number, paper.serial, issued, paper.payee, paper.written_on))
    what = f"Issued for {issued:,.2f}, presented for {paper.figures:,.2f}"
    day.present(draft, Scenario.ISSUED_AMOUNT, what, side=Side.FRONT, at="figures")


def _other_payee(day: Day, drawer: Drawer, turn: int) -> None:
    draft = day.draft(drawer, payee=day.stranger("issued payee", turn))
    paper = draft.paper
    issued_to = drawer.payees[turn]
    day.issued.append(_row(drawer.number, paper.serial, paper.figures, issued_to, paper.written_on))
    what = f"Issued to {issued_to}, presented for {paper.payee}"
    day.present(draft, Scenario.ISSUED_PAYEE, what, side=Side.FRONT, at="payee")


def _void(day: Day, drawer: Drawer, turn: int) -> None:
    draft = day.draft(drawer)
    paper = draft.paper
    voided = day.business_date - timedelta(days=1 + turn)
    row = _row(drawer.number, paper.serial, paper.figures, paper.payee, paper.written_on, IssuedStatus.VOID, voided)
    day.issued.append(row)
    day.present(draft, Scenario.ISSUED_VOID, f"Voided on {voided}", side=Side.FRONT, at="number")


def _stale(day: Day, drawer: Drawer, turn: int) -> None:
    issued_on = day.business_date - timedelta(days=(190, 214, 263)[turn])
    old = [serial for serial, on in drawer.skipped if abs((on - issued_on).days) < 45]
    draft = day.draft(drawer, written_on=issued_on, serial=str(old[0]) if old else None)
    paper = draft.paper
    day.issued.append(_row(drawer.number, paper.serial, paper.figures, paper.payee, issued_on))
    day.present(draft, Scenario.ISSUED_STALE, f"Issued on {issued_on}", side=Side.FRONT, at="date")


def _already_paid(day: Day, drawer: Drawer) -> None:
    """A second check with the serial and the amount of one that was paid: another paper, the same numbers."""
    paid: HistoryCheck = [check for check in drawer.history if check.outcome is Outcome.PAID][-4]
    draft = day.draft(drawer, serial=paid.serial, amount=paid.amount, payee=paid.payee, written_on=paid.written_on)
    what = f"The issued file shows serial {paid.serial} paid on {paid.presented_on}"
    day.present(draft, Scenario.ISSUED_PAID, what, side=Side.FRONT, at="number")


def complete_issued_files(day: Day) -> None:
    """Rows for everything regular: earlier checks as paid, today's as outstanding, some that have not come in yet."""
    known = {(row.account_number, row.serial) for row in day.issued}
    since = day.business_date - timedelta(days=_MONTHS_OF_FILE)
    for drawer in day.customers:
        if drawer.number not in day.positive_pay:
            continue
        for check in drawer.history:
            if check.presented_on >= since and check.outcome is Outcome.PAID:
                row = _row(drawer.number, check.serial, check.amount, check.payee, check.written_on)
                day.issued.append(replace(row, status=IssuedStatus.PAID, status_on=check.presented_on))
                known.add((drawer.number, check.serial))
        for item in day.items:
            if _regularly_issued(item, drawer) and (drawer.number, item.serial) not in known:
                day.issued.append(_row(drawer.number, item.serial, item.amount, item.payee, item.paper.written_on))
                known.add((drawer.number, item.serial))
        _not_yet_presented(day, drawer)


def _regularly_issued(item: DemoItem, drawer: Drawer) -> bool:
    return item.paper.account_number == drawer.number and item.truth.scenario is not Scenario.NOT_ISSUED


def _not_yet_presented(day: Day, drawer: Drawer) -> None:
    rng = day.stream("outstanding", drawer.number)
    for _ in range(rng.randint(2, 6)):
        issued_on = day.business_date - timedelta(days=rng.randint(0, 20))
        day.issued.append(
            _row(drawer.number, drawer.take_serial(), drawer.usual_amount(rng), rng.choice(drawer.payees), issued_on)
        )
