"""What is wrong with a policy though it is one: rules that never fire, that say nothing new, that fight. No I/O.

A finding is sure, never a guess: what the linter cannot tell, it does not report. With statistics of the institution's
history it also names fields that are mostly missing and thresholds that no check has ever reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from console.policy.actions import Priority, RiskLevel, RouteTo, SkipReview
from console.policy.conditions import AnyNode, AnyOf, Condition, conditions_of
from console.policy.fields import FIELDS, FLAGS
from console.policy.findings import NOTHING_KNOWN, Finding, Kind, Severity, Statistics
from console.policy.history_check import rule_findings, threshold_findings
from console.policy.model import PolicyDocument, Rule
from console.policy.operators import Operator
from console.policy.reach import Literal, Reach


def lint(document: PolicyDocument, statistics: Statistics = NOTHING_KNOWN, day: date | None = None) -> list[Finding]:
    """Everything that is wrong, thresholds first, then the rules in their order.

    `day`: rules that ended before it never fire again; None: days are not looked at.
    """
    linter = _Linter(document, statistics, day)
    found = list(threshold_findings(document.thresholds, statistics))
    for at in range(len(document.rules)):
        found += linter.rule(at)
    return found


@dataclass(frozen=True)
class _Read:
    """A rule with where it can hold. `never`: why it can never fire; None: it may."""

    rule: Rule
    reach: Reach
    never: str | None

    @cached_property
    def only_skips(self) -> bool:
        return all(isinstance(one, SkipReview) for one in self.rule.then)


class _Linter:
    def __init__(self, document: PolicyDocument, statistics: Statistics, day: date | None) -> None:
        self.document, self.statistics, self.day = document, statistics, day
        self.rules = [self._read(rule) for rule in document.rules]

    def rule(self, at: int) -> Iterator[Finding]:
        """What is wrong with one rule."""
        read = self.rules[at]
        if not read.rule.enabled:
            return
        if read.never:
            yield self._finding(at, Kind.NEVER_FIRES, Severity.FAULT, ("when",), f"It can never fire: {read.never}")
            return
        yield from self._beside_others(at)
        yield from rule_findings(self.document, at, self.statistics)
        yield from self._nowhere(at)

    def _read(self, rule: Rule) -> _Read:
        reach = Reach(rule.when, _scope(rule), self._empty_lists(rule))
        return _Read(rule, reach, self._never(rule, reach))

    def _never(self, rule: Rule, reach: Reach) -> str | None:
        if self.day and rule.effective_until and rule.effective_until < self.day:
            return f"it ended on {rule.effective_until:%-d %B %Y}."
        open_queues = self.statistics.queues
        if rule.scope.queues and open_queues is not None and not open_queues & set(rule.scope.queues):
            return "none of the queues in which it holds is open."
        if not reach.can_hold:
            return self._why_not(rule, reach)
        return None

    def _why_not(self, rule: Rule, reach: Reach) -> str:
        for one in conditions_of(rule.when):
            if one.op is Operator.IN_LIST and one.value in self._empty_lists(rule):
                return f"the list “{one.value}” holds nothing."
        name = reach.clash()
        label = FIELDS[name].label if name else "a field"
        return f"no {label} meets all that is asked of it."

    def _empty_lists(self, rule: Rule) -> frozenset[str]:
        known = self.statistics.lists
        if known is None:
            return frozenset()
        named = {str(one.value) for one in conditions_of(rule.when) if one.op is Operator.IN_LIST}
        return frozenset(one for one in named if not known.get(one))

    def _beside_others(self, at: int) -> Iterator[Finding]:
        read = self.rules[at]
        if read.only_skips and self._always_flagged(read):
            yield self._finding(
                at, Kind.CONTRADICTS, Severity.FAULT, ("then",),
                "It never skips a review: a flag stands, or two people must sign, wherever it fires.",
            )  # fmt: skip
            return
        for other_at, other in enumerate(self.rules):
            if other_at == at or not other.rule.enabled or other.never or not _within(read, other):
                continue
            found = self._against(at, other_at)
            if found:
                yield found
                return

    def _against(self, at: int, other_at: int) -> Finding | None:
        """This rule fires only where the other one does as well: what does that leave of it?"""
        read, other = self.rules[at], self.rules[other_at]
        name = f"“{other.rule.name}”"
        if read.only_skips and not other.only_skips:
            return self._finding(
                at, Kind.CONTRADICTS, Severity.FAULT, ("then",),
                f"It never skips a review: {name} asks for something wherever this one fires.",
            )  # fmt: skip
        # Of two that say the same, the later one is too many.
        if _covers(other.rule, read.rule, earlier=other_at < at) and (other_at < at or not _within(other, read)):
            return self._finding(
                at, Kind.SHADOWED, Severity.FAULT, (), f"It adds nothing: {name} does the same wherever it fires."
            )
        routes, first = self._route(read.rule), self._route(other.rule)
        if routes and first and routes != first and other_at < at:
            return self._finding(
                at, Kind.CONTRADICTS, Severity.FAULT, ("then",),
                f"It never routes to “{routes}”: {name} comes first and routes to “{first}” wherever this one fires.",
            )  # fmt: skip
        return None

    def _always_flagged(self, read: _Read) -> bool:
        thresholds = self.document.thresholds
        two_people = Condition(field="amount", op=Operator.GREATER_OR_EQUAL, value=thresholds.dual_control_amount)
        flagged = Condition(field=FLAGS.name, op=Operator.IS_NOT_EMPTY)
        nodes: tuple[AnyNode, ...] = (two_people, flagged)
        return read.reach.implies_node(AnyOf(any=nodes))

    def _nowhere(self, at: int) -> Iterator[Finding]:
        rule, open_queues = self.rules[at].rule, self.statistics.queues
        for place, action in enumerate(rule.then):
            if isinstance(action, RouteTo) and open_queues is not None and action.queue not in open_queues:
                yield self._finding(
                    at, Kind.ROUTES_NOWHERE, Severity.FAULT, ("then", place, "queue"),
                    f"It routes nowhere: no queue “{action.queue}” is open.",
                )  # fmt: skip

    def _route(self, rule: Rule) -> str | None:
        """The queue to which a rule routes, where that is open."""
        known = self.statistics.queues
        named = (one.queue for one in rule.then if isinstance(one, RouteTo))
        return next((key for key in named if known is None or key in known), None)

    def _finding(
        self, at: int, kind: Kind, severity: Severity, keys: tuple[str | int, ...], words: str
    ) -> Finding:  # fmt: skip
        return Finding(kind, severity, self.document.rules[at].id, ("rules", at, *keys), words)


def _scope(rule: Rule) -> list[Literal]:
    found = []
    if rule.scope.item_types:
        found.append(Literal("item_type", Operator.IN, rule.scope.item_types))
    if rule.scope.account_types:
        found.append(Literal("account_type", Operator.IN, rule.scope.account_types))
    return found


def _within(read: _Read, other: _Read) -> bool:
    """Whether the other rule fires wherever, and whenever, this one does."""
    one, two = read.rule, other.rule
    queues = not two.scope.queues or (bool(one.scope.queues) and set(one.scope.queues) <= set(two.scope.queues))
    begins = two.effective_from is None or (one.effective_from is not None and two.effective_from <= one.effective_from)
    ends = two.effective_until is None or (
        one.effective_until is not None and one.effective_until <= two.effective_until
    )
    return queues and begins and ends and read.reach.implies(other.reach)


def _covers(other: Rule, rule: Rule, *, earlier: bool) -> bool:
    """Whether everything that `rule` does is done where `other` fires as well."""
    return all(any(_does(theirs, mine, earlier=earlier) for theirs in other.then) for mine in rule.then)


def _does(theirs: Any, mine: Any, *, earlier: bool) -> bool:
    if mine.do == "route_to":
        return bool(theirs == mine) and earlier
    if theirs == mine or theirs.do != mine.do:
        return bool(theirs == mine)
    match mine.do:
        case "set_priority":
            return Priority[theirs.priority.upper()] <= Priority[mine.priority.upper()]
        case "set_risk_level":
            return RiskLevel[theirs.level.upper()] <= RiskLevel[mine.level.upper()]
        case "set_sla_hours":
            return bool(theirs.hours <= mine.hours)
        case "add_flag":
            return bool(theirs.code == mine.code) and earlier
        case _:
            return False
