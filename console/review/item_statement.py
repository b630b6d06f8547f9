"""The statement that reads an item: everything that a reviewer is shown, with what a decision on it stands on.

One statement reads it all: a review reads an item several times, and a round trip for each part would cost more than
the parts.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from console.access.permissions import Permission, may
from console.actor import Actor
from console.audit.entries import Event
from console.policy.versions import ACTIVE_MARK
from console.review.reach import MEMBERSHIPS
from db.direct import Direct

# Earlier checks shown: the newest with thumbnails, all of them in the plot of amounts.
EARLIER_CHECKS: Final = 120
# Findings of the file shown with the item.
FINDINGS: Final = 50
# Notes kept as shown with a decision, the newest.
NOTES: Final = 50

# Past reviews of the account shown, the newest, and signature cards.
REVIEWS: Final = 20
CARDS: Final = 4
# A decision's time is when its transaction began, and it is seen once that has ended: what is younger than any
# transaction may last could still appear, and would make stale what is shown.
SETTLED_SECONDS: Final = 10.0

_IMAGE: Final = "encode(i.sha256, 'hex') as sha256, i.width, i.height, i.dpi, i.problem"
# The parts that have several rows, each a list of objects under its name. Amounts travel as text and hashes as hex, so
# that no number of JSON is ever an amount.
_LISTS: Final = {
    # Of a check whose time is over the images may have been destroyed.
    "images": """
        select i.id, i.side, encode(i.sha256, 'hex') as sha256, i.width, i.height, i.dpi,
               case when item.status in ('approved', 'returned', 'rejected', 'cleared', 'closed') then coalesce(
                   (select 'destroyed on ' || max(p.purged_at)::date || ', when its retention time was over'
                    from object_purge p where p.sha256 = i.sha256 and p.purged_at > item.received_at), i.problem)
               else i.problem end as problem
        from image i where i.item_id = item.id order by i.ordinal, i.id""",
    "cards": """
        select i.id, i.side, {image} from image i
        where i.account_id = item.account_id and i.side = 'card' order by i.id limit {cards}""",
    "flags": """
        select id, code, title, explanation, evidence, source, confidence::text as confidence, answer, answer_reason
        from flag where item_id = item.id order by code""",
    "findings": """
        select record, field, problem, found from file_finding where item_id = item.id
        order by record, id limit {findings}""",
    "earlier": """
        select h.id, h.serial, h.amount::text as amount, h.presented_on, h.payee, h.outcome, h.return_code,
               i.id as image_id, i.side, {image}
        from history_check h left join image i on i.id = h.image_id
        where h.account_id = item.account_id order by h.presented_on desc, h.id limit {earlier}""",
    # How other checks of the account were decided before the holder took this one: what colleagues decide on it
    # meanwhile does not change what the holder sees.
    "reviews": """
        select other.id as item_id, other.serial, other.amount::text as amount, d.decided_at, d.action, d.reasons,
               u.display_name as who
        from check_item other
        join decision d on d.item_id = other.id and d.stage in ('decision', 'confirmation')
        join app_user u on u.id = d.actor_id
        where other.account_id = item.account_id and other.id != item.id
          and d.decided_at < coalesce(claim.claimed_at, now()) - make_interval(secs => :settled)
        order by d.decided_at desc, d.id limit {reviews}""",
    "decisions": """
        select d.id, d.sequence, encode(e.hash, 'hex') as evidence, d.actor_id, u.display_name as who, d.stage as what,
               d.action, d.reasons, d.note, d.details, d.decided_at as at
        from decision d join app_user u on u.id = d.actor_id left join evidence e on e.decision_id = d.id
        where d.item_id = item.id order by d.sequence""",
    "opinions": """
        select o.user_id, u.display_name as who, o.act, o.reasons, o.recorded_at as at
        from second_opinion o join app_user u on u.id = o.user_id
        where item.status = 'pending_approval' and o.recommendation_id = (
            select id from decision where item_id = item.id and stage = 'recommendation' order by sequence desc limit 1
        ) order by o.recorded_at, o.user_id""",
    "notes": """
        select n.id, u.display_name as who, n.written_at as at, n.text
        from item_note n join app_user u on u.id = n.author_id
        where n.item_id = item.id and n.answers_id is null
        order by n.written_at desc, n.id limit {notes}""",
    "attachments": """
        select a.id, a.name, a.media_type, a.size, encode(a.sha256, 'hex') as sha256, u.display_name as who,
               a.attached_at as at
        from item_attachment a join app_user u on u.id = a.attached_by where a.item_id = item.id
        order by a.attached_at, a.id""",
    # Of several the newest counts; the others stand in the timeline.
    "advice": """
        select id, act, confidence::text as confidence, reasons, model, model_version, explanation, given_by,
               given_at as at
        from advice where item_id = item.id order by sequence desc limit 1""",
    # The answer that put an item back is a change of the item, no decision: its words are in the audit trail.
    "resumed": """
        select actor_name as who, at, coalesce(after ->> 'note', '') as note from audit_entry
        where institution_id = item.institution_id and object_type = 'item' and object_id = item.id::text
          and action = '{resumed}'
          and month >= date_trunc('month', least(item.received_at, now()) - interval '1 day')::date""",
    # Where who looks is a member, for a decision on it.
    "memberships": MEMBERSHIPS,
}
_ACCOUNT: Final = """
    select a.id, a.holder, a.account_type, a.opened_on, c.as_of, c.balance::text as balance,
           c.average_balance_30d::text as average_balance_30d, coalesce(c.amounts, '{}') as amounts,
           coalesce(c.checks_7d, 0) as checks_7d, coalesce(c.total_7d, 0)::text as total_7d,
           coalesce(c.checks_14d, 0) as checks_14d, coalesce(c.total_14d, 0)::text as total_14d,
           coalesce(c.returns_90d, 0) as returns_90d, coalesce(c.nsf_90d, 0) as nsf_90d,
           coalesce(c.overdrafts_90d, 0) as overdrafts_90d, c.last_serial, coalesce(c.payroll, false) as payroll,
           coalesce(c.direct_deposit, false) as direct_deposit, h.history_count, h.history_returned, h.history_since
    from account a
    left join account_context c on c.account_id = a.id
    cross join (
        select count(*) as history_count, count(*) filter (where outcome = 'returned') as history_returned,
               min(presented_on) as history_since
        from history_check where account_id = item.account_id
    ) h
    where a.id = item.account_id"""


# In the text and not parameters: what they are decides the plan, and where the plan does not hang on a value PostgreSQL
# makes it once for a connection. To plan this statement takes several times as long as to run it.
_CONSTANTS: Final = {
    "image": _IMAGE,
    "earlier": EARLIER_CHECKS,
    "findings": FINDINGS,
    "notes": NOTES,
    "cards": CARDS,
    "reviews": REVIEWS,
    "resumed": Event.ITEM_RESUMED.value,
}


def _list(name: str) -> str:
    part = _LISTS[name].format(**_CONSTANTS)
    return f"(select coalesce(json_agg(part), '[]') from ({part}) part) as {name}"  # noqa: S608 - texts of our own


READ: Final = Direct(
    text(
        f"""
    select item.*, queue.key as queue_key, queue.name as queue_name, assignee.display_name as assignee_name,
           claim.user_id as holder_id, holder.display_name as holder_name, claim.claimed_at as holder_since,
           claim.expires_at as holder_until, pending_decision.commit_at, {ACTIVE_MARK} as policy,
           item_facts.facts, institution.time_zone,
           case when :compliance then on_legal_hold_item(item.id) else false end as on_legal_hold,
           (select content from draft where draft.user_id = :looking and draft.item_id = item.id) as draft,
           (select row_to_json(part) from ({_ACCOUNT}) part) as account,
           {", ".join(_list(name) for name in _LISTS)}
    from check_item item
    join queue on queue.id = item.queue_id
    join institution on institution.id = item.institution_id
    left join item_facts on item_facts.item_id = item.id
    left join app_user assignee on assignee.id = item.assigned_to
    left join claim on claim.item_id = item.id and claim.expires_at > now()
    left join app_user holder on holder.id = claim.user_id
    left join pending_decision on pending_decision.item_id = claim.item_id
    where item.id = :item
    """  # noqa: S608 - texts of our own
    )
)


def wanted(item_id: UUID, looking: Actor) -> dict[str, Any]:
    """The statement's parameters; `looking` is whose draft and memberships are read."""
    return {
        "item": item_id,
        "looking": looking.user_id,
        "compliance": may(looking, Permission.COMPLIANCE_READ),
        "settled": SETTLED_SECONDS,
    }
