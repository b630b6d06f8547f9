"""What a reviewer is shown of the account: cards, earlier checks, past reviews; and that the evidence keeps it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from console.images.links import LinkRefused, fetch, link
from console.intake.accounts import load_accounts
from console.review import item_statement
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.errors import StaleItem
from console.review.flag_answers import Answer, answer_flag
from console.review.states import Act
from db.engine import transaction
from db.models import Evidence
from tests.factories import (
    CARD,
    FRONT,
    Bank,
    account_record,
    claimed,
    import_items,
    item_ids,
    look,
    make_bank,
    view_of,
    x9_item,
)

TODAY = date(2026, 11, 20)


async def bank_with_items(folder: Path, accounts: list[str]) -> tuple[Bank, list[UUID]]:
    """A bank with an item of 60.00 for each account named; the account called 7000 has no card."""
    bank = await make_bank()
    records = [account_record(bank, number, card=number != "7000") for number in sorted(set(accounts))]
    await load_accounts(bank.system, records, TODAY)
    await import_items(bank, folder, [x9_item(n, "60.00", bank.routing, one) for n, one in enumerate(accounts, 1)])
    return bank, await item_ids(bank)


async def pay(bank: Bank, item_id: UUID) -> None:
    view, _ = await claimed(bank.reviewer, item_id)
    for flag in view.flags:
        await answer_flag(bank.reviewer, flag.id, Answer.CONFIRMED, "")
    view, seen = await look(bank.reviewer, item_id)
    await decide(bank.reviewer, item_id, Choice(Act.PAY), seen)


def test_the_card_and_the_earlier_checks_are_shown_and_kept_as_evidence(
    run: Callable[..., object], tmp_path: Path
) -> None:
    async def story() -> None:
        bank, (item, cardless) = await bank_with_items(tmp_path, ["6000", "7000"])
        view = await view_of(bank.reviewer, item)
        (card,) = view.cards
        assert (card.side, card.sha256, card.width, card.dpi) == ("card", hashlib.sha256(CARD).digest(), 800, 200)
        assert [(one.serial, one.image is not None) for one in view.earlier] == [("100", True), ("99", False)]
        assert view.earlier[0].image is not None
        assert view.earlier[0].image.sha256 == hashlib.sha256(FRONT).digest()
        assert (await view_of(bank.reviewer, cardless)).cards == ()
        await pay(bank, item)
        async with transaction(bank.reviewer) as session:
            snapshot = json.loads((await session.scalars(select(Evidence.snapshot))).one())
        assert [one["sha256"] for one in snapshot["shown"]["cards"]] == [hashlib.sha256(CARD).hexdigest()]

    run(story())


def test_a_card_is_fetched_by_a_link_of_ones_own_session_alone(run: Callable[..., object], tmp_path: Path) -> None:
    async def story() -> None:
        bank, (item,) = await bank_with_items(tmp_path, ["6000"])
        (card,) = (await view_of(bank.reviewer, item)).cards
        token = link(bank.reviewer, card.id).partition("token=")[2]
        assert (await fetch(bank.reviewer, card.id, token)).data == CARD
        with pytest.raises(LinkRefused):
            await fetch(bank.second_reviewer, card.id, token)

    run(story())


def test_past_reviews_are_those_of_the_account_before_the_check_was_taken(
    run: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank, (first, second, third, other) = await bank_with_items(tmp_path, ["6000", "6000", "6000", "7000"])
        await pay(bank, first)
        await pay(bank, other)
        assert (await view_of(bank.reviewer, second)).reviews == (), "younger than any transaction lasts"
        monkeypatch.setattr(item_statement, "SETTLED_SECONDS", 0.0)
        (review,) = (await view_of(bank.reviewer, second)).reviews
        assert (review.item_id, review.serial, review.action) == (first, "101", "pay")
        assert (review.amount, review.who) == (Decimal("60.00"), bank.reviewer.name)
        assert (await view_of(bank.reviewer, first)).reviews == ()

        # What a colleague decides meanwhile neither shows nor makes stale what is shown.
        before, seen = await claimed(bank.second_reviewer, second)
        await pay(bank, third)
        after = await view_of(bank.second_reviewer, second)
        assert [one.item_id for one in after.reviews] == [first]
        assert after.digest == before.digest
        assert len((await view_of(bank.auditor, other)).reviews) == 0
        for flag in after.flags:
            await answer_flag(bank.second_reviewer, flag.id, Answer.CONFIRMED, "")
        if after.flags:
            with pytest.raises(StaleItem):
                await decide(bank.second_reviewer, second, Choice(Act.PAY), seen)
            _, seen = await look(bank.second_reviewer, second)
        await decide(bank.second_reviewer, second, Choice(Act.PAY), seen)

    run(story())
