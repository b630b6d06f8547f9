"""Who acts: a signed-in person in one session, or the console itself. Plain data, at the bottom of the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from console.roles import Role


@dataclass(frozen=True)
class Actor:
    """Passed first to every service, which checks the permission itself.

    `session` is a short public reference of the session, never its secret; null for jobs and commands.
    """

    institution_id: UUID
    user_id: UUID | None
    name: str
    roles: frozenset[Role] = frozenset()
    session: str | None = None
    address: str | None = None
    request_id: str | None = None
    system: bool = field(default=False, kw_only=True)


def system_actor(institution_id: UUID, name: str) -> Actor:
    """The console acting by itself: a job, a command, a migration. It is named in the audit trail."""
    return Actor(institution_id, None, name, system=True)
