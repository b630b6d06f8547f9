"""What a policy says of one item: whether it needs review, queue, priority, hours, one person or two. No I/O.

The thresholds raise the built-in flags and give the first word; then every rule that fires adds its own, and
`console.policy.actions` says where they meet. The queue is the first firing rule's, else that of the first queue whose
own criteria want the item, else the policy's by priority. `judgement_sql.py` says the same over all items.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Final

from console.policy.actions import (
    AddFlag,
    Blind,
    Priority,
    RequireDualControl,
    RequireNote,
    RequireReason,
    RiskLevel,
    RouteTo,
    SetPriority,
    SetRiskLevel,
    SetSlaHours,
    SkipReview,
)
from console.policy.explain import ConditionFound, Facts, Lists, Truth, evaluator, tracer
from console.policy.flag_conditions import URGENT_FLAGS, flag_conditions
from console.policy.model import PolicyDocument, Rule
from console.policy.routing import Route
from console.policy.values import folded

# The queues that a judgement names of itself: they cannot be closed.
QUEUES_NAMED: Final = frozenset({"standard", "high_priority"})


@dataclass(frozen=True)
class Terms:
    """Under what items are judged: a document as of a day, what its lists hold, and the queues.

    `routes`: what queues take in by their own criteria, in their order. `queues`: the keys of those that are open,
    because a rule that routes to another one routes nowhere; None: any.
    """

    document: PolicyDocument
    day: date
    lists: Lists = field(default_factory=lambda: MappingProxyType({}))
    routes: tuple[Route, ...] = ()
    queues: frozenset[str] | None = None

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in effect, in their order."""
        return tuple(rule for rule in self.document.rules if rule.in_effect(self.day))

    def target(self, rule: Rule) -> str | None:
        """The open queue to which a rule routes."""
        named = (one.queue for one in rule.then if isinstance(one, RouteTo))
        return next((key for key in named if self.queues is None or key in self.queues), None)


@dataclass(frozen=True)
class Judgement:
    """The policy's word. `rule_hours`: the hours that a rule sets, which stand before the queue's own; None: none
    does. `flags` are the built-in ones raised, `added` those that rules add, each with the first rule that does; and
    `fired` the rules that fire, in order."""

    needs_review: bool
    queue: str
    priority: Priority
    risk_level: RiskLevel
    rule_hours: Decimal | None
    policy_hours: Decimal
    two_people: bool
    blind: bool
    reason_required: bool
    note_required: bool
    flags: tuple[str, ...]
    added: tuple[tuple[AddFlag, Rule], ...]
    fired: tuple[Rule, ...]


@dataclass(frozen=True)
class RuleFound:
    """A rule in effect, and why it fires or does not. `in_scope` False: its conditions were not asked, or were and
    do not matter. `truth` None: something it asks for is missing."""

    rule: Rule
    in_scope: bool
    truth: Truth
    conditions: tuple[ConditionFound, ...]

    @property
    def fired(self) -> bool:
        return self.in_scope and self.truth is True


