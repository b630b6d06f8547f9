"""Which waiting item is the next one for a person: the statements that look for it and take it.

What is assigned to the person comes first, then what is assigned to nobody; what is assigned to others never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from console.access.permissions import Permission, may, reaches
from console.actor import Actor
from console.review.reach import COVERED, parts_json
from db.direct import Direct

# As many as are ever being taken at one moment: all processes have fewer connections in use.
_AT_ONCE: Final = 50

# Where the person may take something now: queues, types and statuses. The conditions that hold for some people alone
# stand in the text: what is planned once is planned well for each text.
_CELLS: Final = """
    cell as materialized (
        select queue.id as queue_id, queue.key, type.item_type, waits.status
        from queue cross join (values ('on_us'), ('transit')) type(item_type)
            cross join (values ('new'), ('escalated')) waits(status)
        where queue.closed_at is null and queue.id <> all(array(select queue_id from shut)) and {narrowed}
    )"""

_OWN: Final = """
    select i.id, i.status from check_item i
    where i.institution_id = :institution and i.status in ('new', 'escalated') and i.assigned_to = :user
      and (i.queue_id, i.item_type, i.status) in (select queue_id, item_type, status from cell)
      and i.id <> all(:except)
      and not exists (select from claim c where c.item_id = i.id and c.expires_at > now())
    order by i.sla_due_at, i.priority, i.id limit 1
    """
# The most urgent of each cell, and of these the most urgent: otherwise all that waits where the person takes nothing
# would be walked through. Only what is taken is locked; what was taken meanwhile has another status. The condition on
# the person's own keeps this search from locking anything where that was found.
_FREE: Final = """
    select i.id, i.status from (
        select urgent.* from cell cross join lateral (
            select w.id, w.status, w.sla_due_at, w.priority from check_item w
            where w.institution_id = :institution and w.queue_id = cell.queue_id and w.item_type = cell.item_type
              and w.status = cell.status and w.status in ('new', 'escalated') and w.assigned_to is null
              and w.id <> all(:except)
            order by w.sla_due_at, w.priority, w.id limit {at_once}
        ) urgent
        where not exists (select from own)
        order by sla_due_at, priority, id limit {at_once}
    ) urgent join check_item i on i.id = urgent.id and i.status = urgent.status
    where not exists (select from claim c where c.item_id = urgent.id and c.expires_at > now())
    order by urgent.sla_due_at, urgent.priority, urgent.id limit 1
    """

# Queues in which the person takes nothing: others are their members, or the person holds as many as one may.
_SHUT: Final = """
    shut as (
        select queue_id from queue_member group by queue_id having not bool_or(user_id = :user and decides)
        union all
        select q.id from queue q
        where q.max_claims <= (
            select count(*) from claim c join check_item held on held.id = c.item_id
            where c.user_id = :user and c.expires_at > now() and held.queue_id = q.id
              and not exists (select from pending_decision p where p.item_id = c.item_id)
        )
    )"""

_FOUND: Final = """
    with {shut},
    {cells},
    own as ({own} {lock}),
    free as ({free} {lock}),
    next as (select id, status from own union all select id, status from free)
    """

_TAKE: Final = """
    , taken as (
        insert into claim (item_id, institution_id, user_id, claimed_at, expires_at, previous_status)
        select id, :institution, :user, now(), now() + :timeout, status from next
        on conflict (item_id) do update
            set user_id = excluded.user_id, expires_at = excluded.expires_at, claimed_at = excluded.claimed_at
            where claim.expires_at <= now()
        returning item_id
    )
    update check_item set status = 'in_review', version = version + 1
    from taken where check_item.id = taken.item_id
    returning check_item.id, check_item.version, check_item.queue_id,
        (select max_claims is not null from queue where queue.id = check_item.queue_id) as limited
    """

# The first full view of each side.
_SIDES: Final = """
    select distinct on (image.side) image.id, image.side, image.sha256, image.width, image.height, image.dpi,
        image.problem
    from next join image on image.item_id = next.id
    where image.side in ('front', 'back') order by image.side, image.ordinal, image.id
    """


@dataclass(frozen=True)
class Statements:
    """`peek` answers with the item's id and status, `sides` with what an `ImageShown` holds of its front and back,
    `take` with its id, its version, its queue's id, and whether of that queue nobody may hold more than so many."""

    peek: Direct
    sides: Direct
    take: Direct


_LIMITED: Final = f"{COVERED.format(parts='own')} and (waits.status = 'new' or {COVERED.format(parts='own_senior')})"


@lru_cache
def _statements(*, senior: bool, queue: bool, limited: bool) -> Statements:
    """For who may take what is escalated or not, of one queue or of all, in a part of the work or in all of it."""
    conditions = (
        "true" if senior else "waits.status = 'new'",
        "queue.key = :queue" if queue else "true",
        _LIMITED if limited else "true",
    )
    cells = _CELLS.strip().replace("{narrowed}", " and ".join(conditions))
    found = _FOUND.replace("{shut}", _SHUT.strip()).replace("{cells}", cells)
    found = found.replace("{own}", _OWN.strip()).replace("{free}", _FREE.strip())
    found = found.replace("{at_once}", str(_AT_ONCE))
    peek, take = found.replace("{lock}", ""), found.replace("{lock}", "for update of i skip locked")
    # Texts of our own, nothing from outside.
    texts = (f"{peek} select * from next", peek + _SIDES, take + _TAKE)  # noqa: S608
    return Statements(*(Direct(text(one)) for one in texts))


def wanted(actor: Actor, queue: str | None, skip: tuple[UUID, ...]) -> tuple[Statements, dict[str, Any]]:
    """The statements for this actor and their parameters; `queue` is a key, None: every queue.

    `take` needs the claim's timeout beside them.
    """
    senior = may(actor, Permission.ITEM_APPROVE)
    parameters: dict[str, Any] = {"institution": actor.institution_id, "user": actor.user_id, "except": list(skip)}
    if queue is not None:
        parameters["queue"] = queue
    own = reaches(actor, Permission.ITEM_CLAIM)
    own_senior = reaches(actor, Permission.ITEM_APPROVE) if senior else None
    # For who works everywhere the text knows no limits, and is as fast as if there were none.
    limited = own is not None or own_senior is not None
    if limited:
        parameters |= {"own": parts_json(own), "own_senior": parts_json(own_senior)}
    return _statements(senior=senior, queue=queue is not None, limited=limited), parameters
