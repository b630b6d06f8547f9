"""What of the trail is asked for, as data: days, kind of event, person, object, request. It stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from console.auditing.errors import BadDays
from console.auditing.words import EVENTS, GROUPS, OBJECTS
from console.insight.periods import EARLIEST, MAX_DAYS, Window, days_from, midnight
from console.review.clocks import Hours

SYSTEM: Final = "system"
# Ids of objects and of requests, in characters.
MAXIMUM_WORDS: Final = 100
# An object's own entries are few, and an index leads to them: its whole life may be asked for.
MAX_DAYS_OF_OBJECT: Final = 3_660
_DAY: Final = timedelta(days=1)


class Span(StrEnum):
    """Which days, seen from today. All but DAYS go up to today."""

    TODAY = "today"
    WEEK = "week"
    FOUR_WEEKS = "four_weeks"
    DAYS = "days"


_LENGTHS: Final = {Span.TODAY: 1, Span.WEEK: 7, Span.FOUR_WEEKS: 28}


def _known_kind(kind: str) -> str:
    if kind not in EVENTS and kind not in GROUPS:
        raise ValueError("no such kind of event")
    return kind


def _known_type(object_type: str) -> str:
    if object_type not in OBJECTS:
        raise ValueError("no such kind of object")
    return object_type


# PostgreSQL's text takes any character but NUL.
_Words = Annotated[
    str, StringConstraints(min_length=1, max_length=MAXIMUM_WORDS, strip_whitespace=True, pattern=r"^[^\x00]+$")
]


class Chosen(BaseModel):
    """What is asked for; None: all. `kind` is an event, or what stands before the dot in several. `person` is whose
    doing it was, SYSTEM for what nobody who was signed in did. `first` and `last` count for Span.DAYS alone, and
    `object_id` beside an `object_type`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    span: Span = Span.WEEK
    first: date | None = None
    last: date | None = None
    kind: Annotated[str, AfterValidator(_known_kind)] | None = None
    person: Literal["system"] | UUID | None = None
    object_type: Annotated[str, AfterValidator(_known_type)] | None = None
    object_id: _Words | None = None
    request: _Words | None = None

    @property
    def actions(self) -> list[str] | None:
        """The events that are asked for; None: all."""
        if self.kind is None:
            return None
        return [self.kind] if self.kind in EVENTS else [one for one in EVENTS if one.partition(".")[0] == self.kind]

    def window(self, now: datetime, office: Hours) -> Window:
        """Its days at this moment, local to the institution. Raises BadDays."""
        today = now.astimezone(office.zone).date()
        if self.span is Span.DAYS:
            of_object = self.object_type is not None and self.object_id is not None
            first, last = _asked(self.first, self.last, today, MAX_DAYS_OF_OBJECT if of_object else MAX_DAYS)
        else:
            first, last = today - _DAY * (_LENGTHS[self.span] - 1), today
        return Window(midnight(first, office), midnight(last + _DAY, office), days_from(first, last), office)

    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        given = self if self.span is Span.DAYS else self.model_copy(update={"first": None, "last": None})
        return given.model_dump(mode="json", exclude_defaults=True)


def chosen_of(values: Mapping[str, Any]) -> tuple[Chosen, tuple[str, ...]]:
    """What an address chooses, and the names of what in it is not valid: that is left out, and the rest stands."""
    given, left_out = dict(values), set[str]()
    for _ in range(len(Chosen.model_fields) + 1):
        try:
            return Chosen.model_validate(given), tuple(sorted(left_out))
        except ValidationError as error:
            for name in {str(one["loc"][0]) for one in error.errors()}:
                given.pop(name, None)
                left_out.add(name)
    return Chosen(), tuple(sorted(left_out))


def _asked(first: date | None, last: date | None, today: date, most: int) -> tuple[date, date]:
    if first is None or last is None:
        raise BadDays("Choose the first and the last day.")
    if last < first:
        raise BadDays("The last day lies before the first. Turn them round.")
    if first < EARLIEST or first > today:
        raise BadDays(f"Choose a first day between {EARLIEST.year} and today.")
    last = min(last, today)
    if (last - first).days >= most:
        raise BadDays(f"At most {most:,} days can be looked through at once. Choose fewer.")
    return first, last