class Judge:
    """The terms made ready once, to judge many items."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        lists = terms.lists
        self._flags = [
            (code, evaluator(node, lists)) for code, node in flag_conditions(terms.document.thresholds).items()
        ]
        self._rules = [(rule, _scope(rule), evaluator(rule.when, lists)) for rule in terms.rules]
        self._traces = [(rule, scope, tracer(rule.when, lists)) for rule, scope, _ in self._rules]
        self._routes = [(route.queue, evaluator(route.criteria.node, lists)) for route in terms.routes]

    def flags(self, facts: Facts) -> tuple[str, ...]:
        """The built-in flags that the thresholds raise on these facts."""
        return tuple(code for code, test in self._flags if test(facts) is True)

    def judge(self, facts: Facts, queue: str | None = None) -> Judgement:
        """The word on an item that is in this queue; None: on one that comes in."""
        flags = self.flags(facts)
        known = {**facts, "flags": frozenset(flags)}
        own = self._own_queue(known)
        here = folded(queue or own or _default_queue(self._priority(known, flags)))
        fired = [rule for rule, scope, test in self._rules if scope.holds(known, here) and test(known) is True]
        return self._word(known, flags, own, fired)

    def explain(self, facts: Facts, queue: str | None = None) -> tuple[Judgement, tuple[RuleFound, ...]]:
        """The same word, and what each rule in effect found."""
        flags = self.flags(facts)
        known = {**facts, "flags": frozenset(flags)}
        own = self._own_queue(known)
        here = folded(queue or own or _default_queue(self._priority(known, flags)))
        found = []
        for rule, scope, trace in self._traces:
            conditions: list[ConditionFound] = []
            truth = trace(known, conditions)
            found.append(RuleFound(rule, scope.holds(known, here), truth, tuple(conditions)))
        return self._word(known, flags, own, [one.rule for one in found if one.fired]), tuple(found)

    def _own_queue(self, known: Facts) -> str | None:
        return next((key for key, wants in self._routes if wants(known) is True), None)

    def _priority(self, known: Facts, flags: Collection[str]) -> Priority:
        large = known["amount"] >= self.terms.document.thresholds.high_priority_amount
        if large and flags:
            return Priority.CRITICAL
        if large or not URGENT_FLAGS.isdisjoint(flags):
            return Priority.HIGH
        return Priority.MEDIUM if flags else Priority.LOW

    def _word(self, known: Facts, flags: tuple[str, ...], own: str | None, fired: list[Rule]) -> Judgement:
        asked = _Asked(fired)
        thresholds = self.terms.document.thresholds
        standing = [*flags, *asked.added]
        two_people = asked.two_people or known["amount"] >= thresholds.dual_control_amount
        priority = Priority(min(self._priority(known, standing), *asked.priorities))
        target = next((key for key in map(self.terms.target, fired) if key), None)
        return Judgement(
            needs_review=not asked.skips or asked.more or two_people or bool(standing),
            queue=target or own or _default_queue(priority),
            priority=priority,
            risk_level=RiskLevel(min(_risk(flags, standing), *asked.levels)),
            rule_hours=min(asked.hours, default=None),
            policy_hours=thresholds.sla_hours,
            two_people=two_people,
            blind=asked.blind or thresholds.blind_second_review,
            reason_required=asked.reason,
            note_required=asked.note,
            flags=flags,
            added=tuple(asked.added.values()),
            fired=tuple(fired),
        )


class _Asked:
    """What the rules that fire ask for, together."""

    def __init__(self, fired: Iterable[Rule]) -> None:
        self.two_people = self.blind = self.reason = self.note = self.skips = self.more = False
        self.priorities: list[int] = [Priority.LOW]
        self.levels: list[int] = [RiskLevel.LOW]
        self.hours: list[Decimal] = []
        self.added: dict[str, tuple[AddFlag, Rule]] = {}
        for rule in fired:
            for action in rule.then:
                self._add(action, rule)

    def _add(self, action: object, rule: Rule) -> None:
        self.more = self.more or not isinstance(action, SkipReview)
        match action:
            case RequireDualControl():
                self.two_people = True
            case Blind():
                self.blind = True
            case RequireReason():
                self.reason = True
            case RequireNote():
                self.note = True
            case SkipReview():
                self.skips = True
            case SetPriority():
                self.priorities.append(Priority[action.priority.upper()])
            case SetRiskLevel():
                self.levels.append(RiskLevel[action.level.upper()])
            case SetSlaHours():
                self.hours.append(action.hours)
            case AddFlag():
                self.added.setdefault(action.code, (action, rule))


@dataclass(frozen=True)
class _Scope:
    item_types: frozenset[str]
    account_types: frozenset[str]
    queues: frozenset[str]

    def holds(self, known: Mapping[str, object], queue: str) -> bool:
        return (
            (not self.item_types or known["item_type"] in self.item_types)
            and (not self.account_types or folded(str(known.get("account_type") or "")) in self.account_types)
            and (not self.queues or queue in self.queues)
        )


def _scope(rule: Rule) -> _Scope:
    scope = rule.scope
    return _Scope(frozenset(scope.item_types), frozenset(map(folded, scope.account_types)), frozenset(scope.queues))


def _default_queue(priority: Priority) -> str:
    return "high_priority" if priority <= Priority.HIGH else "standard"


def _risk(flags: Collection[str], standing: Collection[str]) -> RiskLevel:
    if not URGENT_FLAGS.isdisjoint(flags):
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if standing else RiskLevel.LOW


def needs_two_people(document: PolicyDocument, amount: Decimal) -> bool:
    """Whether an amount in dollars needs a second person by the thresholds alone."""
    return amount >= document.thresholds.dual_control_amount
