"""What may be chosen as a password, and what may not, with words that help."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.access.password_rules import MAXIMUM_LENGTH, MINIMUM_LENGTH, WeakPassword, check_new

REYES = ("m.reyes", "Margaret Reyes", "First Example Bank")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "lampe sieben fluss kürzlich",
        "x7!kQp92mNv4",
        "nnvqzkfhwtlx",
        "пароль к старому шкафу",
    ],
)
def test_length_alone_is_asked_for_no_kinds_of_characters(password: str) -> None:
    check_new(password, REYES)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("x7!kQp92mNv", "12 characters or more"),
        ("x" * (MAXIMUM_LENGTH + 1), "at most 256"),
        # On the list as they stand, or no better than what is on it.
        ("123456789012", "first that are tried"),
        ("password1234", "first that are tried"),
        ("P@ssw0rd2026", "first that are tried"),
        ("1qaz2wsx3edc", "first that are tried"),
        ("letmeinletmein", "first that are tried"),
        ("aaaaaaaaaaaaaaaaaaaa", "first that are tried"),
        ("abcdefghijklmnop", "first that are tried"),
        # What is known of its owner, however it is written.
        ("MargaretReyes2024", "Leave out your name"),
        ("m.reyes-reyes.m", "Leave out your name"),
        ("REYES margaret", "Leave out your name"),
        ("firstexamplebank", "Leave out your name"),
        ("CheckReviewConsole1", "Leave out your name"),
        ("Ｍargaret Ｒeyes!", "Leave out your name"),
    ],
)
def test_refused_in_words(password: str, words: str) -> None:
    with pytest.raises(WeakPassword, match=words):
        check_new(password, REYES)


def test_own_words_may_be_part_of_something_longer() -> None:
    check_new("margaret waters nine purple ferns", REYES)
    check_new("the lee side of al", ("lee", "Al Lee"))


@given(st.text(max_size=400), st.lists(st.text(max_size=70), max_size=3))
def test_whatever_is_typed_is_judged(password: str, about: list[str]) -> None:
    try:
        check_new(password, about)
    except WeakPassword as refused:
        assert str(refused).endswith(".")
    else:
        assert len(password) * 20 >= MINIMUM_LENGTH
