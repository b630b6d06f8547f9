"""Troubles that show when an item is held against what the bank knows: history, stops, issued files."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from console.intake.demo.accounts import add_past_check
from console.intake.demo.day import Day, Draft, rescanned
from console.intake.demo.drawers import Drawer, banking_day
from console.intake.demo.model import HistoryCheck, Outcome, Scenario, Side, StopPayment


def _latest_paid(drawer: Drawer, back: int = 2) -> HistoryCheck:
    """A recent check of the drawer that was paid, `back` places before the last."""
    return [check for check in drawer.history if check.outcome is Outcome.PAID][-back]


def serials(day: Day) -> None:
    """Far out of sequence, used before, and zero."""
    for jump in (700, 3100, -640):
        drawer = day.next_customer()
        serial = str(max(7, drawer.next_serial + jump))
        what = f"Serial {serial} where about {drawer.next_serial} is due"
        draft = day.draft(drawer, serial=serial)
        day.present(draft, Scenario.SERIAL_OUT_OF_SEQUENCE, what, side=Side.FRONT, at="number")
    for _ in range(3):
        drawer = day.next_customer()
        used = _latest_paid(drawer, back=3)
        what = f"Serial {used.serial} was paid on {used.presented_on} to {used.payee}"
        draft = day.draft(drawer, serial=used.serial)
        day.present(draft, Scenario.SERIAL_DUPLICATE, what, side=Side.FRONT, at="number")
    for _ in range(3):
        draft = day.draft(day.next_customer(), serial="0000")
        day.present(draft, Scenario.SERIAL_ZERO, "Serial is zero", side=Side.FRONT, at="number")


def unusual_amount(day: Day) -> None:
    """Six times and more of the largest check so far."""
    for turn in range(4):
        drawer = day.next_customer(business=turn == 3)
        largest = max(check.amount for check in drawer.history)
        amount = (largest * Decimal(4 + 2 * turn)).quantize(Decimal(1)) if turn < 3 else largest * 3
        draft = day.draft(drawer, amount=amount)
        what = f"{amount:,.2f}; the largest earlier check is {largest:,.2f}"
        day.present(draft, Scenario.UNUSUAL_AMOUNT, what, side=Side.FRONT, at="figures")


def velocity(day: Day) -> None:
    """A burst: a dozen checks in a week from somebody who writes one a week."""
    for turn in range(2):
        drawer = day.reserve(business=False)
        rng = day.stream("velocity", turn)
        for back in (6, 5, 5, 4, 3, 2, 1, 1):
            presented = banking_day(day.business_date - timedelta(days=back))
            add_past_check(day.seed, drawer, presented, drawer.usual_amount(rng), rng.choice(drawer.payees))
        week = day.business_date - timedelta(days=7)
        count = sum(check.presented_on >= week for check in drawer.history)
        for _ in range(3):
            what = f"{count} checks presented in the last seven days, three more today"
            day.present(day.draft(drawer), Scenario.VELOCITY, what)


def new_account_large(day: Day) -> None:
    """A large item on an account in its first thirty days."""
    young = [drawer for drawer in day.customers if day.age(drawer) <= 30]
    for turn, drawer in enumerate(young):
        draft = day.draft(drawer, amount=Decimal((7400, 9850, 12300, 6800)[turn % 4]))
        what = f"Account opened {day.age(drawer)} days ago"
        day.present(draft, Scenario.NEW_ACCOUNT_LARGE, what, side=Side.FRONT, at="figures")


def duplicate_presentment(day: Day) -> None:
    """The same paper a second time: paid before, or twice in this file."""
    for turn in range(3):
        drawer = day.next_customer(business=turn == 1)
        paid = _latest_paid(drawer)
        again = Draft(drawer, drawer.number, rescanned(paid.paper))
        what = f"The same check was paid on {paid.presented_on}"
        day.present(again, Scenario.DUPLICATE_PRESENTMENT, what, side=Side.FRONT)
    first = day.draft(day.next_customer())
    day.present(first)
    twin = replace(first, paper=rescanned(first.paper))
    day.present(twin, Scenario.DUPLICATE_PRESENTMENT, "The same check is in this file twice", side=Side.FRONT)


def kiting(day: Day) -> None:
    """Two accounts that live off each other's uncollected checks, in growing amounts."""
    for pair in range(3):
        two = (day.reserve(business=pair == 0), day.reserve(business=False))
        rng = day.stream("kiting", pair)
        amount = Decimal(rng.randrange(900, 1500))
        for step, back in enumerate((21, 18, 16, 14, 11, 9, 7, 4, 2)):
            giver, taker = two[step % 2], two[1 - step % 2]
            presented = banking_day(day.business_date - timedelta(days=back))
            add_past_check(day.seed, giver, presented, amount, taker.holder, signer_key=taker.signer_key)
            amount = (amount * Decimal("1.17")).quantize(Decimal(1)) + rng.randrange(20)
        for giver, taker in (two, two[::-1]):
            draft = day.draft(giver, amount=amount, payee=taker.holder, endorser=taker)
            what = f"Accounts {giver.number} and {taker.number} have paid each other nine times in three weeks"
            day.present(draft, Scenario.KITING, what)
            amount += rng.randrange(40, 160)


def stop_payment(day: Day) -> None:
    """Stopped by the customer; other stop orders wait for checks that do not come."""
    for turn in range(4):
        drawer = day.next_customer(business=turn == 2)
        draft = day.draft(drawer)
        placed = day.business_date - timedelta(days=2 + turn)
        day.stops.append(_stop(draft.paper.serial, draft.paper.figures, draft.paper.payee, drawer, placed))
        day.present(draft, Scenario.STOP_PAYMENT, f"Payment was stopped on {placed}", side=Side.FRONT, at="number")
    for turn in range(5):
        drawer = day.next_customer(business=turn % 2 == 0)
        rng = day.stream("stops", turn)
        placed = day.business_date - timedelta(days=rng.randint(5, 150))
        serial = str(drawer.next_serial + 400 + turn)
        day.stops.append(_stop(serial, None, rng.choice(drawer.payees), drawer, placed))


def _stop(serial: str, amount: Decimal | None, payee: str, drawer: Drawer, placed: date) -> StopPayment:
    """A written stop order: good for six months (UCC 4-403(b))."""
    return StopPayment(
        account_number=drawer.number,
        serial=serial,
        amount=amount,
        payee=payee,
        placed_on=placed,
        expires_on=placed + timedelta(days=182),
        reason="lost in the mail" if amount else "checkbook stolen",
    )
