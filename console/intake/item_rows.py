"""An item judged, and its rows in every table, as data: the item, its facts, images, flags, and that it was cleared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from console.intake.facts import Draft, Lookups, facts_of
from console.intake.file_terms import Intake
from console.intake.spool import display_findings
from console.intake.x9.records import Finding
from console.policy.judgement import Judgement
from console.policy.kept import facts_as_text, read_facts
from console.review.clearing import clearing_rules
from console.review.flags import FlagFound, describe, of_rules
from console.review.states import Status
from db.bulk import JsonText

Row = dict[str, Any]


@dataclass
class Batch:
    """Rows of one batch, a list per table; findings on its views, and the ids of the items that have findings."""

    items: list[Row] = field(default_factory=list)
    facts: list[Row] = field(default_factory=list)
    images: list[Row] = field(default_factory=list)
    flags: list[Row] = field(default_factory=list)
    clearances: list[Row] = field(default_factory=list)
    display: list[Finding] = field(default_factory=list)
    ids: dict[int, UUID] = field(default_factory=dict)


def judged(intake: Intake, part: Sequence[Draft], lookups: Lookups) -> Batch:
    """The rows of a batch, each item judged by the policy."""
    batch = Batch()
    for one in part:
        item_id = _add_item(batch, intake, one, lookups)
        found = list(display_findings(one.spooled))
        if found or one.spooled.found:
            batch.ids[one.spooled.ordinal] = item_id
        batch.display += found
    return batch


def _add_item(batch: Batch, intake: Intake, one: Draft, lookups: Lookups) -> UUID:
    item = facts_of(one, lookups, intake.seen, intake.received_here)
    facts = read_facts(item)
    word = intake.judge.judge(facts)
    item_id = uuid4()
    account_id, _ = lookups.accounts.get(one.customer_account, (None, None))
    batch.items.append(_item_row(intake, one, item_id, account_id, word))
    batch.facts.append(
        {
            "item_id": item_id,
            "institution_id": intake.institution.id,
            "received_at": intake.received_at,
            "facts": JsonText(facts_as_text(facts)),
        }
    )
    batch.images += _image_rows(intake, one, item_id)
    if not word.needs_review:
        batch.clearances.append(_clearance_row(intake, item_id, word))
    flags = describe(word.flags, item, intake.policy.document.thresholds)
    batch.flags += [_flag_row(intake, item_id, flag) for flag in (*flags, *of_rules(word, intake.policy.number))]
    return item_id


def _item_row(intake: Intake, one: Draft, item_id: UUID, account_id: UUID | None, word: Judgement) -> Row:
    item = one.spooled
    queue = intake.queues[word.queue]
    warning = queue.warning_minutes
    if warning is None:
        warning = intake.policy.document.thresholds.warning_minutes
    clock = intake.sla(word.rule_hours or queue.sla_hours or word.policy_hours, warning)
    return {
        "id": item_id,
        "institution_id": intake.institution.id,
        "file_id": intake.file_id,
        "ordinal": item.ordinal,
        "record": item.record,
        "kind": item.kind,
        "item_type": "on_us" if one.on_us else "transit",
        "status": (Status.NEW if word.needs_review else Status.CLEARED).value,
        "version": 1,
        "amount": one.amount,
        "routing": one.routing,
        "account_number": one.account_number,
        "account_id": account_id,
        "serial": one.serial,
        "auxiliary_on_us": item.auxiliary_on_us,
        "on_us": item.on_us,
        "epc": item.epc,
        "sequence": item.sequence,
        "return_reason": item.return_reason or None,
        "payee": item.payee or None,
        "depositary_routing": item.bofd_routing or None,
        "business_date": item.business_date,
        "received_at": intake.received_at,
        "queue_id": queue.id,
        "priority": int(word.priority),
        "policy_version_id": intake.policy.id,
        "two_people": word.two_people,
        "blind": word.blind,
        "risk_level": int(word.risk_level),
        "rule_hours": word.rule_hours,
        "sla_due_at": clock.due_at,
        "sla_warning_at": clock.warning_at,
        # We can return only what is drawn on us.
        "return_by": intake.return_deadline.at if one.on_us else None,
        "return_rule": intake.return_deadline.rule.value if one.on_us else None,
    }


def _image_rows(intake: Intake, one: Draft, item_id: UUID) -> Iterator[Row]:
    for ordinal, view in enumerate(one.spooled.views):
        yield {
            "id": uuid4(),
            "institution_id": intake.institution.id,
            "item_id": item_id,
            "side": view.side,
            "ordinal": ordinal,
            "sha256": view.sha256,
            "size": view.size,
            "format": view.facts.format,
            "width": view.facts.width,
            "height": view.facts.height,
            "dpi": view.facts.dpi,
            "problem": view.facts.problem,
        }


def _flag_row(intake: Intake, item_id: UUID, flag: FlagFound) -> Row:
    return {
        "id": uuid4(),
        "institution_id": intake.institution.id,
        "item_id": item_id,
        "code": flag.code,
        "title": flag.title,
        "explanation": flag.explanation,
        "evidence": flag.evidence,
        "source": "rule",
    }


def _clearance_row(intake: Intake, item_id: UUID, word: Judgement) -> Row:
    return {
        "item_id": item_id,
        "item_version": 1,
        "institution_id": intake.institution.id,
        "policy_version_id": intake.policy.id,
        "rules": clearing_rules(word),
        "cleared_at": intake.received_at,
    }
