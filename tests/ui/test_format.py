"""How values read."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.masking import masked
from console.ui.format import count, epoch_ms, initials, money


@pytest.mark.parametrize(
    ("amount", "text"),
    [("6100.04", "6,100.04"), ("0", "0.00"), ("12480", "12,480.00"), ("-5.1", "−5.10"), ("1234567.89", "1,234,567.89")],
)
def test_money(amount: str, text: str) -> None:
    assert money(Decimal(amount)) == text


def test_money_is_not_rounded_in_passing() -> None:
    with pytest.raises(ValueError, match="fraction of a cent"):
        money(Decimal("1.005"))


@given(st.integers(-(10**14), 10**14))
def test_money_reads_back_to_the_cent(cents: int) -> None:
    text = money(Decimal(cents) / 100)
    assert Decimal(text.replace(",", "").replace("−", "-")) * 100 == cents


@given(st.text(alphabet="0123456789", max_size=20))
def test_a_masked_account_shows_four_characters_at_most_and_never_all(account: str) -> None:
    shown = masked(account).replace("•", "").strip()
    assert len(shown) in (0, 4)
    assert account.endswith(shown)
    assert shown == "" or shown != account


def test_count_and_initials() -> None:
    assert count(21480) == "21,480"
    names = ("Maria Reyes", "m.reyes", "Ana Luisa de la Cruz", "system", "", "…")
    assert [initials(name) for name in names] == ["MR", "MR", "AC", "S", "?", "?"]


def test_moments_need_a_zone() -> None:
    assert epoch_ms(datetime(2026, 11, 22, 14, 3, tzinfo=UTC)) == 1795356180000
    with pytest.raises(ValueError, match="time zone"):
        epoch_ms(datetime(2026, 11, 22, 14, 3))  # noqa: DTZ001
