"""Policy version 1, made from the settings; after that the policy is the truth."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from console.actor import system_actor
from console.audit.entries import Event, record
from console.institution import ensure_institution
from console.policy.default_rules import default_rules
from console.policy.lifecycle import VersionAct
from console.policy.model import PolicyDocument, Thresholds
from console.policy.versions import note_step
from console.settings import Settings, read_settings
from db.engine import close_engine, is_open, open_engine, transaction
from db.models import PolicyVersion


def default_document(settings: Settings) -> PolicyDocument:
    """The document of version 1: the settings' business rules, the standard's figures for the rest, and first rules."""
    return PolicyDocument(
        thresholds=Thresholds(
            dual_control_amount=settings.dual_control_threshold,
            high_priority_amount=settings.high_priority_threshold,
            sla_hours=settings.default_sla_hours,
            advisory_confidence=settings.ai_confidence_threshold,
        ),
        rules=default_rules(),
    )


async def create_default_policy(settings: Settings | None = None) -> UUID:
    """Make the institution, its queues and its policy version 1 where they are missing; return the policy's id.

    Callable with no argument on a freshly migrated database, as the deployment guide does: it then reads the
    environment and opens the database itself. Running it again changes nothing.
    """
    settings = settings or read_settings()
    opened_here = not is_open()
    if opened_here:
        open_engine(settings.database_url.get_secret_value(), pooler=settings.database_pooler)
    try:
        return await _create(await ensure_institution(settings), settings)
    finally:
        if opened_here:
            await close_engine()


async def _create(institution_id: UUID, settings: Settings) -> UUID:
    actor = system_actor(institution_id, "default policy")
    version = PolicyVersion(
        id=uuid4(),
        institution_id=institution_id,
        number=1,
        status="active",
        document=default_document(settings).model_dump(mode="json"),
        activated_at=datetime.now(UTC),
    )
    first = select(PolicyVersion.id).where(PolicyVersion.number == 1)
    try:
        async with transaction(actor) as session:
            existing = (await session.execute(first)).scalar_one_or_none()
            if existing:
                return existing
            session.add(version)
            await session.flush()
            note_step(session, actor, version, VersionAct.ACTIVATE, "made from the settings")
            await record(session, actor, Event.POLICY_CREATED, "policy", version.id, after=version.document)
            return version.id
    except IntegrityError:
        # Another replica made it at the same moment.
        async with transaction(actor) as session:
            return (await session.execute(first)).scalar_one()
