"""Regular checks of the installation: the last result of each is kept, shown, measured and alerted on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text

from db.engine import transaction
from db.models import InstallationCheck


class CheckName(StrEnum):
    AUDIT_SLICE = "audit chain, a slice"
    AUDIT_WHOLE = "audit and evidence chains"
    AUDIT_SEALED = "sealing of the audit trail"
    AUDIT_SEALS = "audit seals"
    CERTIFICATE = "certificate"
    API_KEYS = "API keys"
    BACKUP = "backup"
    RETENTION = "retention"
    OBJECT_HOLDS = "legal holds in the object store"
    AUDIT_MONTHS = "months of the audit trail"


_KEEP: Final = text(
    """
    insert into installation_check (name, at, ok, detail, figures)
    values (:name, coalesce(:at, clock_timestamp()), :ok, :detail, cast(:figures as jsonb))
    on conflict (name) do update set at = excluded.at, ok = excluded.ok, detail = excluded.detail,
        figures = excluded.figures
    """
)


async def keep(
    name: CheckName, *, ok: bool, detail: str, figures: Mapping[str, Any] | None = None, at: datetime | None = None
) -> None:
    """Keep what a check found, in place of what it found before. `detail` is for people.

    `figures["expires"]`, Unix time, becomes a metric. `at` is when it was, where that is not now.
    """
    values = {"name": name.value, "ok": ok, "detail": detail, "figures": json.dumps(figures or {}), "at": at}
    async with transaction(None) as session:
        await session.execute(_KEEP, values)


async def figures_of(name: CheckName) -> dict[str, Any]:
    """The figures that were kept last; none at first."""
    async with transaction(None) as session:
        row = await session.get(InstallationCheck, name.value)
        return dict(row.figures) if row is not None else {}


async def note_backup(at: datetime | None, detail: str) -> None:
    """A backup has ended well: whoever makes them says so here."""
    await keep(CheckName.BACKUP, ok=True, detail=detail, at=at)
