"""Views of the queue: what their filters list, and how they are kept and shared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.access.permissions import NotAllowed
from console.review.assignment import assign
from console.review.claims import claim
from console.review.errors import InvalidView, ViewNotFound
from console.review.queue import Key, list_items
from console.review.queue_filter import Filter, Sort
from console.review.queue_search import amount_of, words_of
from console.review.queue_view import FIRST_DAY, LAST_DAY, ItemType, View, view_of
from console.review.saved_views import MAXIMUM_VIEWS, delete_view, list_views, save_view, set_default
from console.review.states import OPEN, Status
from db.engine import transaction
from db.models import CheckItem, Flag
from tests.factories import Bank, import_items, item_ids, make_bank, x9_item
from tests.review.test_assignment import bank_of, id_of
from tests.review.test_queue_counts import put

ZONE = ZoneInfo("America/New_York")

views = st.builds(
    View,
    tab=st.sampled_from(["all", "mine", "standard"]),
    status=st.sampled_from([None, *sorted(OPEN)]),
    item_type=st.sampled_from([None, *ItemType]),
    priority=st.sampled_from([None, 1, 4]),
    flagged=st.booleans(),
    flag=st.sampled_from([None, "velocity"]),
    amount_from=st.none() | st.decimals(0, 10**9, places=2),
    held_by=st.none() | st.uuids(),
    due_within=st.none() | st.integers(1, 14_400),
    received_from=st.none() | st.dates(FIRST_DAY, LAST_DAY),
    search=st.text(max_size=60),
    sort=st.sampled_from(Sort),
    descending=st.booleans(),
    columns=st.lists(st.sampled_from(["sla", "amount", "age"]), unique=True).map(tuple),
)


@given(views)
def test_a_view_survives_its_address_and_its_keeping(view: View) -> None:
    assert view_of(view.query()) == view
    assert view_of(view.as_json()) == view


@given(st.dictionaries(st.sampled_from([*View.model_fields, "other"]), st.text(max_size=80)))
def test_whatever_stands_in_an_address_a_view_comes_of_it(values: dict[str, str]) -> None:
    view_of(values)


def test_what_is_wrong_in_an_address_is_left_out_and_the_rest_stands() -> None:
    assert view_of({"amount_from": "much", "priority": "9", "flag": "velocity"}) == View(flag="velocity")
    assert view_of({"status": "approved"}) == View()
    assert View(amount_from=Decimal(1), flagged=True, tab="standard").narrowed == 2


def test_days_are_those_of_the_institution() -> None:
    view = View(received_from=date(2026, 11, 2), received_to=date(2026, 11, 2), due_within=30)
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    chosen = view.filter(Filter(queue="standard"), now, ZONE)
    assert chosen.received_from == datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert chosen.received_before == datetime(2026, 11, 3, 5, tzinfo=UTC)
    assert (chosen.due_before, chosen.queue) == (now + timedelta(minutes=30), "standard")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/New_York"])
def test_days_at_the_end_of_the_calendar_are_no_filter(zone: str) -> None:
    assert view_of({"received_from": "0001-01-01", "received_to": "9999-12-31", "tab": "mine"}) == View(tab="mine")
    ends = View(received_from=FIRST_DAY, received_to=LAST_DAY).filter(Filter(), datetime.now(UTC), ZoneInfo(zone))
    assert ends.received_from is not None and ends.received_before is not None


async def listed(bank: Bank, **chosen: object) -> list[Decimal]:
    return sorted(row.amount for row in (await list_items(bank.supervisor, Filter(**chosen))).rows)  # type: ignore[arg-type]


def test_each_filter_lists_its_own(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, items = await bank_of(tmp_path, "1.00", "2.00", "3.50", "4.00", "12000.00")
        first, second, third, fourth, high = items
        one, two, three, four, large = (Decimal(x) for x in ("1.00", "2.00", "3.50", "4.00", "12000.00"))
        now = datetime.now(UTC)
        assert await listed(bank, amount_from=two, amount_to=three) == [two, three]
        assert await listed(bank, amount_from=Decimal("3.51")) == [four, large]
        assert await listed(bank, priority=2) == [large]
        await claim(bank.reviewer, first)
        await assign(bank.supervisor, [second], id_of(bank.reviewer), "his")
        assert await listed(bank, held_by=bank.reviewer.user_id) == [one]
        assert await listed(bank, assigned_to=bank.reviewer.user_id) == [two]
        assert await listed(bank, status=Status.IN_REVIEW) == [one]
        mine = await list_items(bank.reviewer, Filter(mine=True))
        assert sorted(row.amount for row in mine.rows) == [one, two]
        await put(bank, third, sla_due_at=now + timedelta(minutes=10))
        await put(bank, fourth, received_at=now - timedelta(days=2), sla_due_at=now + timedelta(days=5))
        assert await listed(bank, due_before=now + timedelta(minutes=30)) == [three]
        assert await listed(bank, received_before=now - timedelta(days=1)) == [four]
        assert four not in await listed(bank, received_from=now - timedelta(days=1))
        async with transaction(bank.system) as session:
            values = {"title": "V", "explanation": "", "evidence": {}, "source": "rule"}
            session.add(Flag(id=uuid4(), institution_id=bank.institution_id, item_id=high, code="velocity", **values))
        assert await listed(bank, flag="velocity") == [large]
        assert await listed(bank, flag="stop_payment") == []

    run(story())


def test_a_search_finds_words_digits_and_amounts(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        items = [x9_item(n, amount, "021000021", account) for n, amount, account in (
            (1, "10.00", "987654321"), (2, "4711.08", "5550001"), (3, "30.00", "5550002"))]  # fmt: skip
        await import_items(bank, tmp_path, items)
        for item, payee in zip(await item_ids(bank), ("Ann O'Brien-Smith", "Brick & Sons", None), strict=True):
            await put(bank, item, payee=payee)
        ten, large, thirty = Decimal("10.00"), Decimal("4711.08"), Decimal("30.00")
        expected = {
            "bri": [ten, large],
            "smith ann": [ten],
            "SONS": [large],
            "rick": [],
            "4321": [ten],
            "•••• 0001": [large],
            "102": [large],
            "4,711.08": [large],
            "$30": [thirty],
            "' | 'a' :* & !": [ten],
            "…": [],
        }
        for search, found in expected.items():
            assert await listed(bank, search=search) == sorted(found), search

    run(story())


@given(st.text(max_size=80))
def test_no_search_breaks_the_query_it_is_made_into(search: str) -> None:
    words = words_of(search)
    assert words.count("'") % 2 == 0
    inside = words.split("'")[1::2]
    assert all(part.lstrip("#*").isalnum() for part in inside)
    amount_of(search)


@pytest.mark.parametrize("search", ["1e999999999", "-1e999999999", "1e-999999999", "NaN", "Infinity"])
def test_a_number_that_no_check_can_have_is_no_amount(search: str) -> None:
    assert amount_of(search) is None


def test_pages_by_amount_go_on_where_they_ended(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, _ = await bank_of(tmp_path, "1.00", "1.00", "2.00", "0.50")
        found: list[Decimal] = []
        after: Key | None = None
        for _ in range(4):
            page = await list_items(bank.reviewer, sort=Sort.AMOUNT, descending=True, after=after, limit=1)
            found += [row.amount for row in page.rows]
            after = page.next
        assert found == [Decimal(x) for x in ("2.00", "1.00", "1.00", "0.50")] and after is None

    run(story())


def test_views_are_ones_own_until_they_are_shared(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        mine = View(flag="velocity", amount_from=Decimal("100.00"), sort=Sort.AMOUNT, columns=("sla", "amount"))
        view_id = await save_view(bank.reviewer, "  Big   velocity ", mine)
        [saved] = await list_views(bank.reviewer)
        assert (saved.id, saved.name, saved.view, saved.own, saved.default) == (
            view_id,
            "Big velocity",
            mine,
            True,
            False,
        )
        assert await list_views(bank.second_reviewer) == ()
        with pytest.raises(NotAllowed):
            await save_view(bank.reviewer, "For all", mine, shared=True)
        with pytest.raises(ViewNotFound):
            await set_default(bank.second_reviewer, view_id)
        assert await save_view(bank.reviewer, "BIG velocity", View(priority=1)) == view_id, (
            "the same name, the same view"
        )
        shared = await save_view(bank.supervisor, "Late", View(due_within=30), shared=True)
        await set_default(bank.reviewer, shared)
        own, theirs = await list_views(bank.reviewer)
        assert (own.view, theirs.id, theirs.own, theirs.default) == (View(priority=1), shared, False, True)
        await set_default(bank.reviewer, view_id)
        assert [one.default for one in await list_views(bank.reviewer)] == [True, False]
        with pytest.raises(ViewNotFound):
            await delete_view(bank.reviewer, shared)
        await set_default(bank.reviewer, shared)
        await delete_view(bank.supervisor, shared)
        assert [one.default for one in await list_views(bank.reviewer)] == [False]

    run(story())


def test_names_and_numbers_of_views_are_bounded(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        for name in ("", "x" * 41, "a\nb\x01"):
            with pytest.raises(InvalidView):
                await save_view(bank.reviewer, name, View())
        for number in range(MAXIMUM_VIEWS):
            await save_view(bank.reviewer, f"view {number}", View())
        with pytest.raises(InvalidView, match="delete one"):
            await save_view(bank.reviewer, "one more", View())
        await save_view(bank.reviewer, "view 1", View(priority=1))
        with pytest.raises(ViewNotFound):
            await delete_view(bank.reviewer, UUID(int=1))
        async with transaction(bank.system) as session:
            assert await session.get(CheckItem, UUID(int=1)) is None

    run(story())
