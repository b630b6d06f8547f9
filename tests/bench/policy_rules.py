"""Thirty rules as a bank would write them, and items for them: what the benches of the policy's engines run on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from console.policy.facts import AccountFacts, IssuedLine, ItemFacts, Sighting
from console.policy.faults import read_document
from console.policy.model import PolicyDocument

TODAY = date(2026, 11, 20)
LISTS = {"watched": frozenset({"payee 7", "payee 13", "payee 19"}), "trusted": frozenset({"payee 1", "payee 2"})}


def _is(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def _rule(at: int, name: str, when: dict[str, Any], *then: dict[str, Any], **scope: list[str]) -> dict[str, Any]:
    return {"id": f"r-{at}", "name": name, "when": when, "then": list(then), "scope": scope}


def document() -> PolicyDocument:
    """Ten patterns, each at three amounts: thirty rules, two to four conditions each."""
    rules = []
    for step, amount in enumerate(("500.00", "2500.00", "7500.00")):
        above = _is("amount", "greater_or_equal", amount)
        patterns: list[tuple[dict[str, Any], dict[str, Any]]] = [
            ({"all": [above, _is("account_age_days", "less_or_equal", 90)]}, {"do": "require_dual_control"}),
            ({"all": [above, _is("payee", "in_list", "watched")]}, {"do": "route_to", "queue": "special_review"}),
            ({"all": [above, _is("times_usual", "greater", "8"), _is("payroll", "equals", False)]},
             {"do": "set_priority", "priority": "high"}),
            ({"all": [above, {"any": [_is("returns_90d", "greater", 2), _is("nsf_90d", "greater", 2)]}]},
             {"do": "set_risk_level", "level": "high"}),
            ({"all": [above, _is("flags", "has_any", ["velocity", "serial_gap"]), _is("item_type", "equals", "on_us")]},
             {"do": "add_flag", "code": f"burst_{step}", "title": "Burst"}),
            ({"all": [above, {"not": _is("payee", "in_list", "trusted")}, _is("received_hour", "between", [0, 6])]},
             {"do": "set_sla_hours", "hours": "2"}),
            ({"all": [above, _is("balance", "less", "100.00"), _is("overdrafts_90d", "greater", 1)]},
             {"do": "require_note"}),
            ({"all": [above, _is("payee", "contains", "cash"), _is("direct_deposit", "equals", False)]},
             {"do": "require_reason"}),
            ({"all": [above, _is("amount", "more_than_times", {"times": "0.9", "field": "balance"}),
                      _is("account_type", "in", ["personal", "savings"])]}, {"do": "blind"}),
            ({"any": [_is("unusable_fields", "has_any", ["payee usability", "signature usability"]),
                      {"all": [above, _is("issued_months_ago", "greater", 4)]}]},
             {"do": "set_priority", "priority": "medium"}),
        ]  # fmt: skip
        rules += [
            _rule(len(patterns) * step + at, f"Pattern {at} from {amount}", when, then)
            for at, (when, then) in enumerate(patterns)
        ]
    thresholds = {"dual_control_amount": "5000.00", "high_priority_amount": "10000.00", "sla_hours": "4"}
    return read_document({"thresholds": thresholds, "rules": rules})


def item(rng: Random) -> ItemFacts:
    """One of a day's checks: most are clean, one in some of each kind is not."""
    amount = Decimal(rng.randrange(1_000, 1_500_000)).scaleb(-2)
    account = AccountFacts(
        opened_on=TODAY - timedelta(days=rng.randrange(2_000)),
        account_type=rng.choice(["personal", "business", "savings"]),
        balance=Decimal(rng.randrange(3_000_000)).scaleb(-2),
        average_90=Decimal(rng.randrange(5_000, 300_000)).scaleb(-2) if rng.random() < 0.9 else None,
        checks_7d=rng.randrange(12),
        checks_week_before=rng.randrange(8),
        returns_90d=rng.randrange(4) if rng.random() < 0.1 else 0,
        last_serial=100 + rng.randrange(80),
        positive_pay=rng.random() < 0.2,
        nsf_90d=rng.randrange(4),
        overdrafts_90d=rng.randrange(3),
        payroll=rng.random() < 0.3,
        direct_deposit=rng.random() < 0.6,
    )
    return ItemFacts(
        amount=amount,
        serial=str(120 + rng.randrange(60)),
        routing="729999010",
        routing_valid=rng.random() < 0.99,
        on_us=rng.random() < 0.7,
        payee=f"Payee {rng.randrange(40)}" if rng.random() < 0.9 else None,
        presented_on=TODAY,
        account=account if rng.random() < 0.95 else None,
        serial_seen_amount=None,
        duplicates=(Sighting("earlier", rng.randrange(400)),) if rng.random() < 0.02 else (),
        stopped=rng.random() < 0.01,
        issued=IssuedLine(amount, "Payee", TODAY - timedelta(days=rng.randrange(300)), "outstanding"),
        missing_sides=(),
        undisplayable_sides=(),
        unusable_fields=("payee usability",) if rng.random() < 0.03 else (),
        account_number=str(7_000_000 + rng.randrange(400)),
        business_date=TODAY,
        received_at=datetime(2026, 11, 20, rng.randrange(24), tzinfo=UTC),
    )
