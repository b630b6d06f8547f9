"""What two policies say of many items, added up: counted from cells of equal words, kept as JSON. No I/O.

A check is *pointed at* where a flag or a rule says that something is the matter: its risk level is above low. Known
fraud is *caught* where somebody looks and it is pointed at or signed by two, *unnoticed* where one person looks with
nothing to point at it, and *missed* where nobody would have looked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

_REFUSED: Final = frozenset({"returned", "rejected"})
_HOURS: Final = 24


class Word(NamedTuple):
    """One policy's word. `raised`: something points at the item."""

    review: bool
    two: bool
    queue: str
    priority: int
    raised: bool


@dataclass(frozen=True)
class Cell:
    """So many items of which both policies say the same. `amount`: their dollars together."""

    was: Word
    now: Word
    outcome: str | None
    fraud: bool
    others: bool
    items: int
    amount: Decimal

    @property
    def differs(self) -> bool:
        return self.others or self.was[:4] != self.now[:4]


class HourCell(NamedTuple):
    """So many items received in one hour, of which one policy says the same. `rule_hours`: those that a rule sets."""

    hour: datetime
    review: bool
    two: bool
    queue: str
    rule_hours: Decimal | None
    items: int


Due = Callable[[HourCell], int]
ByHour = Annotated[list[int], Field(min_length=_HOURS, max_length=_HOURS)]


def _day() -> list[int]:
    return [0] * _HOURS


class Side(BaseModel):
    """What one policy asks for, by hour of the day where it is a list: looks of one person, and second signatures."""

    reviewed: int = 0
    two_people: int = 0
    raised: int = 0
    skipped_amount: Decimal = Decimal(0)
    queues: dict[str, int] = {}
    priorities: dict[int, int] = {}
    looks_received: ByHour = Field(default_factory=_day)
    seconds_received: ByHour = Field(default_factory=_day)
    looks_due: ByHour = Field(default_factory=_day)
    seconds_due: ByHour = Field(default_factory=_day)
    # Of what people decided: pointed at and refused, or neither.
    agreed: int = 0
    fraud_caught: int = 0
    fraud_unnoticed: int = 0
    fraud_missed: int = 0
    # Known fraud that nobody, and that only one person, would have looked at; in dollars.
    missed_amount: Decimal = Decimal(0)
    one_person_amount: Decimal = Decimal(0)

    def add(self, word: Word, cell: Cell) -> None:
        """Count a cell."""
        self.raised += cell.items * word.raised
        if word.review:
            self.reviewed += cell.items
            self.two_people += cell.items * word.two
            self.queues[word.queue] = self.queues.get(word.queue, 0) + cell.items
            self.priorities[word.priority] = self.priorities.get(word.priority, 0) + cell.items
        else:
            self.skipped_amount += cell.amount
        if cell.outcome:
            pointed = word.review and word.raised
            self.agreed += cell.items * (pointed == (cell.outcome in _REFUSED))
        if cell.fraud:
            self._add_fraud(word, cell)

    def add_hours(self, cells: Iterable[HourCell], zone: ZoneInfo, due: Due) -> None:
        """Count when items come and when they are due, by the hour of the institution's day."""
        for cell in cells:
            if not cell.review:
                continue
            received, due_at = cell.hour.astimezone(zone).hour, due(cell)
            self.looks_received[received] += cell.items
            self.looks_due[due_at] += cell.items
            if cell.two:
                self.seconds_received[received] += cell.items
                self.seconds_due[due_at] += cell.items

    def _add_fraud(self, word: Word, cell: Cell) -> None:
        if not word.review:
            self.fraud_missed += cell.items
            self.missed_amount += cell.amount
            return
        if not word.two:
            self.one_person_amount += cell.amount
        if word.raised or word.two:
            self.fraud_caught += cell.items
        else:
            self.fraud_unnoticed += cell.items


class Pace(BaseModel):
    """How long people took over a check, on average, in milliseconds: the first one, and the second where two sign.

    `timed`: how many decisions say so; without any nobody knows.
    """

    look_ms: int = 0
    second_ms: int = 0
    timed: int = 0


class Tally(BaseModel):
    """What changes, and both sides of it."""

    items: int = 0
    amount: Decimal = Decimal(0)
    days: set[date] = set()
    changed: int = 0
    newly_reviewed: int = 0
    no_longer_reviewed: int = 0
    moved: int = 0
    # "from>to", by the queues' keys.
    moves: dict[str, int] = {}
    two_added: int = 0
    two_removed: int = 0
    more_urgent: int = 0
    less_urgent: int = 0
    others: int = 0
    decided: int = 0
    refused: int = 0
    fraud: int = 0
    fraud_amount: Decimal = Decimal(0)
    was: Side = Field(default_factory=Side)
    now: Side = Field(default_factory=Side)
    pace: Pace = Field(default_factory=Pace)
    listed: int = 0

    def add(self, cell: Cell) -> None:
        """Count a cell."""
        self.items += cell.items
        self.amount += cell.amount
        if cell.outcome:
            self.decided += cell.items
            self.refused += cell.items * (cell.outcome in _REFUSED)
        if cell.fraud:
            self.fraud += cell.items
            self.fraud_amount += cell.amount
        self.was.add(cell.was, cell)
        self.now.add(cell.now, cell)
        self._add_change(cell)

    def add_judged(self, cells: Iterable[Cell], was: Sequence[HourCell], now: Sequence[HourCell], clock: Clock) -> None:
        """Count all that is said of a part."""
        for cell in cells:
            self.add(cell)
        self.add_hours(was, now, clock)

    def add_hours(self, was: Sequence[HourCell], now: Sequence[HourCell], clock: Clock) -> None:
        """Count when the items of both sides come and are due."""
        self.days |= {cell.hour.astimezone(clock.zone).date() for cell in was}
        self.was.add_hours(was, clock.zone, clock.was_due)
        self.now.add_hours(now, clock.zone, clock.now_due)

    def _add_change(self, cell: Cell) -> None:
        was, now, items = cell.was, cell.now, cell.items
        self.changed += items * cell.differs
        self.newly_reviewed += items * (now.review and not was.review)
        self.no_longer_reviewed += items * (was.review and not now.review)
        self.others += items * cell.others
        if was.queue != now.queue and was.review and now.review:
            self.moved += items
            move = f"{was.queue}>{now.queue}"
            self.moves[move] = self.moves.get(move, 0) + items
        was_two, now_two = was.review and was.two, now.review and now.two
        self.two_added += items * (now_two and not was_two)
        self.two_removed += items * (was_two and not now_two)
        if was.review and now.review:
            self.more_urgent += items * (now.priority < was.priority)
            self.less_urgent += items * (now.priority > was.priority)

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return self.model_dump(mode="json")


@dataclass(frozen=True)
class Clock:
    """The institution's zone, and the hour of its day, 0 to 23, in which items are due under each of both versions."""

    zone: ZoneInfo
    was_due: Due
    now_due: Due
