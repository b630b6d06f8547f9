"""Reads an item's view: everything that a reviewer is shown, at one moment, in the caller's transaction.

One statement reads it all: a review reads views several times a check, and a round trip for each part would cost more
than the parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.entries import Event
from console.policy.versions import Policy, active_policy
from console.review.blinding import as_shown_to
from console.review.item_view import (
    AccountShown,
    AdviceShown,
    Assignee,
    AttachmentShown,
    EarlierCheck,
    FirstSignature,
    FlagShown,
    Holder,
    ImageShown,
    ItemNotFound,
    ItemView,
    NoteShown,
    Opinion,
    PastReview,
    QuestionShown,
    Step,
)
from console.review.states import Act, Status
from console.settings import settings

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
    "images": """
        select i.id, i.side, {image} from image i where i.item_id = item.id order by i.ordinal, i.id""",
    "cards": """
        select i.id, i.side, {image} from image i
        where i.account_id = item.account_id and i.side = 'card' order by i.id limit :cards""",
    "flags": """
        select id, code, title, explanation, evidence, source, confidence::text as confidence, answer, answer_reason
        from flag where item_id = item.id order by code""",
    "findings": """
        select record, field, problem, found from file_finding where item_id = item.id
        order by record, id limit :findings""",
    "earlier": """
        select h.id, h.serial, h.amount::text as amount, h.presented_on, h.payee, h.outcome, h.return_code,
               i.id as image_id, i.side, {image}
        from history_check h left join image i on i.id = h.image_id
        where h.account_id = item.account_id order by h.presented_on desc, h.id limit :earlier""",
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
        order by d.decided_at desc, d.id limit :reviews""",
    "decisions": """
        select d.id, d.actor_id, u.display_name as who, d.stage as what, d.action, d.reasons, d.note, d.details,
               d.decided_at as at
        from decision d join app_user u on u.id = d.actor_id where d.item_id = item.id order by d.sequence""",
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
        order by n.written_at desc, n.id limit :notes""",
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
          and action = :resumed""",
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


def _list(name: str) -> str:
    return f"(select coalesce(json_agg(part), '[]') from ({_LISTS[name].format(image=_IMAGE)}) part) as {name}"  # noqa: S608 - texts of our own


_READ: Final = text(
    f"""
    select item.*, queue.key as queue_key, queue.name as queue_name, assignee.display_name as assignee_name,
           claim.user_id as holder_id, holder.display_name as holder_name, claim.claimed_at as holder_since,
           claim.expires_at as holder_until, pending_decision.commit_at,
           (select row_to_json(part) from ({_ACCOUNT}) part) as account,
           {", ".join(_list(name) for name in _LISTS)}
    from check_item item
    join queue on queue.id = item.queue_id
    left join app_user assignee on assignee.id = item.assigned_to
    left join claim on claim.item_id = item.id and claim.expires_at > now()
    left join app_user holder on holder.id = claim.user_id
    left join pending_decision on pending_decision.item_id = claim.item_id
    where item.id = :item
    """  # noqa: S608 - texts of our own
)

_IMAGES: Final = TypeAdapter(tuple[ImageShown, ...])
_FLAGS: Final = TypeAdapter(tuple[FlagShown, ...])
_EARLIER: Final = TypeAdapter(tuple[EarlierCheck, ...])
_REVIEWS: Final = TypeAdapter(tuple[PastReview, ...])
_ACCOUNTS: Final = TypeAdapter(AccountShown | None)
_STEPS: Final = TypeAdapter(tuple[Step, ...])
_NOTES: Final = TypeAdapter(tuple[NoteShown, ...])
_ATTACHMENTS: Final = TypeAdapter(tuple[AttachmentShown, ...])
_ADVICE: Final = TypeAdapter(AdviceShown)
_QUESTION: Final = TypeAdapter(QuestionShown)
_OPINIONS: Final = TypeAdapter(tuple[Opinion, ...])
_FIRST: Final = TypeAdapter(FirstSignature)


