"""What a policy's document names beside itself: queues that rules route to, and lists that conditions look in. No I/O.

Works on the document as plain JSON, because one that is being edited may be unfinished.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_LISTS = frozenset({"in_list", "not_in_list"})


def queues_named(document: Mapping[str, Any]) -> frozenset[str]:
    """Keys of the queues that the document's rules route to or are narrowed to."""
    rules = document.get("rules", ())
    routed = (action["queue"] for rule in rules for action in rule["then"] if action.get("do") == "route_to")
    scoped = (key for rule in rules for key in rule.get("scope", {}).get("queues", ()))
    return frozenset(routed) | frozenset(scoped)


def lists_named(document: Mapping[str, Any]) -> frozenset[str]:
    """Keys of the lists in which the document's conditions look."""
    conditions = (one for rule in document.get("rules", ()) for one in conditions_of(rule["when"]))
    return frozenset(str(one["value"]) for one in conditions if one.get("op") in _LISTS)


def conditions_of(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The single conditions of a tree, from left to right."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if "field" in one:
            yield one
        elif "not" in one:
            waiting.append(one["not"])
        else:
            waiting.extend(reversed([*one.get("all", ()), *one.get("any", ())]))
