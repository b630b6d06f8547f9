"""Why the lab refused something; each message says what happened, what was kept and what to do."""

from __future__ import annotations


class LabRefused(Exception):
    """The lab refused something. The message is meant for the person."""


class AlreadyRunning(LabRefused):
    """The version is being tried in this way at this moment."""

    def __init__(self, what: str) -> None:
        super().__init__(f"A {what} of this version is already running. Wait for it, or stop it first.")


class TooManyShadows(LabRefused):
    """As many versions run in shadow as may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} versions run in shadow already, which is as many as may. Stop one of them first.")


class NothingToTry(LabRefused):
    """The version is the one that judges checks, or did."""

    def __init__(self, number: int, status: str) -> None:
        super().__init__(f"Version {number} is {status}: there is nothing to try. Make a draft from it.")


class BadTrial(LabRefused):
    """What was asked for cannot be tried; the message says why."""


class TrialNotFound(LabRefused):
    """No such trial in this institution."""

    def __init__(self) -> None:
        super().__init__("There is no such trial.")
