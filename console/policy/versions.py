"""Policy versions in the database."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from console.policy.model import PolicyDocument
from db.models import PolicyVersion


class NoActivePolicy(Exception):
    """The institution has no active policy."""

    def __init__(self) -> None:
        super().__init__("This institution has no active policy. Run console.policy.create_default_policy() first.")


@dataclass(frozen=True)
class Policy:
    id: UUID
    number: int
    document: PolicyDocument


async def active_policy(session: AsyncSession) -> Policy:
    """The active policy of the transaction's institution. Raises NoActivePolicy."""
    row = (await session.execute(select(PolicyVersion).where(PolicyVersion.status == "active"))).scalar_one_or_none()
    if row is None:
        raise NoActivePolicy
    return _policy(row)


async def policy_version(session: AsyncSession, version_id: UUID) -> Policy:
    """The version with this id, whatever its status."""
    return _policy((await session.execute(select(PolicyVersion).where(PolicyVersion.id == version_id))).scalar_one())


def _policy(row: PolicyVersion) -> Policy:
    return Policy(row.id, row.number, PolicyDocument.model_validate(row.document))
