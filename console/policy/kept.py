"""The facts of an item as they are kept with it: read through the catalogue, stored as JSON, and read back. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from console.policy.facts import ItemFacts
from console.policy.fields import KEPT
from console.policy.operators import FieldType
from console.policy.values import Value, as_json, fact_from_json

_READ: Final = tuple((field.name, field.read) for field in KEPT if field.read is not None)
_SETS: Final = tuple(field.name for field in KEPT if field.type is FieldType.SET)
_AS_THEY_ARE: Final = frozenset({str, int, bool})


def read_facts(item: ItemFacts) -> dict[str, Value | None]:
    """Every kept field of an item, in Python's types; None: missing."""
    found = {name: read(item) for name, read in _READ}
    for name in _SETS:
        found[name] = frozenset(found[name])
    return found


def facts_as_json(facts: Mapping[str, Value | None]) -> dict[str, Any]:
    """As they are stored: what is missing is not there."""
    return {
        name: value if type(value) in _AS_THEY_ARE else as_json(value)
        for name, value in facts.items()
        if value is not None
    }


def facts_from_json(stored: Mapping[str, Any]) -> dict[str, Value | None]:
    """Stored facts in Python's types; what a newer catalogue knows and the item does not is missing."""
    return {field.name: fact_from_json(field.type, stored.get(field.name)) for field in KEPT}
