"""From which networks somebody of a role may come, and from which a sensitive operation may be done.

A subject without a rule is allowed from anywhere; with rules, from any of their networks. What a person may not do
from where they are is barred in the actor itself, so that every service, page and route refuses it by its own check
of the permission.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from console.access.permissions import ADMINISTERING, Permission, grants_of
from console.access.session_data import Person
from console.access.visit import ip_of
from console.actor import Actor, system_actor
from console.roles import Role
from db.engine import transaction
from db.models import AllowRule, User

ROLE: Final = "role:"
OPERATION: Final = "operation:"
P = Permission
# What can be bound to networks by itself, apart from who does it.
SENSITIVE: Final = {
    P.USER_MANAGE: "managing people",
    P.ROLE_MANAGE: "changing roles",
    P.ACCESS_CHANGE_APPROVE: "approving changes of access",
    P.MFA_MANAGE: "managing second factors",
    P.SESSION_END: "ending others’ sessions",
    P.ALLOWLIST_MANAGE: "changing the allowlist",
    P.API_KEY_MANAGE: "managing API keys",
    P.ACCESS_REPORT_READ: "reading and exporting who can do what",
    P.FILE_IMPORT: "importing files",
    P.ACCOUNT_LOAD: "loading account data",
    P.ITEM_DECIDE: "deciding checks",
    P.ITEM_APPROVE: "confirming decisions",
    P.ACCOUNT_NUMBER_READ: "seeing full account numbers",
    P.AUDIT_READ: "reading the audit trail",
    P.EVIDENCE_EXPORT: "exporting evidence",
    P.LEGAL_HOLD_MANAGE: "placing and lifting legal holds",
    P.POLICY_APPROVE: "approving the policy",
    P.POLICY_ACTIVATE: "activating the policy",
    P.POLICY_LISTS: "changing the policy’s lists",
    P.ACCESS_REVIEW_DECIDE: "deciding access reviews",
    P.OPERATIONS_MANAGE: "running and pausing jobs",
}
SUBJECTS: Final = (*(f"{ROLE}{role.value}" for role in Role), *(f"{OPERATION}{one.value}" for one in SENSITIVE))
EVERYTHING: Final = frozenset(permission.value for permission in Permission)
# A change reaches every replica within this time.
FRESH_SECONDS: Final = 2.0
# So long a message of a page waits for it at most.
ASK_SECONDS: Final = 1.5
# Networks that a verdict names.
SHOWN: Final = 5

Network = IPv4Network | IPv6Network

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Rule:
    """A network from which a subject is allowed. `added_by` is None where a command made it."""

    id: UUID
    subject: str
    network: Network
    note: str
    added_at: datetime
    added_by: str | None


@dataclass(frozen=True)
class Verdict:
    """Whether an address passes for a subject, and why."""

    passes: bool
    why: str


def words_of(subject: str) -> str:
    """A subject in words."""
    kind, _, name = subject.partition(":")
    return f"the role {name}" if f"{kind}:" == ROLE else SENSITIVE.get(Permission(name), name)


def judge(rules: Iterable[Rule], subject: str, address: str | None) -> Verdict:
    """Whether these rules let the address pass for the subject."""
    own = [rule for rule in rules if rule.subject == subject]
    ip = ip_of(address)
    if not own:
        return Verdict(True, f"There is no rule for {words_of(subject)}: every address passes.")
    if ip is None:
        return Verdict(False, f"{address or 'No address'} is not an IP address.")
    for rule in own:
        if ip in rule.network:
            note = f" ({rule.note})" if rule.note else ""
            return Verdict(True, f"{ip} is in {rule.network}{note}, which is allowed for {words_of(subject)}.")
    networks = ", ".join(str(rule.network) for rule in own[:SHOWN]) + (" and more" if len(own) > SHOWN else "")
    return Verdict(False, f"{ip} is in no network that is allowed for {words_of(subject)}: {networks}.")


def barred(rules: Sequence[Rule], actor: Actor) -> frozenset[str]:
    """The permissions that nobody of the actor's roles has at the actor's address; all of them where a role's own
    rules leave the address out."""
    if any(not judge(rules, subject, actor.address).passes for subject in role_subjects(actor)):
        return EVERYTHING
    return frozenset(
        rule.subject.removeprefix(OPERATION)
        for rule in rules
        if rule.subject.startswith(OPERATION) and not judge(rules, rule.subject, actor.address).passes
    )


def role_subjects(actor: Actor) -> list[str]:
    """The role subjects that bind the actor. Who administers through a custom role counts as administrator."""
    roles = {role.value for role in actor.roles}
    if any(grant.permissions & ADMINISTERING for grant in grants_of(actor)):
        roles.add(Role.ADMINISTRATOR.value)
    return [f"{ROLE}{role}" for role in sorted(roles)]


def is_shut_out(actor: Actor) -> bool:
    """Whether the actor may do nothing at all from this address."""
    return actor.barred >= EVERYTHING


async def placed(actor: Actor) -> Actor:
    """The actor without what may not be done from this address."""
    rules = await _rules(actor.institution_id)
    return replace(actor, barred=barred(rules, actor)) if rules else actor


async def rules_of(institution_id: UUID) -> tuple[Rule, ...]:
    """The rules by which `barred` judges, as `placed` knows them."""
    return await _rules(institution_id)


async def allows_sign_in(person: Person, address: str | None) -> bool:
    """Whether the person's roles may come from this address."""
    actor = Actor(person.institution_id, person.user_id, person.username, person.roles, grants=person.grants)
    rules = await _rules(person.institution_id)
    return all(judge(rules, subject, address).passes for subject in role_subjects(actor))


