"""A document tried on one check that came in: what it says, what the active policy says, and why. Nothing is changed.

A draft may be unfinished: rules that are not valid yet are left out, and thresholds that are not are the active ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.masking import masked
from console.policy.checking import Usable
from console.policy.errors import PolicyRefused
from console.policy.explain import ConditionFound, Truth
from console.policy.fields import FIELDS
from console.policy.judgement import Explanation, Judge, Judgement
from console.policy.kept import facts_from_json
from console.policy.sentences import Names, condition_parts, found_words, in_words
from console.policy.terms import terms_of
from console.policy.versions import Policy, active_policy
from db.engine import transaction
from db.models import CheckItem, Institution, KeptFacts


class NoFacts(PolicyRefused):
    """There is no such check, or nothing is kept of how it came in."""

    def __init__(self) -> None:
        super().__init__("Nothing is known of this check any more. Choose another one; the draft is as it was.")


@dataclass(frozen=True)
class ConditionTried:
    """A condition: what it asks, what was found, and whether it holds; None: that is missing."""

    asks: str
    found: str
    truth: Truth


@dataclass(frozen=True)
class RuleTried:
    """A rule that is in effect, and why it fires or does not."""

    id: str
    name: str
    in_scope: bool
    truth: Truth
    conditions: tuple[ConditionTried, ...]

    @property
    def fired(self) -> bool:
        """Whether it does something on this check."""
        return self.in_scope and self.truth is True


@dataclass(frozen=True)
class Trial:
    """What a document says of a check, beside what the active policy says. `left_out`: rules that are not valid yet."""

    item_id: UUID
    amount: Decimal
    serial: str
    account: str
    payee: str | None
    word: Judgement
    active_word: Judgement
    rules: tuple[RuleTried, ...]
    left_out: tuple[str, ...]


async def try_on(actor: Actor, item_id: UUID, usable: Usable, names: Names) -> Trial:
    """Judge a check by the valid parts of a document as if it came in today. Raises NotAllowed, NoFacts."""
    require(actor, Permission.POLICY_READ)
    require(actor, Permission.ITEM_READ)
    async with transaction(actor) as session:
        row = await _read(session, item_id)
        active = await active_policy(session)
        day = datetime.now(UTC).astimezone(ZoneInfo(row.time_zone)).date()
        draft = Policy(active.id, active.number, usable.document(active.document.thresholds))
        judges = [Judge(await terms_of(session, one, day)) for one in (draft, active)]
    item: CheckItem = row.CheckItem
    facts = {**facts_from_json(row.facts), "amount": item.amount, "item_type": item.item_type}
    explained, now = (judge.explain(facts) for judge in judges)
    return Trial(
        item.id, item.amount, item.serial, masked(item.account_number), item.payee,
        explained.word, now.word, rules_tried(explained, names), usable.left_out,
    )  # fmt: skip


async def _read(session: AsyncSession, item_id: UUID) -> Row[CheckItem, dict[str, Any], str]:
    query = (
        select(CheckItem, KeptFacts.facts, Institution.time_zone)
        .join(KeptFacts, KeptFacts.item_id == CheckItem.id)
        .join(Institution, Institution.id == CheckItem.institution_id)
        .where(CheckItem.id == item_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise NoFacts
    return row


def rules_tried(explained: Explanation, names: Names) -> tuple[RuleTried, ...]:
    """What every rule in effect found, in words."""
    found = []
    for one in explained.rules:
        conditions = tuple(_condition(asked, names) for asked in one.conditions)
        found.append(RuleTried(one.rule.id, one.rule.name, one.in_scope, one.truth, conditions))
    return tuple(found)


def _condition(found: ConditionFound, names: Names) -> ConditionTried:
    field = FIELDS[found.condition.field]
    asks = in_words(condition_parts(found.condition.model_dump(mode="json"), names))
    return ConditionTried(asks, found_words(field, found.value, names), found.truth)
