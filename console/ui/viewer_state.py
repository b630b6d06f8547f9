"""How a check is looked at, as a plain value, and what of such a value from a browser is believed. No I/O.

A state is `{}` for a fresh view, or any of: `shown` (`front`, `back`, `both`), `boxes` and `loupe` (whether they are
on), `front` and `back` (a view each), `compare`. A view has `mode`, `scale` (CSS pixels per image pixel), `x` and `y`
(where the image's middle lies, in CSS pixels from the frame's), `turn` (quarter turns clockwise), `mirror`, and the
look: `invert`, `brightness`, `contrast`, `sharpen` in per cent, `threshold` in grey levels, 0 for none. A comparison
has `key` (what with), `way` (`beside`, `blink`, `difference`) and `pace` (how many milliseconds each image stays
while blinking).
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

Side = Literal["front", "back"]
SIDES: Final[tuple[Side, ...]] = ("front", "back")
Way = Literal["beside", "blink", "difference"]
WAYS: Final[tuple[Way, ...]] = ("beside", "blink", "difference")

#: The numbers of one side's view and the range each may have.
_NUMBERS: Final[dict[str, tuple[float, float]]] = {
    "scale": (0.02, 16),
    "x": (-100_000, 100_000),
    "y": (-100_000, 100_000),
    "turn": (0, 3),
    "brightness": (20, 300),
    "contrast": (20, 500),
    "threshold": (0, 255),
    "sharpen": (0, 400),
}
_WHOLE: Final = {"turn", "threshold"}
_SWITCHES: Final = ("mirror", "invert")
_MODES: Final = ("fit", "width", "actual", "free")
_SHOWN: Final = ("front", "back", "both")
_OVER_ALL: Final = ("boxes", "loupe")
_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# Two changes make one flash; three flashes a second are the most that anybody may be shown (WCAG 2.3.1).
PACE: Final = (400, 3000)


def clean_state(value: object) -> dict[str, Any]:
    """The viewer state with nothing but its known parts within their ranges.

    A state comes from a browser, is stored with a draft and goes to a browser again: what is not known is dropped,
    so that nothing else travels along. ``{}`` means a fresh view.
    """
    if not isinstance(value, Mapping):
        return {}
    state: dict[str, Any] = {side: _clean_view(value[side]) for side in SIDES if isinstance(value.get(side), Mapping)}
    if value.get("shown") in _SHOWN:
        state["shown"] = value["shown"]
    state |= {name: value[name] for name in _OVER_ALL if isinstance(value.get(name), bool)}
    if comparison := _clean_comparison(value.get("compare")):
        state["compare"] = comparison
    return state


def clean_sides(value: object) -> dict[Side, int]:
    """What a browser says of the time on each side, as whole milliseconds from 0 to a day; a claim, not a proof."""
    given = value if isinstance(value, Mapping) else {}
    return {side: int(_number(given.get(side), 0, 86_400_000) or 0) for side in SIDES}


def _clean_view(view: Mapping[str, Any]) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    for name, (low, high) in _NUMBERS.items():
        number = _number(view.get(name), low, high)
        if number is not None:
            clean[name] = int(number) if name in _WHOLE else number
    clean |= {name: view[name] for name in _SWITCHES if isinstance(view.get(name), bool)}
    if view.get("mode") in _MODES:
        clean["mode"] = view["mode"]
    return clean


def _clean_comparison(value: object) -> dict[str, Any]:
    """Without a name of what to compare with there is no comparison."""
    match value:
        case {"key": str(key), "way": way, **rest} if _KEY.fullmatch(key) and way in WAYS:
            pace = _number(rest.get("pace"), *PACE)
            return {"key": key, "way": way} | ({} if pace is None else {"pace": int(pace)})
    return {}


def _number(value: object, low: float, high: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(max(value, low), high)
