"""The named refusals of this room, each with words for the person who meets it."""

from __future__ import annotations


class TrailRefused(Exception):
    """What was asked of the trail cannot be given; the message says why and what to do."""


class BadDays(TrailRefused):
    """The days are in the wrong order, too many or still to come."""


class TrailTooLong(TrailRefused):
    """Looking for it took longer than a reading may."""

    def __init__(self) -> None:
        super().__init__(
            "Too much happened on these days to look through all of it in time. Choose fewer days, or one object."
        )


class EntryNotFound(TrailRefused):
    """There is no entry of this number here."""

    def __init__(self) -> None:
        super().__init__(
            "There is no such entry here: it was never written, its month is archived, or it is of a queue that is "
            "not one of yours. Choose one from the list."
        )
