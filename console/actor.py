"""Who acts: a signed-in person in one session, another system, or the console itself. Plain data, at the bottom of
the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from console.roles import Role


@dataclass(frozen=True)
class Grant:
    """What a role allows: permissions as `resource:action`, and how far they reach.

    `amount_limit` bounds the amount of a final decision in dollars, None: no bound. `queues` (keys) and `item_types`
    bound which items may be claimed and decided, None: all.
    """

    permissions: frozenset[str]
    amount_limit: Decimal | None = Decimal(0)
    queues: frozenset[str] | None = None
    item_types: frozenset[str] | None = None


@dataclass(frozen=True)
class Bounds:
    """A person's own bounds, inside those of the roles; None: as the roles have it."""

    amount_limit: Decimal | None = None
    queues: frozenset[str] | None = None
    item_types: frozenset[str] | None = None


@dataclass(frozen=True)
class Actor:
    """Passed first to every service, which checks the permission itself.

    `session` is a short public reference of the session, never its secret; null for jobs and commands. What the
    actor may do is asked of `access.permissions`, never read from here.
    """

    institution_id: UUID
    user_id: UUID | None
    name: str
    roles: frozenset[Role] = frozenset()
    session: str | None = None
    address: str | None = None
    request_id: str | None = None
    # What custom roles, or an API key, grant beside the built-in roles.
    grants: tuple[Grant, ...] = ()
    bounds: Bounds = Bounds()
    # When the session's person last gave a code of the second factor.
    code_at: datetime | None = None
    # What the allowlist keeps from the actor at this address, whatever the roles grant.
    barred: frozenset[str] = frozenset()
    system: bool = field(default=False, kw_only=True)


def system_actor(institution_id: UUID, name: str) -> Actor:
    """The console acting by itself: a job, a command, a migration. It is named in the audit trail."""
    return Actor(institution_id, None, name, system=True)
