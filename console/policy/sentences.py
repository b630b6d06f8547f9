"""A rule as a sentence of English, in parts of which each has a kind. No I/O.

Works on rules as plain JSON, because one that is being written may be unfinished: what is missing is a gap, “…”.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from console.masking import masked
from console.policy.fields import FIELDS, Field
from console.policy.operators import WANTS, WORDS, FieldType, Operator, Wants
from console.policy.values import Value, as_json

GAP: Final = "…"
NOT_KNOWN: Final = "not known"
# Shown in full on demand only, which is audited.
_MASKED: Final = {"account_number"}
_MOST_DIGITS: Final = 20
_UNSAID: Final = {"hour of the day"}
_JOINED_BY_OR: Final = {Operator.IN, Operator.NOT_IN, Operator.HAS_ANY, Operator.HAS_NONE}
_ITEM_TYPES: Final = {"on_us": "on-us", "transit": "transit"}


class Kind(StrEnum):
    """What a part of a sentence is."""

    WORDS = "words"
    FIELD = "field"
    VALUE = "value"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Part:
    """Words of one kind."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Names:
    """How queues, lists and flags are called, by their keys; what is not known is called by its key."""

    queues: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)


def sentence(rule: Mapping[str, Any], names: Names | None = None) -> tuple[Part, ...]:
    """The whole rule: where and when it holds, its condition, what it does."""
    names = names or Names()
    return (*_scope(rule, names), _words("when"), *node_parts(rule.get("when"), names), _words("→"),
            *action_parts(rule, names))  # fmt: skip


def in_words(parts: Iterable[Part]) -> str:
    """Parts as one text, begun with a capital; actions with commas between them."""
    text, before_it = "", Kind.WORDS
    for part in parts:
        text += (", " if part.kind is before_it is Kind.ACTION else " ") + part.text
        before_it = part.kind
    text = text.strip()
    for before, after in ((" ,", ","), ("( ", "("), (" )", ")"), (" :", ":")):
        text = text.replace(before, after)
    return text[:1].upper() + text[1:]


def scope_words(rule: Mapping[str, Any], names: Names | None = None) -> str:
    """Where and when the rule holds; empty: everywhere, without an end."""
    text = in_words(_scope(rule, names or Names())).rstrip(": ")
    return text[:1].lower() + text[1:]


def node_parts(node: Any, names: Names) -> tuple[Part, ...]:
    """A condition, or a group of them."""
    match node:
        case {"all": list() | tuple() as several}:
            return _joined(several, "and", names)
        case {"any": list() | tuple() as several}:
            return _joined(several, "or", names)
        case {"not": part}:
            return (_words("not"), _words("("), *node_parts(part, names), _words(")"))
        case {"field": str()}:
            return condition_parts(dict(node), names)
        case _:
            return (_words(GAP),)


def condition_parts(node: Mapping[str, Any], names: Names) -> tuple[Part, ...]:
    """One field, its operator, and what it is compared with."""
    known = FIELDS.get(node["field"])
    label = Part(Kind.FIELD, known.label if known else node["field"] or GAP)
    try:
        op = Operator(node.get("op", ""))
    except ValueError:
        return (label, _words(GAP))
    words = _words(WORDS[op])
    if WANTS[op] is Wants.NOTHING:
        return (label, words)
    if node.get("value") is None or known is None:
        return (label, words, Part(Kind.VALUE, GAP))
    return (label, words, *_wanted(known, op, node["value"], names))


def action_parts(rule: Mapping[str, Any], names: Names) -> tuple[Part, ...]:
    """What the rule does, an action a part."""
    actions = [
        Part(Kind.ACTION, action_words(one, names)) for one in rule.get("then") or () if isinstance(one, Mapping)
    ]
    return tuple(actions) or (_words(GAP),)


def action_words(action: Mapping[str, Any], names: Names) -> str:
    """One action."""
    match action:
        case {"do": "require_dual_control"}:
            return "two people"
        case {"do": "blind"}:
            return "second person chooses unseen"
        case {"do": "set_priority", **rest}:
            return f"priority {rest.get('priority') or GAP}"
        case {"do": "set_risk_level", **rest}:
            return f"risk {rest.get('level') or GAP}"
        case {"do": "route_to", **rest}:
            return f"queue {_named(rest.get('queue'), names.queues)}"
        case {"do": "set_sla_hours", **rest}:
            return f"SLA {_number(rest.get('hours'))} h"
        case {"do": "add_flag", **rest}:
            return f"flag “{rest.get('title') or GAP}”"
        case {"do": "require_reason"}:
            return "reason required"
        case {"do": "require_note"}:
            return "note required"
        case {"do": "skip_review"}:
            return "no review"
        case _:
            return GAP


def value_words(known: Field, value: object, names: Names) -> str:
    """One value of a field as people read it."""
    if value is None or value == "":
        return GAP
    match known.type:
        case FieldType.MONEY:
            return _number(value, places=2)
        case FieldType.NUMBER | FieldType.INTEGER:
            return f"{_number(value)} {_unit(known.unit, value)}".strip()
        case FieldType.YES_NO:
            return "yes" if value is True else "no" if value is False else str(value)
        case FieldType.DATE:
            return _day(value)
        case FieldType.TEXT:
            return f"“{value}”"
        case _:
            return _named(value, names.flags if known.name == "flags" else _ITEM_TYPES)


