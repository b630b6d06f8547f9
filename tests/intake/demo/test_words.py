"""Amounts in words, check digits and fractions."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.intake.demo.routing import check_digit, fraction, routing_number
from console.intake.demo.words import courtesy_amount, dollars_in_words, legal_amount

SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
VALUES = {word: value for value, word in enumerate(SMALL.split())}
VALUES |= {word: 10 * value for value, word in enumerate(TENS.split(), 2)}


def value_of(words: str) -> int:
    total = group = 0
    for word in words.replace("-", " ").split():
        if word == "hundred":
            group *= 100
        elif word in ("thousand", "million"):
            total += group * {"thousand": 1_000, "million": 1_000_000}[word]
            group = 0
        else:
            group += VALUES[word]
    return total + group


@given(st.integers(0, 999_999_999))
def test_words_say_the_number(number):
    assert value_of(dollars_in_words(number)) == number


def test_what_cannot_be_written_is_refused():
    for number in (-1, 1_000_000_000):
        with pytest.raises(ValueError, match="in words"):
            dollars_in_words(number)


def test_legal_and_courtesy_amounts():
    assert legal_amount(Decimal("4532.07")) == "Four thousand five hundred thirty-two and 07/100"
    assert legal_amount(Decimal("0.50")) == "Zero and 50/100"
    assert courtesy_amount(Decimal("4532.07")) == "4,532.07"


def test_the_check_digit_is_the_one_printed_on_public_specimens():
    # 0210-0002-1 and 0110-0001-5 stand in the public documentation of the ABA scheme.
    assert check_digit("02100002") == "1"
    assert check_digit("01100001") == "5"
    assert routing_number("72999901") == "729999010"
    assert fraction("729999010") == ("99-9901", "7299")
