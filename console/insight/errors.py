"""The named refusals of this room, each with words for the person who meets it."""

from __future__ import annotations


class ReportRefused(Exception):
    """A report that was asked for cannot be given; the message says why and what to do."""


class BadPeriod(ReportRefused):
    """The days are in the wrong order, too many or still to come."""


class QueueNotReported(ReportRefused):
    """There is no such queue for this person."""

    def __init__(self) -> None:
        super().__init__("There is no such queue here, or it is not one of yours. Choose another.")


class ReportTooLong(ReportRefused):
    """Reading it took longer than a report may."""

    def __init__(self) -> None:
        super().__init__("Too much happened on these days to read all of it in time. Choose fewer days, or one queue.")
