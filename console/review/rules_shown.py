"""The policy's rules on one item, as a reviewer is shown them and as evidence keeps them: plain words. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from console.policy.explain import ConditionFound
from console.policy.fields import FIELDS
from console.policy.judgement import Explanation, RuleFound
from console.policy.sentences import Names, action_words, condition_parts, in_words
from console.policy.sentences import found_words as value_found
from console.review.flag_names import FLAG_NAMES

_NAMES: Final = Names(flags=FLAG_NAMES)
# Conditions said of a rule that fires.
_MOST: Final = 12


@dataclass(frozen=True)
class RuleShown:
    """A rule in effect: whether it fires, what it then does, and because of what it fires or does not."""

    id: str
    name: str
    fired: bool
    does: tuple[str, ...]
    because: tuple[str, ...]


@dataclass(frozen=True)
class Required:
    """What the policy asks of a decision that ends the review of this item."""

    two_people: bool = False
    blind: bool = False
    reason: bool = False
    note: bool = False


NOTHING: Final = Required()


def required_of(explanation: Explanation) -> Required:
    """What thresholds and rules together ask."""
    word = explanation.word
    return Required(word.two_people, word.blind, word.reason_required, word.note_required)


def rules_shown(explanation: Explanation) -> tuple[RuleShown, ...]:
    """Every rule in effect, those that fire first."""
    shown = [_shown(one) for one in explanation.rules]
    return tuple(sorted(shown, key=lambda one: not one.fired))


def found_words(found: ConditionFound) -> str:
    """One condition and what was found: “amount is at least 7,500.00: it is 9,000.00”."""
    field = FIELDS[found.condition.field]
    asked = in_words(condition_parts(found.condition.model_dump(mode="json"), _NAMES))
    asked = asked[:1].lower() + asked[1:]
    there = "found" if isinstance(found.value, frozenset) else "it is"
    return f"{asked}: {there} {value_found(field, found.value, _NAMES)}"


def _shown(one: RuleFound) -> RuleShown:
    does = tuple(action_words(action.model_dump(mode="json"), _NAMES) for action in one.rule.then) if one.fired else ()
    return RuleShown(one.rule.id, one.rule.name, one.fired, does, tuple(_because(one)))


def _because(one: RuleFound) -> Iterable[str]:
    if one.fired:
        return [found_words(found) for found in one.conditions if found.truth][:_MOST]
    if not one.in_scope:
        return ["it is not for such checks"]
    # One reason is enough: the first condition that does not hold, or of which nothing can be said.
    first = next((found for found in one.conditions if found.truth is not True), one.conditions[0])
    return [found_words(first)]
