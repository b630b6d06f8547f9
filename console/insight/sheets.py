"""A report as a table: what stands beneath its chart, is copied and is exported. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from console.insight.definitions import FEW


@dataclass(frozen=True)
class Share:
    """So many of so many. With `judges`, it says something of a person or a rule, and is not shown of too few."""

    part: int
    whole: int
    judges: bool = False

    @property
    def percent(self) -> Decimal | None:
        """In percent, one decimal; None where there is nothing to be a share of, or too little to judge by."""
        if not self.whole or self.too_few:
            return None
        return (Decimal(100 * self.part) / self.whole).quantize(Decimal("0.1"))

    @property
    def too_few(self) -> bool:
        return self.judges and 0 < self.whole < FEW


@dataclass(frozen=True)
class Span:
    """A time that people took, in seconds; `hours`: of business time, said in hours. None: there is none."""

    seconds: int | None
    hours: bool = False


Value = str | int | Decimal | date | Share | Span | None


@dataclass(frozen=True)
class Sheet:
    """A table. The first column names the rows."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def plain(value: Value) -> object:
    """A value as a spreadsheet takes it: shares in percent, times in seconds, nothing for what is unknown."""
    match value:
        case Share():
            return value.percent
        case Span():
            return value.seconds
        case date():
            return value.isoformat()
    return value
