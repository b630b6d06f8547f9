"""One threshold swept over a range: what every point of it would have meant, from one pass over the history.

A threshold is asked in one condition, and moving it the one way lets that condition hold of ever more items. So each
item is judged twice, where the condition holds as far as any point lets it and where it holds least, and the number of
points at which it does hold says which of the two is its judgement at each of them: exact at every point.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import Integer, Select, case, cast, func, literal, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from console.access.permissions import Permission, require
from console.actor import Actor
from console.lab.errors import BadTrial
from console.lab.history import Slice, count_days, history
from console.lab.judging import both, read_together
from console.lab.replay import MAX_DAYS
from console.lab.running import run, terms_of_trial, today
from console.lab.trials import TrialKind, begin_trial
from console.policy.compile import Columns, fact, fields_of, truth_of
from console.policy.conditions import AnyNode, Condition
from console.policy.drafting import SavedDraft, open_draft, save_draft
from console.policy.flag_conditions import flag_conditions
from console.policy.judgement import Terms
from console.policy.model import PolicyDocument, Thresholds
from console.policy.operators import Operator
from console.review.office import office_of
from db.engine import transaction
from db.models import PolicyTrial, PolicyVersion

POINTS: Final = 25
# No threshold has so many digits; a number that is short to type may have a thousand million of them.
_FARTHEST: Final = Decimal("1e12")
# The flag whose condition asks for the threshold; None: the amount itself, and no flag.
SWEPT: Final[dict[str, str | None]] = {
    "dual_control_amount": None,
    "high_priority_amount": None,
    "unusual_amount_factor": "unusual_amount",
    "new_account_amount": "new_account_large",
    "new_account_days": "new_account_large",
    "serial_gap": "serial_gap",
    "checks_in_7_days": "velocity",
    "duplicate_window_days": "duplicate_presentment",
    "stale_months": "stale_dated",
}
# The larger they are, the more of the history meets them; of the others the less.
_WIDENING: Final = frozenset({"new_account_days", "duplicate_window_days"})


class Point(BaseModel):
    """What a value of the threshold would have meant, in checks; in dollars: known fraud that one person alone saw."""

    value: Decimal
    reviewed: int = 0
    two_people: int = 0
    raised: int = 0
    fraud_caught: int = 0
    fraud_missed: int = 0
    one_person_amount: Decimal = Decimal(0)


class Sweep(BaseModel):
    """The curve of a threshold: a point for each value, in order; over so many items and days, `busy` of which are
    those on which checks came."""

    threshold: str
    days: int
    busy: int = 0
    items: int = 0
    fraud: int = 0
    points: list[Point]


def points_of(threshold: str, low: Decimal, high: Decimal, now: Decimal) -> list[Decimal]:
    """Values from one end to the other, at most POINTS of them, the present one among them. Raises BadTrial."""
    if threshold not in SWEPT:
        raise BadTrial("This threshold cannot be swept: it decides nothing about which checks are looked at.")
    if not low < high:
        raise BadTrial("The range begins above its end.")
    if not -_FARTHEST < low < high < _FARTHEST:
        raise BadTrial("The range reaches farther than any threshold may. Choose ends that one could have.")
    places = Decimal("0.01") if threshold == "unusual_amount_factor" else Decimal(1)
    step = (high - low) / (POINTS - 1)
    values = {(low + step * at).quantize(places) for at in range(POINTS)}
    nearest = min(values, key=lambda one: abs(one - now))
    if low <= now <= high and now not in values and nearest not in {min(values), max(values)}:
        values = values - {nearest} | {now}
    return sorted(values)


async def start_sweep(actor: Actor, version_id: UUID, threshold: str, low: Decimal, high: Decimal, days: int) -> UUID:
    """Begin a sweep of one threshold of a version from `low` to `high` over the last `days`; its id.

    Raises NotAllowed, BadTrial, VersionNotFound, NothingToTry, AlreadyRunning.
    """
    require(actor, Permission.POLICY_EDIT)
    if not 1 <= days <= MAX_DAYS:
        raise BadTrial(f"Choose between 1 and {MAX_DAYS} days.")
    async with transaction(actor) as session:
        version = await session.get(PolicyVersion, version_id)
        now = Decimal(str(version.document["thresholds"].get(threshold, low))) if version else low
        values = points_of(threshold, low, high, now)
        if version is not None:
            for value in (values[0], values[-1]):
                with_threshold(PolicyDocument.model_validate(version.document), threshold, value)
        subject = {"threshold": threshold, "points": [str(one) for one in values]}
        day = today((await office_of(session)).zone)
        trial = await begin_trial(session, actor, version_id, TrialKind.SWEEP, days=days, day=day, subject=subject)
        return trial.id


async def run_sweep(actor: Actor, trial_id: UUID) -> None:
    """Do a sweep that was begun. Raises NotAllowed."""
    require(actor, Permission.POLICY_EDIT)
    await run(actor, trial_id, _Sweep(actor, trial_id))


async def set_threshold(actor: Actor, version_id: UUID, threshold: str, value: Decimal, revision: int) -> SavedDraft:
    """Set a draft's threshold to a point of the curve, as it was seen at `revision`.

    Raises NotAllowed, BadTrial, VersionNotFound, NotADraft, ChangedMeanwhile, InvalidDocument.
    """
    require(actor, Permission.POLICY_EDIT)
    if threshold not in SWEPT:
        raise BadTrial("There is no such threshold.")
    document = (await open_draft(actor, version_id)).document
    document["thresholds"] = {**document["thresholds"], threshold: _plain(threshold, value)}
    return await save_draft(actor, version_id, document, revision)


def with_threshold(document: PolicyDocument, threshold: str, value: Decimal) -> PolicyDocument:
    """The document with another value of the threshold. Raises BadTrial where it cannot have it."""
    given = document.thresholds.model_dump() | {threshold: _plain(threshold, value)}
    try:
        return document.model_copy(update={"thresholds": Thresholds.model_validate(given)})
    except ValidationError as error:
        raise BadTrial(f"{value:,f} cannot be the threshold: {error.errors()[0]['msg']}.") from error


def _plain(threshold: str, value: Decimal) -> Any:
    whole = Thresholds.model_fields[threshold].annotation is int
    return int(value) if whole else f"{value:f}"


class _Sweep:
    def __init__(self, actor: Actor, trial_id: UUID) -> None:
        self._actor, self._trial_id = actor, trial_id
        self._sweep: Sweep
        self._query: Select[Any]

    async def begin(self, session: AsyncSession, whole: Slice) -> None:
        trial = await session.get_one(PolicyTrial, self._trial_id)
        _, terms = await terms_of_trial(session, trial)
        subject: dict[str, Any] = trial.subject or {}
        points = [Point(value=Decimal(one)) for one in subject["points"]]
        busy = await count_days(session, self._actor.institution_id, whole, (await office_of(session)).zone)
        days = (whole.before - whole.since).days
        self._sweep = Sweep(threshold=subject["threshold"], days=days, busy=busy, points=points)
        self._query = sweep_sql(terms, subject["threshold"], [one.value for one in points], history())

    async def read(self, session: AsyncSession, part: Slice) -> list[Any]:
        await read_together(session)
        return list(await session.execute(self._query, part.of(self._actor.institution_id)))

    async def keep(self, session: AsyncSession, found: list[Any]) -> int:
        before = self._sweep.items
        for row in found:
            add_row(self._sweep, row)
        return self._sweep.items - before

    def result(self) -> dict[str, Any]:
        return self._sweep.model_dump(mode="json")


def sweep_sql(terms: Terms, threshold: str, values: Sequence[Decimal], items: Any) -> Select[Any]:
    """Rows of equal words: at how many points the condition holds, both judgements, and how many items there are."""
    most, least = (values[0], values[-1]) if threshold not in _WIDENING else (values[-1], values[0])
    ends = [_terms_at(terms, threshold, value) for value in (most, least)]
    nodes = [_node(terms.document, threshold, value) for value in values]
    known = {name: fact(items.c.facts, name) for name in fields_of(nodes)}
    columns = Columns(known, {})  # type: ignore[arg-type]  # by name, as those of a table
    level: Any = cast(literal(0), Integer)
    for node in nodes:
        level = level + case((truth_of(node, columns, terms.lists), 1), else_=0)
    levelled = select(items, level.label("level")).offset(literal_column("'0'", Integer)).subquery("levelled")
    found = both(ends[0], ends[1], levelled, ("fraud", "level")).subquery("found")
    words: list[Any] = [found.c.level, found.c.fraud]
    for side in ("was", "now"):
        words += [found.c[f"{side}_{name}"] for name in ("review", "two", "raised")]
    return select(*words, func.count(), func.sum(found.c.amount)).group_by(*words)


def add_row(sweep: Sweep, row: Any) -> None:
    """Count a row of `sweep_sql` at every point."""
    level, fraud, *said, items, amount = row
    sweep.items += items
    sweep.fraud += items * fraud
    count = len(sweep.points)
    for at, point in enumerate(sweep.points):
        # It holds at the first `level` points, or at the last where a larger value lets more through.
        holds = at >= count - level if sweep.threshold in _WIDENING else at < level
        review, two, raised = said[:3] if holds else said[3:]
        point.reviewed += items * review
        point.two_people += items * (review and two)
        point.raised += items * raised
        if fraud:
            point.fraud_caught += items * (review and (raised or two))
            point.fraud_missed += items * (not review)
            point.one_person_amount += amount if review and not two else 0


def _terms_at(terms: Terms, threshold: str, value: Decimal) -> Terms:
    document = with_threshold(terms.document, threshold, value)
    return Terms(document, terms.day, terms.lists, terms.routes, terms.queues)


def _node(document: PolicyDocument, threshold: str, value: Decimal) -> AnyNode:
    flag = SWEPT[threshold]
    if flag is None:
        return Condition(field="amount", op=Operator.GREATER_OR_EQUAL, value=value)
    return flag_conditions(with_threshold(document, threshold, value).thresholds)[flag]
