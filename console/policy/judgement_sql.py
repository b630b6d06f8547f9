"""What a policy says of all items: `judgement.py` as one SQL statement, a column for each outcome.

Levels stand inside each other, each worked out once for a row: the facts in their types, the built-in flags, the
queue that the item would be in, the rules that fire, and the outcomes. OFFSET 0 keeps PostgreSQL from writing a level's
expressions into the next one as often as they are named there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    FromClause,
    Integer,
    Numeric,
    Select,
    Subquery,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    collate,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import array

from console.policy.actions import (
    AddFlag,
    Blind,
    Priority,
    RequireDualControl,
    RequireNote,
    RequireReason,
    RiskLevel,
    SetPriority,
    SetRiskLevel,
    SetSlaHours,
    SkipReview,
)
from console.policy.compile import Column, Columns, Truth, fact, fields_of, truth_of
from console.policy.fields import FLAG_CODES
from console.policy.flag_conditions import URGENT_FLAGS, flag_conditions
from console.policy.judgement import Terms
from console.policy.model import Rule
from console.policy.values import folded

OUTCOMES: Final = (
    "needs_review",
    "queue",
    "priority",
    "risk_level",
    "rule_hours",
    "two_people",
    "blind",
    "reason_required",
    "note_required",
    "flags",
    "added",
    "fired",
)


def judgement_sql(
    terms: Terms, items: FromClause, keep: Sequence[str] = ("item_id",), queue: str | None = None
) -> Select[Any]:
    """The word on every row of `items`, which has a column `facts`: the columns of `keep`, then OUTCOMES.

    `queue` names the column of `items` with the key of the queue in which the item is; None: the queue in which it
    would come in. `priority` and `risk_level` are numbers, the smaller the more urgent; `flags`, `added` and `fired`
    arrays of codes and of rules' ids; `rule_hours` is NULL where no rule sets any.
    """
    given = _given(terms, items, keep, queue)
    flagged = _flagged(terms, given)
    placed = _placed(terms, flagged)
    fired = _fired(terms, placed)
    kept = [fired.c[f"kept_{name}"].label(name) for name in keep]
    return select(*kept, *_Word(terms, fired).columns())


def _level(name: str, query: Select[Any]) -> Subquery:
    return query.offset(_ZERO).subquery(name)


def _given(terms: Terms, items: FromClause, keep: Sequence[str], queue: str | None) -> Subquery:
    """The facts that anything asks for, each in its own type."""
    nodes = [*flag_conditions(terms.document.thresholds).values(), *(rule.when for rule in terms.rules)]
    names = {"amount", "item_type", "account_type", *fields_of([*nodes, *(one.criteria.node for one in terms.routes)])}
    kept = [items.c[name].label(f"kept_{name}") for name in keep]
    here = cast(items.c[queue] if queue else null(), Text).label("here")
    return _level("given", select(*kept, here, *(fact(items.c.facts, name).label(name) for name in sorted(names))))


def _flagged(terms: Terms, given: Subquery) -> Subquery:
    """With a column for each built-in flag: raised or not."""
    columns = Columns(given.c, {})
    found = [
        _true(truth_of(node, columns, terms.lists)).label(f"flag_{code}")
        for code, node in flag_conditions(terms.document.thresholds).items()
    ]
    return _level("flagged", select(given, *found))


def _placed(terms: Terms, flagged: Subquery) -> Subquery:
    """With the queue whose own criteria want the item, and the one that scopes look at."""
    columns = _columns(flagged)
    routes = [(truth_of(one.criteria.node, columns, terms.lists), _text(one.queue)) for one in terms.routes]
    own = case(*routes, else_=null()) if routes else null()
    default = _default_queue(_priority(terms, flagged, _any_flag(flagged)))
    here = func.coalesce(flagged.c.here, own, default)
    return _level("placed", select(flagged, cast(own, Text).label("own"), here.label("place")))


def _fired(terms: Terms, placed: Subquery) -> Subquery:
    """With a column for each rule: fires or not."""
    columns = _columns(placed)
    found = [
        _true(and_(*_scope(rule, placed), truth_of(rule.when, columns, terms.lists))).label(f"rule_{at}")
        for at, rule in enumerate(terms.rules)
    ]
    return _level("fired", select(placed, *found))


def _scope(rule: Rule, placed: Subquery) -> Iterator[Truth]:
    scope = rule.scope
    if scope.item_types:
        yield placed.c.item_type == any_(_texts(scope.item_types))
    if scope.account_types:
        folded_types = tuple(map(folded, scope.account_types))
        yield func.lower(collate(placed.c.account_type, "C")) == any_(_texts(folded_types))
    if scope.queues:
        yield placed.c.place == any_(_texts(scope.queues))


class _Word:
    """The outcomes, out of the level at which it is known which rules fire."""

    def __init__(self, terms: Terms, fired: Subquery) -> None:
        self.terms, self.row = terms, fired
        self.added = self._adding()
        self.standing = or_(_any_flag(fired), self._where(lambda action: isinstance(action, AddFlag)))

    def columns(self) -> list[Column]:
        thresholds = self.terms.document.thresholds
        two_people = or_(self._does(RequireDualControl), self.row.c.amount >= _number(thresholds.dual_control_amount))
        more = self._where(lambda action: not isinstance(action, SkipReview))
        priority = self._least(_priority(self.terms, self.row, self.standing), SetPriority, lambda one: one.priority)
        risk = self._least(self._risk(), SetRiskLevel, lambda one: one.level)
        targets = [
            (self.row.c[f"rule_{at}"], _text(key))
            for at, rule in enumerate(self.terms.rules)
            if (key := self.terms.target(rule))
        ]
        default = func.coalesce(self.row.c.own, _default_queue(priority))
        words: dict[str, Column] = {
            "needs_review": or_(not_(self._does(SkipReview)), more, two_people, self.standing),
            "queue": case(*targets, else_=default) if targets else default,
            "priority": priority,
            "risk_level": risk,
            "rule_hours": self._hours(),
            "two_people": two_people,
            "blind": or_(self._does(Blind), _YES if thresholds.blind_second_review else _NO),
            "reason_required": self._does(RequireReason),
            "note_required": self._does(RequireNote),
            "flags": _those_true({code: self.row.c[f"flag_{code}"] for code in FLAG_CODES}),
            "added": _those_true(self.added),
            "fired": _those_true({rule.id: self.row.c[f"rule_{at}"] for at, rule in enumerate(self.terms.rules)}),
        }
        return [words[name].label(name) for name in OUTCOMES]

    def _actions(self) -> Iterator[tuple[Truth, Any]]:
        for at, rule in enumerate(self.terms.rules):
            for action in rule.then:
                yield self.row.c[f"rule_{at}"], action

    def _where(self, asked: Callable[[Any], bool]) -> Truth:
        """Whether a rule that fires has such an action."""
        fires = {str(fired): fired for fired, action in self._actions() if asked(action)}
        return or_(_NO, *fires.values())

    def _does(self, action: type) -> Truth:
        return self._where(lambda one: isinstance(one, action))

    def _adding(self) -> dict[str, Truth]:
        """For each code that rules add, whether one of them fires; by the codes, as `Judgement.added` is."""
        found: dict[str, Truth] = {}
        for fired, action in self._actions():
            if isinstance(action, AddFlag):
                found[action.code] = or_(found[action.code], fired) if action.code in found else fired
        return dict(sorted(found.items()))

    def _least(self, first: Column, action: type, level: Callable[[Any], str]) -> Column:
        """The most urgent of what thresholds and rules say. LEAST passes over NULL."""
        said = [
            case((fired, _whole(Priority[level(one).upper()])))
            for fired, one in self._actions()
            if isinstance(one, action)
        ]
        return func.least(first, *said) if said else first

    def _risk(self) -> Column:
        urgent = _some_flag(self.row, URGENT_FLAGS)
        return case(
            (urgent, _whole(RiskLevel.HIGH)), (self.standing, _whole(RiskLevel.MEDIUM)), else_=_whole(RiskLevel.LOW)
        )

    def _hours(self) -> Column:
        said = [case((fired, _number(one.hours))) for fired, one in self._actions() if isinstance(one, SetSlaHours)]
        return func.least(*said) if said else cast(null(), Numeric)


def _priority(terms: Terms, row: Subquery, standing: Truth) -> Column:
    """What the thresholds alone say, where `standing` says whether any flag stands."""
    large = row.c.amount >= _number(terms.document.thresholds.high_priority_amount)
    return case(
        (and_(large, standing), _whole(Priority.CRITICAL)),
        (or_(large, _some_flag(row, URGENT_FLAGS)), _whole(Priority.HIGH)),
        (standing, _whole(Priority.MEDIUM)),
        else_=_whole(Priority.LOW),
    )


def _default_queue(priority: Column) -> Column:
    return case((priority <= _whole(Priority.HIGH), _text("high_priority")), else_=_text("standard"))


def _columns(row: Subquery) -> Columns:
    return Columns(row.c, {code: row.c[f"flag_{code}"] for code in FLAG_CODES})


def _some_flag(row: Subquery, codes: Iterable[str]) -> Truth:
    return or_(*(row.c[f"flag_{code}"] for code in sorted(codes)))


def _any_flag(row: Subquery) -> Truth:
    return _some_flag(row, FLAG_CODES)


def _true(truth: Truth) -> Truth:
    return func.coalesce(truth, _NO)


def _those_true(found: Mapping[str, Truth]) -> Column:
    """The names of what is true, as an array."""
    if not found:
        return literal_column("'{}'::text[]", ARRAY(Text))
    named: Column = array([case((truth, _text(name))) for name, truth in found.items()], type_=Text)
    return func.array_remove(named, null(), type_=ARRAY(Text))


def _text(value: str) -> Column:
    return bindparam(None, value, Text)


def _texts(values: Iterable[str]) -> Column:
    return bindparam(None, list(values), ARRAY(Text))


def _number(value: Decimal) -> Column:
    return bindparam(None, value, Numeric)


def _whole(value: int) -> Column:
    return literal_column(str(int(value)), Integer)


_NO: Final[Truth] = literal_column("false", Boolean)
_YES: Final[Truth] = literal_column("true", Boolean)
# As text, so that it is a bigint from the beginning: behind a cast PostgreSQL takes it for a limit, and reads with one
# process alone.
_ZERO: Final = literal_column("'0'", Integer)
