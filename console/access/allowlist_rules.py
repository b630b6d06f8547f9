"""Changing the allowlist: adding and removing networks, and never so that the administrator is locked out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Network, ip_network
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.access import allowlist
from console.access.allowlist import Network, Rule, Verdict, words_of
from console.access.permissions import Permission, require
from console.access.step_up import require_fresh_code
from console.access.visit import ip_of
from console.actor import Actor
from console.audit.entries import Event, record
from db.engine import after_commit, transaction
from db.models import AllowRule

MAXIMUM_RULES: Final = 200
MAXIMUM_NOTE: Final = 200

_IPV4_IN_IPV6: Final = IPv6Network("::ffff:0:0/96")


class RuleRefused(Exception):
    """The rule cannot be added or removed; the message says why and what to do."""


class LocksYouOut(RuleRefused):
    """The change would leave out the address from which it is made."""

    def __init__(self, actor: Actor, subject: str) -> None:
        super().__init__(
            f"This would lock you out: your own address {actor.address or '(unknown)'} would not pass for "
            f"{words_of(subject)}. Nothing was changed. Allow your own network first."
        )


@dataclass(frozen=True)
class Answer:
    """What the test box says of an address, for every subject that has rules, or for the one asked."""

    subject: str
    verdict: Verdict


def parse_network(text_: str) -> Network:
    """The network that somebody typed: 10.1.0.0/16, 2001:db8::/32, or one address. Raises RuleRefused."""
    typed = text_.strip()
    try:
        network = ip_network(typed)
    except ValueError:
        try:
            meant = ip_network(typed, strict=False)
        except ValueError:
            raise RuleRefused("Write a network such as 10.1.0.0/16 or 2001:db8::/32, or one address.") from None
        raise RuleRefused(f"{typed} is an address within a network: write {meant}, or the address alone.") from None
    if isinstance(network, IPv6Network) and network.subnet_of(_IPV4_IN_IPV6):
        raise RuleRefused("Write an IPv4 network in its own form, such as 10.1.0.0/16.")
    return network


async def list_rules(actor: Actor) -> tuple[Rule, ...]:
    """Every rule, at most MAXIMUM_RULES, by subject and network. Raises NotAllowed."""
    require(actor, Permission.ALLOWLIST_MANAGE)
    return await allowlist.read_rules(actor.institution_id)


async def try_address(actor: Actor, address: str, subject: str | None = None) -> tuple[Answer, ...]:
    """Whether the address would pass, and why: for one subject, or for all that have rules.

    Raises NotAllowed, RuleRefused where it is no address.
    """
    require(actor, Permission.ALLOWLIST_MANAGE)
    if ip_of(address) is None:
        raise RuleRefused("Write an address such as 10.1.2.3 or 2001:db8::7.")
    rules = await allowlist.read_rules(actor.institution_id)
    subjects = [subject] if subject else list(dict.fromkeys(rule.subject for rule in rules))
    return tuple(Answer(one, allowlist.judge(rules, one, address)) for one in subjects)


async def add_rule(actor: Actor, subject: str, network: str, note: str = "") -> Rule:
    """Allow a subject from a network; its first rule shuts out every other address.

    Raises NotAllowed, CodeNeeded, RuleRefused, LocksYouOut.
    """
    require(actor, Permission.ALLOWLIST_MANAGE)
    require_fresh_code(actor)
    if subject not in allowlist.SUBJECTS:
        raise RuleRefused("Choose a role or an operation.")
    parsed, note = parse_network(network), " ".join(note.split())[:MAXIMUM_NOTE]
    async with transaction(actor) as session:
        rules = await _locked_rules(session, actor)
        if len(rules) >= MAXIMUM_RULES:
            raise RuleRefused(f"There are {MAXIMUM_RULES} rules, which is the most. Remove some, or join networks.")
        if any((rule.subject, rule.network) == (subject, parsed) for rule in rules):
            raise RuleRefused(f"{parsed} is allowed for {words_of(subject)} already.")
        rule = Rule(uuid4(), subject, parsed, note, datetime.now(UTC), actor.name)
        _guard(actor, (*rules, rule))
        session.add(
            AllowRule(
                id=rule.id,
                institution_id=actor.institution_id,
                subject=subject,
                network=str(parsed),
                note=note,
                created_at=rule.added_at,
                created_by=actor.user_id,
            )
        )
        await session.flush()
        await record(session, actor, Event.ALLOW_RULE_ADDED, "allow_rule", rule.id, after=rule_facts(rule))
        _read_anew(session, actor)
    return rule


async def remove_rule(actor: Actor, rule_id: UUID, reason: str) -> None:
    """Take a network away; with a subject's last rule every address passes for it.

    Raises NotAllowed, CodeNeeded, RuleRefused, LocksYouOut.
    """
    require(actor, Permission.ALLOWLIST_MANAGE)
    require_fresh_code(actor)
    reason = " ".join(reason.split())[:MAXIMUM_NOTE]
    if not reason:
        raise RuleRefused("Say why the rule is removed.")
    async with transaction(actor) as session:
        rules = await _locked_rules(session, actor)
        removed = next((rule for rule in rules if rule.id == rule_id), None)
        if removed is None:
            raise RuleRefused("This rule is gone already.")
        _guard(actor, tuple(rule for rule in rules if rule.id != rule_id))
        await session.execute(delete(AllowRule).where(AllowRule.id == rule_id))
        before, after = rule_facts(removed), {"reason": reason}
        await record(session, actor, Event.ALLOW_RULE_REMOVED, "allow_rule", rule_id, before=before, after=after)
        _read_anew(session, actor)


def _guard(actor: Actor, rules: tuple[Rule, ...]) -> None:
    """Raise LocksYouOut where, with these rules, this administrator could not undo them from here."""
    for subject in (*allowlist.role_subjects(actor), f"{allowlist.OPERATION}{Permission.ALLOWLIST_MANAGE.value}"):
        if not allowlist.judge(rules, subject, actor.address).passes:
            raise LocksYouOut(actor, subject)


async def _locked_rules(session: AsyncSession, actor: Actor) -> tuple[Rule, ...]:
    # One change at a time: two that each leave a way in could together leave none.
    await session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"allowlist {actor.institution_id}"}
    )
    rows = await session.scalars(select(AllowRule).where(AllowRule.institution_id == actor.institution_id))
    return tuple(allowlist.rule_of(row, None) for row in rows)


def _read_anew(session: AsyncSession, actor: Actor) -> None:
    async def forget() -> None:
        allowlist.forget(actor.institution_id)

    after_commit(session, forget)


def rule_facts(rule: Rule) -> dict[str, str]:
    """What the audit trail keeps of a rule."""
    return {"subject": rule.subject, "network": str(rule.network), "note": rule.note}
