"""The figures that people read, from cells of equal words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from console.lab.figures import by_hour, changes, lines
from console.lab.tally import Cell, Clock, HourCell, Pace, Tally, Word

ONE = Word(True, False, "standard", 4, False)
TWO = Word(True, True, "high_priority", 2, True)
NONE = Word(False, False, "standard", 4, False)
MORNING = datetime(2026, 11, 20, 13, tzinfo=UTC)  # 8:00 in New York


def tally(pace: Pace | None = None) -> Tally:
    found = Tally(pace=pace or Pace())
    for cell in (
        Cell(ONE, ONE, "approved", False, False, 60, Decimal("600.00")),
        Cell(ONE, NONE, "approved", False, False, 20, Decimal("100.00")),
        Cell(ONE, NONE, "returned", True, False, 2, Decimal("50.25")),
        Cell(ONE, TWO, "returned", True, False, 3, Decimal("900.00")),
        Cell(TWO, ONE, None, False, False, 5, Decimal("50.00")),
    ):
        found.add(cell)
    clock = Clock(ZoneInfo("America/New_York"), lambda _: 12, lambda cell: 12 if cell.two else 14)
    for day in (0, 1):
        hour = MORNING.replace(day=20 + day)
        was = [HourCell(hour, True, False, "standard", None, 40), HourCell(hour, True, True, "standard", None, 2)]
        now = [HourCell(hour, True, False, "standard", None, 30), HourCell(hour, False, False, "standard", None, 9)]
        found.add_hours(was, now, clock)
    return found


def test_each_figure_is_a_day_of_the_days_on_which_checks_came() -> None:
    said = {one.label: (one.was, one.now, one.difference, one.better) for one in lines(tally())}
    assert said == {
        "Reviewed a day": ("45.0", "34.0", "−11", None),
        "Two people a day": ("2.5", "1.5", "−1", None),
        "Urgent a day": ("2.5", "1.5", "−1", None),
        "Reviewer hours a day": ("–", "–", "", None),
        "Due in the busiest hour": ("42.0 at 12:00", "30.0 at 14:00", "−12", True),
        "Not looked at": ("0.00", "150.25", "+150.25", None),
        # Paid and not pointed at agrees, and so does refused and pointed at.
        "Agrees with decisions": ("94.1 %", "97.6 %", "+3.5", True),
        "Known fraud caught": ("0 of 5", "3 of 5", "+3", True),
        "Known fraud missed": ("0", "2", "+2", False),
        "Money at risk, one person": ("950.25", "0.00", "−950.25", True),
    }


def test_hours_of_people_are_told_where_decisions_were_timed() -> None:
    timed = tally(Pace(look_ms=90_000, second_ms=180_000, timed=12))
    said = {one.label: (one.was, one.now) for one in lines(timed)}
    assert said["Reviewer hours a day"] == ("1.2", "0.9")
    hours = by_hour(timed)
    assert hours.unit == "hours of work"
    # 42 looks of 90 seconds and 2 second signatures of 180; 30 looks.
    assert (hours.was[12], hours.now[14], hours.comes[8]) == (1.15, 0.75, 0.75)
    assert by_hour(tally()).unit == "checks" and by_hour(tally()).was[12] == 42


def test_what_the_history_does_not_say_is_said_to_be_unknown() -> None:
    nothing = Tally(pace=Pace())
    nothing.add(Cell(ONE, TWO, None, False, False, 3, Decimal("9.00")))
    said = {one.label: (one.was, one.unit) for one in lines(nothing)}
    assert said["Agrees with decisions"] == ("–", "nothing was decided")
    assert said["Known fraud missed"] == said["Money at risk, one person"] == ("–", "no fraud is known")
    assert list(said) == [one.label for one in lines(tally())]


def test_only_what_changes_is_told_and_nothing_of_no_checks() -> None:
    assert changes(tally()) == [
        ("any", "change", 30), ("no_longer_reviewed", "no longer reviewed", 22), ("moved", "to another queue", 8),
        ("two_added", "one → two people", 3), ("two_removed", "two people → one", 5),
        ("more_urgent", "more urgent", 3), ("less_urgent", "less urgent", 5),
    ]  # fmt: skip
    assert lines(Tally()) == [] and changes(Tally()) == []
    assert Tally.model_validate(tally().as_json()) == tally()
