"""Canonical JSON: one byte string for one value, so that its hash can be computed again years later."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID


def canonical(value: Any) -> str:
    """Canonical JSON text: sorted keys, no spaces, amounts and times as strings.

    Decimals keep their digits, times become UTC with microseconds. Floats are refused (TypeError): their text
    depends on who prints them.
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:
    """The value as JSON types; raises TypeError for what has no canonical form."""
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, (date, Decimal, UUID)):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no canonical form")


def chained_hash(previous: bytes | None, text: str) -> bytes:
    """SHA-256 over the previous link's hash (32 zero bytes for the first) and the canonical text."""
    return hashlib.sha256((previous or bytes(32)) + text.encode()).digest()
