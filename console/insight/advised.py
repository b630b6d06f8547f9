"""Whether people decide as the advisory systems recommend, and why not. SQL only.

Counted is each first or only signature that ends a review, while advice stood on the check; the newest one counts. An
override is a decision against advice that was sure enough to ask for a reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from console.insight.asked import Asked
from console.review.overrides import OverrideCategory
from console.review.states import Act

_ADVISED: Final = """
    select a.act, d.action = a.act as agreed,
        case when not jsonb_exists(d.details, 'asked_by_rule') then d.details #>> '{{override,category}}' end
            as category,
        count(*) as decisions
    from decision d {join}
    join lateral (
        select act from advice where institution_id = :institution and item_id = d.item_id
          and given_at <= d.decided_at order by sequence desc limit 1
    ) a on true
    where d.institution_id = :institution and d.decided_at >= :since and d.decided_at < :before
      and d.stage in ('decision', 'recommendation') and d.action in ('pay', 'return', 'reject')
    group by 1, 2, 3
"""


@dataclass(frozen=True)
class Advised:
    """How often an act was advised where people decided, how often they did so, and how often they gave a reason
    against it."""

    act: Act
    decisions: int
    agreed: int
    overridden: int


@dataclass(frozen=True)
class Advice:
    """By the act that was advised, and the reasons against the advice by their category."""

    acts: tuple[Advised, ...]
    categories: Mapping[OverrideCategory, int]


async def read_advice(session: AsyncSession, asked: Asked) -> Advice:
    """What was advised and decided in the period."""
    rows = (await session.execute(text(asked.scope.of_acts(_ADVISED)), asked.values())).all()
    decisions, agreed, overridden = Counter[Act](), Counter[Act](), Counter[Act]()
    categories = Counter[OverrideCategory]()
    for row in rows:
        act = Act(row.act)
        decisions[act] += row.decisions
        agreed[act] += row.decisions if row.agreed else 0
        if row.category and not row.agreed:
            overridden[act] += row.decisions
            categories[OverrideCategory(row.category)] += row.decisions
    acts = tuple(Advised(act, decisions[act], agreed[act], overridden[act]) for act in Act if decisions[act])
    return Advice(acts, dict(categories))
