"""Drawn at random, from values that lie on and beside each other: rules, and items with missing values, extremes,
foreign letters, empty texts and numbers of many digits."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from console.policy.fields import FIELDS, KEPT, Field
from console.policy.operators import NUMERIC, WANTS, FieldType, Operator, Wants

LISTS = ("short", "long", "empty")
QUEUES = ("standard", "high_priority", "fraud", "elsewhere")
ACCOUNT_TYPES = ("personal", "business", "Épargne", "")
WORDS = (
    "a", "A", "b", "ab", "AB", "Ab", "ä", "Ä", "ß", "SS", "ss", "İ", "i", "ı", "I", "é", "e\u0301", "K", "\u212a", "k",
    "%", "_", "a%b", "a_b", "\\", "'", '"', "$1", ":x", "😀", "a😀b", " a", "a ", "\n", "\t", "null", "0", "x" * 200,
)  # fmt: skip
_CENTS = ("0", "0.01", "-0.01", "99.99", "100", "100.01", "500", "2500", "5000", "10000", "99999999999.99")
_DIGITS = ("0.000000000000000000000000000001", "123456789012345678901234567890.123456789012345678901234567890",
           "100.000000000000000000000000000001", "-123456789012345678901234567890")  # fmt: skip
_FACTORS = ("0", "1", "2", "2.5", "5", "0.000001", "100.000001", "-1")
_WHOLE = (0, 1, -1, 2, 9, 10, 30, 31, 50, 51, 180, 181, 10**12)
_DAYS = (date(2026, 11, 20), date(2026, 11, 21), date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29))


def lists(rng: Random) -> dict[str, frozenset[str]]:
    """What lists hold: one of few, one of many, one of nothing. That there is no list `absent` is part of the plan."""
    words = [one.lower() if one.isascii() else one for one in WORDS]
    return {
        "short": frozenset(rng.sample(words, 2)),
        "long": frozenset(rng.sample(words, 20)),
        "empty": frozenset(),
    }


def item(rng: Random) -> dict[str, Any]:
    """The facts of an item, in Python's types: whatever may be missing is, one time in four."""
    found = {field.name: None if field.nullable and rng.random() < 0.25 else _fact(rng, field) for field in KEPT}
    if rng.random() < 0.5 and found["average_90"] is not None:
        found["amount"] = found["average_90"] * rng.choice([1, 2, 5])  # on the edge of a multiple
    return found


def _fact(rng: Random, field: Field) -> Any:
    match field.type:
        case FieldType.MONEY | FieldType.NUMBER:
            return Decimal(rng.choice(_CENTS if rng.random() < 0.8 else _DIGITS))
        case FieldType.INTEGER:
            return rng.choice(_WHOLE) if rng.random() < 0.9 else rng.choice([10**25, -(10**25)])
        case FieldType.YES_NO:
            return rng.random() < 0.5
        case FieldType.DATE:
            return rng.choice(_DAYS) + timedelta(0)
        case FieldType.CHOICE:
            return rng.choice(field.choices)
        case FieldType.SET:
            choices = field.choices or WORDS[:6]
            return frozenset(rng.sample(choices, rng.randrange(3)))
        case _ if field.name == "account_type":
            return rng.choice(ACCOUNT_TYPES)
        case _:
            return rng.choice(["", *WORDS, "".join(rng.sample(WORDS[:30], 3))])


def condition(rng: Random) -> dict[str, Any]:
    """A condition that a person could have written."""
    field = rng.choice(list(FIELDS.values()))
    op = rng.choice(field.operators)
    found: dict[str, Any] = {"field": field.name, "op": op.value}
    value = _wanted(rng, field, op)
    return found if value is None else {**found, "value": value}


