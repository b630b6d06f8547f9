"""Why somebody did something: asked for at every act that takes something from somebody or gives it."""

from __future__ import annotations

from console.access.held import InvalidPerson

MAXIMUM_REASON = 500


def checked_reason(reason: str) -> str:
    """The reason as it is kept. Raises InvalidPerson where there is none."""
    reason = " ".join(reason.replace("\x00", "").split())
    if not reason:
        raise InvalidPerson("Say why: the reason is kept with the change.")
    return reason[:MAXIMUM_REASON]
