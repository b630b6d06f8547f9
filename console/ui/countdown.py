"""A chip that counts down in the browser: the SLA of a check, the time left of a session."""

from datetime import datetime

from nicegui.element import Element

from console.ui.format import epoch_ms


class Countdown(
    Element,
    component="countdown.js",
    dependencies=["crc_clock.js"],
):
    """Counts down to ``due`` once a second without a message to the server.

    ``now`` is the server's time when this was said: the browser counts from the difference, so a wrong clock
    on a reviewer's desk shifts nothing. ``warn_at`` is when the chip turns to a warning; at ``due`` it turns to a
    breach and counts up behind a minus sign. ``prefix`` and ``suffix`` stand around the time (``SLA``, ``left``),
    ``over`` replaces it once it is past. ``words`` says ``28 min`` in place of ``0:28``. ``rest`` is shown in place of
    the time while it is not near, and with ``urgent`` what is near looks like a breach.
    """

    def __init__(
        self,
        due: datetime | None,
        *,
        now: datetime,
        warn_at: datetime | None = None,
        prefix: str = "",
        suffix: str = "",
        over: str = "",
        words: bool = False,
        rest: str = "",
        urgent: bool = False,
    ) -> None:
        super().__init__()
        self.props["prefix"] = prefix
        self.props["suffix"] = suffix
        self.props["over"] = over
        self.props["words"] = words
        self.props["rest"] = rest
        self.props["urgent"] = urgent
        self.set(due, now=now, warn_at=warn_at)

    def set(
        self, due: datetime | None, *, now: datetime, warn_at: datetime | None = None, rest: str | None = None
    ) -> None:
        """Count to another moment, ``None``: the clock is paused; with other words for ``rest`` where given."""
        if rest is not None:
            self.props["rest"] = rest
        self.props["clock"] = {
            "due": None if due is None else epoch_ms(due),
            "warn": None if warn_at is None else epoch_ms(warn_at),
            "now": epoch_ms(now),
        }
