import datetime

import pytest

from console.intake.x9 import ItemKind, X9Item
from console.intake.x9.values import check_digit, printable, read_date, read_number, routing_fault


def _item(on_us, auxiliary=""):
    return X9Item(
        kind=ItemKind.CHECK,
        record_type="25",
        routing="122000661",
        on_us=on_us,
        amount_cents=0,
        auxiliary_on_us=auxiliary,
    )


@pytest.mark.parametrize(
    ("on_us", "auxiliary", "account", "serial"),
    [
        ("20915353/111", "", "20915353", "111"),
        ("209 153 53/0111", "", "20915353", "111"),
        ("0111/20915353", "", "20915353", "111"),
        ("0111/20915353/", "", "20915353", "111"),
        ("/20915353/111", "", "20915353", "111"),
        ("1211-1234-56789/", "", "1211123456789", None),
        ("5558881", "", "5558881", None),
        ("20915353/22", "004711", "20915353", "4711"),
        ("20915353/0000", "", "20915353", "0"),
        ("31086035/", "/11223344/", "31086035", "11223344"),
        ("", "", "", None),
    ],
)
def test_account_and_serial_come_from_the_micr_line(on_us, auxiliary, account, serial):
    item = _item(on_us, auxiliary)
    assert (item.account, item.serial) == (account, serial)


@pytest.mark.parametrize("routing", ["122000661", "061000146", "031300012", "122105278"])
def test_valid_routing_numbers(routing):
    assert routing_fault(routing) is None
    assert check_digit(routing[:8]) == routing[8]


@pytest.mark.parametrize(
    ("routing", "expected"),
    [
        ("122000662", "122000661"),
        ("12200066 ", "122000661"),
        ("1220-0661", "nine digits"),
        ("         ", "nine digits"),
        ("990000000", "begins 00-12, 21-32, 61-72, 80"),
    ],
)
def test_invalid_routing_numbers_say_what_was_expected(routing, expected):
    assert routing_fault(routing)[1] == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [("0012", 12), ("12  ", 12), ("  12", 12), ("    ", None), ("1 2", None), ("²", None), ("-1", None)],
)
def test_numbers(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("text", "day"),
    [("20260228", datetime.date(2026, 2, 28)), ("20260230", None), ("        ", None), ("00000000", None)],
)
def test_dates(text, day):
    assert read_date(text) == day


def test_what_cannot_be_printed_is_replaced():
    assert printable("A\x00B\n") == "A\ufffdB\ufffd"
