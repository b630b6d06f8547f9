"""What has just come: a few at a time, each for some seconds, and the page told which one was meant."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from nicegui import Client

from console.notices import toasts_panel
from console.notices.inbox import ItemShown, NoticeShown
from console.notices.kinds import NoticeKind
from console.notices.lines_panel import BESIDE, FOLLOW
from console.notices.toasts_panel import MOST, Toasts
from tests.ui.unopened import in_a_page

ZONE = ZoneInfo("America/New_York")


def notice(number: int, *, on_a_check: bool = True) -> NoticeShown:
    item = UUID(int=1000 + number) if on_a_check else None
    # Of those without a check most lead to a page; this one leads nowhere.
    kind = NoticeKind.ASSIGNED if on_a_check else NoticeKind.HOLD_RELEASED
    values = {"by": "Approver", "what": "a check"} if on_a_check else {}
    shown = ItemShown(Decimal("4532.00"), "•••• 6789") if on_a_check else None
    return NoticeShown(UUID(int=number), kind, values, datetime(2026, 3, 2, 15, tzinfo=UTC), True, item, shown)


def shown(toasts: Toasts) -> list[int]:
    """The numbers of the notices that are on the screen, from above."""
    return [UUID(one[1]["key"]).int for one in json.loads(toasts._box.props["tree"])]


def test_the_newest_push_out_the_ones_before_them() -> None:
    async def work(client: Client) -> None:
        toasts = Toasts(ZONE, print)
        before = len(client.elements)
        toasts.add(notice(number) for number in range(3))
        assert shown(toasts) == [0, 1, 2]
        toasts.add(notice(number) for number in range(3, 30))
        assert shown(toasts) == list(range(30))[-MOST:]
        assert len(client.elements) == before  # however many come
        toasts.clear()
        assert shown(toasts) == []

    in_a_page(work)


def test_each_goes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toasts_panel, "SECONDS", 0.05)

    async def work(client: Client) -> None:
        toasts = Toasts(ZONE, print)
        toasts.add([notice(1), notice(2)])
        assert shown(toasts) == [1, 2]
        await asyncio.sleep(0.2)
        assert shown(toasts) == []
        # A page that was closed meanwhile is left alone.
        toasts.add([notice(3)])
        client.delete()
        await asyncio.sleep(0.2)
        assert shown(toasts) == [3]

    in_a_page(work)


def test_a_click_means_the_toast_that_is_shown() -> None:
    async def work(client: Client) -> None:
        followed: list[NoticeShown] = []
        toasts = Toasts(ZONE, followed.append)
        first, second = notice(1), notice(2, on_a_check=False)
        toasts.add([first, second])
        links = [one[2][0] for one in json.loads(toasts._box.props["tree"])]
        assert [link[0] for link in links] == ["a", "button"]
        assert [link[1].get("href") for link in links] == [f"/review/{first.item_id}", None]
        toasts._act(f"{FOLLOW}{second.id}")
        toasts._act(f"{FOLLOW}{UUID(int=9)}")  # none that is on the screen
        assert followed == [second]
        toasts._act(f"{BESIDE}{first.id}")
        assert shown(toasts) == [2]

    in_a_page(work)
