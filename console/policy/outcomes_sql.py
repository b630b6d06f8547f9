"""The outcomes of a judgement in SQL: a column for each, read off the flags that stand and the rules that fire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    Integer,
    Numeric,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    not_,
    null,
    or_,
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
from console.policy.compile import Column, Truth
from console.policy.flag_conditions import URGENT_FLAGS
from console.policy.judgement import Terms

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
Flags = Mapping[str, Truth]


class Outcomes:
    """One policy's word on a row.

    `flags`: the column of each built-in flag, by its code. `fired`: that of each rule in effect, in their order. `own`:
    the queue whose own criteria want the item. `columns` has the names of OUTCOMES; `added` says for each code that
    rules add whether one that fires does.
    """

    def __init__(self, terms: Terms, amount: Column, flags: Flags, fired: Sequence[Truth], own: Column) -> None:
        self.terms, self.flags, self.fired = terms, flags, fired
        self._amount, self._own = amount, own
        self.added = self._adding()
        self._standing = or_(any_flag(flags), self._where(lambda action: isinstance(action, AddFlag)))
        self.columns = self._columns()

    def _columns(self) -> dict[str, Column]:
        thresholds = self.terms.document.thresholds
        two_people = or_(self._does(RequireDualControl), self._amount >= _number(thresholds.dual_control_amount))
        more = self._where(lambda action: not isinstance(action, SkipReview))
        first = priority_of(self.terms, self._amount, self.flags, self._standing)
        priority = self._least(first, SetPriority, lambda one: one.priority)
        return {
            "needs_review": or_(not_(self._does(SkipReview)), more, two_people, self._standing),
            "queue": self._queue(priority),
            "priority": priority,
            "risk_level": self._least(self._risk(), SetRiskLevel, lambda one: one.level),
            "rule_hours": self._hours(),
            "two_people": two_people,
            "blind": or_(self._does(Blind), _YES if thresholds.blind_second_review else NO),
            "reason_required": self._does(RequireReason),
            "note_required": self._does(RequireNote),
            "flags": _those_true(self.flags),
            "added": _those_true(self.added),
            "fired": _those_true({rule.id: fires for rule, fires in zip(self.terms.rules, self.fired, strict=True)}),
        }

    def _actions(self) -> Iterator[tuple[Truth, Any]]:
        for rule, fires in zip(self.terms.rules, self.fired, strict=True):
            for action in rule.then:
                yield fires, action

    def _where(self, asked: Callable[[Any], bool]) -> Truth:
        """Whether a rule that fires has such an action."""
        fires = {str(fired): fired for fired, action in self._actions() if asked(action)}
        return or_(NO, *fires.values())

    def _does(self, action: type) -> Truth:
        return self._where(lambda one: isinstance(one, action))

    def _adding(self) -> dict[str, Truth]:
        """By the codes, as `Judgement.added` is."""
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

    def _queue(self, priority: Column) -> Column:
        routed = [
            (fires, text_of(key))
            for rule, fires in zip(self.terms.rules, self.fired, strict=True)
            if (key := self.terms.target(rule))
        ]
        default = func.coalesce(self._own, default_queue(priority))
        return case(*routed, else_=default) if routed else default

    def _risk(self) -> Column:
        urgent = _some_flag(self.flags, URGENT_FLAGS)
        return case(
            (urgent, _whole(RiskLevel.HIGH)), (self._standing, _whole(RiskLevel.MEDIUM)), else_=_whole(RiskLevel.LOW)
        )

    def _hours(self) -> Column:
        said = [case((fired, _number(one.hours))) for fired, one in self._actions() if isinstance(one, SetSlaHours)]
        return func.least(*said) if said else cast(null(), Numeric)


def priority_of(terms: Terms, amount: Column, flags: Flags, standing: Truth) -> Column:
    """What the thresholds alone say, where `standing` says whether any flag stands."""
    large = amount >= _number(terms.document.thresholds.high_priority_amount)
    return case(
        (and_(large, standing), _whole(Priority.CRITICAL)),
        (or_(large, _some_flag(flags, URGENT_FLAGS)), _whole(Priority.HIGH)),
        (standing, _whole(Priority.MEDIUM)),
        else_=_whole(Priority.LOW),
    )


def default_queue(priority: Column) -> Column:
    """The queue by priority alone."""
    return case((priority <= _whole(Priority.HIGH), text_of("high_priority")), else_=text_of("standard"))


def any_flag(flags: Flags) -> Truth:
    """Whether a built-in flag stands."""
    return _some_flag(flags, flags)


def text_of(value: str) -> Column:
    """A text as a parameter."""
    return bindparam(None, value, Text)


def _some_flag(flags: Flags, codes: Iterable[str]) -> Truth:
    return or_(*(flags[code] for code in sorted(codes)))


def _those_true(found: Mapping[str, Truth]) -> Column:
    """The names of what is true, as an array."""
    if not found:
        return literal_column("'{}'::text[]", ARRAY(Text))
    named: Column = array([case((truth, text_of(name))) for name, truth in found.items()], type_=Text)
    return func.array_remove(named, null(), type_=ARRAY(Text))


def _number(value: Decimal) -> Column:
    return bindparam(None, value, Numeric)


def _whole(value: int) -> Column:
    return literal_column(str(int(value)), Integer)


NO: Final[Truth] = literal_column("false", Boolean)
_YES: Final[Truth] = literal_column("true", Boolean)
