"""What a tally says to people: each figure under both versions, and the work of a day by the hour. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from console.lab.tally import Side, Tally

_MINUS: Final = "−"
_HOUR_MS: Final = 3_600_000
_URGENT: Final = 2


@dataclass(frozen=True)
class Line:
    """A figure. `difference` is empty where there is none; `better` says whether it is for the better, None: neither.

    `unit` says shortly what is counted, `help` in full.
    """

    label: str
    was: str
    now: str
    difference: str
    better: bool | None
    unit: str
    help: str


@dataclass(frozen=True)
class ByHour:
    """Work by the hour of the institution's day, on a usual day: in hours of people, or in checks where nobody knows
    how long one takes. `was` and `now` fall due then, `comes` arrives then under the version that is tried."""

    unit: str
    was: tuple[float, ...]
    now: tuple[float, ...]
    comes: tuple[float, ...]


def lines(tally: Tally) -> list[Line]:
    """The figures in their order. Without items there are none."""
    if not tally.items:
        return []
    was, now, days = tally.was, tally.now, max(len(tally.days), 1)
    found = [
        _a_day("Reviewed a day", was.reviewed, now.reviewed, days, "a person looks", "Checks that a person looks at."),
        _a_day("Two people a day", was.two_people, now.two_people, days, "a second one signs",
               "Checks that a second person signs."),
        _a_day("Urgent a day", _urgent(was), _urgent(now), days, "high or critical",
               "Checks of high or critical priority."),
    ]  # fmt: skip
    if not tally.pace.timed:
        found.append(_unknown("Reviewer hours a day", "no decision was timed"))
    else:
        hours = [Decimal(_work_ms(side, tally)) / _HOUR_MS for side in (was, now)]
        found.append(
            _a_day("Reviewer hours a day", hours[0], hours[1], days, f"over {tally.pace.timed:,} decisions",
                   "By how long your people took over a check, on average.")
        )  # fmt: skip
    peaks = by_hour(tally)
    found.append(_peak(peaks))
    found.append(
        _line("Not looked at", f"{was.skipped_amount:,.2f}", f"{now.skipped_amount:,.2f}",
              now.skipped_amount - was.skipped_amount, None, "dollars", "Checks that nobody would look at.",
              dollars=True)
    )  # fmt: skip
    if not tally.decided:
        found.append(_unknown("Agrees with decisions", "nothing was decided"))
    else:
        shares = [Decimal(100 * side.agreed) / tally.decided for side in (was, now)]
        found.append(
            _line("Agrees with decisions", f"{shares[0]:.1f} %", f"{shares[1]:.1f} %", shares[1] - shares[0], True,
                  f"of {tally.decided:,} decided", "Pointed at by a flag or a rule, and refused by people; or neither.")
        )  # fmt: skip
    return found + (_fraud(tally) if tally.fraud else [_unknown(label, "no fraud is known") for label in _OF_FRAUD])


def by_hour(tally: Tally) -> ByHour:
    """Work that comes and falls due, by the hour."""
    days = max(len(tally.days), 1)
    pace = tally.pace
    look, second = (pace.look_ms / _HOUR_MS, pace.second_ms / _HOUR_MS) if pace.timed else (1.0, 0.0)

    def work(looks: list[int], seconds: list[int]) -> tuple[float, ...]:
        return tuple(round((one * look + two * second) / days, 2) for one, two in zip(looks, seconds, strict=True))

    return ByHour(
        "hours of work" if pace.timed else "checks",
        work(tally.was.looks_due, tally.was.seconds_due),
        work(tally.now.looks_due, tally.now.seconds_due),
        work(tally.now.looks_received, tally.now.seconds_received),
    )


def changes(tally: Tally) -> list[tuple[str, str, int]]:
    """What changes: the name under which it is listed, in words, and for how many checks; only what does."""
    found = [
        ("any", "change", tally.changed),
        ("newly_reviewed", "newly reviewed", tally.newly_reviewed),
        ("no_longer_reviewed", "no longer reviewed", tally.no_longer_reviewed),
        ("moved", "to another queue", tally.moved),
        ("two_added", "one → two people", tally.two_added),
        ("two_removed", "two people → one", tally.two_removed),
        ("more_urgent", "more urgent", tally.more_urgent),
        ("less_urgent", "less urgent", tally.less_urgent),
    ]
    return [one for one in found if one[2]]


# What fraud that people found says of a policy.
_OF_FRAUD: Final = ("Known fraud caught", "Known fraud missed", "Money at risk, one person")


def _unknown(label: str, why: str) -> Line:
    """A figure of which the history says nothing."""
    return Line(label, "–", "–", "", None, why, f"The history does not say: {why}.")


def _fraud(tally: Tally) -> list[Line]:
    was, now, of = tally.was, tally.now, f" of {tally.fraud:,}"
    return [
        _line(_OF_FRAUD[0], f"{was.fraud_caught:,}" + of, f"{now.fraud_caught:,}" + of,
              Decimal(now.fraud_caught - was.fraud_caught), True,
              "pointed at, or two sign",
              "Refused as altered, forged or counterfeit: looked at, and pointed at or signed by two."),
        _line(_OF_FRAUD[1], f"{was.fraud_missed:,}", f"{now.fraud_missed:,}",
              Decimal(now.fraud_missed - was.fraud_missed), False, "nobody looks", "Nobody would have looked at it."),
        _line(_OF_FRAUD[2], f"{was.one_person_amount:,.2f}", f"{now.one_person_amount:,.2f}",
              now.one_person_amount - was.one_person_amount, False,
              "dollars of fraud", "Known fraud at which one person alone would have looked.", dollars=True),
    ]  # fmt: skip


def _peak(hours: ByHour) -> Line:
    def words(values: tuple[float, ...]) -> str:
        most = max(values)
        return f"{most:,.1f} at {values.index(most)}:00" if most else "none"

    change = Decimal(str(max(hours.now))) - Decimal(str(max(hours.was)))
    return _line("Due in the busiest hour", words(hours.was), words(hours.now), change, False,
                 hours.unit, f"The most {hours.unit} that fall due within one hour of a day.")  # fmt: skip


def _a_day(label: str, was: int | Decimal, now: int | Decimal, days: int, unit: str, help_: str) -> Line:
    before, after = Decimal(was) / days, Decimal(now) / days
    return _line(label, f"{before:,.1f}", f"{after:,.1f}", after - before, None, unit, help_)


def _line(
    label: str,
    was: str,
    now: str,
    change: Decimal,
    more_is_better: bool | None,
    unit: str,
    help_: str,
    *,
    dollars: bool = False,
) -> Line:
    rounded = change.quantize(Decimal("0.01")) if dollars else change.quantize(Decimal("0.1"))
    if not rounded:
        return Line(label, was, now, "", None, unit, help_)
    text = f"{rounded:+,.2f}" if dollars else f"{rounded:+,f}".removesuffix(".0")
    better = None if more_is_better is None else (rounded > 0) is more_is_better
    return Line(label, was, now, text.replace("-", _MINUS), better, unit, help_)


def _work_ms(side: Side, tally: Tally) -> int:
    return side.reviewed * tally.pace.look_ms + side.two_people * tally.pace.second_ms


def _urgent(side: Side) -> int:
    return sum(items for priority, items in side.priorities.items() if priority <= _URGENT)
