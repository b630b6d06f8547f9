"""Finds the people whom a text names: `@` and a username, after a blank or at the beginning. No I/O."""

from __future__ import annotations

import re
from typing import Final

# More names in one note is a list of recipients, and no note.
MAX_MENTIONS: Final = 10
_NAMED: Final = re.compile(r"(?:^|(?<=[\s(\[{\"'“‘,;:]))@(\S{1,80})")
_CLOSING: Final = ".,;:!?)]}\"'”’…"


def mentioned(text: str) -> frozenset[str]:
    """Usernames, in lower case, that the text may mean.

    A username may end with a full stop, and so may a sentence: both readings are given, and who exists decides.
    """
    found: set[str] = set()
    for match in _NAMED.finditer(text):
        name = match.group(1).lower()
        found.add(name)
        while name and name[-1] in _CLOSING:
            name = name[:-1]
            if name:
                found.add(name)
    return frozenset(found)
