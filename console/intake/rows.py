"""Writes a file's rows: the file, its items, images, flags and findings, in the caller's one transaction."""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property, partial
from itertools import chain, islice, repeat
from typing import Any, TypeVar
from uuid import UUID, uuid4

import anyio
from psycopg import sql
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.actor import Actor
from console.audit.canonical import canonical
from console.intake.facts import Draft, Lookups, SeenInFile, draft, facts_of, look_up
from console.intake.report import Progress, Stage
from console.intake.spool import SpooledItem, display_findings
from console.intake.survey import Survey
from console.intake.x9.records import Finding
from console.policy.judgement import Judge, Judgement
from console.policy.kept import facts_as_text, read_facts
from console.policy.terms import terms_of
from console.policy.versions import Policy, active_policy
from console.review.clearing import clearing_rules
from console.review.clocks import Hours, Sla, sla
from console.review.flags import FlagFound, describe, of_rules
from console.review.office import office_of
from console.review.return_deadline import ReturnDeadline, return_deadline
from console.review.states import Status
from db.bulk import JsonText, insert_staged, stage_rows
from db.models import CheckItem, FileFinding, FileReceived, Flag, Image, Institution, ItemClearance, KeptFacts, Queue

# Items looked up, judged and written at a time: the more, the fewer round trips, and the longer each statement. The
# first batches are small, so that the server is at work soon and a small file too is judged while it inserts.
_FIRST_BATCHES = (200, 400)
_BATCH = 1_000
# Findings kept per file; the file's row counts all of them.
MAX_FINDINGS = 10_000

Row = dict[str, Any]
Work = TypeVar("Work")


@dataclass
class Intake:
    """What every item of one file has in common."""

    file_id: UUID
    institution: Institution
    policy: Policy
    queues: dict[str, Queue]
    office: Hours
    received_at: datetime
    judge: Judge
    seen: SeenInFile = field(default_factory=SeenInFile)

    # What the policy let pass without review: how many, and a hash over which and by which rules.
    cleared: int = 0
    _clearances: Any = field(default_factory=hashlib.sha256)

    # One moment of receipt means one deadline for all items, and one SLA for each number of hours and minutes.
    _sla: dict[tuple[Decimal, int], Sla] = field(default_factory=dict)

    @cached_property
    def received_here(self) -> datetime:
        """When the file was received, in the institution's zone."""
        return self.received_at.astimezone(self.office.zone)

    @cached_property
    def return_deadline(self) -> ReturnDeadline:
        return return_deadline(self.received_at, self.office)

    def clear(self, rows: Sequence[Row]) -> None:
        """Count what a batch lets pass."""
        self.cleared += len(rows)
        for row in rows:
            self._clearances.update(canonical([row["item_id"], row["rules"]]).encode())

    def clearances(self) -> dict[str, Any]:
        """What the file's audit entry says of what was let pass; nothing where nothing was."""
        return {"cleared": self.cleared, "clearances": self._clearances.hexdigest()} if self.cleared else {}

    def sla(self, hours: Decimal, warning_minutes: int) -> Sla:
        """When items with so many hours are due, and when to warn of it."""
        if (hours, warning_minutes) not in self._sla:
            self._sla[hours, warning_minutes] = sla(self.received_at, hours, warning_minutes, self.office)
        return self._sla[hours, warning_minutes]


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


async def begin(session: AsyncSession, actor: Actor, file_id: UUID) -> Intake:
    """Read what the items of a file need of the institution. Raises NoActivePolicy."""
    institution = (await session.execute(select(Institution))).scalar_one()
    office = await office_of(session)
    # No queue is closed before its items are there.
    found = await session.scalars(
        select(Queue).order_by(Queue.position, Queue.key).with_for_update(read=True, key_share=True)
    )
    queues = {queue.key: queue for queue in found if queue.closed_at is None}
    policy, received_at = await active_policy(session), datetime.now(UTC)
    terms = await terms_of(session, policy, received_at.astimezone(office.zone).date(), queues.values())
    return Intake(file_id, institution, policy, queues, office, received_at, Judge(terms))


