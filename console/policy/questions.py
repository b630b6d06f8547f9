"""The conditions of many trees asked of one item at once, as a judge does with a policy's: made ready once. No I/O.

What an item answers is one whole number with two bits for each condition, the lower where it holds and the upper where
it does not, neither where that cannot be said. Where a tree holds is then a few operations on that number, and what is
to be explained is read off it when somebody looks.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from console.policy.conditions import AllOf, AnyNode, AnyOf, Condition, Multiple, Not, conditions_of
from console.policy.explain import ConditionFound, Facts, Lists, Test, Truth, test_of
from console.policy.fields import FIELDS, FLAGS
from console.policy.operators import FieldType, Operator

Answers = int
# What a value of a field answers to all that is asked of the field alone.
Asked = Callable[[Any], Answers]
_HOLDS, _HOLDS_NOT = 1, 2
# Answers are remembered for so many values of a field, such as words and whole numbers that come again.
_REMEMBERED: Final = 4096
_DECIMALS: Final = frozenset({FieldType.MONEY, FieldType.NUMBER})


class Wanted(NamedTuple):
    """Answers of which a tree holds: they have all of these bits, and `more` is true of them where it is given."""

    bits: Answers
    more: Callable[[Answers], bool] | None


class Questions:
    """Each condition is asked once, however many trees name it; and every one is, so that all can be explained."""

    def __init__(self, lists: Lists, trees: Iterable[AnyNode]) -> None:
        self._places: dict[tuple[str, str, str], int] = {}
        of_fields: dict[str, list[tuple[Test, Condition, int]]] = {}
        self._of_pairs: list[tuple[Test, int]] = []
        for tree in trees:
            for one in conditions_of(tree):
                if _key(one) in self._places:
                    continue
                place = self._places[_key(one)] = 2 * len(self._places)
                test = test_of(one, lists)
                if isinstance(one.wanted, Multiple):
                    self._of_pairs.append((test, place))
                else:
                    of_fields.setdefault(one.field, []).append((test, one, place))
        asked = {name: _asked(name, those) for name, those in of_fields.items()}
        self._of_flags = asked.pop(FLAGS.name, None)
        self._of_facts = list(asked.items())

    def ask(self, facts: Facts) -> Answers:
        """What an item's facts answer; nothing yet of its flags."""
        answers = 0
        get = facts.get
        for name, asked in self._of_facts:
            answers |= asked(get(name))
        for test, place in self._of_pairs:
            truth = test(facts)
            if truth is not None:
                answers |= (_HOLDS if truth else _HOLDS_NOT) << place
        return answers

    def ask_flags(self, flags: frozenset[str] | None) -> Answers:
        """What the flags that stand answer."""
        return self._of_flags(flags) if self._of_flags else 0

    def wanted(self, tree: AnyNode) -> Wanted:
        """Where a tree holds."""
        return self._wanted(tree, _HOLDS)

    def truth_of(self, tree: AnyNode) -> Callable[[Answers], Truth]:
        """Whether a tree holds; None: that cannot be said."""
        wanted, otherwise = self._wanted(tree, _HOLDS), self._wanted(tree, _HOLDS_NOT)
        return lambda answers: True if _met(wanted, answers) else False if _met(otherwise, answers) else None

    def explain(self, tree: AnyNode, facts: Facts, answers: Answers) -> tuple[ConditionFound, ...]:
        """What was found for each condition of a tree, in its order."""
        return tuple(
            ConditionFound(one, facts.get(one.field), _TRUTHS[answers >> self._places[_key(one)] & 3])
            for one in conditions_of(tree)
        )

    def _wanted(self, tree: AnyNode, truth: int) -> Wanted:
        """Where a tree holds, or (_HOLDS_NOT) where it does not: `not` asks its part for the other one, and what
        `all` is for the one, `any` is for the other."""
        match tree:
            case Not():
                return self._wanted(tree.part, _HOLDS_NOT if truth == _HOLDS else _HOLDS)
            case AllOf():
                parts, every = tree.all, truth == _HOLDS
            case AnyOf():
                parts, every = tree.any, truth == _HOLDS_NOT
            case _:
                return Wanted(truth << self._places[_key(tree)], None)
        found = [self._wanted(part, truth) for part in parts]
        return _every(found) if every else _some(found)


