"""Why a legal hold cannot be placed, or lifted."""

from __future__ import annotations


class HoldRefused(Exception):
    """It cannot be done; the message says why, and that nothing was changed."""


class HoldNotFound(LookupError):
    """No such legal hold in this institution."""

    def __init__(self) -> None:
        super().__init__("There is no such legal hold. Nothing was changed; reload the page.")


class SubjectNotFound(LookupError):
    """What the hold is to cover is not there."""

    def __init__(self) -> None:
        super().__init__("What the hold is to cover does not exist. No hold was placed.")
