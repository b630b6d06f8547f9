"""What entries name by its id, as people know it: names and pages of people, checks, files, versions, queues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from console.access.permissions import Permission as P
from console.access.permissions import may
from console.actor import Actor
from db.models import (
    AccessReview,
    ApiKey,
    AuditEntry,
    CheckItem,
    CustomRole,
    FileReceived,
    LegalHold,
    PolicyList,
    PolicyVersion,
    Queue,
    User,
)

# Names by the ids of people.
People = Mapping[str, str]

# The id and the name of each kind of object that has both.
_NAMED: Final[dict[str, tuple[InstrumentedAttribute[UUID], InstrumentedAttribute[Any]]]] = {
    "user": (User.id, User.display_name),
    "item": (CheckItem.id, CheckItem.amount),
    "policy": (PolicyVersion.id, PolicyVersion.number),
    "policy_list": (PolicyList.id, PolicyList.name),
    "file": (FileReceived.id, FileReceived.name),
    "queue": (Queue.id, Queue.name),
    "role": (CustomRole.id, CustomRole.name),
    "api_key": (ApiKey.id, ApiKey.name),
    "legal_hold": (LegalHold.id, LegalHold.matter),
    "access_review": (AccessReview.id, AccessReview.name),
}
_WORDS: Final = {"item": "over {:,.2f}", "policy": "version {}"}
# The page of each kind of object, and who may open it. `{id}`: as the entry has it, `{name}`: as it is named.
_PAGES: Final = {
    "user": ("/people/{id}", P.USER_READ),
    "item": ("/review/{id}", P.ITEM_READ),
    "policy": ("/policy/{name}", P.POLICY_READ),
    "policy_list": ("/policy-lists/{id}", P.POLICY_READ),
    "file": ("/intake", P.FILE_READ),
    "queue": ("/queues", P.QUEUE_MANAGE),
    "role": ("/roles", P.USER_READ),
    "api_key": ("/api-keys", P.API_KEY_MANAGE),
    "legal_hold": ("/legal-holds", P.COMPLIANCE_READ),
    "access_review": ("/access-review/{id}", P.ACCESS_REPORT_READ),
    "access_report": ("/access-review", P.ACCESS_REPORT_READ),
    "access_change": ("/changes", P.USER_READ),
    "allow_rule": ("/allowlist", P.ALLOWLIST_MANAGE),
    "report": ("/reports", P.REPORT_READ),
    "job": ("/operations", P.OPERATIONS_READ),
    "audit_month": ("/operations", P.OPERATIONS_READ),
}


@dataclass(frozen=True)
class Things:
    """Names by kind and id, and the kinds whose pages the actor may open."""

    names: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()

    def name(self, object_type: str, object_id: str) -> str:
        """How it is called; its id where nothing else is known of it."""
        known = self.names.get((object_type, object_id))
        return object_id if known is None else _WORDS.get(object_type, "{}").format(known)

    def link(self, object_type: str, object_id: str) -> str:
        """The address of its page; empty where there is none."""
        known = self.names.get((object_type, object_id))
        if object_type not in self.kinds or (known is None and object_type in _NAMED):
            return ""
        return _PAGES[object_type][0].format(id=quote(object_id, safe=""), name=quote(str(known), safe=""))


async def read_people(session: AsyncSession, rows: Iterable[AuditEntry]) -> People:
    """How those are called who did something, and whom an entry of a check names."""
    people = {row.actor_id for row in rows if row.actor_id is not None}
    people |= {one for row in rows for key in ("held_by", "assigned_to") if (one := id_of((row.after or {}).get(key)))}
    if not people:
        return {}
    found = await session.execute(select(User.id, User.display_name).where(User.id.in_(people)))
    return {str(row.id): row.display_name for row in found}


async def read_things(session: AsyncSession, actor: Actor, rows: Sequence[AuditEntry]) -> Things:
    """What these entries are about: a query for each kind of object among them."""
    names: dict[tuple[str, str], Any] = {}
    for kind in {row.object_type for row in rows} & _NAMED.keys():
        key, name = _NAMED[kind]
        ids = {one for row in rows if row.object_type == kind and (one := id_of(row.object_id))}
        found = await session.execute(select(key, name).where(key.in_(ids)))
        names |= {(kind, str(row[0])): row[1] for row in found}
    return Things(names, frozenset(kind for kind, (_, permission) in _PAGES.items() if may(actor, permission)))


def id_of(text: object) -> UUID | None:
    """The id that this is; None for anything else, as a sign-in under a name that nobody has."""
    try:
        return UUID(str(text))
    except ValueError:
        return None
