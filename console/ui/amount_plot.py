"""A small plot of amounts over time, on a logarithmic axis, drawn by the browser as SVG."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from nicegui.element import Element


@dataclass(frozen=True, slots=True)
class AmountPoint:
    """An amount in dollars on a day; `marked` for one that did not end well."""

    on: date
    amount: Decimal
    marked: bool = False


class AmountPlot(Element, component="amount_plot.js"):
    """Earlier amounts as dots, the present one as a large dot of another colour and shape."""

    def __init__(self) -> None:
        super().__init__()
        self.classes("crc-plot")
        self.props["points"] = ()

    def show(self, earlier: Iterable[AmountPoint], present: AmountPoint) -> None:
        """Plot these; amounts of zero have no place on the axis and are left out."""
        points = [*((point, False) for point in earlier), (present, True)]
        # Day, amount, marked, present; tuples, because NiceGUI looks through every list within a property.
        self.props["points"] = tuple(
            (point.on.toordinal(), str(point.amount), point.marked, is_present)
            for point, is_present in points
            if point.amount > 0
        )
