"""Where a page of a list ended, as opaque text for the caller to hand back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from console.edge.api.problems import BadCursor

Value = datetime | Decimal | int

_READ: Final[dict[str, Callable[[str], Value]]] = {"t": datetime.fromisoformat, "d": Decimal, "n": int}


def written(order: str, values: Sequence[Value], row_id: UUID) -> str:
    """A cursor of a list in this order."""
    parts = [_part(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps([order, parts, str(row_id)]).encode()).decode().rstrip("=")


def read(order: str, cursor: str, kinds: Sequence[type[Any]]) -> tuple[tuple[Value, ...], UUID]:
    """The values and the id of a cursor of a list in this order, whose values are of these types. Raises BadCursor."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        its_order, parts, row_id = json.loads(text)
        values = tuple(_READ[kind](value) for kind, value in parts)
        id_ = UUID(row_id)
    except (binascii.Error, ValueError, TypeError, KeyError, AttributeError, InvalidOperation):
        raise BadCursor from None
    fits = len(values) == len(kinds) and all(isinstance(*pair) for pair in zip(values, kinds, strict=True))
    if its_order != order or not fits or not all(_comparable(value) for value in values):
        raise BadCursor
    return values, id_


def _part(value: Value) -> list[str]:
    if isinstance(value, datetime):
        return ["t", value.isoformat()]
    return ["d", str(value)] if isinstance(value, Decimal) else ["n", str(value)]


def _comparable(value: Value) -> bool:
    """Whether the database can compare it: a moment with its zone, a number of its range."""
    if isinstance(value, datetime):
        return value.tzinfo is not None
    finite = isinstance(value, int) or value.is_finite()
    # Compared as it is: to work with a number of a thousand million digits is an error.
    return finite and -(10**12) < value < 10**12
