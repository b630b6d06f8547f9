"""The thirty rules of `policy_rules`, and the flags that they stand on, as a person would write them in SQL: one query
of CASE expressions with its figures in place. It is the floor of the compiled judgement, and says the same."""

from __future__ import annotations

AMOUNTS = ("500.00", "2500.00", "7500.00")

_FACTS = """
select item_id,
    (facts ->> 'amount')::numeric as amount, facts ->> 'item_type' as item_type,
    lower((facts ->> 'payee') collate "C") as payee, lower((facts ->> 'account_type') collate "C") as account_type,
    (facts ->> 'account_age_days')::int as account_age_days, (facts ->> 'times_usual')::numeric as times_usual,
    (facts ->> 'average_90')::numeric as average_90, (facts ->> 'balance')::numeric as balance,
    (facts ->> 'over_balance')::numeric as over_balance, (facts ->> 'checks_7d')::int as checks_7d,
    (facts ->> 'checks_week_before')::int as checks_week_before, (facts ->> 'returns_90d')::int as returns_90d,
    (facts ->> 'nsf_90d')::int as nsf_90d, (facts ->> 'overdrafts_90d')::int as overdrafts_90d,
    (facts ->> 'payroll')::boolean as payroll, (facts ->> 'direct_deposit')::boolean as direct_deposit,
    (facts ->> 'positive_pay')::boolean as positive_pay, (facts ->> 'serial_number')::numeric as serial_number,
    (facts ->> 'serial_distance')::numeric as serial_distance,
    (facts ->> 'serial_seen_before')::boolean as serial_seen_before,
    (facts ->> 'duplicate_days_ago')::int as duplicate_days_ago, (facts ->> 'stopped')::boolean as stopped,
    (facts ->> 'on_issued_file')::boolean as on_issued_file, facts ->> 'issued_status' as issued_status,
    (facts ->> 'issued_amount_differs')::boolean as issued_amount_differs,
    (facts ->> 'issued_payee_differs')::boolean as issued_payee_differs,
    (facts ->> 'issued_months_ago')::int as issued_months_ago,
    (facts ->> 'routing_valid')::boolean as routing_valid, (facts ->> 'account_known')::boolean as account_known,
    (facts ->> 'received_hour')::int as received_hour, facts -> 'missing_sides' as missing_sides,
    facts -> 'undisplayable_sides' as undisplayable_sides, facts -> 'unusable_fields' as unusable_fields
from item_facts offset 0
"""

# By name: the flag, or what rules do, and when.
_ON_US = "item_type = 'on_us'"
_FLAGS = {
    "stop_payment": "stopped",
    "duplicate_presentment": "duplicate_days_ago <= 180",
    "not_issued": f"{_ON_US} and positive_pay and not on_issued_file",
    "void_check": f"{_ON_US} and positive_pay and issued_status = 'void'",
    "already_paid": f"{_ON_US} and positive_pay and issued_status = 'paid'",
    "issued_amount_differs": f"{_ON_US} and positive_pay and issued_amount_differs",
    "issued_payee_differs": f"{_ON_US} and positive_pay and issued_payee_differs",
    "stale_dated": f"{_ON_US} and positive_pay and issued_months_ago >= 6",
    "unusual_amount": f"{_ON_US} and average_90 > 0 and amount >= average_90 * 5",
    "exceeds_balance": f"{_ON_US} and over_balance > 0",
    "new_account_large": "account_age_days <= 30 and amount >= 2500",
    "serial_zero": f"{_ON_US} and (serial_number is null or serial_number = 0)",
    "serial_duplicate": f"{_ON_US} and serial_number > 0 and serial_seen_before"
    " and coalesce(duplicate_days_ago, 999) > 180",
    "serial_gap": f"{_ON_US} and serial_number > 0 and serial_distance > 50",
    "velocity": f"{_ON_US} and checks_7d >= 10 and checks_7d > 2 * checks_week_before",
    "returned_before": f"{_ON_US} and returns_90d > 0",
    "routing_invalid": "not routing_valid",
    "account_unknown": f"{_ON_US} and not account_known",
    "image_missing": "jsonb_array_length(missing_sides) > 0",
    "image_unusable": "jsonb_array_length(undisplayable_sides) > 0",
    "image_quality": "jsonb_array_length(unusable_fields) > 0",
}  # fmt: skip
_PATTERNS = (
    "amount >= {0} and account_age_days <= 90",
    "amount >= {0} and payee = any(array['payee 13', 'payee 19', 'payee 7'])",
    "amount >= {0} and times_usual > 8 and not payroll",
    "amount >= {0} and (returns_90d > 2 or nsf_90d > 2)",
    f"amount >= {{0}} and (f_velocity or f_serial_gap) and {_ON_US}",
    "amount >= {0} and payee <> all(array['payee 1', 'payee 2']) and received_hour between 0 and 6",
    "amount >= {0} and balance < 100 and overdrafts_90d > 1",
    "amount >= {0} and strpos(payee, 'cash') > 0 and not direct_deposit",
    "amount >= {0} and amount > 0.9 * balance and account_type in ('personal', 'savings')",
    "unusable_fields ?| array['payee usability', 'signature usability'] or (amount >= {0} and issued_months_ago > 4)",
)


def query() -> str:
    """The whole query: the item, and the word on it."""
    flags = ", ".join(f"coalesce({when}, false) as f_{code}" for code, when in _FLAGS.items())
    rules = [f"coalesce({one.format(amount)}, false)" for amount in AMOUNTS for one in _PATTERNS]
    numbered = ", ".join(f"{when} as r{at}" for at, when in enumerate(rules))
    any_flag = " or ".join(f"f_{code}" for code in _FLAGS)
    urgent = "f_stop_payment or f_duplicate_presentment or f_already_paid or f_not_issued or f_void_check"
    standing = f"({any_flag} or {_steps(4)})"
    priority = f"""least(case when amount >= 10000 and {standing} then 1 when amount >= 10000 or {urgent} then 2
        when {standing} then 3 else 4 end, case when {_steps(2)} then 2 end, case when {_steps(9)} then 3 end)"""
    fired = ", ".join(f"case when r{at} then 'r-{at}' end" for at in range(len(rules)))
    raised = ", ".join(f"case when f_{code} then '{code}' end" for code in _FLAGS)
    added = ", ".join(f"case when r{10 * step + 4} then 'burst_{step}' end" for step in range(3))
    return f"""
    select item_id, true as needs_review,
        case when {_steps(1)} then 'special_review' when {priority} <= 2 then 'high_priority' else 'standard' end
            as queue,
        {priority} as priority,
        least(case when {urgent} then 2 when {standing} then 3 else 4 end, case when {_steps(3)} then 2 end)
            as risk_level,
        case when {_steps(5)} then 2.0 end as rule_hours,
        {_steps(0)} or amount >= 5000 as two_people,
        {_steps(8)} as blind, {_steps(7)} as reason_required, {_steps(6)} as note_required,
        array_remove(array[{raised}], null) as flags, array_remove(array[{added}], null) as added,
        array_remove(array[{fired}], null) as fired
    from (select *, {numbered} from (select *, {flags} from ({_FACTS}) given offset 0) flagged offset 0) ruled
    """


def _steps(pattern: int) -> str:
    """Whether a pattern's rule fires at any of the amounts."""
    return "(" + " or ".join(f"r{10 * step + pattern}" for step in range(len(AMOUNTS))) + ")"
