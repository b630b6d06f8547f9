"""The figures at the top, each with its change against the days before. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from console.insight.definitions import DEFINITIONS, FEW
from console.insight.overview import Overview, Side
from console.insight.sheets import Share, Span, Value


class Good(Enum):
    """Which way is for the better."""

    UP = 1
    DOWN = -1
    NEITHER = 0


@dataclass(frozen=True)
class Headline:
    """A figure. `change` is now less before: of counts a number, of shares percentage points, of times seconds; None
    where one of both is unknown. `better` None: neither."""

    label: str
    now: Value
    before: Value
    change: Decimal | None
    good: Good
    help: str

    @property
    def better(self) -> bool | None:
        if not self.change or self.good is Good.NEITHER:
            return None
        return (self.change > 0) is (self.good is Good.UP)

    @property
    def relative(self) -> Decimal | None:
        """The change in percent of what was before, for counts of enough to be a share of."""
        if not isinstance(self.now, int) or not isinstance(self.before, int) or self.before < FEW:
            return None
        return (Decimal(100 * (self.now - self.before)) / self.before).quantize(Decimal(1))


def headlines(found: Overview) -> tuple[Headline, ...]:
    """The figures in their order."""
    now, before = found.now.work.whole, found.before.work.whole
    opened = None if found.opened is None else found.open - found.opened
    return (
        _line("Received", now.received, before.received, Good.NEITHER),
        _line("Decided", now.decided, before.decided, Good.NEITHER),
        _line("Open now", found.open, opened, Good.DOWN),
        _line("Median time to decision", _median(found.now), _median(found.before), Good.DOWN),
        _line("90 % are decided within", _p90(found.now), _p90(found.before), Good.DOWN),
        _line("SLA attained", Share(now.in_time, now.decided), Share(before.in_time, before.decided), Good.UP),
        _line("SLA breaches", found.now.breaches, found.before.breaches, Good.DOWN),
        _line("Return deadlines missed", found.now.missed, found.before.missed, Good.DOWN),
        _line(
            "Decided by two people",
            Share(now.two_people, now.decided),
            Share(before.two_people, before.decided),
            Good.NEITHER,
        ),
        _line("Sent back or undone", _again(found.now), _again(found.before), Good.DOWN),
    )


def _line(label: str, now: Value, before: Value, good: Good) -> Headline:
    return Headline(label, now, before, _change(now, before), good, DEFINITIONS[label])


def _change(now: Value, before: Value) -> Decimal | None:
    match now, before:
        case Share(), Share():
            return None if now.percent is None or before.percent is None else now.percent - before.percent
        case Span(), Span():
            known = now.seconds is not None and before.seconds is not None
            return Decimal((now.seconds or 0) - (before.seconds or 0)) if known else None
        case int(), int():
            return Decimal(now - before)
    return None


def _again(side: Side) -> Share:
    return Share(side.rework.again, side.rework.submitted)


def _median(side: Side) -> Span:
    return Span(side.work.median, hours=True)


def _p90(side: Side) -> Span:
    return Span(side.work.p90, hours=True)
