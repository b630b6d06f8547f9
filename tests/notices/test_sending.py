"""Who is told what: in the transaction of what happened, once, and only those whom it concerns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from console.hints import NOTICES_CHANNEL
from console.notices import NoticeKind, notify
from console.notices.inbox import Page, list_notices, mark_all_read, mark_read, standing
from console.notices.kinds import KINDS
from console.notices.lines_panel import ICONS
from console.notices.sending import MAX_TEXT
from console.notices.words import detail, headline, leads_to
from console.settings import settings
from db.engine import transaction
from db.models import Notice, NoticeSetting, User
from db.redis_pool import subscribed
from tests.access.matrix import ROUTES
from tests.factories import Bank, import_items, item_ids, make_bank, x9_item

VALUES = {"by": "Ann Approver", "text": "The signature differs."}


class Refused(Exception):
    """What makes a transaction roll back."""


async def told(bank: Bank, kind: NoticeKind = NoticeKind.SENT_BACK, **more: object) -> int:
    async with transaction(bank.approver) as session:
        return await notify(session, bank.approver, kind, to=[bank.reviewer.user_id], values=VALUES, **more)


def test_a_notice_stands_behind_the_bell_with_its_check(run: Callable, tmp_path: Path) -> None:
    async def story() -> tuple[int, Page]:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "4532.00", "021000021", "123456789")])
        (item,) = await item_ids(bank)
        await told(bank, item_id=item)
        return (await standing(bank.reviewer)).unread, await list_notices(bank.reviewer)

    unread, page = run(story())
    (line,) = page.notices
    assert (unread, line.unread, line.kind, page.next) == (1, True, NoticeKind.SENT_BACK, None)
    assert line.item is not None and str(line.item.amount) == "4532.00"
    assert "6789" in line.item.account and "12345" not in line.item.account


def test_nothing_is_told_of_what_was_rolled_back(run: Callable) -> None:
    async def story() -> tuple[int, list[bytes]]:
        bank = await make_bank()
        heard = []
        async with subscribed(NOTICES_CHANNEL) as channel:
            with pytest.raises(Refused):
                async with transaction(bank.approver) as session:
                    await notify(
                        session, bank.approver, NoticeKind.SENT_BACK, to=[bank.reviewer.user_id], values=VALUES
                    )
                    raise Refused
            while message := await channel.get_message(timeout=0.3):
                heard.append(message["data"])
        return (await standing(bank.reviewer)).unread, heard

    assert run(story()) == (0, [])


def test_replicas_hear_of_it_after_the_commit(run: Callable) -> None:
    async def story() -> tuple[list[str], str]:
        bank = await make_bank()
        async with subscribed(NOTICES_CHANNEL) as channel:
            await told(bank)
            # The answer to the subscription itself comes as nothing.
            while (message := await channel.get_message(timeout=5)) is None:
                pass
        return json.loads(message["data"]), str(bank.reviewer.user_id)

    heard, reviewer = run(story())
    assert heard == [reviewer]


def test_nobody_is_told_of_their_own_act_and_nobody_who_has_left(run: Callable) -> None:
    async def story() -> int:
        bank = await make_bank()
        async with transaction(bank.system) as session:
            await session.execute(update(User).where(User.id == bank.reviewer.user_id).values(active=False))
        async with transaction(bank.approver) as session:
            both = [bank.approver.user_id, bank.reviewer.user_id]
            return await notify(session, bank.approver, NoticeKind.SENT_BACK, to=both, values=VALUES)

    assert run(story()) == 0


def test_a_key_is_told_once(run: Callable) -> None:
    async def story() -> list[int]:
        bank = await make_bank()
        return [await told(bank, key="sla 1"), await told(bank, key="sla 1"), await told(bank, key="sla 2")]

    assert run(story()) == [1, 0, 1]


def test_every_kind_has_words_from_the_values_that_it_needs() -> None:
    sample = {
        "by": "Ann",
        "what": "a check",
        "text": "why",
        "rule": "UCC 4-302",
        "count": 3,
        "due_at": "2026-11-25T21:00:00Z",
        "return_by": "2026-11-25T21:00:00Z",
        "cut_off_at": "2026-11-25T21:00:00Z",
        "expires_at": "2026-11-25T21:00:00Z",
        "since": "2026-11-25T21:00:00Z",
        "job": "a job",
        "due_on": "2026-11-25",
        "version": 7,
        "matter": "Doe v. Bank",
        "list": "0f3c",
    }
    lines = set()
    for kind in NoticeKind:
        values = {name: sample[name] for name in KINDS[kind].needs}
        line = headline(kind, values, ZoneInfo("America/New_York"))
        assert "{" not in line and "why" not in line
        assert "16:00" in line or not any(name.endswith(("_at", "_by")) for name in values)
        assert detail(kind, values) in {"", "why", "UCC 4-302"}
        lines.add(line)
    assert len(lines) == len(NoticeKind) == len(KINDS)


def test_what_is_counted_reads_well_for_one_too_and_days_as_days() -> None:
    def line(kind: NoticeKind, count: int) -> str:
        values = {"count": count, "due_on": "2026-11-03", "cut_off_at": "2026-11-03T21:00:00Z"}
        return headline(kind, values, ZoneInfo("America/New_York"))

    assert line(NoticeKind.ACCESS_REVIEW_DUE, 1) == "One line of an access review is to be decided by Tue 3 Nov"
    assert line(NoticeKind.ACCESS_REVIEW_DUE, 2) == "2 lines of an access review are to be decided by Tue 3 Nov"
    assert line(NoticeKind.CUT_OFF_NEAR, 1).endswith("one of your checks must be returned by then")


def test_every_notice_leads_to_where_people_see_to_it() -> None:
    check = uuid4()
    of_no_check = {kind for kind in NoticeKind if leads_to(kind, None, {}) is not None}
    of_lists_and_versions = {kind for kind in NoticeKind if KINDS[kind].needs & {"list", "version"}}
    # The others are always of one check.
    assert {kind for kind in NoticeKind if kind not in of_no_check | of_lists_and_versions} == {
        NoticeKind.SENT_BACK, NoticeKind.MENTIONED, NoticeKind.QUESTION_ASKED, NoticeKind.QUESTION_ANSWERED,
        NoticeKind.APPROVAL_WAITING, NoticeKind.NOT_COMMITTED, NoticeKind.HOLD_RELEASED,
    }  # fmt: skip
    known = {route.removeprefix("GET ") for route in ROUTES}
    assert {str(leads_to(kind, None, {})).partition("?")[0] for kind in of_no_check} <= known
    for kind in NoticeKind:
        assert leads_to(kind, check, {"version": 7}) == f"/review/{check}"


def test_every_kind_has_its_sign_behind_the_bell() -> None:
    assert set(ICONS) == set(NoticeKind)


def test_a_missing_value_is_found_where_it_is_written(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with transaction(bank.approver) as session:
            await notify(session, bank.approver, NoticeKind.SENT_BACK, to=[bank.reviewer.user_id])

    with pytest.raises(ValueError, match=r"sent_back needs by, text"):
        run(story())


def test_long_texts_are_cut(run: Callable) -> None:
    async def story() -> Page:
        bank = await make_bank()
        values = VALUES | {"text": "x" * 5000 + "\x00"}
        async with transaction(bank.approver) as session:
            await notify(session, bank.approver, NoticeKind.SENT_BACK, to=[bank.reviewer.user_id], values=values)
        return await list_notices(bank.reviewer)

    assert len(run(story()).notices[0].values["text"]) == MAX_TEXT


def test_the_list_is_paged_and_marked_read(run: Callable) -> None:
    async def story() -> tuple[list[int], list[bool], int, int]:
        bank = await make_bank()
        for _ in range(5):
            await told(bank)
        sizes, lines, after = [], [], None
        while True:
            page = await list_notices(bank.reviewer, after=after, limit=2)
            sizes.append(len(page.notices))
            lines += page.notices
            if (after := page.next) is None:
                break
        assert len({line.id for line in lines}) == 5
        assert [line.created_at for line in lines] == sorted((line.created_at for line in lines), reverse=True)
        await mark_read(bank.reviewer, lines[2].id)
        await mark_read(bank.second_reviewer, lines[3].id)  # not hers: nothing happens
        unread = [line.unread for line in (await list_notices(bank.reviewer)).notices]
        await mark_all_read(bank.reviewer, lines[1].key)
        left = (await standing(bank.reviewer)).unread
        return sizes, unread, left, (await standing(bank.second_reviewer)).unread

    sizes, unread, left, others = run(story())
    assert sizes == [2, 2, 1]
    assert unread == [True, True, False, True, True]
    assert (left, others) == (1, 0), "what came after the line that was seen stays unread"


@pytest.mark.parametrize(
    ("kind", "wants", "in_app", "mail"),
    [
        (NoticeKind.MENTIONED, None, True, None),
        (NoticeKind.MENTIONED, (False, True), False, "waiting"),
        (NoticeKind.MENTIONED, (False, False), False, None),
        (NoticeKind.QUESTION_ASKED, None, True, "waiting"),
        (NoticeKind.SENT_BACK, (False, False), True, None),  # cannot be turned off in the console
    ],
)
def test_people_are_told_as_they_want(
    run: Callable,
    monkeypatch: pytest.MonkeyPatch,
    kind: NoticeKind,
    wants: tuple[bool, bool] | None,
    in_app: bool,
    mail: str | None,
) -> None:
    monkeypatch.setenv("SMTP_HOST", "mail.example.com")
    monkeypatch.setenv("SMTP_FROM", "console@firstbank.com")
    settings.cache_clear()

    async def story() -> Notice:
        bank = await make_bank()
        reviewer = bank.reviewer.user_id
        async with transaction(bank.system) as session:
            await session.execute(update(User).where(User.id == reviewer).values(email="r@example.com"))
            if wants is not None:
                setting = NoticeSetting(kind=kind.value, in_app=wants[0], by_email=wants[1])
                setting.user_id, setting.institution_id = reviewer, bank.institution_id
                session.add(setting)
        await told(bank, kind)
        async with transaction(bank.system) as session:
            return (await session.scalars(select(Notice))).one()

    notice = run(story())
    assert (notice.in_app, notice.mail_state) == (in_app, mail)
