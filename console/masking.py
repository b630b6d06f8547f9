"""How an account number is shown where it may not be read whole."""

from typing import Final

HIDDEN: Final = "••••"


def masked(account: str) -> str:
    """An account number as lists and logs may show it: four dots and its last four characters.

    A number of four characters or fewer is hidden whole, since its tail would be all of it.
    """
    digits = account.strip()
    return f"{HIDDEN} {digits[-4:]}" if len(digits) > 4 else HIDDEN
