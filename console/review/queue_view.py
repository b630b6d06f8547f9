"""A view of the queue as data: filters, order, columns. It is kept under a name, and stands in the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from console.policy.model import Dollars
from console.review.queue_filter import Filter, Sort
from console.review.queue_search import MAX_SEARCH
from console.review.states import OPEN, Status

ALL: Final = "all"
MINE: Final = "mine"
# Days that can be asked for: beyond them, midnight is no moment in every zone.
FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
_DAY: Final = timedelta(days=1)


class ItemType(StrEnum):
    ON_US = "on_us"
    TRANSIT = "transit"


Key = Annotated[str, Field(pattern="^[a-z0-9_]{1,60}$")]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


def _parts(value: object) -> object:
    return tuple(part for part in value.split(",") if part) if isinstance(value, str) else value


class View(BaseModel):
    """What to list and how. Amounts in dollars, `due_within` in minutes, days in the institution's zone.

    `tab` is a queue's key, ALL, MINE, or that of the approvals. No columns: all of them.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    tab: Key = ALL
    status: Status | None = None
    item_type: ItemType | None = None
    priority: Annotated[int, Field(ge=1, le=4)] | None = None
    flagged: bool = False
    flag: Key | None = None
    amount_from: Dollars | None = None
    amount_to: Dollars | None = None
    held_by: UUID | None = None
    assigned_to: UUID | None = None
    due_within: Annotated[int, Field(ge=1, le=14_400)] | None = None
    received_from: Day | None = None
    received_to: Day | None = None
    search: Annotated[str, Field(max_length=MAX_SEARCH)] = ""
    sort: Sort = Sort.SLA
    descending: bool = False
    columns: Annotated[tuple[Key, ...], BeforeValidator(_parts), Field(max_length=20)] = ()

    @property
    def narrowed(self) -> int:
        """How many filters besides tab and search are on."""
        mine = (self.status, self.item_type, self.priority, self.flag, self.amount_from, self.amount_to)
        more = (self.held_by, self.assigned_to, self.due_within, self.received_from, self.received_to)
        return sum(one is not None for one in (*mine, *more)) + self.flagged

    def filter(self, tab: Filter, now: datetime, zone: ZoneInfo) -> Filter:
        """What to list at this moment, inside what the tab chooses."""
        return Filter(
            queue=tab.queue,
            status=self.status or tab.status,
            mine=tab.mine,
            flagged=self.flagged,
            item_type=self.item_type.value if self.item_type else None,
            search=self.search,
            priority=self.priority,
            flag=self.flag,
            amount_from=self.amount_from,
            amount_to=self.amount_to,
            held_by=self.held_by,
            assigned_to=self.assigned_to,
            due_before=now + timedelta(minutes=self.due_within) if self.due_within else None,
            received_from=_midnight(self.received_from, zone) if self.received_from else None,
            received_before=_midnight(self.received_to + _DAY, zone) if self.received_to else None,
        )

    def as_json(self) -> dict[str, Any]:
        """As it is kept: only what differs from the whole queue in its usual order."""
        return self.model_dump(mode="json", exclude_defaults=True)

    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        values = self.as_json()
        return {name: ",".join(value) if isinstance(value, list) else _plain(value) for name, value in values.items()}


def view_of(values: Mapping[str, Any]) -> View:
    """The view of these values, of an address or kept. What is not valid is left out, and the rest stands."""
    given = dict(values)
    for _ in range(len(given) + 1):
        try:
            view = View.model_validate(given)
        except ValidationError as error:
            for one in error.errors():
                given.pop(str(one["loc"][0]), None)
            continue
        # Of what is open: what is done is looked up elsewhere.
        return view if view.status is None or view.status in OPEN else view.model_copy(update={"status": None})
    return View()


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def dollars(text: str) -> Decimal | None:
    """An amount that a person typed, None: nothing. Raises ValueError for what is no amount."""
    text = text.replace(",", "").replace("$", "").strip()
    if not text:
        return None
    try:
        amount = Decimal(text)
    except ArithmeticError:
        raise ValueError(text) from None
    if not amount.is_finite() or not 0 <= amount < Decimal("1e12") or amount != round(amount, 2):
        raise ValueError(text)
    return amount
