"""Canonical JSON: one byte string for one value, so that its hash can be computed again years later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID


def canonical(value: Any) -> str:
    """Canonical JSON text: sorted keys, no spaces, amounts and times as strings.

    Decimals keep their digits, times become UTC with microseconds. Floats are refused (TypeError): their text
    depends on who prints them.
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """The value as JSON types, a dataclass as an object of its fields; raises TypeError for what has no canonical
    form."""
    known = _FORMS.get(type(value))
    if known is not None:
        return known(value)
    # A type of its own, such as an enumeration's or a dataclass.
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, (list, tuple)):
        return _list(value)
    parts = getattr(type(value), "__dataclass_fields__", None)
    if parts is not None:
        return {name: plain(getattr(value, name)) for name in parts}
    for kind in (bool, int, str, datetime, date, Decimal, UUID, bytes):
        if isinstance(value, kind):
            return _FORMS[kind](value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _same(value: Any) -> Any:
    return value


def _object(value: dict[Any, Any]) -> dict[str, Any]:
    return {str(key): plain(part) for key, part in value.items()}


def _list(value: Sequence[Any]) -> list[Any]:
    return [plain(part) for part in value]


def _utc(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# Looked up by the very type: a view of a check has a thousand values, and is made canonical several times a decision.
_FORMS: Final[dict[type, Callable[[Any], Any]]] = {
    type(None): _same,
    bool: _same,
    int: _same,
    str: _same,
    dict: _object,
    list: _list,
    tuple: _list,
    datetime: _utc,
    date: str,
    Decimal: str,
    UUID: str,
    bytes: bytes.hex,
}


def chained_hash(previous: bytes | None, text: str) -> bytes:
    """SHA-256 over the previous link's hash (32 zero bytes for the first) and the canonical text."""
    return hashlib.sha256((previous or bytes(32)) + text.encode()).digest()
