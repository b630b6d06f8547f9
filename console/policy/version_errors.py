"""Why a version of the policy could not take a step; each message says what happened and what to do."""

from __future__ import annotations

from datetime import datetime

from console.policy.errors import PolicyRefused
from console.policy.lifecycle import VersionAct, VersionStatus

_DONE = {
    VersionAct.SEND: "sent for review",
    VersionAct.WITHDRAW: "withdrawn",
    VersionAct.SEND_BACK: "sent back",
    VersionAct.APPROVE: "approved",
    VersionAct.SCHEDULE: "given a date",
    VersionAct.ACTIVATE: "activated",
    VersionAct.RETIRE: "retired",
    VersionAct.DISCARD: "discarded",
}


class NotNow(PolicyRefused):
    """The version's status does not allow this step."""

    def __init__(self, number: int, status: str, act: VersionAct) -> None:
        label = VersionStatus(status).label
        super().__init__(f"Version {number} is {label}, so it cannot be {_DONE[act]}. Nothing was changed.")


class OwnVersion(PolicyRefused):
    """Nobody approves what they have written a part of."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"You wrote a part of version {number} or sent it for review. Somebody else has to approve it; nothing was "
            "changed."
        )


class SeenOther(PolicyRefused):
    """The version was changed after it was looked at."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Version {number} was changed after you opened it. Look at what it says now, then approve.")


class NothingChanged(PolicyRefused):
    """The version says what the active one says."""

    def __init__(self, number: int, active: int) -> None:
        super().__init__(
            f"Version {number} says the same as version {active}, which is active. Change something first."
        )


class BadMoment(PolicyRefused):
    """A version cannot become active then."""

    @classmethod
    def past(cls) -> BadMoment:
        """The date is no more ahead."""
        return cls("That moment has passed. Choose a later one, or activate it now. Nothing was changed.")

    @classmethod
    def far(cls, days: int) -> BadMoment:
        """The date is too far ahead."""
        return cls(f"That is more than {days} days ahead. Choose an earlier day. Nothing was changed.")

    @classmethod
    def taken(cls, number: int, at: datetime) -> BadMoment:
        """Another version has the date."""
        return cls(f"Version {number} becomes active at that moment, {at:%d %b %Y %H:%M %Z}. Choose another one.")


class NotRestorable(PolicyRefused):
    """Only a version that once was active can be brought back."""

    def __init__(self, number: int) -> None:
        super().__init__(f"Version {number} was never active, or is active now: there is nothing to bring back.")


class UnusableVersion(PolicyRefused):
    """The version names what does not exist (any more)."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(f"Version {number} cannot be activated: {what} Nothing was changed.")
