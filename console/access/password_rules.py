"""What a new password must be, after NIST SP 800-63B-4, 3.1.1.2: long enough, not known to everybody, not made of
what is known of its owner; and nothing about which characters it holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# NIST asks for 15 characters where the password stands alone and 8 beside a second factor. 12 is ours. The upper
# bound is far above the 64 that must be accepted and keeps a megabyte from being hashed.
MINIMUM_LENGTH = 12
MAXIMUM_LENGTH = 256

# How much must be left of a password without the words that belong to its owner or to this service.
MINIMUM_WITHOUT_OWN_WORDS = 8
# Shorter words are in half of all passphrases: "Al" or "Lee" betrays nobody.
_SHORTEST_OWN_WORD = 4
_SERVICE_WORDS = ("check", "review", "console", "checkreviewconsole", "checkreview")

# What is found within so many guesses by somebody who tries common passwords, words, names, keyboard rows, dates and
# repetitions first (zxcvbn's lists and estimate) is "commonly used or expected". A hundred million is a moment
# against a fast hash and months against ours, which also locks after a few failures.
_MINIMUM_GUESSES = 10**8
# The estimate's cost grows with the square of the length and more; whatever is guessable shows by then.
_ESTIMATED_LENGTH = 64


class WeakPassword(Exception):
    """A new password breaks a rule; the message says which and what to do."""


def normal(password: str) -> str:
    """The password as it is hashed: in Unicode's form NFKC, so that every keyboard makes the same one of it."""
    return unicodedata.normalize("NFKC", password)


def check_new(password: str, about: Iterable[str] = ()) -> None:
    """Raise WeakPassword unless `password` may be chosen.

    Lengths count characters. `about` is what is known of its owner: username, name, e-mail address, institution.
    """
    password = normal(password)
    if len(password) < MINIMUM_LENGTH:
        raise WeakPassword(f"Use {MINIMUM_LENGTH} characters or more. A few words in a row are fine.")
    if len(password) > MAXIMUM_LENGTH:
        raise WeakPassword(f"Use at most {MAXIMUM_LENGTH} characters.")
    words = _own_words(about)
    if _left_without(password, words) < MINIMUM_WITHOUT_OWN_WORDS:
        raise WeakPassword(
            "Leave out your name, your username, your e-mail address and the name of this service and of your bank."
        )
    if _guesses(password, words) < _MINIMUM_GUESSES:
        raise WeakPassword(
            "This one is among the first that are tried: a common password, a row of keys or something repeated. "
            "Use a few words that do not belong together."
        )


def _own_words(about: Iterable[str]) -> list[str]:
    """What to look for, the longest first: each text whole, run together, and in its parts."""
    found = set(_SERVICE_WORDS)
    for text in about:
        text = normal(text).casefold()
        parts = re.split(r"[\W_]+", text)
        found |= {text, "".join(parts), *parts}
    return sorted((word for word in found if len(word) >= _SHORTEST_OWN_WORD), key=lambda word: (-len(word), word))


def _left_without(password: str, words: list[str]) -> int:
    rest = password.casefold()
    for word in words:
        rest = rest.replace(word, "")
    return len(rest)


def _guesses(password: str, words: list[str]) -> int:
    # Its lists fill some megabytes: loaded by the first who chooses a password, not by every start.
    from zxcvbn import zxcvbn

    return int(zxcvbn(password[:_ESTIMATED_LENGTH], user_inputs=words)["guesses"])
