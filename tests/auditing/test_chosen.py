"""What an address asks of the trail, what in it means nothing, and which days may be asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.audit.entries import Event
from console.auditing.chosen import MAX_DAYS_OF_OBJECT, SYSTEM, Chosen, Span, chosen_of
from console.auditing.difference import difference
from console.auditing.errors import BadDays
from console.auditing.words import EVENTS, GROUPS
from console.review.clocks import Hours

OFFICE = Hours(ZoneInfo("America/New_York"), time(8), time(18), time(14))
NOW = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)  # the evening of the 23rd in New York


def test_every_event_has_its_words_and_its_group() -> None:
    assert set(EVENTS) == {one.value for one in Event}
    assert {one.partition(".")[0] for one in EVENTS} == set(GROUPS)


def test_the_address_says_what_is_chosen_and_what_in_it_means_nothing_is_named() -> None:
    person = uuid4()
    chosen = Chosen(
        span=Span.DAYS, first=date(2026, 1, 2), last=date(2026, 1, 3), kind="item", person=person,
        object_type="item", object_id="x", request="r",
    )  # fmt: skip
    assert chosen_of(chosen.query()) == (chosen, ())
    assert chosen_of({"person": "system"})[0].person == SYSTEM
    wrong = {
        "span": "always",
        "first": "31.1.",
        "kind": "x.y",
        "person": "me",
        "object_type": "moon",
        "request": "\x00",
    }
    assert chosen_of({**wrong, "object_id": "kept"}) == (Chosen(object_id="kept"), tuple(sorted(wrong)))


@pytest.mark.parametrize("kind", ["item", "item.decided", None])
def test_a_kind_is_one_event_or_a_group(kind: str | None) -> None:
    actions = Chosen(kind=kind).actions
    if kind is None:
        assert actions is None
    else:
        assert actions and all(one == kind or one.startswith(f"{kind}.") for one in actions)
        assert "item.decided" in actions


def test_days_are_the_banks_and_bounded() -> None:
    week = Chosen().window(NOW, OFFICE)
    assert (week.days[0], week.days[-1]) == (date(2026, 11, 17), date(2026, 11, 23))
    assert (week.since, week.before) == (datetime(2026, 11, 17, 5, tzinfo=UTC), datetime(2026, 11, 24, 5, tzinfo=UTC))

    def asked(first: date | None, last: date | None, **more: str) -> int:
        chosen = Chosen.model_validate({"span": Span.DAYS, "first": first, "last": last, **more})
        return len(chosen.window(NOW, OFFICE).days)

    assert asked(date(2026, 11, 20), date(2030, 1, 1)) == 4
    with pytest.raises(BadDays, match="At most 92"):
        asked(date(2026, 1, 1), date(2026, 11, 1))
    # One object's whole life.
    assert asked(date(2020, 1, 1), date(2026, 11, 1), object_type="item", object_id="1") > 2_000
    with pytest.raises(BadDays, match=f"{MAX_DAYS_OF_OBJECT:,}"):
        asked(date(2010, 1, 1), date(2026, 11, 1), object_type="item", object_id="1")
    for first, last, words in (
        (None, None, "first and the last"),
        (date(2026, 11, 3), date(2026, 11, 2), "Turn them round"),
        (date(2026, 11, 24), date(2026, 11, 24), "between 2000 and today"),
    ):
        with pytest.raises(BadDays, match=words):
            asked(first, last)


def test_only_what_changed_is_told_with_whole_values() -> None:
    long = "long " * 500
    found = difference(
        {"roles": ["a"], "limits": {"amount": "5.00", "queues": None}, "same": 1, "gone": False},
        {"roles": ["a", "b"], "limits": {"amount": long, "queues": None}, "same": 1, "new_one": [{"x": 1}]},
    )
    assert found.same == 2
    assert [(one.name, one.before, one.after) for one in found.changes] == [
        ("gone", "no", None),
        ("limits › amount", "5.00", long),
        ("new one", None, '[{"x": 1}]'),
        ("roles", "a", "a, b"),
    ]
    assert difference(None, None).changes == ()


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)
values = st.none() | st.dictionaries(st.text(min_size=1, max_size=3), trees, max_size=4)


@given(values, values)
def test_a_difference_is_none_exactly_where_both_are_the_same(before: object, after: object) -> None:
    found = difference(before, after)  # type: ignore[arg-type]
    assert (found.changes == ()) == ((before or {}) == (after or {}))
