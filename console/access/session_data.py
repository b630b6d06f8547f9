"""What a session is, and how it is written down in Redis."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from console.access.visit import Visit
from console.actor import Actor, Bounds, Grant
from console.roles import Role

MAXIMUM_AGENT = 200


class Stage(StrEnum):
    """How far a sign-in has come; only `full` is anybody."""

    PASSWORD = "password"  # noqa: S105 - the name of a stage
    ENROL = "enrol"
    RECOVERED = "recovered"
    RECOVERY_CODES = "recovery_codes"
    NEW_PASSWORD = "new_password"  # noqa: S105
    FULL = "full"


class EndReason(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed_out"
    IDLE = "idle"
    EXPIRED = "expired"
    ENDED_BY_ADMINISTRATOR = "ended_by_administrator"
    DEACTIVATED = "deactivated"
    ACCESS_CHANGED = "access_changed"
    TOO_MANY_SESSIONS = "too_many_sessions"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason
    CREDENTIALS_RESET = "credentials_reset"
    TOKEN_REUSED = "token_reused"  # noqa: S105
    # Redis forgot it before its time.
    LOST = "lost"


class SignedOut(Exception):
    """The session has ended, or never was."""

    def __init__(self) -> None:
        super().__init__("Your session has ended. Sign in again to go on.")


class SessionServiceUnavailable(Exception):
    """Redis cannot be asked, so nobody can be recognised."""

    def __init__(self) -> None:
        super().__init__(
            "The session service is unavailable, so nobody can be recognised. Nothing was changed, and what you typed "
            "in an open page is kept. Try again in a moment."
        )


@dataclass(frozen=True)
class Person:
    """Whom a session belongs to."""

    institution_id: UUID
    user_id: UUID
    username: str
    display_name: str
    roles: frozenset[Role]
    grants: tuple[Grant, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)


@dataclass(frozen=True)
class Session:
    """A session as it stands at this moment. `reference` names it in public; it opens nothing."""

    person: Person
    stage: Stage
    reference: str
    method: str
    address: str | None
    agent: str
    started_at: datetime
    last_seen_at: datetime
    # So long may the person do nothing.
    idle: timedelta
    # No activity can carry the session beyond this moment.
    ends_at: datetime
    # The moment of the last code of the second factor; None where none was given.
    code_at: datetime | None = None

    def actor(self, visit: Visit | None = None) -> Actor:
        """The person as an actor, at the address of this request where it is known."""
        visit = visit or Visit(self.address)
        return Actor(
            institution_id=self.person.institution_id,
            user_id=self.person.user_id,
            name=self.person.username,
            roles=self.person.roles,
            session=self.reference,
            address=visit.address,
            request_id=visit.request_id,
            grants=self.person.grants,
            bounds=self.person.bounds,
            code_at=self.code_at,
        )

    def idle_until(self) -> datetime:
        """When the session ends unless it is used before."""
        return min(self.last_seen_at + self.idle, self.ends_at)

    def is_final(self) -> bool:
        """Whether no activity carries it any further."""
        return self.ends_at <= self.last_seen_at + self.idle


def fields_of(person: Person, visit: Visit, method: str) -> dict[str, str]:
    """What Redis holds of a new session beside its times, stage and secret."""
    return {
        "institution_id": str(person.institution_id),
        "user_id": str(person.user_id),
        "username": person.username,
        "display_name": person.display_name,
        "roles": ",".join(sorted(person.roles)),
        "access": json.dumps([[_grant_text(grant) for grant in person.grants], _reach_text(person.bounds)]),
        "address": visit.address or "",
        "agent": visit.agent[:MAXIMUM_AGENT],
        "method": method,
    }


def session_from(text: Mapping[str, str]) -> Session:
    """The session that a hash of Redis holds."""
    grants, bounds = json.loads(text["access"])
    person = Person(
        UUID(text["institution_id"]),
        UUID(text["user_id"]),
        text["username"],
        text["display_name"],
        frozenset(Role(role) for role in text["roles"].split(",") if role),
        tuple(Grant(frozenset(grant["permissions"]), **_reach(grant)) for grant in grants),
        Bounds(**_reach(bounds)),
    )
    return Session(
        person=person,
        stage=Stage(text["stage"]),
        reference=text["reference"],
        method=text["method"],
        address=text["address"] or None,
        agent=text["agent"],
        started_at=moment(text["started_at"]),
        last_seen_at=moment(text["last_seen"]),
        idle=timedelta(milliseconds=int(text["idle"])),
        ends_at=moment(text["ends_at"]),
        code_at=moment(text["code_at"]) if "code_at" in text else None,
    )


def milliseconds(span: timedelta) -> int:
    """A span as Redis counts it."""
    return span // timedelta(milliseconds=1)


def moment(text: str) -> datetime:
    """A moment that Redis wrote as milliseconds since 1970."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(text))


def _grant_text(grant: Grant) -> dict[str, Any]:
    return {"permissions": sorted(grant.permissions), **_reach_text(grant)}


def _reach_text(reach: Grant | Bounds) -> dict[str, Any]:
    return {
        "amount_limit": None if reach.amount_limit is None else str(reach.amount_limit),
        "queues": None if reach.queues is None else sorted(reach.queues),
        "item_types": None if reach.item_types is None else sorted(reach.item_types),
    }


def _reach(text: dict[str, Any]) -> dict[str, Any]:
    limit = text["amount_limit"]
    return {
        "amount_limit": None if limit is None else Decimal(limit),
        "queues": None if text["queues"] is None else frozenset(text["queues"]),
        "item_types": None if text["item_types"] is None else frozenset(text["item_types"]),
    }
