"""What policies say of all items: `judgement.py` as one SQL statement, a column for each outcome.

Levels stand inside each other, each worked out once for a row: the facts in their types, the conditions on which more
than one tree stands, the built-in flags, the queue that the item would be in, and the rules that fire. OFFSET 0 keeps
PostgreSQL from writing a level's expressions into the next one as often as they are named there. Several policies judge
side by side: what means the same in both is one column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ARRAY,
    FromClause,
    Integer,
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
    null,
    select,
)

from console.policy.compile import Column, Columns, Truth, fact, fields_of, meaning_of, truth_of
from console.policy.conditions import AnyNode, conditions_of
from console.policy.fields import FLAGS
from console.policy.flag_conditions import flag_conditions
from console.policy.judgement import Terms
from console.policy.model import Rule
from console.policy.outcomes_sql import NO, OUTCOMES, Outcomes, any_flag, default_queue, priority_of, text_of
from console.policy.values import folded

# By what a condition means, the column that has its answer.
_Answers = Mapping[Hashable, str]


def judgement_sql(
    terms: Terms, items: FromClause, keep: Sequence[str] = ("item_id",), queue: str | None = None
) -> Select[Any]:
    """The word on every row of `items`, which has a column `facts`: the columns of `keep`, then OUTCOMES.

    `queue` names the column of `items` with the key of the queue in which the item is; None: the queue in which it
    would come in. `priority` and `risk_level` are numbers, the smaller the more urgent; `flags`, `added` and `fired`
    arrays of codes and of rules' ids; `rule_hours` is NULL where no rule sets any.
    """
    judged = side_by_side([terms], items, keep, queue)
    kept = [column.label(name) for name, column in judged.kept.items()]
    return select(*kept, *(judged.words[0].columns[name].label(name) for name in OUTCOMES))


class SideBySide(NamedTuple):
    """What each of several policies says of a row, its columns that are kept, and the amount that was judged by."""

    kept: dict[str, Column]
    amount: Column
    words: list[Outcomes]


def side_by_side(
    policies: Sequence[Terms], items: FromClause, keep: Sequence[str], queue: str | None = None
) -> SideBySide:
    """The words of several policies on every row of `items`, as `judgement_sql` says that of one."""
    given = _given(policies, items, keep, queue)
    asked, answers = _asked(policies, given)
    flagged, flags = _flagged(policies, asked, answers)
    placed, places = _placed(policies, flagged, flags, answers)
    fired, rules = _fired(policies, placed, flags, places, answers)
    words = [
        Outcomes(terms, fired.c.amount, _those(fired, codes), [fired.c[name] for name in fires], fired.c[place.own])
        for terms, codes, fires, place in zip(policies, flags, rules, places, strict=True)
    ]
    return SideBySide({name: fired.c[f"kept_{name}"] for name in keep}, fired.c.amount, words)


class _Once:
    """The columns that a level adds: expressions of one meaning are one column."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: dict[Hashable, Column] = {}

    def add(self, meaning: Hashable, expression: Column) -> str:
        """The name of its column."""
        found = self._found.setdefault(meaning, expression.label(f"{self._name}_{len(self._found)}"))
        name: str = found.name
        return name

    def on(self, below: Subquery) -> Subquery:
        """The level: all that is below, and these."""
        return _level(self._name, select(below, *self._found.values()))


def _level(name: str, query: Select[Any]) -> Subquery:
    return query.offset(_ZERO).subquery(name)


def _trees(terms: Terms) -> list[AnyNode]:
    """Every tree of conditions in a policy."""
    flags = flag_conditions(terms.document.thresholds).values()
    return [*flags, *(rule.when for rule in terms.rules), *(route.criteria.node for route in terms.routes)]


def _given(policies: Sequence[Terms], items: FromClause, keep: Sequence[str], queue: str | None) -> Subquery:
    """The facts that anything asks for, each in its own type."""
    names = {"amount", "item_type", "account_type", *fields_of([tree for terms in policies for tree in _trees(terms)])}
    kept = [items.c[name].label(f"kept_{name}") for name in keep]
    here = cast(items.c[queue] if queue else null(), Text).label("here")
    return _level("given", select(*kept, here, *(fact(items.c.facts, name).label(name) for name in sorted(names))))


