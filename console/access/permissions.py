"""The one permission table: it drives services, navigation and pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from console.actor import Actor, Grant
from console.roles import Role


class Permission(StrEnum):
    QUEUE_READ = "queue:read"
    QUEUE_MANAGE = "queue:manage"
    INSTITUTION_HOURS = "institution:hours"
    POLICY_READ = "policy:read"
    POLICY_EDIT = "policy:edit"
    POLICY_APPROVE = "policy:approve"
    POLICY_ACTIVATE = "policy:activate"
    POLICY_LISTS = "policy:lists"
    ITEM_READ = "item:read"
    ITEM_CLAIM = "item:claim"
    ITEM_DECIDE = "item:decide"
    ITEM_APPROVE = "item:approve"
    ITEM_RELEASE_OTHERS = "item:release_others"
    ITEM_ASSIGN = "item:assign"
    ITEM_NOTE = "item:note"
    ADVICE_WRITE = "advice:write"
    ACCOUNT_NUMBER_READ = "account_number:read"
    REPORT_READ = "report:read"
    REPORT_PEOPLE = "report_people:read"
    FILE_READ = "file:read"
    FILE_IMPORT = "file:import"
    ACCOUNT_LOAD = "account:load"
    USER_READ = "user:read"
    USER_MANAGE = "user:manage"
    ROLE_MANAGE = "role:manage"
    ACCESS_CHANGE_APPROVE = "access_change:approve"
    MFA_MANAGE = "mfa:manage"
    SESSION_READ = "session:read"
    SESSION_END = "session:end"
    ALLOWLIST_MANAGE = "allowlist:manage"
    API_KEY_MANAGE = "api_key:manage"
    ACCESS_REPORT_READ = "access_report:read"
    ACCESS_REVIEW_START = "access_review:start"
    ACCESS_REVIEW_DECIDE = "access_review:decide"
    AUDIT_READ = "audit:read"
    AUDIT_VERIFY = "audit:verify"
    EVIDENCE_EXPORT = "evidence:export"
    COMPLIANCE_READ = "compliance:read"
    LEGAL_HOLD_MANAGE = "legal_hold:manage"
    OPERATIONS_READ = "operations:read"
    OPERATIONS_MANAGE = "operations:manage"


P = Permission


_REVIEWER = frozenset({P.QUEUE_READ, P.ITEM_READ, P.ITEM_CLAIM, P.ITEM_DECIDE, P.ITEM_NOTE, P.ACCOUNT_NUMBER_READ})
_APPROVER = (
    _REVIEWER | {P.ITEM_APPROVE, P.ITEM_RELEASE_OTHERS, P.ITEM_ASSIGN, P.FILE_READ, P.POLICY_READ} | {P.REPORT_READ}
)
_SUPERVISOR = (
    _APPROVER
    | {P.POLICY_READ, P.POLICY_EDIT, P.POLICY_APPROVE, P.POLICY_ACTIVATE, P.POLICY_LISTS}
    | {P.QUEUE_MANAGE, P.INSTITUTION_HOURS, P.FILE_IMPORT, P.ACCOUNT_LOAD, P.AUDIT_READ, P.EVIDENCE_EXPORT}
    | {P.USER_READ, P.ACCESS_REPORT_READ, P.ACCESS_REVIEW_START, P.ACCESS_REVIEW_DECIDE}
    | {P.COMPLIANCE_READ, P.LEGAL_HOLD_MANAGE}
    # Figures about people are for who answers for their work, and for who examines it; not for colleagues.
    | {P.REPORT_PEOPLE}
)
_ADMINISTRATOR = frozenset(
    {P.USER_READ, P.USER_MANAGE, P.ROLE_MANAGE, P.ACCESS_CHANGE_APPROVE, P.MFA_MANAGE, P.SESSION_READ, P.SESSION_END}
    | {P.ALLOWLIST_MANAGE, P.API_KEY_MANAGE, P.ACCESS_REPORT_READ, P.ACCESS_REVIEW_START}
    | {P.COMPLIANCE_READ, P.LEGAL_HOLD_MANAGE, P.OPERATIONS_READ, P.OPERATIONS_MANAGE}
)
_AUDITOR = frozenset(
    {P.QUEUE_READ, P.ITEM_READ, P.ACCOUNT_NUMBER_READ, P.FILE_READ, P.POLICY_READ, P.AUDIT_READ, P.AUDIT_VERIFY}
    | {P.EVIDENCE_EXPORT, P.USER_READ, P.SESSION_READ, P.ACCESS_REPORT_READ, P.COMPLIANCE_READ, P.OPERATIONS_READ}
    | {P.REPORT_READ, P.REPORT_PEOPLE}
)

GRANTS: dict[Role, Grant] = {
    Role.REVIEWER: Grant(_REVIEWER, Decimal("5000.00")),
    Role.APPROVER: Grant(_APPROVER, Decimal("25000.00")),
    Role.SUPERVISOR: Grant(_SUPERVISOR, None),
    Role.ADMINISTRATOR: Grant(_ADMINISTRATOR),
    Role.AUDITOR: Grant(_AUDITOR),
}

# Separation of duties (NIST SP 800-53 AC-5): nobody holds one of these and one of those, through whatever roles.
# The database repeats both sets in its guard of user_role and custom_role.
ADMINISTERING = frozenset(
    {P.USER_MANAGE, P.ROLE_MANAGE, P.ACCESS_CHANGE_APPROVE, P.MFA_MANAGE, P.SESSION_END}
    | {P.ALLOWLIST_MANAGE, P.API_KEY_MANAGE, P.OPERATIONS_MANAGE}
)
DECIDING = frozenset({P.ITEM_CLAIM, P.ITEM_DECIDE, P.ITEM_APPROVE})

# What the console may do by itself: jobs and commands of whoever runs the machine. It decides nothing.
SYSTEM = frozenset(
    {P.QUEUE_READ, P.ITEM_READ, P.ITEM_RELEASE_OTHERS, P.FILE_READ, P.FILE_IMPORT, P.ACCOUNT_LOAD}
    | {P.USER_MANAGE, P.ACCESS_REVIEW_START, P.AUDIT_READ, P.AUDIT_VERIFY, P.POLICY_ACTIVATE}
)


class NotAllowed(Exception):
    """The actor lacks the permission."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(f"Your role does not allow this ({permission.value}). Ask an administrator if you need it.")
        self.permission = permission