async def load_view(session: AsyncSession, item_id: UUID, policy: Policy | None = None, *, looking: Actor) -> ItemView:
    """The view of an item for who looks at it, inside the caller's transaction; `policy` is the active one, where the
    caller has read it. What is hidden from the person is not in it.

    Raises ItemNotFound.
    """
    wanted = {
        "item": item_id,
        "earlier": EARLIER_CHECKS,
        "findings": FINDINGS,
        "notes": NOTES,
        "cards": CARDS,
        "reviews": REVIEWS,
        "settled": SETTLED_SECONDS,
        "resumed": Event.ITEM_RESUMED.value,
    }
    row = (await session.execute(_READ, wanted)).mappings().first()
    if row is None:
        raise ItemNotFound
    policy = policy or await active_policy(session)
    status = Status(row["status"])
    view = ItemView(
        **{name: row[name] for name in _PLAIN},
        status=status,
        policy_id=policy.id,
        policy_number=policy.number,
        thresholds=policy.document.thresholds.model_dump(mode="json"),
        images=_IMAGES.validate_python([_with_hash(one) for one in row["images"]]),
        flags=_FLAGS.validate_python(row["flags"]),
        findings=tuple(
            f"{one['problem']} (record {one['record']}, {one['field']}: {one['found'] or 'nothing'})"
            for one in row["findings"]
        ),
        account=_ACCOUNTS.validate_python(row["account"]),
        cards=_IMAGES.validate_python([_with_hash(one) for one in row["cards"]]),
        earlier=_EARLIER.validate_python([_with_image(one) for one in row["earlier"]]),
        reviews=_REVIEWS.validate_python(row["reviews"]),
        first_signature=_first_signature(status, row["decisions"]),
        opinions=_OPINIONS.validate_python(row["opinions"]),
        steps=_steps(row["decisions"], row["resumed"]),
        notes=_NOTES.validate_python(row["notes"]),
        attachments=_ATTACHMENTS.validate_python(row["attachments"]),
        advice=_advice(row["advice"], policy),
        question=_question(status, row["decisions"]),
        holder=_holder(row),
        assigned=Assignee(row["assigned_to"], row["assignee_name"]) if row["assigned_to"] else None,
    )
    return as_shown_to(looking, view)


# What a view takes from the item's row as it is.
_PLAIN: Final = (
    "id",
    "version",
    "kind",
    "item_type",
    "amount",
    "routing",
    "account_number",
    "serial",
    "auxiliary_on_us",
    "on_us",
    "epc",
    "sequence",
    "payee",
    "depositary_routing",
    "return_reason",
    "business_date",
    "received_at",
    "queue_key",
    "queue_name",
    "priority",
    "two_people",
    "sla_due_at",
    "sla_warning_at",
    "return_by",
    "return_rule",
)


def _with_hash(image: dict[str, Any]) -> dict[str, Any]:
    return image | {"sha256": bytes.fromhex(image["sha256"])}


def _with_image(check: dict[str, Any]) -> dict[str, Any]:
    """An earlier check with its image as an object of its own, where the archive has one."""
    return check | {"image": _with_hash(check | {"id": check["image_id"]}) if check["image_id"] else None}


def _first_signature(status: Status, decisions: Sequence[dict[str, Any]]) -> FirstSignature | None:
    """The recommendation that an item waits with."""
    if status is not Status.PENDING_APPROVAL:
        return None
    first = next(one for one in reversed(decisions) if one["what"] == "recommendation")
    return _FIRST.validate_python(
        first
        | {"decision_id": first["id"], "actor_name": first["who"], "decided_at": first["at"]}
        | {"amount": first["details"].get("amount")}
    )


def _steps(decisions: Sequence[dict[str, Any]], resumed: Sequence[dict[str, Any]]) -> tuple[Step, ...]:
    """What was done with the item before, oldest first."""
    put_back = [one | {"what": "resumed", "action": "", "reasons": [], "details": {}} for one in resumed]
    return tuple(sorted(_STEPS.validate_python([*decisions, *put_back]), key=lambda step: step.at))


def _advice(found: Sequence[dict[str, Any]], policy: Policy) -> AdviceShown | None:
    """The advice that counts; none is shown where the installation takes none."""
    if not found or not settings().ai_enabled:
        return None
    weak = Decimal(found[0]["confidence"]) < policy.document.thresholds.advisory_confidence
    return _ADVICE.validate_python(found[0] | {"weak": weak})


def _question(status: Status, decisions: Sequence[dict[str, Any]]) -> QuestionShown | None:
    """The question that the item waits on, where it waits for information."""
    if status is not Status.NEEDS_INFO:
        return None
    asked = next(one for one in reversed(decisions) if one["action"] == Act.ASK)
    details = asked["details"]
    return _QUESTION.validate_python(
        {
            "decision_id": asked["id"],
            "who": asked["who"],
            "asker_id": asked["actor_id"],
            "at": asked["at"],
            "text": asked["note"],
            "whom": details.get("asks_name") or details.get("asks_team") or "",
            "asks_id": details.get("asks"),
        }
    )


def _holder(row: RowMapping) -> Holder | None:
    if not row["holder_id"]:
        return None
    return Holder(row["holder_id"], row["holder_name"], row["holder_since"], row["holder_until"], row["commit_at"])
