"""Which waiting item is the next one for a person: the statements that look for it and take it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, text

from console.access.permissions import Permission, Reach, may, reaches
from console.actor import Actor

# The statuses stand in the text, not in parameters, so that the partial index of waiting items serves the order.
_MOST_URGENT: Final = """
    select i.id, i.status from check_item i
    where i.institution_id = :institution and i.status in ('new', 'escalated')
      and (:senior or i.status = 'new')
      and (cast(:queue as text) is null or i.queue_id = (select id from queue where key = :queue))
      and {covered}
      and i.id <> all(:except)
      and not exists (select from claim c where c.item_id = i.id and c.expires_at > now())
    order by i.sla_due_at, i.priority, i.id limit 1
    """

_TAKE: Final = """
    with next as ({urgent} for update of i skip locked), taken as (
        insert into claim (item_id, institution_id, user_id, claimed_at, expires_at, previous_status)
        select id, :institution, :user, now(), now() + :timeout, status from next
        on conflict (item_id) do update
            set user_id = excluded.user_id, expires_at = excluded.expires_at, claimed_at = excluded.claimed_at
            where claim.expires_at <= now()
        returning item_id
    )
    update check_item set status = 'in_review', version = version + 1
    from taken where check_item.id = taken.item_id
    returning check_item.id, check_item.version
    """

# A part of the work, of those in which the actor holds a permission, covers the item.
_COVERED: Final = """exists (
        select from jsonb_to_recordset(cast(:{parts} as jsonb)) as part(queues jsonb, item_types jsonb)
        where (part.queues is null or part.queues ? (select key from queue where id = i.queue_id))
          and (part.item_types is null or part.item_types ? i.item_type))"""


@dataclass(frozen=True)
class Statements:
    """`peek` answers with the item's id and status, `take` with its id and version."""

    peek: TextClause
    take: TextClause


def _statements(covered: str) -> Statements:
    urgent = _MOST_URGENT.replace("{covered}", covered)  # texts of our own, nothing from outside
    return Statements(text(urgent), text(_TAKE.replace("{urgent}", urgent)))


# For who works everywhere the text knows no limits, and is as fast as if there were none.
_EVERYWHERE: Final = _statements("true")
_LIMITED: Final = _statements(
    _COVERED.format(parts="own") + " and (i.status = 'new' or " + _COVERED.format(parts="own_senior") + ")"
)


def wanted(actor: Actor, queue: str | None, skip: tuple[UUID, ...]) -> tuple[Statements, dict[str, Any]]:
    """The statements for this actor and their parameters; `queue` is a key, None: every queue.

    `take` needs the user and the claim's timeout beside them.
    """
    senior = may(actor, Permission.ITEM_APPROVE)
    parameters = {"institution": actor.institution_id, "queue": queue, "senior": senior, "except": list(skip)}
    own = reaches(actor, Permission.ITEM_CLAIM)
    own_senior = reaches(actor, Permission.ITEM_APPROVE) if senior else None
    if own is None and own_senior is None:
        return _EVERYWHERE, parameters
    return _LIMITED, parameters | {"own": _json(own), "own_senior": _json(own_senior)}


def _json(parts: tuple[Reach, ...] | None) -> str:
    """Rows for `jsonb_to_recordset`; None, no limit, is one that covers everything."""
    return json.dumps(
        [
            {
                "queues": None if part.queues is None else sorted(part.queues),
                "item_types": None if part.item_types is None else sorted(part.item_types),
            }
            for part in (parts if parts is not None else (Reach(None, None),))
        ]
    )