def _asked(policies: Sequence[Terms], given: Subquery) -> tuple[Subquery, _Answers]:
    """With a column for each condition on which more than one tree stands."""
    trees = {meaning_of(tree, terms.lists): (tree, terms.lists) for terms in policies for tree in _trees(terms)}
    conditions = [(one, lists) for tree, lists in trees.values() for one in conditions_of(tree) if one.field != _FLAGS]
    often = Counter(meaning_of(one, lists) for one, lists in conditions)
    once, columns = _Once("asked"), Columns(given.c, {})
    answers = {
        meaning: once.add(meaning, truth_of(one, columns, lists))
        for one, lists in conditions
        if often[meaning := meaning_of(one, lists)] > 1
    }
    return once.on(given), answers


def _flagged(policies: Sequence[Terms], asked: Subquery, answers: _Answers) -> tuple[Subquery, list[Mapping[str, str]]]:
    """With a column for each built-in flag: raised or not. Their names, by the flags' codes."""
    once, columns = _Once("flag"), _columns(asked, {}, answers)
    flags = [
        {
            code: once.add(meaning_of(tree, terms.lists), _true(truth_of(tree, columns, terms.lists)))
            for code, tree in flag_conditions(terms.document.thresholds).items()
        }
        for terms in policies
    ]
    return once.on(asked), list(flags)


class _Place(NamedTuple):
    """The names of two columns: the queue whose own criteria want the item, and the one that scopes look at."""

    own: str
    here: str


def _placed(
    policies: Sequence[Terms], flagged: Subquery, flags: Sequence[Mapping[str, str]], answers: _Answers
) -> tuple[Subquery, list[_Place]]:
    once, places = _Once("place"), []
    for at, (terms, codes) in enumerate(zip(policies, flags, strict=True)):
        columns = _columns(flagged, codes, answers)
        routes = [(truth_of(route.criteria.node, columns, terms.lists), text_of(route.queue)) for route in terms.routes]
        own = cast(case(*routes, else_=null()) if routes else null(), Text)
        standing = any_flag(columns.flags)
        default = default_queue(priority_of(terms, flagged.c.amount, columns.flags, standing))
        here = func.coalesce(flagged.c.here, own, default)
        places.append(_Place(once.add((at, "own"), own), once.add((at, "here"), here)))
    return once.on(flagged), places


def _fired(
    policies: Sequence[Terms],
    placed: Subquery,
    flags: Sequence[Mapping[str, str]],
    places: Sequence[_Place],
    answers: _Answers,
) -> tuple[Subquery, list[list[str]]]:
    """With a column for each rule: fires or not. Their names, in the rules' order."""
    once, rules = _Once("rule"), []
    for terms, codes, place in zip(policies, flags, places, strict=True):
        columns = _columns(placed, codes, answers)
        fires = []
        for rule in terms.rules:
            truth = _true(and_(*_scope(rule, placed, place), truth_of(rule.when, columns, terms.lists)))
            flagged = tuple(codes.items()) if any(one.field == _FLAGS for one in conditions_of(rule.when)) else ()
            here = place.here if rule.scope.queues else ""
            meaning = meaning_of(rule.when, terms.lists), rule.scope.model_dump_json(), flagged, here
            fires.append(once.add(meaning, truth))
        rules.append(fires)
    return once.on(placed), rules


def _scope(rule: Rule, placed: Subquery, place: _Place) -> Iterator[Truth]:
    scope = rule.scope
    if scope.item_types:
        yield placed.c.item_type == any_(_texts(scope.item_types))
    if scope.account_types:
        folded_types = tuple(map(folded, scope.account_types))
        yield func.lower(collate(placed.c.account_type, "C")) == any_(_texts(folded_types))
    if scope.queues:
        yield placed.c[place.here] == any_(_texts(scope.queues))


def _columns(row: Subquery, codes: Mapping[str, str], answers: _Answers) -> Columns:
    return Columns(row.c, _those(row, codes), _those(row, answers))


def _those(row: Subquery, names: Mapping[Any, str]) -> dict[Any, Any]:
    return {key: row.c[name] for key, name in names.items()}


def _true(truth: Truth) -> Truth:
    return func.coalesce(truth, NO)


def _texts(values: Iterable[str]) -> Column:
    return bindparam(None, list(values), ARRAY(Text))


_FLAGS: Final = FLAGS.name
# As text, so that it is a bigint from the beginning: behind a cast PostgreSQL takes it for a limit, and reads with one
# process alone.
_ZERO: Final = literal_column("'0'", Integer)
