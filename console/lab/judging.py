"""Two policies' words on the same items, side by side in one pass.

`Judging` works them out once and counts them in the same statement, which writes nothing: a replica can do it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import FromClause, Integer, Select, Text, case, false, func, literal_column, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from console.lab.history import COLUMNS
from console.lab.tally import Cell, HourCell, Word
from console.policy.actions import RiskLevel
from console.policy.judgement import Terms
from console.policy.judgement_sql import side_by_side
from console.policy.outcomes_sql import Outcomes

# What may differ beside review, queue, priority and number of people; of the last two: which codes are raised.
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


class Judging:
    """Two policies made ready to judge `items`, a statement of `console.lab.history`, over and over."""

    def __init__(self, was: Terms, now: Terms, items: FromClause) -> None:
        judged = both(was, now, items)
        self._counting = _statement(judged, _COUNTED)
        self._listing = _statement(judged, f"{_COUNTED} union all {_DIFFERING}")

    async def read(self, session: AsyncSession, values: Mapping[str, Any], most: int) -> Judged:
        """Judge the items that there are with these values of the statement's parameters.

        Of those that differ the most recent are listed, at most so many.
        """
        found = Judged()
        statement, listed = (self._listing, {"most": most}) if most > 0 else (self._counting, {})
        for part, row in await session.execute(statement, {**values, **listed}):
            _ADD[part](found, row)
        return found


def both(was: Terms, now: Terms, items: FromClause, keep: Sequence[str] = COLUMNS) -> Select[Any]:
    """Every row of `items` with `keep` and its amount, what both say of it as `was_…` and `now_…`, and in what else
    they differ: `others`, a bit for each of OTHERS."""
    found = side_by_side((was, now), items, keep)
    columns = [column.label(name) for name, column in found.kept.items()]
    for side, word in zip(("was", "now"), found.words, strict=True):
        columns += [says(word.columns).label(f"{side}_{name}") for name, says in _SAYS.items()]
    return select(*columns, found.amount.label("amount"), _others(*found.words).label("others"))


async def read_together(session: AsyncSession) -> None:
    """Let PostgreSQL share the work of this transaction's statements on a slice among its workers, and do it well."""
    await session.execute(select(*(func.set_config(name, value, True) for name, value in _TOGETHER.items())))


async def keep_differing(session: AsyncSession, trial_id: Any, institution_id: Any, found: Judged) -> int:
    """Keep which items differ; how many were kept."""
    kept = 0
    for rows in found.differing:
        values = {"trial": trial_id, "institution": institution_id, "named": _NAMED, "rows": rows}
        kept += (await session.execute(_KEEP, values)).rowcount  # type: ignore[attr-defined]  # of an INSERT
    return kept


def _others(was: Outcomes, now: Outcomes) -> Any:
    differs: dict[str, Any] = {
        "flags": _codes_differ(was.flags, now.flags),
        "added": _codes_differ(was.added, now.added),
    }
    for name in OTHERS:
        differs.setdefault(name, was.columns[name].is_distinct_from(now.columns[name]))
    bits = [case((differs[name], _whole(1 << at)), else_=_whole(0)) for at, name in enumerate(OTHERS)]
    return sum(bits[1:], start=bits[0])


def _codes_differ(was: Mapping[str, Any], now: Mapping[str, Any]) -> Any:
    """Whether another set of codes is true. What means the same in both is one column, and cannot differ."""
    pairs = [(was.get(code, false()), now.get(code, false())) for code in sorted({*was, *now})]
    return or_(false(), *(one.is_distinct_from(other) for one, other in pairs if one is not other))


def _statement(judged: Select[Any], parts: str) -> Select[Any]:
    grouped = text(_GROUPED).columns().cte("grouped").prefix_with("materialized")
    found = text(parts).columns(part=Text, found=Text).subquery("parts")
    return select(found.c.part, found.c.found).add_cte(judged.cte("judged"), grouped)


def _whole(value: int) -> Any:
    return literal_column(str(value), Integer)


# It takes a judgement for cheap, because it counts operators and not what they cost: no worker would be asked. A slice
# is counted in memory. And each item's decisions are found by their index: a hash join reads all that there ever were,
# once more for every slice.
_TOGETHER: Final = {
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "work_mem": "64MB",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
# Few rows of many: they are what the rest is counted from.
_GROUPED: Final = """
    select date_trunc('hour', received_at) as hour, was_review, was_two, was_queue, was_priority, was_raised, was_hours,
        now_review, now_two, now_queue, now_priority, now_raised, now_hours, outcome, fraud, others <> 0 as others,
        count(*) as items, sum(amount) as amount
    from judged group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
"""
# Of equal words one cell, and of each side's one an hour of receipt. What differs goes by the thousand, as text that
# only passes through.
_COUNTED: Final = """
    select 'cell' as part, to_jsonb(c)::text as found from (
        select was_review, was_two, was_queue, was_priority, was_raised, now_review, now_two, now_queue, now_priority,
            now_raised, outcome, fraud, others, sum(items)::bigint as items, sum(amount) as amount
        from grouped group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
    ) c
    union all
    select 'was', to_jsonb(h)::text from (
        select hour, was_review as review, was_two as two, was_queue as queue, was_hours as hours,
            sum(items)::bigint as items
        from grouped group by 1, 2, 3, 4, 5
    ) h
    union all
    select 'now', to_jsonb(h)::text from (
        select hour, now_review as review, now_two as two, now_queue as queue, now_hours as hours,
            sum(items)::bigint as items
        from grouped group by 1, 2, 3, 4, 5
    ) h
"""
_DIFFERING: Final = """
    select 'differing', json_agg(to_json(d))::text from (
        select item_id, received_at, was_review, now_review, was_queue, now_queue, was_priority, now_priority, was_two,
            now_two, others, outcome, fraud, (row_number() over (order by received_at desc, item_id)) / 1000 as pack
        from judged
        where (was_review, was_queue, was_priority, was_two)
                is distinct from (now_review, now_queue, now_priority, now_two)
            or others <> 0
        order by received_at desc, item_id limit :most
    ) d group by pack
"""
# What each value of `others` stands for.
_NAMED: Final = json.dumps(
    [[name for at, name in enumerate(OTHERS) if bits >> at & 1] for bits in range(1 << len(OTHERS))]
)
_KEEP: Final = text(
    """
    insert into policy_trial_item (trial_id, item_id, institution_id, received_at, was_review, now_review, was_queue,
        now_queue, was_priority, now_priority, was_two, now_two, others, outcome, fraud)
    select :trial, r.item_id, :institution, r.received_at, r.was_review, r.now_review, r.was_queue, r.now_queue,
        r.was_priority, r.now_priority, r.was_two, r.now_two, cast(:named as jsonb) -> r.others, r.outcome, r.fraud
    from json_to_recordset(cast(:rows as json)) as r (item_id uuid, received_at timestamptz, was_review boolean,
        now_review boolean, was_queue text, now_queue text, was_priority integer, now_priority integer,
        was_two boolean, now_two boolean, others integer, outcome text, fraud boolean)
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
