"""Two policies' words on the same items, in one pass: the first one's outcomes travel with the facts to the second.

`put_aside` keeps them in a table of the transaction, so that they are worked out once, whatever is asked of them then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from sqlalchemy import (
    ARRAY,
    FromClause,
    Select,
    Subquery,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    null,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable

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


class _CreateTableAs(Executable, ClauseElement):
    """`create temporary table … as`: unlike INSERT it lets PostgreSQL read with several workers."""

    inherit_cache = False

    def __init__(self, query: Select[Any]) -> None:
        self.query = query


@compiles(_CreateTableAs)
def _compile(element: _CreateTableAs, compiler: Any, **options: Any) -> str:
    return f"create temporary table judged on commit drop as {compiler.process(element.query, **options)}"


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


async def put_aside(session: AsyncSession, was: Terms, now: Terms, items: FromClause) -> None:
    """Judge the items by both, into the table `judged`, which goes with the transaction."""
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
    await session.execute(_CreateTableAs(select(*columns, others.label("others"))))


def _said(found: Subquery, side: str, name: str) -> Any:
    said = found.c[f"{side}_{name}"]
    return cast(said, ARRAY(Text)) if name in {"flags", "added"} else said


async def drop_aside(session: AsyncSession) -> None:
    """Make room for the next part in the same transaction."""
    await session.execute(text("drop table judged"))


# Of equal words one cell, and of each side's one an hour of receipt: together they would be as many as the items.
_CELLS: Final = text(
    """
    select was_review, was_two, was_queue, was_priority, was_raised, now_review, now_two, now_queue, now_priority,
        now_raised, outcome, fraud, cardinality(others) > 0 as others, count(*) as items, sum(amount) as amount
    from judged group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
    """
)
_JUDGED: Final = table("judged", *(column(f"{side}_{name}") for side in ("was", "now") for name in _SAYS),
                       column("received_at"))  # fmt: skip
_KEEP: Final = text(
    """
    insert into policy_trial_item (trial_id, item_id, institution_id, received_at, was_review, now_review, was_queue,
        now_queue, was_priority, now_priority, was_two, now_two, others, outcome, fraud)
    select :trial, item_id, :institution, received_at, was_review, now_review, was_queue, now_queue, was_priority,
        now_priority, was_two, now_two, to_jsonb(others), outcome, fraud
    from judged
    where (was_review, was_queue, was_priority, was_two) is distinct from (now_review, now_queue, now_priority, now_two)
        or cardinality(others) > 0
    order by received_at desc, item_id limit :most
    on conflict do nothing
    """
)


async def cells(session: AsyncSession) -> list[Cell]:
    """What lies aside, counted by what is said."""
    return [
        Cell(
            Word(row.was_review, row.was_two, row.was_queue, row.was_priority, row.was_raised),
            Word(row.now_review, row.now_two, row.now_queue, row.now_priority, row.now_raised),
            row.outcome, row.fraud, row.others, row.items, row.amount,
        )
        for row in await session.execute(_CELLS)
    ]  # fmt: skip


async def hour_cells(session: AsyncSession, side: Literal["was", "now"]) -> list[HourCell]:
    """What lies aside, counted by what one side says of when it is due."""
    said = [_JUDGED.c[f"{side}_{name}"] for name in ("review", "two", "queue", "hours")]
    hour = func.date_trunc("hour", _JUDGED.c.received_at)
    query = select(hour, *said, func.count()).group_by(hour, *said)
    return [HourCell._make(row) for row in await session.execute(query)]


async def keep_differing(session: AsyncSession, trial_id: Any, institution_id: Any, most: int) -> int:
    """Keep which items differ, at most so many; how many were kept."""
    if most <= 0:
        return 0
    values = {"trial": trial_id, "institution": institution_id, "most": most}
    return (await session.execute(_KEEP, values)).rowcount  # type: ignore[attr-defined,no-any-return]  # of an INSERT
