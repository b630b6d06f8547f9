"""The rules of a new institution's first policy: what nearly every bank looks at twice. Plain data, no I/O.

They stand on flags, so that they follow the thresholds. None of them lets a check pass without review: that is for the
institution to say.
"""

from __future__ import annotations

from typing import Any, Final

from console.policy.faults import read_rule
from console.policy.model import Rule


def _flagged(*codes: str) -> dict[str, Any]:
    return {"field": "flags", "op": "has_any", "value": list(codes)}


_RULES: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": "r-against-the-order",
        "name": "Against the customer's order",
        "when": _flagged("stop_payment", "not_issued", "void_check", "already_paid"),
        "then": [{"do": "set_risk_level", "level": "critical"}, {"do": "require_note"}],
    },
    {
        "id": "r-new-account",
        "name": "Large, new account",
        "when": _flagged("new_account_large"),
        "then": [{"do": "require_dual_control"}, {"do": "set_risk_level", "level": "high"}],
    },
    {
        "id": "r-payee-not-as-issued",
        "name": "Payee not as issued",
        "when": _flagged("issued_payee_differs"),
        "then": [
            {"do": "require_dual_control"},
            {"do": "blind"},
            {"do": "set_risk_level", "level": "high"},
        ],
    },
    {
        "id": "r-far-above-usual",
        "name": "Far above the usual check",
        "when": {
            "all": [
                {"field": "times_usual", "op": "greater_or_equal", "value": "10"},
                {"field": "amount", "op": "greater_or_equal", "value": "2500.00"},
            ]
        },
        "scope": {"item_types": ["on_us"]},
        "then": [{"do": "require_dual_control"}, {"do": "set_priority", "priority": "high"}],
    },
    {
        "id": "r-returned-often",
        "name": "Returned more than once",
        "when": {"field": "returns_90d", "op": "greater_or_equal", "value": 2},
        "scope": {"item_types": ["on_us"]},
        "then": [{"do": "set_priority", "priority": "high"}, {"do": "set_risk_level", "level": "high"}],
    },
    {
        "id": "r-burst",
        "name": "Burst of checks",
        "when": _flagged("velocity"),
        "then": [{"do": "set_sla_hours", "hours": "2"}],
    },
)


def default_rules() -> tuple[Rule, ...]:
    """The rules, in their order."""
    return tuple(read_rule(rule) for rule in _RULES)
