"""The facts of an item as they are kept with it: read through the catalogue, stored as JSON, and read back. No I/O."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii
from typing import Any, Final

from console.policy.facts import ItemFacts
from console.policy.fields import KEPT, Field
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


def facts_as_text(facts: Mapping[str, Value | None]) -> str:
    """The same as JSON text, written in one go: the intake does it for every item."""
    return "{" + ",".join([write(value) for name, write in _WRITERS if (value := facts[name]) is not None]) + "}"


def _writer(field: Field) -> Callable[[Any], str]:
    """Writes a field's name and value; names have nothing that would have to be escaped."""
    name = f'"{field.name}":'
    match field.type:
        case FieldType.MONEY | FieldType.NUMBER:
            return lambda value: f'{name}"{value:f}"'
        case FieldType.INTEGER:
            return lambda value: f"{name}{value}"
        case FieldType.YES_NO:
            return lambda value: f"{name}true" if value else f"{name}false"
        case FieldType.DATE:
            return lambda value: f'{name}"{value}"'
        case FieldType.SET:
            return lambda value: f"{name}{json.dumps(sorted(value))}" if value else f"{name}[]"
        case _:
            return lambda value: name + encode_basestring_ascii(value)


_WRITERS: Final = tuple((field.name, _writer(field)) for field in KEPT)


def facts_from_json(stored: Mapping[str, Any]) -> dict[str, Value | None]:
    """Stored facts in Python's types; what a newer catalogue knows and the item does not is missing."""
    return {field.name: fact_from_json(field.type, stored.get(field.name)) for field in KEPT}
