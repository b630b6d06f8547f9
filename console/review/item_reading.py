"""Reads an item as one person sees it, in the caller's transaction: what the statement answers becomes a view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.policy.judgement import Explanation, Judge
from console.policy.terms import judge_of, known_facts
from console.policy.versions import Policy, at_work, judging_policy, marked_policy
from console.review.blinding import as_shown_to
from console.review.draft import Draft
from console.review.item_statement import READ, wanted
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
from console.review.reach import Membership
from console.review.rules_shown import Required, required_of, rules_shown
from console.review.states import Act, Status
from console.settings import settings
from db.models import CheckItem

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


@dataclass(frozen=True)
class LastDecision:
    """The item's last decision, onto which the next one is chained. No decision yet: sequence 0, no evidence."""

    sequence: int = 0
    evidence: bytes | None = None


@dataclass(frozen=True)
class Reading:
    """An item as it was read: what one person is shown, the policy that holds for it, what a decision on it follows,
    and what this person had chosen and typed. `item` is its row, a copy that no session knows; `memberships` are the
    person's, and `on_legal_hold` is for who may know."""

    view: ItemView
    policy: Policy
    last: LastDecision
    draft: Draft | None
    item: CheckItem
    memberships: tuple[Membership, ...]
    on_legal_hold: bool


async def load_view(session: AsyncSession, item_id: UUID, *, looking: Actor) -> ItemView:
    """The view of an item for who looks at it, inside the caller's transaction. What is hidden from them is not in it.

    Raises ItemNotFound.
    """
    return (await read_item(session, item_id, looking=looking)).view


async def read_item(session: AsyncSession, item_id: UUID, *, looking: Actor) -> Reading:
    """The item for who looks at it, as `load_view` gives it, with what belongs to it. Raises ItemNotFound."""
    found = await READ.first(session, wanted(item_id, looking))
    if found is None:
        raise ItemNotFound
    row = found._asdict()
    active = await marked_policy(session, row["policy"])
    # The version that judged it when it came in, or when what was open was judged anew.
    judged = await judging_policy(session, row["policy_version_id"], active)
    policy = at_work(judged, active)
    today = datetime.now(UTC).astimezone(ZoneInfo(row["time_zone"])).date()
    judge = await judge_of(session, judged, today)
    last = row["decisions"][-1] if row["decisions"] else None
    return Reading(
        as_shown_to(looking, _view_of(row, policy, active, judge)),
        policy,
        LastDecision(last["sequence"], _hash(last["evidence"])) if last else LastDecision(),
        Draft.from_content(row["draft"]) if row["draft"] is not None else None,
        _copy(row),
        tuple(Membership(**one) for one in row["memberships"]),
        row["on_legal_hold"],
    )


def _copy(row: dict[str, Any]) -> CheckItem:
    item = CheckItem()
    # As they are read: an assignment of each would look for what it changes.
    vars(item).update((name, row[name]) for name in _COLUMNS)
    return item


class _Made:
    """A view, and a digest of what it was made of."""

    __slots__ = ("__weakref__", "judge", "made_of", "view")

    def __init__(self, made_of: bytes, judge: Judge, view: ItemView) -> None:
        self.made_of, self.judge, self.view = made_of, judge, view


def _view_of(row: dict[str, Any], policy: Policy, active: Policy, judge: Judge) -> ItemView:
    """The view of what was read: the one of this item that somebody has before them, where it was made of the very
    same. Whoever decides has just been shown the check, and what is written of it then is asked for again at the
    commit."""
    values = [row[name] for name in sorted(row.keys() - _BESIDE)]
    made_of = blake2b(repr((policy.id, active.id, settings().ai_enabled, values)).encode()).digest()
    made = _made.get(row["id"])
    if made is None or made.made_of != made_of or made.judge != judge:
        made = _Made(made_of, judge, _view(row, policy, judge.explain(known_facts(row), row["queue_key"])))
        _made[row["id"]] = made
    now = replace(made.view, holder=_holder(row), assigned=_assignee(row))
    # They are of what is shown, to which who holds it does not belong.
    vars(now).update(shown=made.view.shown, digest=made.view.digest, made=made)
    return now


# By their item, the views that somebody has: each goes with the last page that shows it and the last decision on it
# that can be taken back. More of them would be megabytes, and grow with the history of the accounts.
_made: WeakValueDictionary[UUID, _Made] = WeakValueDictionary()
# What is read beside the view, of one person or of the moment.
_BESIDE: Final = frozenset(
    ("holder_id", "holder_name", "holder_since", "holder_until", "assignee_name", "commit_at", "draft", "memberships")
) | {"on_legal_hold", "policy", "time_zone"}


def _view(row: dict[str, Any], policy: Policy, explanation: Explanation) -> ItemView:
    status = Status(row["status"])
    return ItemView(
        **{name: row[name] for name in _PLAIN},
        status=status,
        policy_id=policy.id,
        policy_number=policy.number,
        thresholds=policy.document.thresholds.model_dump(mode="json"),
        images=_IMAGES.validate_python([_with_hash(one) for one in row["images"]]),
        flags=_FLAGS.validate_python(row["flags"]),
        rules=rules_shown(explanation),
        required=_required(status, row, explanation, policy),
        lists=explanation.judge.terms.list_versions,
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
        holder=None,
        assigned=None,
    )


def _required(status: Status, row: dict[str, Any], explanation: Explanation, policy: Policy) -> Required:
    """What is asked of a decision: of one that waits for its second person, what was asked of the first."""
    if status is not Status.PENDING_APPROVAL:
        return required_of(explanation)
    blind = row["blind"] or policy.document.thresholds.blind_second_review
    return replace(required_of(explanation), two_people=row["two_people"], blind=blind)


_COLUMNS: Final = tuple(column.key for column in CheckItem.__mapper__.column_attrs)
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


def _hash(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


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


def _assignee(row: dict[str, Any]) -> Assignee | None:
    return Assignee(row["assigned_to"], row["assignee_name"]) if row["assigned_to"] else None


def _holder(row: dict[str, Any]) -> Holder | None:
    if not row["holder_id"]:
        return None
    return Holder(row["holder_id"], row["holder_name"], row["holder_since"], row["holder_until"], row["commit_at"])
