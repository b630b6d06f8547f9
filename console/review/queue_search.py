"""Searching the queue: beginnings of a payee's words, a serial, the last digits of an account, an amount."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from sqlalchemy import ColumnElement, cast, false, func, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.asyncio import AsyncSession

from console.review.states import FINAL_STATUSES, Status
from db.models import CheckItem

MAX_SEARCH: Final = 60
# Up to so many are looked up by their ids; what more items match is met soon in any order.
_FEW: Final = 2_000
_WORD: Final = re.compile(r"[^\W_]+")


async def found_by(session: AsyncSession, search: str, status: Status | None) -> ColumnElement[bool]:
    """The condition on `check_item` of what a search finds among items of a status (None: among the open ones)."""
    words, amount = words_of(search), amount_of(search)
    if not words and amount is None:
        return false()
    if status not in FINAL_STATUSES:
        found = func.open_items_with(cast(words or None, TSQUERY), amount, _FEW + 1)
        ids = list(await session.scalars(select(found)))
        if len(ids) <= _FEW:
            return CheckItem.id == func.any(ids)
    matches: list[ColumnElement[bool]] = []
    if words:
        document = func.item_words(CheckItem.payee, CheckItem.serial, CheckItem.account_number)
        matches.append(document.bool_op("@@")(cast(words, TSQUERY)))
    if amount is not None:
        matches.append(CheckItem.amount_cents == amount)
    return or_(*matches)


def words_of(search: str) -> str:
    """A search as PostgreSQL's tsquery, of the words that the database makes of an item; empty: nothing to look for."""
    search = search[:MAX_SEARCH].lower()
    choices = [" & ".join(f"'{word}':*" for word in _WORD.findall(search))]
    digits = re.sub(r"[\s•#*]", "", search)
    if re.fullmatch(r"[0-9]+", digits):
        choices += [f"'#{digits}'", f"'*{digits[::-1]}':*"]
    return " | ".join(f"({choice})" for choice in choices if choice)


def amount_of(search: str) -> int | None:
    """The amount that a search names, in cents; None: it names none."""
    try:
        amount = Decimal(search[:MAX_SEARCH].strip().replace(",", "").lstrip("$"))
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) >= Decimal("1e12") or amount != round(amount, 2):
        return None
    return cents(amount)


def cents(amount: Decimal) -> int:
    """Dollars as the database compares and sorts them."""
    return int(amount * 100)