def file_row(
    actor: Actor, file_id: UUID, name: str, survey: Survey, status: str, images: tuple[int, int] = (0, 0)
) -> FileReceived:
    """The row of a file, imported or refused."""
    imported = status == "imported"
    totals = survey.totals
    return FileReceived(
        id=file_id,
        institution_id=actor.institution_id,
        name=name,
        sha256=survey.sha256,
        size=survey.size,
        status=status,
        received_at=datetime.now(UTC),
        received_by=actor.user_id,
        framing=survey.framing,
        encoding=survey.encoding,
        origin=survey.header.origin_name or survey.header.origin_routing if survey.header else None,
        destination=survey.header.destination_name or survey.header.destination_routing if survey.header else None,
        checks=totals.checks if imported else 0,
        returns=totals.returns if imported else 0,
        credits=totals.credits if imported else 0,
        images_stored=images[0],
        images_displayable=images[1],
        amount=_dollars(totals.amount_cents) if imported else 0,
        findings=findings_total(survey, images),
    )


def findings_total(survey: Survey, images: tuple[int, int]) -> int:
    """All findings of a file: the reader's, and one for each view stored that cannot be displayed."""
    stored, displayable = images
    return survey.findings_total + stored - displayable


async def write_items(
    session: AsyncSession, intake: Intake, items: Iterable[SpooledItem], progress: Progress
) -> tuple[dict[int, UUID], list[Finding]]:
    """Write every item with its facts, images and flags; what the policy lets pass is cleared at once, and the intake
    counts it.

    Returns the id of each item that has a finding of the reader's, by ordinal in the file, and the findings on views
    that cannot be displayed.
    """
    progress.stage, progress.done = Stage.ROWS, 0
    ids: dict[int, UUID] = {}
    display: list[Finding] = []
    staged: list[sql.Composable] = []
    routing = intake.institution.routing_number
    drafts = (draft(item, routing) for item in items)
    sizes = chain(_FIRST_BATCHES, repeat(_BATCH))
    part = await anyio.to_thread.run_sync(_take, drafts, next(sizes))
    while part:
        lookups = await look_up(session, part, intake.file_id, intake.received_here.date(), routing)
        intake.seen.count(part)
        # While the server inserts the batch before, this one is judged and the next one read; not while one is copied:
        # a thread at work beside a COPY holds the interpreter and makes each wait of it longer.
        work = partial(_judge_and_take, intake, part, lookups, drafts, next(sizes))
        batch, part = await _beside(insert_staged(session, staged), work)
        ids |= batch.ids
        display += batch.display[: MAX_FINDINGS - len(display)]
        progress.done += len(batch.items)
        intake.clear(batch.clearances)
        staged = await _stage(session, batch)
    await insert_staged(session, staged)
    return ids, display


async def _beside(inserting: Coroutine[Any, Any, None], work: Callable[[], Work]) -> Work:
    """What `work` makes, in a thread, while the server inserts; both are over at the end."""
    running = asyncio.ensure_future(inserting)
    try:
        return await anyio.to_thread.run_sync(work)
    finally:
        await running


def _take(drafts: Iterator[Draft], size: int) -> list[Draft]:
    """The next batch."""
    return list(islice(drafts, size))


def _judge_and_take(
    intake: Intake, part: Sequence[Draft], lookups: Lookups, drafts: Iterator[Draft], size: int
) -> tuple[Batch, list[Draft]]:
    with _no_collection():
        return _judged(intake, part, lookups), _take(drafts, size)


async def _stage(session: AsyncSession, batch: Batch) -> list[sql.Composable]:
    parts = (
        (CheckItem.__table__, batch.items),
        (KeptFacts.__table__, batch.facts),
        (Image.__table__, batch.images),
        (Flag.__table__, batch.flags),
        (ItemClearance.__table__, batch.clearances),
    )
    return [await stage_rows(session, table, rows) for table, rows in parts]  # type: ignore[arg-type]  # Tables, it says


async def write_findings(
    session: AsyncSession, actor: Actor, file_id: UUID, findings: Iterable[Finding], items: dict[int, UUID]
) -> None:
    """Write the findings of a file, at most MAX_FINDINGS of them."""
    rows = [
        {
            "id": uuid4(),
            "institution_id": actor.institution_id,
            "file_id": file_id,
            "item_id": items.get(finding.item) if finding.item is not None else None,
            "record": finding.record,
            "offset": finding.offset,
            "field": finding.field,
            "problem": finding.problem,
            "found": finding.found,
            "expected": finding.expected,
        }
        for finding in islice(findings, MAX_FINDINGS)
    ]
    session.add_all(FileFinding(**row) for row in rows)
    await session.flush()


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the search for cycles: a batch makes a hundred thousand objects and no cycle among them, and to look for
    some takes a quarter of the time. What is let go of is freed as ever."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _judged(intake: Intake, part: Sequence[Draft], lookups: Lookups) -> Batch:
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


def _dollars(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
