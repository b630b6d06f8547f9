"""Verifies the chains by and by: each day a part of the audit trail, each month all of it with the evidence."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from console.access.permissions import Permission, require
from console.actor import Actor, system_actor
from console.audit.entries import Event, record
from console.audit.verify import Fault, Position, Verification, verify, verify_part
from console.institution import institution_ids
from console.notices.kinds import NoticeKind
from console.operations.checks import CheckName, figures_of, keep
from console.operations.jobs import ask_for
from console.operations.telling import tell_holders
from db.engine import transaction

# The whole trail comes round in four weeks, however long it grows.
SHARES: Final = 28
AT_LEAST: Final = 5_000
# The job that verifies everything.
WHOLE: Final = "verify chains"


async def verify_slice() -> int:
    """Verify the next part of each institution's audit trail; how many entries that were."""
    figures = await figures_of(CheckName.AUDIT_SLICE)
    found: dict[UUID, Verification] = {}
    for one in await institution_ids():
        found[one], reached = await verify_part(_actor(one), _position(figures.get(str(one))), SHARES, AT_LEAST)
        figures[str(one)] = {"sequence": reached.sequence, "hash": reached.hash.hex() if reached.hash else None}
        await _tell(one, found[one].first_fault)
    return await _keep(CheckName.AUDIT_SLICE, found, figures)


async def verify_everything() -> int:
    """Verify every chain from its beginning, on record; how many entries and decisions that were."""
    found = {}
    for one in await institution_ids():
        actor = _actor(one)
        found[one] = await verify(actor)
        await _tell(one, found[one].first_fault)
        async with transaction(actor) as session:
            await record(session, actor, Event.CHAINS_VERIFIED, "institution", one, after=found[one].as_json())
    return await _keep(CheckName.AUDIT_WHOLE, found, {})


async def ask_to_verify(actor: Actor) -> None:
    """Have a worker verify every chain from its beginning, at once: that takes as long as the chain is long, and no
    page's process can spare the time. Raises NotAllowed, JobNotFound or JobUnchanged."""
    require(actor, Permission.AUDIT_VERIFY)
    async with transaction(actor) as session:
        await ask_for(session, actor, WHOLE)


async def _keep(name: CheckName, found: dict[UUID, Verification], figures: dict[str, Any]) -> int:
    if not found:
        return 0
    faults = [one.first_fault for one in found.values() if one.first_fault]
    looked_at = sum(one.entries + one.decisions for one in found.values())
    detail = _words(faults[0]) if faults else f"{looked_at:,} entries and decisions as they were written"
    await keep(name, ok=not faults, detail=detail, figures=figures)
    return looked_at


async def _tell(institution_id: UUID, fault: Fault | None) -> None:
    if fault is not None:
        permissions = (Permission.OPERATIONS_MANAGE, Permission.AUDIT_VERIFY)
        values = {"text": _words(fault)}
        await tell_holders(
            institution_id, permissions, NoticeKind.CHAIN_FAULT, f"chain {fault.table} {fault.id}", values
        )


def _words(fault: Fault) -> str:
    return f"{fault.table} {fault.id}: {fault.problem}"


def _position(kept: dict[str, Any] | None) -> Position:
    if not kept:
        return Position()
    return Position(int(kept["sequence"]), bytes.fromhex(kept["hash"]) if kept["hash"] else None)


def _actor(institution_id: UUID) -> Actor:
    return system_actor(institution_id, "verification")
