"""What a policy says of one item: whether it needs review, queue, priority, hours, one person or two. No I/O.

The thresholds raise the built-in flags and give the first word; then every rule that fires adds its own, and
`console.policy.actions` says where they meet. The queue is the first firing rule's, else that of the first queue whose
own criteria want the item, else the policy's by priority. `judgement_sql.py` says the same over all items.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple

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
from console.policy.explain import ConditionFound, Facts, Lists, Questions, Truth, Truths
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
    because a rule that routes to another one routes nowhere; None: any. `list_versions`: of which version each list is.
    """

    document: PolicyDocument
    day: date
    lists: Lists = field(default_factory=lambda: MappingProxyType({}))
    routes: tuple[Route, ...] = ()
    queues: frozenset[str] | None = None
    list_versions: tuple[tuple[str, int], ...] = ()

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in effect, in their order."""
        return tuple(rule for rule in self.document.rules if rule.in_effect(self.day))

    def target(self, rule: Rule) -> str | None:
        """The open queue to which a rule routes."""
        named = (one.queue for one in rule.then if isinstance(one, RouteTo))
        return next((key for key in named if self.queues is None or key in self.queues), None)


class Judgement(NamedTuple):
    """The policy's word. `rule_hours`: the hours that a rule sets, which stand before the queue's own; None: none
    does. `flags` are the built-in ones raised, `added` those that rules add, by their codes, each with the first rule
    that does; and `fired` the rules that fire, in order."""

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
    """A rule in effect, and why it fires or does not. `in_scope` False: it does not hold for such an item, whatever
    its conditions say. `truth` None: something it asks for is missing."""

    rule: Rule
    in_scope: bool
    truth: Truth
    conditions: tuple[ConditionFound, ...]

    @property
    def fired(self) -> bool:
        return self.in_scope and self.truth is True


class Explanation(NamedTuple):
    """The word on an item and all that was found for it; `rules` puts it in order when somebody looks."""

    word: Judgement
    facts: Facts
    place: str
    truths: Truths
    judge: Judge

    @property
    def rules(self) -> tuple[RuleFound, ...]:
        """Every rule in effect, in order."""
        return tuple(self.judge.found(self))


class Judge:
    """The terms made ready once, to judge many items."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._thresholds = terms.document.thresholds
        self._raising = Questions(terms.lists)
        self._flags = [(code, self._raising.add(node)) for code, node in flag_conditions(self._thresholds).items()]
        self._asking = Questions(terms.lists)
        self._rules = [(rule, _scope(rule), self._asking.add(rule.when)) for rule in terms.rules]
        self._routes = [(route.queue, self._asking.add(route.criteria.node)) for route in terms.routes]
        self._asked: dict[tuple[int, ...], _Asked] = {}

    def flags(self, facts: Facts) -> tuple[str, ...]:
        """The built-in flags that the thresholds raise on these facts."""
        truths = self._raising.ask(facts)
        return tuple([code for code, reading in self._flags if reading(truths)])

    def judge(self, facts: Facts, queue: str | None = None) -> Judgement:
        """The word on an item that is in this queue; None: on one that comes in."""
        return self.explain(facts, queue).word

    def explain(self, facts: Facts, queue: str | None = None) -> Explanation:
        """The same word, and what each condition of each rule in effect found."""
        flags = self.flags(facts)
        known = {**facts, "flags": frozenset(flags)}
        truths = self._asking.ask(known)
        own = next((key for key, reading in self._routes if reading(truths)), None)
        place = queue or own or _default_queue(self._priority(known, flags, flags))
        fired = tuple(
            [at for at, (_, scope, reading) in enumerate(self._rules) if reading(truths) and scope(known, place)]
        )
        return Explanation(self._word(known, flags, own, fired), known, place, truths, self)

    def found(self, explanation: Explanation) -> Iterator[RuleFound]:
        """What an explanation of this judge's says of every rule."""
        facts, truths = explanation.facts, explanation.truths
        for rule, scope, reading in self._rules:
            conditions = self._asking.explain(rule.when, facts, truths)
            yield RuleFound(rule, scope(facts, explanation.place), reading(truths), conditions)

    def _priority(self, known: Facts, flags: Collection[str], standing: object) -> Priority:
        large = known["amount"] >= self._thresholds.high_priority_amount
        if large and standing:
            return Priority.CRITICAL
        if large or not URGENT_FLAGS.isdisjoint(flags):
            return Priority.HIGH
        return Priority.MEDIUM if standing else Priority.LOW

    def _word(self, known: Facts, flags: tuple[str, ...], own: str | None, fired: tuple[int, ...]) -> Judgement:
        asked = self._asked.get(fired)
        if asked is None:
            asked = _Asked(self.terms, [self._rules[at][0] for at in fired])
            # As many as there are combinations that occur, bounded against the rare ones.
            if len(self._asked) < _COMBINATIONS:
                self._asked[fired] = asked
        standing = flags or asked.added
        two_people = asked.two_people or known["amount"] >= self._thresholds.dual_control_amount
        priority = min(self._priority(known, flags, standing), asked.priority)
        return Judgement(
            not asked.skips or two_people or bool(standing),
            asked.target or own or _default_queue(priority),
            priority,
            min(_risk(flags, standing), asked.risk_level),
            asked.hours,
            self._thresholds.sla_hours,
            two_people,
            asked.blind or self._thresholds.blind_second_review,
            asked.reason,
            asked.note,
            flags,
            asked.added,
            asked.rules,
        )


_COMBINATIONS: Final = 4096


class _Asked:
    """What the rules that fire ask for, together."""

    def __init__(self, terms: Terms, fired: Sequence[Rule]) -> None:
        actions = [(action, rule) for rule in fired for action in rule.then]
        kinds = {type(action) for action, _ in actions}
        self.rules = tuple(fired)
        self.two_people = RequireDualControl in kinds
        self.blind = Blind in kinds
        self.reason = RequireReason in kinds
        self.note = RequireNote in kinds
        # Only where nobody asks for anything else.
        self.skips = kinds == {SkipReview}
        self.target = next((key for key in map(terms.target, fired) if key), None)
        self.priority, self.risk_level = Priority.LOW, RiskLevel.LOW
        self.hours: Decimal | None = None
        added: dict[str, tuple[AddFlag, Rule]] = {}
        for action, rule in actions:
            match action:
                case SetPriority():
                    self.priority = min(self.priority, Priority[action.priority.upper()])
                case SetRiskLevel():
                    self.risk_level = min(self.risk_level, RiskLevel[action.level.upper()])
                case SetSlaHours():
                    self.hours = min(self.hours or action.hours, action.hours)
                case AddFlag():
                    added.setdefault(action.code, (action, rule))
        self.added = tuple(added[code] for code in sorted(added))


Scoped = Callable[[Facts, str], bool]


def _scope(rule: Rule) -> Scoped:
    """Whether a rule holds for an item of these facts that is in this queue."""
    item_types, queues = frozenset(rule.scope.item_types), frozenset(rule.scope.queues)
    account_types = frozenset(map(folded, rule.scope.account_types))
    if not (item_types or account_types or queues):
        return lambda _, __: True
    return lambda facts, place: (
        (not item_types or facts["item_type"] in item_types)
        and (not account_types or folded(facts.get("account_type") or "") in account_types)
        and (not queues or place in queues)
    )


def _default_queue(priority: Priority) -> str:
    return "high_priority" if priority <= Priority.HIGH else "standard"


def _risk(flags: Collection[str], standing: object) -> RiskLevel:
    if not URGENT_FLAGS.isdisjoint(flags):
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if standing else RiskLevel.LOW
