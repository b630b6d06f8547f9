"""No cell of a CSV file is a formula."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

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


def test_whoever_writes_csv_writes_such_cells() -> None:
    root = Path(__file__).parents[1]
    sources = [path for room in ("console", "db", "jobs") for path in (root / room).rglob("*.py")]
    writing = {path: text for path in sources if re.search(r"csv\.(writer|DictWriter)\(", text := path.read_text())}
    assert writing, "the access report is CSV"
    for path, text in writing.items():
        rows = re.findall(r"\.writerows?\((.+)", text)
        # A head of the module's own words is the one row that needs no care.
        assert all("csv_cells." in row or "head" in row for row in rows) and "csv_cells.row" in text, path
