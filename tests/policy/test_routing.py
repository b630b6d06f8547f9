"""Which queue takes a check in by its own criteria."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.policy.routing import Criteria, Facts, InvalidCriteria, Route, criteria_of, route

CODES = ("stop_payment", "velocity", "serial_gap")
amounts = st.decimals(Decimal(0), Decimal("99999.99"), places=2)
facts = st.builds(
    Facts,
    amount=amounts,
    item_type=st.sampled_from(["on_us", "transit"]),
    flags=st.frozensets(st.sampled_from(CODES)),
    account_type=st.sampled_from([None, "personal", "business"]),
)


@st.composite
def criteria(draw: st.DrawFn) -> Criteria:
    low, high = sorted([draw(amounts), draw(amounts)])
    values = {
        "amount_from": draw(st.sampled_from([None, low])),
        "amount_to": draw(st.sampled_from([None, high])),
        "item_types": draw(st.frozensets(st.sampled_from(["on_us", "transit"]))),
        "flags": draw(st.frozensets(st.sampled_from(CODES))),
        "account_types": draw(st.frozensets(st.sampled_from(["personal", "business"]))),
    }
    if not any(value not in (None, frozenset()) for value in values.values()):
        values["amount_from"] = low
    return Criteria(**values)


routes = st.lists(st.tuples(st.sampled_from("abcde"), criteria()), max_size=5, unique_by=lambda pair: pair[0]).map(
    lambda pairs: [Route(queue, one) for queue, one in pairs]
)


@given(routes, facts)
def test_the_first_queue_that_wants_a_check_has_it(routes: list[Route], facts: Facts) -> None:
    found = route(routes, facts)
    wanting = [one.queue for one in routes if one.criteria.wants(facts)]
    assert found == (wanting[0] if wanting else None)


@given(criteria(), facts)
def test_each_thing_that_is_said_must_hold(one: Criteria, facts: Facts) -> None:
    """Criteria that say less want at least as much."""
    for name in ("amount_from", "amount_to", "item_types", "flags", "account_types"):
        rest = one.model_dump(exclude={name})
        if not any(rest.values()):
            continue
        try:
            weaker = Criteria(**rest)
        except ValueError:
            continue  # an amount of zero says something and is false
        assert weaker.wants(facts) or not one.wants(facts)


@given(criteria(), facts)
def test_what_is_kept_wants_the_same(one: Criteria, facts: Facts) -> None:
    again = criteria_of(one.as_json())
    assert again is not None and again == one and again.wants(facts) == one.wants(facts)


@given(amounts, amounts, facts)
def test_both_ends_of_an_amount_belong_to_it(one: Decimal, other: Decimal, facts: Facts) -> None:
    low, high = sorted([one, other])
    assert Criteria(amount_from=low, amount_to=high).wants(facts) == (low <= facts.amount <= high)


def test_an_account_that_is_not_known_is_of_no_type() -> None:
    unknown = Facts(Decimal(1), "on_us", frozenset(), None)
    assert not Criteria(account_types=frozenset({"personal"})).wants(unknown)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Say at least one thing"),
        ({"amount_from": "10.00", "amount_to": "9.99"}, "begins above its end"),
        ({"amount_from": "-1"}, "Amount from"),
        ({"amount_from": "1.001"}, "Amount from"),
        ({"item_types": ["foreign"]}, "Item types"),
        ({"flags": ["Robert'); drop table"]}, "Flags"),
        ({"branch": "Boston"}, "Branch"),
    ],
)
def test_criteria_that_cannot_be_say_why(values: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidCriteria, match=words):
        criteria_of(values)
