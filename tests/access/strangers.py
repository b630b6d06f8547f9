"""Another bank in the same installation, with one object of every kind that somebody could name by its id."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import sessions
from console.access.people import read_account
from console.access.sessions import Stage
from console.access.visit import Visit
from console.actor import Actor, system_actor
from console.institution import QUEUES
from console.intake.files import import_file
from console.review.claims import claim
from console.roles import Role
from db.engine import transaction
from db.models import (
    AccessChange,
    AccessReview,
    AccessReviewLine,
    Account,
    Advice,
    AllowRule,
    ApiKey,
    AuditEntry,
    CheckItem,
    CustomRole,
    FileReceived,
    Flag,
    Image,
    Institution,
    ItemAttachment,
    ItemNote,
    LegalHold,
    Notice,
    PolicyList,
    PolicyListChange,
    PolicyTrial,
    PolicyVersion,
    Queue,
    SavedView,
    SessionRecord,
)
from tests.factories import Bank, make_person, x9_file, x9_item

ROUTING = "729999023"


@dataclass(frozen=True)
class Stranger:
    """The other bank: its administrator, and its objects' ids by kind."""

    institution_id: UUID
    administrator: Actor
    session: str
    """The token of a session of one of its people."""
    reference: str
    objects: Mapping[str, UUID]


async def make_stranger(bank: Bank, folder: Path) -> Stranger:
    """A second institution beside the settings' own."""
    system = await _institution(bank)
    administrator = await make_person(system, "their_administrator", Role.ADMINISTRATOR)
    supervisor = await make_person(system, "their_supervisor", Role.SUPERVISOR)
    path = folder / "theirs.x9"
    path.write_bytes(x9_file([x9_item(1, "18000.00", "021000021")], origin=ROUTING))
    await import_file(supervisor, path, path.name)
    token, reference = await _session(supervisor)
    made = await _of_access(system, administrator, supervisor)
    async with transaction(system) as session:
        item = (await session.scalars(select(CheckItem.id))).one()
        flag = Flag(
            id=uuid4(), institution_id=system.institution_id, item_id=item, code="large_amount", title="Large amount",
            explanation="theirs", evidence={}, source="rule",
        )  # fmt: skip
        note = ItemNote(
            id=uuid4(), institution_id=system.institution_id, item_id=item, author_id=supervisor.user_id,
            text="theirs", mentions=[],
        )  # fmt: skip
        attachment = ItemAttachment(
            id=uuid4(), institution_id=system.institution_id, item_id=item, name="theirs.pdf", size=9,
            media_type="application/pdf", sha256=secrets.token_bytes(32), attached_by=supervisor.user_id,
        )  # fmt: skip
        advice = Advice(
            id=uuid4(), institution_id=system.institution_id, item_id=item, sequence=1, act="pay", confidence=1,
            reasons=[], model="theirs", model_version="1", explanation="", given_by="theirs",
        )  # fmt: skip
        session.add_all([flag, note, attachment, advice])
        card = await _signature_card(session, system)
        found = {
            "item": item,
            "image": (await session.scalars(select(Image.id).limit(1))).one(),
            "signature card": card,
            "file": (await session.scalars(select(FileReceived.id))).one(),
            "flag": flag.id,
            "note": note.id,
            "attachment": attachment.id,
            "advice": advice.id,
            "policy": (await session.scalars(select(PolicyVersion.id))).one(),
            "queue": (await session.scalars(select(Queue.id).limit(1))).one(),
            "audit entry": (await session.scalars(select(AuditEntry.id).limit(1))).one(),
            "user": supervisor.user_id,
        }
        found |= await _of_work(session, system, supervisor, found)
    await claim(supervisor, item)
    return Stranger(system.institution_id, administrator, token, reference, {**found, **made})


async def _signature_card(session: AsyncSession, system: Actor) -> UUID:
    institution = {"institution_id": system.institution_id}
    account = Account(
        **institution, id=uuid4(), routing=ROUTING, number="60666044", holder="theirs", account_type="personal",
        opened_on=date(2020, 1, 2), positive_pay=False,
    )  # fmt: skip
    session.add(account)
    await session.flush()
    card = Image(
        **institution, id=uuid4(), account_id=account.id, side="card", sha256=bytes(32), size=1, format="tiff",
        width=800, height=440, dpi=200,
    )  # fmt: skip
    session.add(card)
    await session.flush()
    return card.id


