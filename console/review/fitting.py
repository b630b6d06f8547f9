"""Whether a choice fits the very item it is made for: its return reasons, its hold, whom it asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission
from console.review.choices import Choice, check_reasons
from console.review.clocks import day_of_receipt
from console.review.errors import IncompleteChoice
from console.review.holds import Deposit, Hold, check_hold, notice_lines, seen_before
from console.review.item_view import ItemView
from console.review.office import office_of
from console.review.overrides import check_override, overrides
from console.review.people_here import Person, person_within
from console.review.reasons import side_of
from console.review.states import FINAL_ACTS, Act
from db.models import Account, AccountContext, CheckItem, Institution


@dataclass(frozen=True)
class Fitted:
    """What a decision keeps of its choice beyond the choice itself, and whom it asks."""

    details: dict[str, Any] = field(default_factory=dict)
    asked: Person | None = None


async def fit(session: AsyncSession, item: CheckItem, view: ItemView, choice: Choice) -> Fitted:
    """Check a complete choice against its item. Raises IncompleteChoice."""
    check_reasons(choice, side_of(view.kind, view.item_type))
    check_override(choice.act, view.advice, choice.override, view.required)
    if choice.act in FINAL_ACTS and view.required.note and not choice.note.strip():
        raise IncompleteChoice("note", "Write a note: a rule of the policy asks for one on this check.")
    if choice.act is Act.ASK:
        return await _fit_question(session, item, choice)
    if choice.hold is not None:
        return await _fit_hold(session, view, choice.hold, choice.note)
    if choice.override is not None and not overrides(choice.act, view.advice):
        return Fitted({"asked_by_rule": True})
    return Fitted()


async def _fit_question(session: AsyncSession, item: CheckItem, choice: Choice) -> Fitted:
    if choice.asks is None:
        if not choice.asks_team.strip():
            raise IncompleteChoice("asks", "Say whom you ask: a colleague, or a team in words.")
        return Fitted()
    asked = await person_within(session, item, choice.asks, Permission.ITEM_NOTE)
    if asked is None:
        raise IncompleteChoice("asks", "That person cannot answer on this check. Choose another.")
    return Fitted({"asks_name": asked.name}, asked)


async def _fit_hold(session: AsyncSession, view: ItemView, hold: Hold, note: str) -> Fitted:
    bank = (await session.execute(select(Institution))).scalar_one()
    office = await office_of(session)
    today = datetime.now(UTC).astimezone(office.zone).date()
    account = await _deposit_account(session, bank.routing_number, hold.account)
    flags = [flag.code for flag in view.flags]
    deposit = deposit_of(
        view.amount,
        day_of_receipt(view.received_at, office),
        office.zone,
        return_by=view.return_by,
        seen=seen_before(view.kind, flags),
        account=account,
    )
    check_hold(hold, deposit, today, note)
    if not office.is_banking_day(hold.release_on):
        day = f"{hold.release_on:%a %d %b}"
        raise IncompleteChoice("release_on", f"We are closed on {day}, no banking day here. Choose another day.")
    if hold.reason is None:
        return Fitted()
    holder = account.holder if account else ""
    lines = notice_lines(hold, deposit, bank=bank.name, holder=holder, note=note, today=today)
    return Fitted({"notice": [list(line) for line in lines]})


@dataclass(frozen=True)
class DepositAccount:
    """The account to which a check was deposited, where it is one of ours."""

    holder: str
    opened_on: date
    overdrafts: int | None


def deposit_of(
    amount: Decimal,
    day: date,
    zone: ZoneInfo,
    *,
    return_by: datetime | None,
    seen: bool,
    account: DepositAccount | None = None,
) -> Deposit:
    """What is known of a deposit; a check that we must return by a moment can be held until that day at the most."""
    return Deposit(
        amount,
        day,
        account.opened_on if account else None,
        account.overdrafts if account else None,
        seen,
        return_by.astimezone(zone).date() if return_by else None,
    )


async def _deposit_account(session: AsyncSession, routing: str, number: str) -> DepositAccount | None:
    if not number:
        return None
    query = (
        select(Account.holder, Account.opened_on, AccountContext.overdrafts_90d)
        .outerjoin(AccountContext, AccountContext.account_id == Account.id)
        .where(Account.routing == routing, Account.number == number)
    )
    row = (await session.execute(query)).first()
    return DepositAccount(*row) if row else None
