"""No cell of a CSV file is a formula."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.csv_cells import cell, row

BEGINNINGS = "=+-@\t\r\n＝＋－＠"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+2", "'=1+2"), ('=HYPERLINK("http://x")', "'=HYPERLINK(\"http://x\")"), ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"), ("+1", "'+1"), ("\t=1", "'\t=1"), ("  =1", "'  =1"), ("＝1", "'＝1"), ("Ann", "Ann"),
        ("", ""), (None, ""), (Decimal("-12.50"), "-12.50"), (-3, "-3"), ("a=b", "a=b"), (True, "True"),
    ],
)  # fmt: skip
def test_cells(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.text(max_size=40))
def test_no_text_begins_as_a_formula_and_all_of_it_is_there(text: str) -> None:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(row([text]))
    (read,) = next(csv.reader(io.StringIO(out.getvalue(), newline="")), [""])
    assert not read.lstrip(" \u00a0").startswith(tuple(BEGINNINGS))
    assert read.removeprefix("'") == text.removeprefix("'")
