"""When each built-in flag is raised: conditions over the catalogue, made from a policy's thresholds. No I/O.

They are conditions like those of rules, so that both engines find the flags, and the lab sees what another threshold
would have flagged. What a flag says of a check is written in `console.review.flags`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from pydantic import TypeAdapter

from console.policy.conditions import AnyNode
from console.policy.model import Thresholds

# Flags that say that money may leave twice or against the customer's order.
URGENT_FLAGS: Final = frozenset({"stop_payment", "duplicate_presentment", "already_paid", "not_issued", "void_check"})

_NODE: Final[TypeAdapter[AnyNode]] = TypeAdapter(AnyNode)
_Tree = dict[str, Any]


def _is(field: str, op: str, value: Any = None) -> _Tree:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def _all(*parts: _Tree) -> _Tree:
    return {"all": list(parts)}


_ON_US: Final = _is("item_type", "equals", "on_us")
_POSITIVE_PAY: Final = _all(_ON_US, _is("positive_pay", "equals", True))
_HAS_SERIAL: Final = _all(_ON_US, _is("serial_number", "greater", 0))


@lru_cache(maxsize=64)
def flag_conditions(thresholds: Thresholds) -> dict[str, AnyNode]:
    """The condition of each flag, by its code, in the order in which a reviewer reads them."""
    return {code: _NODE.validate_python(tree) for code, tree in _trees(thresholds).items()}


def _trees(given: Thresholds) -> dict[str, _Tree]:
    window = given.duplicate_window_days
    return {
        "stop_payment": _is("stopped", "equals", True),
        "duplicate_presentment": _is("duplicate_days_ago", "less_or_equal", window),
        "not_issued": _all(_POSITIVE_PAY, _is("on_issued_file", "equals", False)),
        "void_check": _all(_POSITIVE_PAY, _is("issued_status", "equals", "void")),
        "already_paid": _all(_POSITIVE_PAY, _is("issued_status", "equals", "paid")),
        "issued_amount_differs": _all(_POSITIVE_PAY, _is("issued_amount_differs", "equals", True)),
        "issued_payee_differs": _all(_POSITIVE_PAY, _is("issued_payee_differs", "equals", True)),
        "stale_dated": _all(_POSITIVE_PAY, _is("issued_months_ago", "greater_or_equal", given.stale_months)),
        "unusual_amount": _all(
            _ON_US,
            _is("average_90", "greater", "0"),
            _is("amount", "at_least_times", {"times": str(given.unusual_amount_factor), "field": "average_90"}),
        ),
        "exceeds_balance": _all(_ON_US, _is("over_balance", "greater", "0")),
        "new_account_large": _all(
            _is("account_age_days", "less_or_equal", given.new_account_days),
            _is("amount", "greater_or_equal", str(given.new_account_amount)),
        ),
        "serial_zero": _all(_ON_US, {"any": [_is("serial_number", "is_missing"), _is("serial_number", "equals", 0)]}),
        "serial_duplicate": _all(
            _HAS_SERIAL,
            _is("serial_seen_before", "equals", True),
            # With the same amount it is a duplicate presentment, a flag of its own.
            {"any": [_is("duplicate_days_ago", "is_missing"), _is("duplicate_days_ago", "greater", window)]},
        ),
        "serial_gap": _all(_HAS_SERIAL, _is("serial_distance", "greater", given.serial_gap)),
        # Many checks are a business account's habit: a burst is many, and more than twice the week before.
        "velocity": _all(
            _ON_US,
            _is("checks_7d", "greater_or_equal", given.checks_in_7_days),
            _is("checks_7d", "more_than_times", {"times": "2", "field": "checks_week_before"}),
        ),
        "returned_before": _all(_ON_US, _is("returns_90d", "greater", 0)),
        "routing_invalid": _is("routing_valid", "equals", False),
        "account_unknown": _all(_ON_US, _is("account_known", "equals", False)),
        "image_missing": _is("missing_sides", "is_not_empty"),
        "image_unusable": _is("undisplayable_sides", "is_not_empty"),
        "image_quality": _is("unusable_fields", "is_not_empty"),
    }
