"""Searching the queue: beginnings of a payee's words, a serial, the last digits of an account, an amount."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, ColumnElement, String, any_, bindparam, cast, func, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY

from console.actor import Actor
from console.review.states import FINAL_STATUSES, Status
from db.direct import Direct
from db.engine import read_at_once
from db.models import CheckItem

MAX_SEARCH: Final = 60
# Up to so many are looked up by their ids; what more items match is met soon in any order.
_FEW: Final = 2_000
_TOO_LARGE: Final = Decimal("1e12")
_WORD: Final = re.compile(r"[^\W_]+")


_IDS: Final = Direct(
    select(
        func.open_items_with(
            cast(bindparam("words", type_=String), TSQUERY), bindparam("amount", type_=BigInteger), _FEW + 1
        ).label("id")
    )
)


@dataclass(frozen=True)
class Search:
    """By what a search is done: by the ids of what was found for it already, or by an item's words, its amount or
    either."""

    ids: bool = False
    words: bool = False
    amount: bool = False


async def sought(actor: Actor, search: str, status: Status | None) -> tuple[Search, dict[str, Any]] | None:
    """How a search among items of a status (None: among the open ones) is done, with the parameters of `found_by`;
    None: it finds nothing."""
    words, amount = words_of(search), amount_of(search)
    if not words and amount is None:
        return None
    if status not in FINAL_STATUSES:
        [found] = await read_at_once(actor, (_IDS, {"words": words or None, "amount": amount}))
        if len(found) <= _FEW:
            return (Search(ids=True), {"found_ids": [row.id for row in found]}) if found else None
    by = Search(words=bool(words), amount=amount is not None)
    return by, {"found_words": words, "found_amount": amount}


def found_by(by: Search) -> ColumnElement[bool]:
    """The condition on `check_item` of what such a search finds."""
    if by.ids:
        return CheckItem.id == any_(bindparam("found_ids", type_=ARRAY(CheckItem.id.type)))
    matches: list[ColumnElement[bool]] = []
    if by.words:
        document = func.item_words(CheckItem.payee, CheckItem.serial, CheckItem.account_number)
        matches.append(document.bool_op("@@")(cast(bindparam("found_words", type_=String), TSQUERY)))
    if by.amount:
        matches.append(CheckItem.amount_cents == bindparam("found_amount", type_=BigInteger))
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
    # Compared first: to work with a number of a thousand million digits is an error.
    if not amount.is_finite() or not -_TOO_LARGE < amount < _TOO_LARGE or amount != round(amount, 2):
        return None
    return cents(amount)


def cents(amount: Decimal) -> int:
    """Dollars as the database compares and sorts them."""
    return int(amount * 100)
