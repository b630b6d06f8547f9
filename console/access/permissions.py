"""The one permission table: it drives services, navigation and pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from console.actor import Actor
from console.roles import Role


class Permission(StrEnum):
    QUEUE_READ = "queue:read"
    ITEM_READ = "item:read"
    ITEM_CLAIM = "item:claim"
    ITEM_DECIDE = "item:decide"
    ITEM_APPROVE = "item:approve"
    ITEM_RELEASE_OTHERS = "item:release_others"
    ACCOUNT_NUMBER_READ = "account_number:read"
    FILE_READ = "file:read"
    FILE_IMPORT = "file:import"
    ACCOUNT_LOAD = "account:load"
    USER_MANAGE = "user:manage"
    AUDIT_READ = "audit:read"
    AUDIT_VERIFY = "audit:verify"


P = Permission


@dataclass(frozen=True)
class Grant:
    """What a role may do. `amount_limit` bounds the amount of a final decision; None: no bound."""

    permissions: frozenset[Permission]
    amount_limit: Decimal | None = Decimal(0)


_REVIEWER = frozenset({P.QUEUE_READ, P.ITEM_READ, P.ITEM_CLAIM, P.ITEM_DECIDE, P.ACCOUNT_NUMBER_READ})
_APPROVER = _REVIEWER | {P.ITEM_APPROVE, P.ITEM_RELEASE_OTHERS, P.FILE_READ}
_SUPERVISOR = _APPROVER | {P.FILE_IMPORT, P.ACCOUNT_LOAD, P.AUDIT_READ}

GRANTS: dict[Role, Grant] = {
    Role.REVIEWER: Grant(_REVIEWER, Decimal("5000.00")),
    Role.APPROVER: Grant(_APPROVER, Decimal("25000.00")),
    Role.SUPERVISOR: Grant(_SUPERVISOR, None),
    Role.ADMINISTRATOR: Grant(frozenset({P.USER_MANAGE})),
    Role.AUDITOR: Grant(
        frozenset({P.QUEUE_READ, P.ITEM_READ, P.ACCOUNT_NUMBER_READ, P.FILE_READ, P.AUDIT_READ, P.AUDIT_VERIFY})
    ),
}

# What the console may do by itself: jobs and commands of whoever runs the machine. It decides nothing.
SYSTEM = frozenset(
    {P.QUEUE_READ, P.ITEM_READ, P.ITEM_RELEASE_OTHERS, P.FILE_READ, P.FILE_IMPORT, P.ACCOUNT_LOAD}
    | {P.USER_MANAGE, P.AUDIT_READ, P.AUDIT_VERIFY}
)


class NotAllowed(Exception):
    """The actor lacks the permission."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"Your role does not allow this ({permission.value}). Ask a supervisor if you need it.")
        self.permission = permission


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Everything that holders of these roles may do."""
    return frozenset().union(*(GRANTS[role].permissions for role in roles))


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the actor holds the permission."""
    return permission in (SYSTEM if actor.system else permissions_of(actor.roles))


def require(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed unless the actor holds the permission."""
    if not may(actor, permission):
        raise NotAllowed(permission)


def amount_limit(actor: Actor) -> Decimal | None:
    """The largest amount of a final decision by this actor; None where there is no bound.

    The widest of the actor's deciding roles counts.
    """
    limits = [GRANTS[role].amount_limit for role in actor.roles if P.ITEM_DECIDE in GRANTS[role].permissions]
    if None in limits:
        return None
    return max((limit for limit in limits if limit is not None), default=Decimal(0))


def within_limit(actor: Actor, amount: Decimal) -> bool:
    """Whether the actor alone may end the review of a check of this amount, in dollars."""
    limit = amount_limit(actor)
    return limit is None or amount <= limit
