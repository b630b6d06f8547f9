"""Removes allowlist rules from the machine itself, where they shut out everybody who could change them."""

from __future__ import annotations

from sqlalchemy import delete

from console.access import allowlist
from console.access.allowlist_rules import RuleRefused, rule_facts
from console.access.reason import checked_reason
from console.actor import Actor, system_actor
from console.audit.entries import Event, record
from console.institution import institution_ids
from db.engine import transaction
from db.models import AllowRule


async def clear_everywhere(subject: str | None, reason: str) -> int:
    """Remove the rules of a subject, or all, in every institution of this installation; how many there were.

    For the machine's own command: no guard asks whether an address passes. Running replicas follow within
    `allowlist.FRESH_SECONDS`. Raises RuleRefused where there is no such subject, InvalidPerson without a reason.
    """
    if subject is not None and subject not in allowlist.SUBJECTS:
        raise RuleRefused(f"There is no subject {subject}. Subjects are {', '.join(allowlist.SUBJECTS)}.")
    reason = checked_reason(reason)
    actors = [system_actor(one, "command line") for one in await institution_ids()]
    return sum([await _clear(actor, subject, reason) for actor in actors])


async def _clear(actor: Actor, subject: str | None, reason: str) -> int:
    async with transaction(actor) as session:
        removing = delete(AllowRule).returning(AllowRule)
        if subject is not None:
            removing = removing.where(AllowRule.subject == subject)
        rules = list(await session.scalars(removing))
        for rule in rules:
            before = rule_facts(allowlist.rule_of(rule, None))
            await record(
                session, actor, Event.ALLOW_RULE_REMOVED, "allow_rule", rule.id, before=before, after={"reason": reason}
            )
    return len(rules)