async def _of_work(
    session: AsyncSession, system: Actor, supervisor: Actor, found: Mapping[str, UUID]
) -> dict[str, UUID]:
    institution, person = {"institution_id": system.institution_id}, supervisor.user_id
    rows = {
        "saved view": SavedView(
            **institution, id=uuid4(), owner_id=person, name="Theirs", shared=True, definition={}
        ),
        "trial": PolicyTrial(
            **institution, id=uuid4(), kind="replay", version_id=found["policy"], revision=1, document={},
            against_id=found["policy"], days=30, day=date(2026, 11, 20), started_by=person,
        ),
        "notice": Notice(
            **institution, id=uuid4(), user_id=person, kind="mentioned", item_id=found["item"],
            values={"by": "theirs", "text": "theirs"}, in_app=True,
        ),
        "legal hold": LegalHold(
            **institution, id=uuid4(), matter="Theirs", reason="theirs", scope="item", item_id=found["item"],
            placed_by=person,
        ),
    }  # fmt: skip
    session.add_all(rows.values())
    await session.flush()
    return {name: row.id for name, row in rows.items()}


async def _institution(bank: Bank) -> Actor:
    system = system_actor(uuid4(), "tests")
    async with transaction(bank.system) as session:
        policy = (await session.scalars(select(PolicyVersion))).one()
    async with transaction(system) as session:
        session.add(Institution(id=system.institution_id, name="Other bank", routing_number=ROUTING, time_zone="UTC"))
        await session.flush()
        session.add_all(
            Queue(institution_id=system.institution_id, key=key, name=name, position=at, sla_hours=hours)
            for at, (key, name, hours) in enumerate(QUEUES)
        )
        copied = {
            column.key: getattr(policy, column.key)
            for column in PolicyVersion.__mapper__.column_attrs
            if column.key not in {"id", "institution_id"}
        }
        session.add(PolicyVersion(institution_id=system.institution_id, **copied))
    return system


async def _session(person: Actor) -> tuple[str, str]:
    assert person.user_id is not None
    account = await read_account(person.institution_id, person.user_id)
    assert account is not None
    token = await sessions.start(account.person, Stage.FULL, Visit("192.0.2.1", "theirs"))
    started = await sessions.find(token)
    assert started is not None
    return token, started.reference


async def _of_access(system: Actor, administrator: Actor, supervisor: Actor) -> dict[str, UUID]:
    institution, now = {"institution_id": system.institution_id}, datetime.now(UTC)
    role = CustomRole(
        **institution, id=uuid4(), key="custom:theirs", name="Theirs", copied_from="reviewer", permissions=["item:read"]
    )
    review = AccessReview(**institution, id=uuid4(), name="Theirs", due_on=date(2030, 1, 1))
    rows = {
        "policy list": PolicyList(**institution, id=uuid4(), key="theirs", name="Theirs", kind="payee"),
        "custom role": role,
        "campaign": review,
        "allowlist rule": AllowRule(
            **institution, id=uuid4(), subject="role:reviewer", network="192.0.2.0/24", note="theirs"
        ),
        "api key": ApiKey(
            **institution, id=uuid4(), name="theirs", prefix="theirs", key_hash=secrets.token_bytes(32),
            permissions=["file:read"], networks=[], created_by=administrator.user_id,
            expires_at=now + timedelta(days=9),
        ),
        "waiting change": AccessChange(
            **institution, id=uuid4(), kind="person", user_id=supervisor.user_id, before={}, after={}, reason="theirs",
            requested_by=administrator.user_id,
        ),
        "session record": SessionRecord(
            **institution, id=uuid4(), user_id=supervisor.user_id, reference=secrets.token_hex(8), method="password",
            agent="theirs",
        ),
    }  # fmt: skip
    async with transaction(system) as session:
        session.add_all([role, review])
        await session.flush()
        session.add_all(row for name, row in rows.items() if name not in {"custom role", "campaign"})
        line = AccessReviewLine(
            **institution, id=uuid4(), review_id=review.id, user_id=supervisor.user_id, role="supervisor",
            granted_at=now, position=1,
        )  # fmt: skip
        change = PolicyListChange(
            **institution, id=uuid4(), list_id=rows["policy list"].id, act="add", reason="theirs",
            entries=[{"value": "x", "shown": "x", "note": ""}], proposed_by=supervisor.user_id,
        )  # fmt: skip
        session.add_all([line, change])
    return {"list change": change.id, **{name: row.id for name, row in rows.items()}, "campaign line": line.id}
