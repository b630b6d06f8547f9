"""Two policies' words on the same items, in one pass: the first one's outcomes travel with the facts to the second.

`read_judged` works them out once and counts them in the same statement, which writes nothing: a replica can do it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ARRAY, FromClause, Select, Subquery, Text, bindparam, case, cast, func, null, select, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession

from console.lab.history import COLUMNS
from console.lab.tally import Cell, HourCell, Word
from console.policy.actions import RiskLevel
from console.policy.judgement import Terms
from console.policy.judgement_sql import OUTCOMES, judgement_sql

# What may differ beside review, queue, priority and number of people.
OTHERS: Final = ("risk_level", "rule_hours", "blind", "reason_required", "note_required", "flags", "added")
# What a side is asked for: its name in `judged`, and how it follows from the outcomes.
_SAYS: Final[dict[str, Callable[[Mapping[str, Any]], Any]]] = {
    "review": lambda found: found["needs_review"],
    "two": lambda found: found["two_people"],
    "queue": lambda found: found["queue"],
    "priority": lambda found: found["priority"],
    "hours": lambda found: found["rule_hours"],
    # Something points to the item, so that whoever looks at it looks twice.
    "raised": lambda found: found["risk_level"] < int(RiskLevel.LOW),
}


@dataclass
class Judged:
    """What both say of a part: cells of equal words, each side's by the hour of receipt, and which items differ.

    `differing` are JSON arrays of rows as `keep_differing` takes them.
    """

    cells: list[Cell] = field(default_factory=list)
    was_hours: list[HourCell] = field(default_factory=list)
    now_hours: list[HourCell] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)


def both(was: Terms, now: Terms, items: FromClause, keep: tuple[str, ...] = COLUMNS) -> Subquery:
    """Every row of `items` with `keep`, and the outcomes of both as `was_…` and `now_…`."""
    first = judgement_sql(was, items, (*keep, "facts")).subquery("first")
    said = [first.c[name].label(f"was_{name}") for name in OUTCOMES]
    carried = select(*(first.c[name] for name in (*keep, "facts")), *said).subquery("carried")
    kept = (*keep, *(f"was_{name}" for name in OUTCOMES))
    second = judgement_sql(now, carried, kept).subquery("second")
    again = [second.c[name].label(f"now_{name}") for name in OUTCOMES]
    return select(*(second.c[name] for name in kept), *again).subquery("both")


async def read_together(session: AsyncSession) -> None:
    """Let PostgreSQL share the work of this transaction's statements among its workers: it takes a judgement for cheap,
    because it counts operators and not what they cost."""
    for name in ("parallel_setup_cost", "parallel_tuple_cost"):
        await session.execute(select(func.set_config(name, "0", True)))


async def read_judged(session: AsyncSession, was: Terms, now: Terms, items: FromClause, most: int) -> Judged:
    """Judge the items by both; of those that differ the most recent are listed, at most so many."""
    judged = _judged(was, now, items).cte("judged").prefix_with("materialized")
    parts = _PARTS.bindparams(most=max(0, most)).columns(part=Text, found=Text).subquery("parts")
    found = Judged()
    for part, row in await session.execute(select(parts.c.part, parts.c.found).add_cte(judged)):
        _ADD[part](found, row)
    return found


async def keep_differing(session: AsyncSession, trial_id: Any, institution_id: Any, found: Judged) -> int:
    """Keep which items differ; how many were kept."""
    kept = 0
    for rows in found.differing:
        values = {"trial": trial_id, "institution": institution_id, "rows": rows}
        kept += (await session.execute(_KEEP, values)).rowcount  # type: ignore[attr-defined]  # of an INSERT
    return kept


def _judged(was: Terms, now: Terms, items: FromClause) -> Select[Any]:
    """A row an item: COLUMNS, what each side says, and in what else they differ."""
    found = both(was, now, items)
    columns: list[Any] = [found.c[name] for name in COLUMNS]
    for side in ("was", "now"):
        outcomes = {name: found.c[f"{side}_{name}"] for name in OUTCOMES}
        columns += [says(outcomes).label(f"{side}_{name}") for name, says in _SAYS.items()]
    differing: list[Any] = [
        case((_said(found, "was", name).is_distinct_from(_said(found, "now", name)), bindparam(None, name, Text)))
        for name in OTHERS
    ]
    others = func.array_remove(array(differing, type_=Text), null(), type_=ARRAY(Text))
    return select(*columns, others.label("others"))


def _said(found: Subquery, side: str, name: str) -> Any:
    said = found.c[f"{side}_{name}"]
    return cast(said, ARRAY(Text)) if name in {"flags", "added"} else said


# Of equal words one cell, and of each side's one an hour of receipt: together they would be as many as the items. What
# differs goes by the thousand, as text that only passes through.
_PARTS: Final = text(
    """
    select 'cell' as part, to_jsonb(c)::text as found from (
        select was_review, was_two, was_queue, was_priority, was_raised, now_review, now_two, now_queue, now_priority,
            now_raised, outcome, fraud, cardinality(others) > 0 as others, count(*) as items, sum(amount) as amount
        from judged group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
    ) c
    union all
    select 'was', to_jsonb(h)::text from (
        select date_trunc('hour', received_at) as hour, was_review as review, was_two as two, was_queue as queue,
            was_hours as hours, count(*) as items
        from judged group by 1, 2, 3, 4, 5
    ) h
    union all
    select 'now', to_jsonb(h)::text from (
        select date_trunc('hour', received_at) as hour, now_review as review, now_two as two, now_queue as queue,
            now_hours as hours, count(*) as items
        from judged group by 1, 2, 3, 4, 5
    ) h
    union all
    select 'differing', jsonb_agg(to_jsonb(d) - 'place')::text from (
        select item_id, received_at, was_review, now_review, was_queue, now_queue, was_priority, now_priority, was_two,
            now_two, to_jsonb(others) as others, outcome, fraud,
            row_number() over (order by received_at desc, item_id) as place
        from judged
        where (was_review, was_queue, was_priority, was_two)
                is distinct from (now_review, now_queue, now_priority, now_two)
            or cardinality(others) > 0
        order by received_at desc, item_id limit :most
    ) d group by place / 1000
    """
)
_KEEP: Final = text(
    """
    insert into policy_trial_item (trial_id, item_id, institution_id, received_at, was_review, now_review, was_queue,
        now_queue, was_priority, now_priority, was_two, now_two, others, outcome, fraud)
    select :trial, r.item_id, :institution, r.received_at, r.was_review, r.now_review, r.was_queue, r.now_queue,
        r.was_priority, r.now_priority, r.was_two, r.now_two, r.others, r.outcome, r.fraud
    from jsonb_to_recordset(cast(:rows as jsonb)) as r (item_id uuid, received_at timestamptz, was_review boolean,
        now_review boolean, was_queue text, now_queue text, was_priority integer, now_priority integer,
        was_two boolean, now_two boolean, others jsonb, outcome text, fraud boolean)
    on conflict do nothing
    """
)


def _cell(text_: str) -> Cell:
    row = json.loads(text_, parse_float=Decimal)
    was, now = (
        Word(*(row[f"{side}_{name}"] for name in ("review", "two", "queue", "priority", "raised")))
        for side in ("was", "now")
    )
    return Cell(was, now, row["outcome"], row["fraud"], row["others"], row["items"], Decimal(row["amount"]))


def _hour(text_: str) -> HourCell:
    row = json.loads(text_, parse_float=Decimal)
    hours = None if row["hours"] is None else Decimal(row["hours"])
    hour = datetime.fromisoformat(row["hour"])
    return HourCell(hour, row["review"], row["two"], row["queue"], hours, row["items"])


_ADD: Final[dict[str, Callable[[Judged, str], None]]] = {
    "cell": lambda found, row: found.cells.append(_cell(row)),
    "was": lambda found, row: found.was_hours.append(_hour(row)),
    "now": lambda found, row: found.now_hours.append(_hour(row)),
    "differing": lambda found, row: found.differing.append(row),
}
