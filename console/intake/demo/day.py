"""One business day at the demo bank: the checks that come in, and what else the bank knows about them."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from console.intake.demo.chance import stream
from console.intake.demo.drawers import Deposit, Drawer, write_check
from console.intake.demo.endorsement import endorsement_box
from console.intake.demo.layouts import LAYOUTS
from console.intake.demo.model import DemoItem, IssuedCheck, ItemKind, Scenario, Side, StopPayment, Truth
from console.intake.demo.names import FIRST_NAMES, INSTITUTION, LAST_NAMES, OTHER_BANKS
from console.intake.demo.paper import Box, CheckSpec
from console.intake.demo.scan import skewed_box


@dataclass(slots=True)
class Draft:
    """A check about to be presented: who drew it, whose account of ours it concerns, and the paper."""

    drawer: Drawer
    account_number: str
    paper: CheckSpec


@dataclass(slots=True)
class Day:
    """What is known so far about the day; scenarios add to it."""

    seed: int
    business_date: date
    customers: list[Drawer]
    foreign: list[Drawer]
    items: list[DemoItem] = field(default_factory=list)
    stops: list[StopPayment] = field(default_factory=list)
    issued: list[IssuedCheck] = field(default_factory=list)
    positive_pay: set[str] = field(default_factory=set)
    _count: Iterator[int] = field(default_factory=itertools.count)
    _turn: dict[bool, int] = field(default_factory=dict)

    def stream(self, *purpose: object) -> random.Random:
        return stream(self.seed, *purpose)

    def stranger(self, *purpose: object) -> str:
        """The name of somebody who has no account here."""
        rng = self.stream("stranger", *purpose)
        holders = {drawer.holder for drawer in self.customers}
        while (name := f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}") in holders:
            pass
        return name

    def established(self, business: bool) -> list[Drawer]:
        """Customers of that type who are nobody else's business today, in a fixed order of chance."""
        return [
            drawer
            for drawer in self.customers
            if drawer.business is business and not drawer.busy and self.age(drawer) > 365
        ]

    def age(self, drawer: Drawer) -> int:
        """Days since the account was opened."""
        return (self.business_date - drawer.opened_on).days

    def next_customer(self, business: bool = False) -> Drawer:
        """Customers take turns, so that troubles are spread over the accounts."""
        able = self.established(business)
        turn = self._turn.get(business, 0)
        self._turn[business] = turn + 1
        return able[(turn * 5 + 1) % len(able)]

    def reserve(self, business: bool) -> Drawer:
        """A customer set aside for one scenario alone."""
        drawer = self.next_customer(business)
        drawer.busy = True
        return drawer

    def draft(
        self,
        drawer: Drawer,
        *,
        amount: Decimal | None = None,
        payee: str | None = None,
        serial: str | None = None,
        written_on: date | None = None,
        endorser: Drawer | None = None,
    ) -> Draft:
        """A regular check of `drawer`, everything not given as usual; `endorser` is the payee if our customer."""
        purpose = f"{self.seed}/item/{next(self._count)}"
        rng = stream(purpose)
        depositor = endorser
        if drawer.bank != INSTITUTION and depositor is None:
            depositor = rng.choice(self.established(rng.random() < 0.5))
        deposit = Deposit(
            bank=INSTITUTION if depositor else rng.choice(OTHER_BANKS),
            account=depositor.number if depositor else f"{rng.randint(10_000_000, 99_999_999)}",
            on=self.business_date,
            sequence=f"{rng.randrange(1_000_000):06d}",
            signer_key=depositor.signer_key if depositor else None,
        )
        paper = write_check(
            drawer,
            serial if serial is not None else drawer.take_serial(),
            amount if amount is not None else drawer.usual_amount(rng),
            payee or (depositor.holder if depositor else rng.choice(drawer.payees)),
            written_on or max(drawer.opened_on, self.business_date - timedelta(days=rng.randint(1, 8))),
            deposit,
            purpose,
        )
        ours = drawer if drawer.bank == INSTITUTION else depositor
        return Draft(drawer, ours.number if ours else drawer.number, paper)

    def present(
        self,
        draft: Draft,
        scenario: Scenario = Scenario.CLEAN,
        what_is_wrong: str = "",
        *,
        side: Side | None = None,
        at: str | None = None,
    ) -> DemoItem:
        """The draft comes in as an item; `at` names the layout's field where the trouble is to be seen."""
        paper = draft.paper
        layout = LAYOUTS[paper.stock.layout]
        region = self._region(paper, side, at) if side else None
        item = DemoItem(
            sequence=0,
            kind=ItemKind.ON_US if draft.drawer.bank == INSTITUTION else ItemKind.TRANSIT,
            account_number=draft.account_number,
            routing=paper.micr_routing,
            on_us=f"{paper.account_number}/" + ("" if layout.business else paper.serial),
            auxiliary_on_us=paper.serial if layout.business else "",
            serial=paper.serial,
            amount=paper.figures,
            payee=paper.payee,
            paper=paper,
            truth=Truth(scenario, what_is_wrong, side, region),
        )
        self.items.append(item)
        return item

    @staticmethod
    def _region(paper: CheckSpec, side: Side, at: str | None) -> Box:
        layout = LAYOUTS[paper.stock.layout]
        if side is Side.BACK:
            return skewed_box(endorsement_box(paper), layout.whole, f"{paper.scan_seed}/back")
        box: Box = getattr(layout, at or "whole")
        roomy = Box(box.left - 0.04, box.top - 0.06, box.width + 0.08, box.height + 0.12) if at else box
        return skewed_box(roomy, layout.whole, paper.scan_seed)


def rescanned(paper: CheckSpec, times: int = 1) -> CheckSpec:
    """The same paper run through another scanner."""
    return replace(paper, scan_seed=f"{paper.scan_seed}/again{times}")