def found_words(known: Field, value: Value | None, names: Names) -> str:
    """What was found of a field, as whoever reads a check may see it: an account number is masked."""
    if value is None:
        return NOT_KNOWN
    if known.name in _MASKED:
        return masked(str(value))
    if isinstance(value, frozenset):
        return ", ".join(_one_of(known, one, names) for one in sorted(value)) or "none"
    return value_words(known, as_json(value), names)


def _one_of(known: Field, value: object, names: Names) -> str:
    """One of several values: a flag's name may have a comma in it."""
    words = value_words(known, value, names)
    return f"“{words}”" if known.type is FieldType.SET and words != GAP else words


def _wanted(known: Field, op: Operator, value: Any, names: Names) -> tuple[Part, ...]:
    match WANTS[op], value:
        case Wants.MULTIPLE, {"times": times, "field": other}:
            of = Part(Kind.FIELD, FIELDS[other].label if other in FIELDS else other or GAP)
            so_many = Part(Kind.VALUE, f"{_number(times)} ×")
            return (so_many, _words("from"), of) if op is Operator.CHANGED_BY_FACTOR else (so_many, of)
        case Wants.LIST, str():
            return (Part(Kind.VALUE, _named(value, names.lists)),)
        case Wants.RANGE, [low, high]:
            ends = [Part(Kind.VALUE, value_words(known, one, names)) for one in (low, high)]
            return (ends[0], _words("and"), ends[1])
        case Wants.SEVERAL, list() | tuple():
            return _listed([_one_of(known, one, names) for one in value], "or" if op in _JOINED_BY_OR else "and")
        case Wants.ONE, str() | int() | Decimal() | date():
            return (Part(Kind.VALUE, value_words(known, value, names)),)
        case _:
            return (Part(Kind.VALUE, GAP),)


def _joined(several: Sequence[Any], by: str, names: Names) -> tuple[Part, ...]:
    if not several:
        return (_words(GAP),)
    parts: list[Part] = []
    for place, one in enumerate(several):
        inner = node_parts(one, names)
        if len(several) > 1 and isinstance(one, Mapping) and len(one.get("all") or one.get("any") or ()) > 1:
            inner = (_words("("), *inner, _words(")"))
        parts += [*([_words(by)] if place else []), *inner]
    return tuple(parts)


def _scope(rule: Mapping[str, Any], names: Names) -> tuple[Part, ...]:
    scope = rule.get("scope") or {}
    parts: list[Part] = []
    if chosen := scope.get("item_types"):
        parts += [*_listed([_ITEM_TYPES.get(one, str(one)) for one in chosen], "and"), _words("checks")]
    if chosen := scope.get("account_types"):
        parts += [_words("of" if parts else "checks of"), *_listed(list(map(str, chosen)), "and"), _words("accounts")]
    if chosen := scope.get("queues"):
        parts += [
            *([] if parts else [_words("checks")]),
            _words("in"),
            *_listed(_all_named(chosen, names.queues), "or"),
        ]
    since, until = rule.get("effective_from"), rule.get("effective_until")
    days = [*([_words("from"), Part(Kind.VALUE, _day(since))] if since else []),
            *([_words("until"), Part(Kind.VALUE, _day(until))] if until else [])]  # fmt: skip
    if not parts and not days:
        return ()
    return (*days, *([_words(",")] if days and parts else []), *([_words("for")] if parts else []), *parts, _words(":"))


def _listed(values: Sequence[str], by: str) -> tuple[Part, ...]:
    if not values:
        return (Part(Kind.VALUE, GAP),)
    parts: list[Part] = []
    for place, one in enumerate(values):
        if place:
            parts.append(_words(by if place == len(values) - 1 else ","))
        parts.append(Part(Kind.VALUE, one))
    return tuple(parts)


def _all_named(keys: Iterable[object], names: Mapping[str, str]) -> list[str]:
    return [_named(one, names) for one in keys]


def _unit(unit: str, value: object) -> str:
    """`1 day ago`, `30 days ago`."""
    if unit in _UNSAID:
        return ""
    first, _, rest = unit.partition(" ")
    return f"{first.removesuffix('s')} {rest}".strip() if str(value) == "1" else unit


def _named(key: object, names: Mapping[str, str]) -> str:
    return names.get(str(key), str(key).replace("_", " ")) if key else GAP


def _number(value: object, places: int | None = None) -> str:
    """A number with thousands separated; what is none is shown as it was typed."""
    try:
        number = Decimal(str(value))
        # A number that is short to type may be a thousand million digits long.
        if not number.is_finite() or abs(number.adjusted()) >= _MOST_DIGITS:
            return str(value)
        return f"{number:,.2f}" if places == 2 and number == round(number, 2) else f"{number:,f}"
    except InvalidOperation:
        return str(value) if value not in (None, "") else GAP


def _day(value: object) -> str:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{day.day} {day:%b %Y}"


def _words(text: str) -> Part:
    return Part(Kind.WORDS, text)
