"""Text for the cells of a CSV file that a spreadsheet opens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

# OWASP, "CSV Injection": a cell that begins so is read as a formula. Full-width forms count in some programs.
_BEGINS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def cell(value: object) -> str:
    """The value as a cell that no spreadsheet takes for a formula; None is an empty cell.

    Text that begins like one gets an apostrophe before it. Numbers are left: `-12.50` that is a Decimal stays one.
    """
    if value is None:
        return ""
    text = str(value)
    formula = isinstance(value, str) and (text.lstrip().startswith(_BEGINS_FORMULA) or text[:1] in ("\t", "\r", "\n"))
    return f"'{text}" if formula else text


def row(values: Iterable[object]) -> list[str]:
    """A row of such cells, for `csv.writer`."""
    return [cell(value) for value in values]