class NotFromHere(NotAllowed):
    """The actor holds the permission, but not at this address."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(permission)
        self.args = (
            f"This may not be done from your address ({permission.value}). "
            "Come from a network on the allowlist, or ask an administrator.",
        )


def grants_of(actor: Actor) -> tuple[Grant, ...]:
    """Every grant that the actor holds: of built-in roles, then of custom ones."""
    return (*(GRANTS[role] for role in sorted(actor.roles)), *actor.grants)


def permissions_of(actor: Actor) -> frozenset[str]:
    """Everything that the actor may do."""
    if actor.system:
        return frozenset(SYSTEM)
    return _granted(actor) - actor.barred


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the actor holds the permission."""
    return permission in permissions_of(actor)


def require(actor: Actor, permission: Permission) -> None:
    """Raise NotAllowed unless the actor holds the permission."""
    if not may(actor, permission):
        raise (NotFromHere if permission in _granted(actor) & actor.barred else NotAllowed)(permission)


def _granted(actor: Actor) -> frozenset[str]:
    return frozenset().union(*(grant.permissions for grant in grants_of(actor)))


@dataclass(frozen=True)
class Place:
    """Where an item stands: the key of its queue, and its type."""

    queue: str
    item_type: str


@dataclass(frozen=True)
class Reach:
    """A part of the work: keys of queues and item types, None: all of them."""

    queues: frozenset[str] | None
    item_types: frozenset[str] | None

    def covers(self, place: Place) -> bool:
        """Whether an item that stands there belongs to this part."""
        return (self.queues is None or place.queue in self.queues) and (
            self.item_types is None or place.item_type in self.item_types
        )


def conflicting(permissions: Iterable[str]) -> bool:
    """Whether these permissions join administrator powers and deciding powers, which nobody may hold together."""
    held = frozenset(permissions)
    return bool(held & ADMINISTERING) and bool(held & DECIDING)


def reaches(actor: Actor, permission: Permission) -> tuple[Reach, ...] | None:
    """The parts of the work in which the actor holds the permission, one for each grant; None: all of it.

    Each is cut to the person's own bounds. Without the permission there is none.
    """
    if actor.system:
        return None
    own = actor.bounds
    parts = tuple(
        Reach(_both(grant.queues, own.queues), _both(grant.item_types, own.item_types))
        for grant in _granting(actor, permission)
    )
    return None if Reach(None, None) in parts else parts


def limited_reaches(actor: Actor, permission: Permission) -> tuple[tuple[Reach, Decimal | None], ...]:
    """The parts of the work in which the actor holds the permission, each with the largest amount in dollars (None: no
    bound) up to which `within_limit` lets them; one for each grant. For asking of many items at once."""
    own = actor.bounds
    return tuple(
        (
            Reach(_both(grant.queues, own.queues), _both(grant.item_types, own.item_types)),
            min((limit for limit in (grant.amount_limit, own.amount_limit) if limit is not None), default=None),
        )
        for grant in _granting(actor, permission)
    )


def covers(actor: Actor, permission: Permission, place: Place) -> bool:
    """Whether the actor holds the permission for an item that stands there."""
    parts = reaches(actor, permission)
    return parts is None or any(part.covers(place) for part in parts)


def amount_limit(
    actor: Actor, place: Place | None = None, permission: Permission = Permission.ITEM_DECIDE
) -> Decimal | None:
    """The largest amount of a final decision by this actor, in dollars; None where there is no bound.

    The widest grant of `permission` that covers the item's place counts (None: of any), and never more than the
    person's own bound.
    """
    limits = [grant.amount_limit for grant in _granting(actor, permission) if place is None or _reaches(grant, place)]
    widest = None if None in limits else max((limit for limit in limits if limit is not None), default=Decimal(0))
    own = actor.bounds.amount_limit
    if widest is None or own is None:
        return own if widest is None else widest
    return min(widest, own)


def within_limit(
    actor: Actor, amount: Decimal, place: Place | None = None, permission: Permission = Permission.ITEM_DECIDE
) -> bool:
    """Whether the actor alone may end the review of a check of this amount, in dollars, that stands there."""
    limit = amount_limit(actor, place, permission)
    return limit is None or amount <= limit


def _granting(actor: Actor, permission: Permission) -> list[Grant]:
    if permission in actor.barred:
        return []
    return [grant for grant in grants_of(actor) if permission in grant.permissions]


def _reaches(grant: Grant, place: Place) -> bool:
    return Reach(grant.queues, grant.item_types).covers(place)


def _both(granted: frozenset[str] | None, own: frozenset[str] | None) -> frozenset[str] | None:
    """What a role grants (None: all), cut to the person's own."""
    if granted is None or own is None:
        return own if granted is None else granted
    return granted & own
