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
from console.policy.explain import ConditionFound, Facts, Lists, Truth
from console.policy.flag_conditions import URGENT_FLAGS, flag_conditions
from console.policy.model import PolicyDocument, Rule
from console.policy.questions import Answers, Questions
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
    answers: Answers
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
        flags = flag_conditions(self._thresholds)
        trees = [*flags.values(), *(rule.when for rule in terms.rules), *(one.criteria.node for one in terms.routes)]
        self._questions = Questions(terms.lists, trees)
        wanted = self._questions.wanted
        self._flags = [(code, *wanted(node)) for code, node in flags.items()]
        self._rules = [(at, _scope(rule), *wanted(rule.when)) for at, rule in enumerate(terms.rules)]
        self._routes = [(route.queue, *wanted(route.criteria.node)) for route in terms.routes]
        self._words: dict[_Found, Judgement] = {}

    def flags(self, facts: Facts) -> tuple[str, ...]:
        """The built-in flags that the thresholds raise on these facts."""
        return _raised(self._flags, self._questions.ask(facts))

    def judge(self, facts: Facts, queue: str | None = None) -> Judgement:
        """The word on an item that is in this queue; None: on one that comes in."""
        return self.explain(facts, queue).word

    def explain(self, facts: Facts, queue: str | None = None) -> Explanation:
        """The same word, and what each condition of each rule in effect found."""
        answers = self._questions.ask(facts)
        flags = _raised(self._flags, answers)
        answers |= self._questions.ask_flags(frozenset(flags))
        own = next(iter(_raised(self._routes, answers)), None) if self._routes else None
        large = facts["amount"] >= self._thresholds.high_priority_amount
        place = queue or own or _default_queue(_priority(large, flags, flags))
        fired = tuple(
            [
                at
                for at, scope, bits, more in self._rules
                if answers & bits == bits and (more is None or more(answers)) and (scope is None or scope(facts, place))
            ]
        )
        found = _Found(flags, fired, own, large, facts["amount"] >= self._thresholds.dual_control_amount)
        word = self._words.get(found)
        if word is None:
            word = self._word(found)
            # As many as there are combinations that occur, bounded against the rare ones.
            if len(self._words) < _COMBINATIONS:
                self._words[found] = word
        return Explanation(word, facts, place, answers, self)

    def found(self, explanation: Explanation) -> Iterator[RuleFound]:
        """What an explanation of this judge's says of every rule."""
        facts, answers = {**explanation.facts, "flags": frozenset(explanation.word.flags)}, explanation.answers
        for rule, (_, scope, *_) in zip(self.terms.rules, self._rules, strict=True):
            conditions = self._questions.explain(rule.when, facts, answers)
            in_scope = scope is None or scope(facts, explanation.place)
            yield RuleFound(rule, in_scope, self._questions.truth_of(rule.when)(answers), conditions)

    def _word(self, found: _Found) -> Judgement:
        asked = _Asked(self.terms, [self.terms.rules[at] for at in found.fired])
        standing = found.flags or asked.added
        two_people = asked.two_people or found.dual
        priority = min(_priority(found.large, found.flags, standing), asked.priority)
        return Judgement(
            not asked.skips or two_people or bool(standing),
            asked.target or found.own or _default_queue(priority),
            priority,
            min(_risk(found.flags, standing), asked.risk_level),
            asked.hours,
            self._thresholds.sla_hours,
            two_people,
            asked.blind or self._thresholds.blind_second_review,
            asked.reason,
            asked.note,
            found.flags,
            asked.added,
            asked.rules,
        )


class _Found(NamedTuple):
    """All on which the word depends: the flags, which rules fire, the queue whose criteria want the item, and whether
    the amount is of high priority and of dual control."""

    flags: tuple[str, ...]
    fired: tuple[int, ...]
    own: str | None
    large: bool
    dual: bool


def _raised(
    wanted: Sequence[tuple[str, Answers, Callable[[Answers], bool] | None]], answers: Answers
) -> tuple[str, ...]:
    """The names of what holds by these answers, each beside where it is `Wanted`."""
    return tuple([name for name, bits, more in wanted if answers & bits == bits and (more is None or more(answers))])


def _priority(large: bool, flags: Collection[str], standing: object) -> Priority:
    """What the thresholds alone say. `large`: from the high-priority amount on; `standing`: whether any flag stands."""
    if large and standing:
        return Priority.CRITICAL
    if large or not URGENT_FLAGS.isdisjoint(flags):
        return Priority.HIGH
    return Priority.MEDIUM if standing else Priority.LOW


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


def _scope(rule: Rule) -> Scoped | None:
    """Whether a rule holds for an item of these facts that is in this queue; None: for every one."""
    item_types, queues = frozenset(rule.scope.item_types), frozenset(rule.scope.queues)
    account_types = frozenset(map(folded, rule.scope.account_types))
    if not (item_types or account_types or queues):
        return None
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