def _wanted(rng: Random, field: Field, op: Operator) -> Any:
    match WANTS[op]:
        case Wants.NOTHING:
            return None
        case Wants.ONE:
            return _value(rng, field)
        case Wants.RANGE:
            return sorted((_value(rng, field), _value(rng, field)), key=_order(field))
        case Wants.LIST:
            return rng.choice([*LISTS, "absent"])
        case Wants.MULTIPLE:
            money = field.type is FieldType.MONEY
            others = [
                other.name
                for other in FIELDS.values()
                if other.type in NUMERIC and (other.type is FieldType.MONEY) is money and other is not field
            ]
            return {"times": rng.choice(_FACTORS), "field": rng.choice(others)}
        case _:
            return [_value(rng, field) for _ in range(rng.randint(1, 4))]


def _value(rng: Random, field: Field) -> Any:
    match field.type:
        case FieldType.MONEY:
            return rng.choice(_CENTS)
        case FieldType.NUMBER:
            return rng.choice(_FACTORS)
        case FieldType.INTEGER:
            return rng.choice(_WHOLE)
        case FieldType.YES_NO:
            return rng.random() < 0.5
        case FieldType.DATE:
            return rng.choice(_DAYS).isoformat()
        case _ if field.choices:
            return rng.choice(field.choices)
        case _:
            return rng.choice(WORDS)


def _order(field: Field) -> Any:
    return str if field.type is FieldType.DATE else Decimal


def node(rng: Random, depth: int = 3) -> dict[str, Any]:
    """A tree of conditions."""
    kind = rng.choice(["condition", "condition", "all", "any", "not"]) if depth else "condition"
    if kind == "condition":
        return condition(rng)
    if kind == "not":
        return {"not": node(rng, depth - 1)}
    return {kind: [node(rng, depth - 1) for _ in range(rng.randint(1, 3))]}


_LEVELS = ("critical", "high", "medium", "low")


def rule(rng: Random, at: int) -> dict[str, Any]:
    """A rule with its scope, its days and its actions."""
    actions: list[dict[str, Any]] = [
        {"do": "require_dual_control"},
        {"do": "blind"},
        {"do": "set_priority", "priority": rng.choice(_LEVELS)},
        {"do": "set_risk_level", "level": rng.choice(_LEVELS)},
        {"do": "route_to", "queue": rng.choice(QUEUES)},
        {"do": "set_sla_hours", "hours": rng.choice(["0.25", "2", "4", "100.5"])},
        {"do": "add_flag", "code": f"own_{rng.randrange(3)}", "title": f"Own {at}"},
        {"do": "require_reason"},
        {"do": "require_note"},
    ]
    skips = rng.random() < 0.4
    return {
        "id": f"r-{at}",
        "name": f"Rule {at}",
        "enabled": rng.random() < 0.9,
        "when": node(rng),
        "then": [{"do": "skip_review"}] if skips else rng.sample(actions, rng.randint(1, 3)),
        "scope": {
            "item_types": rng.sample(["on_us", "transit"], rng.choice([0, 0, 1])),
            "account_types": rng.sample(ACCOUNT_TYPES[:3], rng.choice([0, 0, 1])),
            "queues": rng.sample(QUEUES, rng.choice([0, 0, 2])),
        },
        "effective_from": rng.choice([None, None, "2026-11-20", "2026-11-21"]),
        "effective_until": rng.choice([None, None, "2026-11-21"]),
    }


def document(rng: Random) -> dict[str, Any]:
    """A policy: thresholds near the items' values, and up to six rules."""
    return {
        "thresholds": {
            "dual_control_amount": rng.choice(["0", "500", "5000", "9999999999.99"]),
            "high_priority_amount": rng.choice(["0", "500", "10000", "9999999999.99"]),
            "sla_hours": "4",
            "blind_second_review": rng.random() < 0.2,
            "unusual_amount_factor": rng.choice(["2", "5", "1.01"]),
            "new_account_days": rng.choice([0, 30]),
            "new_account_amount": rng.choice(["0", "100", "2500"]),
            "serial_gap": rng.choice([1, 50]),
            "checks_in_7_days": rng.choice([1, 10]),
            "duplicate_window_days": rng.choice([1, 180]),
            "stale_months": rng.choice([1, 6, 10]),
        },
        "rules": [rule(rng, at) for at in range(rng.randrange(7))],
    }
