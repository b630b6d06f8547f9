"""What a report is asked for, as data: days, queue, item type. It stands in the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from console.insight.periods import Period, Span, period_of
from console.review.clocks import Hours
from console.review.queue_view import ItemType, Key

_DEFAULT: Final = Span.FOUR_WEEKS


class Chosen(BaseModel):
    """Which days, of which queue (its key) and item type; None: all. `first` and `last` count for Span.DAYS alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    span: Span = _DEFAULT
    first: date | None = None
    last: date | None = None
    queue: Key | None = None
    item_type: ItemType | None = None

    def period(self, now: datetime, office: Hours) -> Period:
        """Its days at this moment. Raises BadPeriod."""
        return period_of(self.span, now, office, self.first, self.last)

    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        given = self if self.span is Span.DAYS else self.model_copy(update={"first": None, "last": None})
        return given.model_dump(mode="json", exclude_defaults=True)


def chosen_of(values: Mapping[str, Any]) -> Chosen:
    """What an address chooses. What is not valid is left out, and the rest stands."""
    given = dict(values)
    for _ in range(len(Chosen.model_fields) + 1):
        try:
            return Chosen.model_validate(given)
        except ValidationError as error:
            for one in error.errors():
                given.pop(str(one["loc"][0]), None)
    return Chosen()
