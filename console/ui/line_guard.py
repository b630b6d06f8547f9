"""What a page says of its line to the console: that it is gone. It looks for another replica by itself."""

from __future__ import annotations

from typing import Final

from nicegui.element import Element

# A page is asked for a sign of life so often, and has so long to give it; in seconds. One that hears nothing for both
# together gives its line up, five to eight seconds after its replica stood still; and a replica that was not heard by
# its pages for so long does not act on what they had sent into the silence.
SIGN_OF_LIFE_EVERY: Final = 3.0
SIGN_OF_LIFE_WITHIN: Final = 5.0
# A sign of life that is so late may be one that does not come.
_LATE_SECONDS: Final = SIGN_OF_LIFE_EVERY + 1


class LineGuard(Element, component="line_guard.js", dependencies=["crc_hold.js"]):
    """Says that the line is gone and holds what would be lost on it; fields can be typed in.

    It asks `/health` until somebody answers, and loads the page anew where the line is not back then. What was typed
    into a decision's field on a line that was dead is typed in again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.classes("crc-contents")
        self.props["silence"] = _LATE_SECONDS * 1000
