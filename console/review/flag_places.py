"""Where on the check to look because of a flag. No I/O."""

from __future__ import annotations

from typing import Final

from console.review.flags import MICR_REGION
from console.review.item_view import FlagShown

# Where a value that a flag rests on is written on a check.
_WRITTEN: Final = {
    "amount": "amount_figures",
    "payee": "payee",
    "serial": MICR_REGION,
    "routing": MICR_REGION,
    "issued on": "date",
}


def place_of(flag: FlagShown) -> str | None:
    """The key of the part of the check that the flag is about; None where it is about none."""
    if region := flag.evidence.get("region"):
        return str(region)
    labels = (str(field["label"]) for field in flag.evidence.get("fields", ()))
    return next((_WRITTEN[label] for label in labels if label in _WRITTEN), None)