async def read_rules(institution_id: UUID) -> tuple[Rule, ...]:
    """Every rule of the institution as the database has them now, by subject and network."""
    async with transaction(system_actor(institution_id, "allowlist")) as session:
        query = select(AllowRule, User.display_name).outerjoin(User, User.id == AllowRule.created_by)
        rows = (await session.execute(query.order_by(AllowRule.subject, AllowRule.network))).all()
    return tuple(rule_of(row.AllowRule, row.display_name) for row in rows)


def rule_of(row: AllowRule, added_by: str | None) -> Rule:
    """A row as a rule."""
    return Rule(row.id, row.subject, ip_network(str(row.network)), row.note, row.created_at, added_by)


def forget(institution_id: UUID) -> None:
    """Read the institution's rules anew at the next question."""
    _known.pop(institution_id, None)
    _reading.pop(institution_id, None)


_known: dict[UUID, tuple[float, tuple[Rule, ...]]] = {}
_reading: dict[UUID, asyncio.Future[tuple[Rule, ...]]] = {}


async def _read(institution_id: UUID, seconds: float | None) -> tuple[Rule, ...]:
    """The rules. Raises TimeoutError after so many seconds, while one that reads goes on: the next one waits for it
    too, so that a database that hangs does not use up the connections."""
    reading = _reading.get(institution_id)
    if reading is None or reading.get_loop() is not asyncio.get_running_loop():
        reading = _reading[institution_id] = asyncio.ensure_future(read_rules(institution_id))
        reading.add_done_callback(partial(_has_read, institution_id))
    # Not cancelled: a driver waits on for a server that is stopped.
    done, _ = await asyncio.wait({reading}, timeout=seconds)
    if not done:
        raise TimeoutError
    return reading.result()


def _has_read(institution_id: UUID, reading: asyncio.Future[tuple[Rule, ...]]) -> None:
    if _reading.get(institution_id) is reading:
        del _reading[institution_id]
    if not reading.cancelled():
        reading.exception()  # seen, also where nobody waits any more


async def _rules(institution_id: UUID) -> tuple[Rule, ...]:
    """The rules, at most FRESH_SECONDS old; older ones only while the database cannot be asked, since without it
    nothing can be done anyway and nothing can have changed."""
    known = _known.get(institution_id)
    now = time.monotonic()
    if known is None or now - known[0] > FRESH_SECONDS:
        if known is not None:
            # Whoever else asks meanwhile goes by these: one reads for all.
            _known[institution_id] = now, known[1]
        try:
            known = now, await _read(institution_id, ASK_SECONDS if known else None)
        except (OperationalError, PoolTimeout, TimeoutError) as error:
            if known is None:
                raise
            _log.warning("allowlist not read", error=type(error).__name__)
            known = now, known[1]
        _known[institution_id] = known
    return known[1]
