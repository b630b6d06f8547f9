"""The facts of an item as they are kept with it: read through the catalogue, stored as JSON, and read back. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.policy.facts import ItemFacts
from console.policy.fields import KEPT
from console.policy.operators import FieldType
from console.policy.values import Value, as_json, fact_from_json


def read_facts(item: ItemFacts) -> dict[str, Value | None]:
    """Every kept field of an item, in Python's types; None: missing."""
    found: dict[str, Value | None] = {}
    for field in KEPT:
        value = field.read(item)  # type: ignore[misc]  # kept fields have one
        found[field.name] = frozenset(value) if field.type is FieldType.SET and value is not None else value
    return found


def facts_as_json(facts: Mapping[str, Value | None]) -> dict[str, Any]:
    """As they are stored: what is missing is not there."""
    return {name: as_json(value) for name, value in facts.items() if value is not None}


def facts_from_json(stored: Mapping[str, Any]) -> dict[str, Value | None]:
    """Stored facts in Python's types; what a newer catalogue knows and the item does not is missing."""
    return {field.name: fact_from_json(field.type, stored.get(field.name)) for field in KEPT}
