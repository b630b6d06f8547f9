"""What rules may name beside fields: queues, types of account and lists, as people know them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from console.access.permissions import Permission, require
from console.actor import Actor
from console.policy.sentences import Names
from db.engine import transaction
from db.models import Account, PolicyList, Queue

# A view of what waits for a second person in whatever queue: nothing is routed to it.
_VIEW: Final = "approvals"


@dataclass(frozen=True)
class Vocabulary:
    """Names of open queues, of lists and of flags by their keys, and the types of account that there are."""

    queues: Mapping[str, str]
    account_types: tuple[str, ...]
    lists: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        """For sentences."""
        return Names(self.queues, self.lists, self.flags)


async def read_vocabulary(actor: Actor, flags: Mapping[str, str]) -> Vocabulary:
    """What a rule may name now; `flags` are the names of the console's own. Raises NotAllowed."""
    require(actor, Permission.POLICY_READ)
    open_ = select(Queue.key, Queue.name).where(Queue.closed_at.is_(None), Queue.key != _VIEW)
    types = select(Account.account_type).distinct().order_by(Account.account_type).limit(100)
    async with transaction(actor) as session:
        queues = {row.key: row.name for row in await session.execute(open_.order_by(Queue.position, Queue.key))}
        account_types = tuple(await session.scalars(types))
        lists = await session.execute(select(PolicyList.key, PolicyList.name).order_by(PolicyList.name).limit(500))
        return Vocabulary(queues, account_types, {row.key: row.name for row in lists}, flags)
