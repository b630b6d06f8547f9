"""What a bench says: a figure, the floor measured beside it in the same run, and whether the target is met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured value beside its floor: the same work done by hand, with nothing of the console in between.

    `of_floor` is the share of the floor's speed that is reached, whatever the unit: 1 is as fast as by hand.
    `target` is in words, None where the specification names none; `met` then is None as well.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    of_floor: float | None = None
    target: str | None = None
    met: bool | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def rate(
    name: str, value: float, floor: float, unit: str, *, at_least: float = 0, share: float = 0, note: str = ""
) -> Figure:
    """A rate, the more the better; its target is a rate (`at_least`) or a share of the floor's (`share`)."""
    targets = [f"≥ {at_least:,.0f} {unit}"] if at_least else []
    targets += [f"≥ {share} of floor"] if share else []
    met = value >= at_least and value >= share * floor if targets else None
    return Figure(
        name, short(value), unit, short(floor), short(value / floor), " and ".join(targets) or None, met, note
    )


def duration(name: str, value: float, floor: float, *, at_most: float | None = None, note: str = "") -> Figure:
    """A time in milliseconds, the less the better; its target is how many times the floor's it may be (`at_most`)."""
    target = f"≤ {at_most} × floor" if at_most else None
    met = value <= at_most * floor if at_most else None
    return Figure(name, short(value), "ms", short(floor), short(floor / value), target, met, note)


def size(name: str, value: float, unit: str, *, below: float, note: str = "") -> Figure:
    """An amount that has a limit and no floor."""
    return Figure(name, short(value), unit, target=f"< {below:,.0f} {unit}", met=value < below, note=note)


def percentile(values: Sequence[float], share: int) -> float:
    """The value below which `share` percent of `values` lie."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def short(value: float) -> float:
    """With as many digits as say something: 12,345 is 12345, 2.0149 is 2.01, and 0.000123 is not nothing."""
    if value >= 100:
        return round(value)
    return round(value, 2) if value >= 1 else float(f"{value:.3g}")


COLUMNS = ("figure", "value", "floor", "of floor", "target", "met")


def table(figures: Sequence[Figure]) -> str:
    """The figures for a terminal."""
    rows = [COLUMNS, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    lines = []
    for row, note in zip(rows, ["", *(figure.note for figure in figures)], strict=True):
        first, *rest = (
            cell.ljust(width) if at in {0, 4, 5} else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *rest]).rstrip())
        if note:
            lines.append(f"    {note}")
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        f"{_number(figure.value)} {figure.unit}",
        f"{_number(figure.floor)} {figure.unit}" if figure.floor is not None else "—",
        f"{figure.of_floor:.2f}" if figure.of_floor is not None else "—",
        figure.target or "—",
        {True: "yes", False: "NO", None: "—"}[figure.met],
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.2f}"
