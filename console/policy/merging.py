"""Two people's changes of one document brought together, where they touched different parts. No I/O."""

from __future__ import annotations

from typing import Any

from console.policy.changed_parts import changed_parts, rules_of

Document = dict[str, Any]


def merged(base: Document, mine: Document, theirs: Document) -> Document | None:
    """`theirs` with what `mine` changed of `base`; None where both touched the same threshold, rule, or the order."""
    own, others = changed_parts(base, mine), changed_parts(base, theirs)
    touched = {*own.added, *own.removed, *own.changed}
    if touched & {*others.added, *others.removed, *others.changed} or (own.reordered and others.reordered):
        return None
    if set(own.thresholds) & set(others.thresholds):
        return None
    mine_rules, their_rules = rules_of(mine), rules_of(theirs)
    rules = {key: mine_rules[key] if key in own.changed else rule for key, rule in their_rules.items()}
    order = _order(list(mine_rules), list(their_rules)) if own.reordered or own.added else list(their_rules)
    kept = [key for key in order if key not in own.removed and key not in others.removed]
    thresholds = theirs["thresholds"] | {name: mine["thresholds"][name] for name in own.thresholds}
    return {**theirs, "thresholds": thresholds, "rules": [rules.get(key) or mine_rules[key] for key in kept]}


def _order(mine: list[str], theirs: list[str]) -> list[str]:
    """My order, and what only they have behind the rule that they have it behind."""
    order = list(mine)
    for place, key in enumerate(theirs):
        if key not in order:
            behind = next((one for one in reversed(theirs[:place]) if one in order), None)
            order.insert(order.index(behind) + 1 if behind else 0, key)
    return order
