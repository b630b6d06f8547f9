"""How the database's replica stands, for administrators."""

from __future__ import annotations

from console.access.permissions import Permission, require
from console.actor import Actor
from db.replica import ReplicaState, replica_state


async def read_replica(actor: Actor) -> ReplicaState | None:
    """How far it is behind, asked now; None where no replica is set. Raises NotAllowed."""
    require(actor, Permission.OPERATIONS_READ)
    return await replica_state()
