"""Seals every institution's audit trail outside of the database, and holds the seals against it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from console.access.permissions import Permission
from console.institution import institution_ids
from console.notices.kinds import NoticeKind
from console.operations.checks import CheckName, figures_of, keep
from console.operations.telling import tell_holders
from console.retention.audit_seals import Sealed, accept_lost, check_seals, seal


@dataclass(frozen=True)
class Compared:
    """How many seals there are, how many are on record as lost with a restore, and what is wrong, in words."""

    seals: int
    accepted: int
    faults: tuple[str, ...]


async def seal_trails() -> int:
    """Seal what was written since the last seal; how many trails that were. Raises StoreUnavailable."""
    figures, sealed = await figures_of(CheckName.AUDIT_SEALED), 0
    for one in await institution_ids():
        since = int(figures.get(str(one), 0))
        figures[str(one)] = await seal(one, since)
        sealed += figures[str(one)] > since
    if sealed:
        await keep(CheckName.AUDIT_SEALED, ok=True, detail=f"{sealed:,} of {len(figures):,} trails", figures=figures)
    return sealed


async def check_all_seals() -> int:
    """Hold every seal against its trail, and tell of one that does not hold; how many there are.

    Raises StoreUnavailable.
    """
    found = {one: await check_seals(one) for one in await institution_ids()}
    for one, sealed in found.items():
        await _tell(one, sealed)
    compared = _compared(list(found.values()))
    detail = "; ".join(compared.faults) or f"{compared.seals:,} seals hold"
    if compared.accepted:
        detail += f"; {compared.accepted:,} are of what a restore lost, on record"
    if compared.seals:
        figures = {"seals": compared.seals, "accepted": compared.accepted}
        await keep(CheckName.AUDIT_SEALS, ok=not compared.faults, detail=detail, figures=figures)
    return compared.seals


async def compare_seals(accept: str = "") -> Compared:
    """Hold every seal against its trail; with `accept`, put on record that those that do not hold were lost with the
    restore of which it tells. Raises StoreUnavailable.
    """
    found = []
    for one in await institution_ids():
        sealed = await check_seals(one)
        if accept.strip() and sealed.broken:
            await accept_lost(one, sealed.broken, accept.strip())
            sealed = await check_seals(one)
        found.append(sealed)
    return _compared(found)


def _compared(found: list[Sealed]) -> Compared:
    faults = tuple(f"{one.fault.table} {one.fault.id}: {one.fault.problem}" for one in found if one.fault)
    return Compared(sum(one.seals for one in found), sum(one.accepted for one in found), faults)


async def _tell(institution_id: UUID, sealed: Sealed) -> None:
    if sealed.fault is not None:
        values = {"text": f"{sealed.fault.table} {sealed.fault.id}: {sealed.fault.problem}"}
        permissions = (Permission.OPERATIONS_MANAGE, Permission.AUDIT_VERIFY)
        await tell_holders(institution_id, permissions, NoticeKind.CHAIN_FAULT, f"seal {sealed.fault.id}", values)
