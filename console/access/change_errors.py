"""Why a change of access is not made, each with words for the person who meets it."""

from __future__ import annotations

from console.access.held import InvalidPerson


class ChangeWaiting(InvalidPerson):
    """A change of this person or role waits already."""

    def __init__(self) -> None:
        super().__init__("A change waits here for a second administrator already. It has to be decided first.")


class StaleAccess(InvalidPerson):
    """What a change started from is no longer so."""

    def __init__(self) -> None:
        super().__init__("Somebody changed this meanwhile. Nothing was saved: load the page again and look first.")


class StaleChange(InvalidPerson):
    """A change that waited was overtaken; it is closed as refused."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why} The request was closed and nothing was changed. Ask again if it is still wanted.")


class ChangeNotFound(LookupError):
    """No such change in this institution."""

    def __init__(self) -> None:
        super().__init__("There is no such change.")


class ChangeDecided(InvalidPerson):
    """Somebody decided on the change before."""

    def __init__(self, status: str) -> None:
        super().__init__(f"This change is {status} already.")


class SameAdministrator(InvalidPerson):
    """The requester cannot decide."""

    def __init__(self) -> None:
        super().__init__("You asked for this change: another administrator decides. You may withdraw it.")