def _key(condition: Condition) -> tuple[str, str, str]:
    return condition.field, condition.op.value, repr(condition.value)


def _met(wanted: Wanted, answers: Answers) -> bool:
    return answers & wanted.bits == wanted.bits and (wanted.more is None or wanted.more(answers))


def _every(parts: list[Wanted]) -> Wanted:
    bits = 0
    for part in parts:
        bits |= part.bits
    more = [part.more for part in parts if part.more is not None]
    if len(more) <= 1:
        return Wanted(bits, more[0] if more else None)
    return Wanted(bits, lambda answers: all(one(answers) for one in more))


def _some(parts: list[Wanted]) -> Wanted:
    if len(parts) == 1:
        return parts[0]
    # Of those that want a single bit, one that is there will do.
    single, rest = 0, []
    for part in parts:
        if part.more is None and part.bits.bit_count() == 1:
            single |= part.bits
        else:
            rest.append(part)
    if not rest:
        return Wanted(0, lambda answers: answers & single != 0)
    return Wanted(0, lambda answers: answers & single != 0 or any(_met(one, answers) for one in rest))


def _asked(name: str, conditions: list[tuple[Test, Condition, int]]) -> Asked:
    def of(value: Any) -> Answers:
        answers, facts = 0, {name: value}
        for test, _, place in conditions:
            truth = test(facts)
            if truth is not None:
                answers |= (_HOLDS if truth else _HOLDS_NOT) << place
        return answers

    if FIELDS[name].type in _DECIMALS:
        return _by_cuts(of, _cuts(one for _, one, _ in conditions))
    return _Remembered(of).__getitem__


def _cuts(conditions: Iterable[Condition]) -> list[Decimal]:
    """The values at which answers change, in order."""
    found: set[Decimal] = set()
    for one in conditions:
        if one.op not in {Operator.IS_MISSING, Operator.IS_PRESENT}:
            found |= set(one.wanted) if isinstance(one.wanted, tuple) else {one.wanted}  # type: ignore[arg-type]
    return sorted(found)


def _by_cuts(of: Asked, cuts: list[Decimal]) -> Asked:
    """A number lies on a cut or between two: its answers are those of any other number there, and asked beforehand."""
    missing, known = of(None), [of(value) for value in _between(cuts)]
    return lambda value: missing if value is None else known[bisect_left(cuts, value) + bisect_right(cuts, value)]


def _between(cuts: list[Decimal]) -> list[Decimal]:
    """A number below all cuts, one on the first, one between it and the second, and so on to one above all."""
    if not cuts:
        return [Decimal(0)]
    found = [cuts[0] - 1]
    for at, cut in enumerate(cuts):
        found += [cut, (cut + cuts[at + 1]) / 2 if at + 1 < len(cuts) else cut + 1]
    return found


class _Remembered(dict[Any, Answers]):
    """Answers by the value that gave them."""

    def __init__(self, of: Asked) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, value: Any) -> Answers:
        answers = self._of(value)
        if len(self) < _REMEMBERED:
            self[value] = answers
        return answers


_TRUTHS: Final[dict[int, Truth]] = {0: None, _HOLDS: True, _HOLDS_NOT: False}


def evaluator(tree: AnyNode, lists: Lists) -> Test:
    """One tree as a function of an item's facts, the flags among them."""
    questions = Questions(lists, [tree])
    truth = questions.truth_of(tree)
    return lambda facts: truth(questions.ask(facts) | questions.ask_flags(facts.get(FLAGS.name)))
