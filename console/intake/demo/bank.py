"""A demo bank, complete and the same for the same seed."""

from collections import Counter
from dataclasses import replace
from datetime import date

from console.intake.demo import positive_pay, scenarios_data, scenarios_paper
from console.intake.demo.accounts import fill_history, make_drawers, make_foreign_drawers, open_account
from console.intake.demo.chance import stream
from console.intake.demo.day import Day
from console.intake.demo.drawing import Picture, View, draw_all
from console.intake.demo.model import DemoAccount, DemoBank, DemoItem
from console.intake.demo.names import INSTITUTION
from console.intake.demo.paper import Signature

HISTORY_FRONTS = 6
"""So many of each account's latest checks have a picture."""
MINIMUM_ITEMS = 120
MINIMUM_ACCOUNTS = 30


def plan_demo_bank(seed: int, business_date: date, items: int = 250, accounts: int = 40) -> DemoBank:
    """The bank with all its data and no pictures yet.

    Raises ValueError when there is no room for every scenario.
    """
    if items < MINIMUM_ITEMS or accounts < MINIMUM_ACCOUNTS:
        raise ValueError(f"every scenario needs at least {MINIMUM_ITEMS} items and {MINIMUM_ACCOUNTS} accounts")
    customers = make_drawers(seed, business_date, accounts)
    day = Day(seed, business_date, customers, make_foreign_drawers(seed, business_date))
    for drawer in customers:
        fill_history(seed, drawer, business_date)
    _play(day)
    _ordinary(day, items - len(day.items))
    positive_pay.complete_issued_files(day)
    stream(seed, "order").shuffle(day.items)
    return DemoBank(
        seed=seed,
        business_date=business_date,
        institution=INSTITUTION,
        accounts=tuple(
            open_account(seed, drawer, business_date, drawer.number in day.positive_pay) for drawer in customers
        ),
        items=tuple(replace(item, sequence=place) for place, item in enumerate(day.items, start=1)),
        stop_payments=tuple(day.stops),
        issued=tuple(sorted(day.issued, key=lambda row: (row.account_number, row.issued_on, row.serial))),
    )


def _play(day: Day) -> None:
    """Every scenario, those that reserve accounts first."""
    positive_pay.enrol(day)
    scenarios_data.kiting(day)
    scenarios_data.velocity(day)
    scenarios_data.new_account_large(day)
    scenarios_data.serials(day)
    scenarios_data.unusual_amount(day)
    scenarios_data.duplicate_presentment(day)
    scenarios_data.stop_payment(day)
    scenarios_paper.counterfeit_stock(day)
    scenarios_paper.forged_signature(day)
    scenarios_paper.forged_endorsement(day)
    scenarios_paper.missing_endorsement(day)
    scenarios_paper.payee_mismatch(day)
    scenarios_paper.altered_amount(day)
    scenarios_paper.washed(day)
    scenarios_paper.amount_mismatch(day)
    scenarios_paper.stale_dated(day)
    scenarios_paper.post_dated(day)
    positive_pay.mismatches(day)


def _ordinary(day: Day, count: int) -> None:
    """Checks with nothing wrong: a third deposited here and drawn elsewhere, the rest spread over our accounts.

    Whoever has the fewest today is next: a dozen from one account would be a burst, and so not ordinary.
    """
    rng = day.stream("ordinary")
    today = Counter(item.account_number for item in day.items)
    for _ in range(count):
        if rng.random() < 0.33:
            drawer = rng.choice(day.foreign)
        else:
            customers = [*day.established(business=True), *day.established(business=False)]
            fewest = min(today[one.number] for one in customers)
            drawer = rng.choice([one for one in customers if today[one.number] == fewest])
        day.present(day.draft(drawer))
        today[drawer.number] += 1


def make_demo_bank(
    seed: int, business_date: date, items: int = 250, accounts: int = 40, *, processes: int | None = None
) -> DemoBank:
    """The bank with its pictures: both sides of every item, the latest fronts of every account, signature cards.

    The same arguments give the same bytes on the same machine, whatever `processes` is. Raises ValueError when `items`
    or `accounts` leave no room for every scenario.
    """
    bank = plan_demo_bank(seed, business_date, items, accounts)
    wanted: list[Picture] = []
    by_stock = sorted(range(len(bank.items)), key=lambda place: bank.items[place].paper.account_number)
    for place in by_stock:
        wanted += [Picture(view, bank.items[place].paper) for view in (View.FRONT, View.BACK)]
    for account in bank.accounts:
        wanted.append(Picture(View.CARD, Signature(account.signer, account.signer_key)))
        wanted += [Picture(View.FRONT, check.paper) for check in account.history[-HISTORY_FRONTS:]]
    tiffs = iter(draw_all(wanted, processes))
    pictured: dict[int, DemoItem] = {
        place: replace(bank.items[place], front=next(tiffs), back=next(tiffs)) for place in by_stock
    }
    accounts_pictured: list[DemoAccount] = []
    for account in bank.accounts:
        card = next(tiffs)
        earlier, latest = account.history[:-HISTORY_FRONTS], account.history[-HISTORY_FRONTS:]
        history = (*earlier, *(replace(check, front=next(tiffs)) for check in latest))
        accounts_pictured.append(replace(account, signature_card=card, history=history))
    return replace(
        bank,
        items=tuple(pictured[place] for place in range(len(bank.items))),
        accounts=tuple(accounts_pictured),
    )
