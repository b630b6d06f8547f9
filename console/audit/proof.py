"""Proof of what was destroyed: how many rows, and a hash that only those rows have."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from console.audit.canonical import canonical


def proof_of(rows: Iterable[Any]) -> dict[str, Any]:
    """`count`, and `sha256` over the rows' canonical texts, a line each, in the order of these lines.

    Whoever still has the rows, in a backup say, can show by it that they are the ones that went.
    """
    lines = sorted(canonical(row) for row in rows)
    return {"count": len(lines), "sha256": hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()}
