"""Everybody's sessions, listed and ended by those who may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from console.access import session_list, sessions
from console.access import session_store as store
from console.access.browsers import browser_of
from console.access.held import InvalidPerson
from console.access.permissions import NotAllowed
from console.access.session_list import (
    SessionNotFound,
    end_every_session,
    end_session,
    end_sessions_of,
    list_sessions,
)
from console.access.sessions import Stage
from console.access.step_up import CodeNeeded
from console.actor import Actor
from console.audit.entries import Event
from db.redis_pool import redis
from tests.access.strangers import make_stranger
from tests.access.test_session_history import audited
from tests.access.test_sessions import HERE, person_of
from tests.factories import Bank, make_bank


def administrator(bank: Bank) -> Actor:
    """The administrator, who gave a code just now."""
    return replace(bank.administrator, code_at=datetime.now(UTC))


async def signed_in(actor: Actor, name: str) -> tuple[str, str]:
    """Token and reference of a session of this person."""
    token = await sessions.start(person_of(actor), Stage.FULL, replace(HERE, agent=name))
    await asyncio.sleep(0.002)
    return token, token.partition(".")[0]


def test_who_is_signed_in_is_listed_in_pages(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        people = (bank.reviewer, bank.approver, bank.supervisor, bank.reviewer, bank.auditor)
        references = [(await signed_in(actor, f"agent {n}"))[1] for n, actor in enumerate(people)]
        # Seen by the auditor too; the latest first, no row twice and none left out.
        listed, after = [], None
        while True:
            page = await list_sessions(bank.auditor, after=after, limit=2)
            listed += page.rows
            if (after := page.next) is None:
                break
        assert [row.reference for row in listed] == references[::-1]
        assert (listed[0].username, listed[0].address, listed[0].agent) == ("auditor", "192.0.2.7", "agent 4")
        assert await session_list.count_sessions(bank.auditor) == 5
        found = await list_sessions(bank.auditor, "REVIEWER")
        assert [row.reference for row in found.rows] == [references[3], references[0]]
        assert (await list_sessions(bank.auditor, "%")).rows == ()
        # Seen now, not when the history was written; and what Redis let go is not shown as signed in.
        await sessions.touch(references[1])
        await redis().delete(store.key(references[0]))
        rows = {row.reference: row for row in (await list_sessions(bank.auditor)).rows}
        assert references[0] not in rows and rows[references[1]].last_seen_at > rows[references[1]].started_at
        await sessions.end_named(references[1], "signed_out")
        (ended,) = (await list_sessions(bank.auditor, ended=True)).rows
        assert (ended.reference, ended.end_reason) == (references[1], "signed_out")

    run(story())


def test_an_administrator_ends_one_session(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        token, reference = await signed_in(bank.reviewer, "a")
        other, _ = await signed_in(bank.reviewer, "b")
        for nobody in (bank.reviewer, bank.supervisor, bank.auditor):
            with pytest.raises(NotAllowed):
                await end_session(nobody, reference, "why not")
        for stale in (None, datetime.now(UTC) - timedelta(minutes=11)):
            with pytest.raises(CodeNeeded):
                await end_session(replace(bank.administrator, code_at=stale), reference, "left open")
        with pytest.raises(InvalidPerson):
            await end_session(administrator(bank), reference, "  ")
        stranger = replace(administrator(bank), institution_id=uuid4())
        with pytest.raises(SessionNotFound):
            await end_session(stranger, reference, "left open")
        assert await sessions.resolve(token) is not None
        await end_session(administrator(bank), reference, "left open\nat the branch")
        assert await sessions.resolve(token) is None and await sessions.resolve(other) is not None
        with pytest.raises(SessionNotFound):
            await end_session(administrator(bank), reference, "again")
        (entry,) = await audited(bank.system, Event.SESSION_ENDED)
        assert (entry.actor_id, entry.object_id) == (bank.administrator.user_id, reference)
        assert entry.after == {"user": str(bank.reviewer.user_id), "reason": "left open at the branch"}
        (ended,) = (await list_sessions(bank.auditor, ended=True)).rows
        assert ended.end_reason == "ended_by_administrator"

    run(story())


def test_an_administrator_ends_everything_of_a_person(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        tokens = [(await signed_in(bank.reviewer, "a"))[0] for _ in range(2)]
        stranger = replace(administrator(bank), institution_id=uuid4())
        forgetful = replace(bank.administrator, code_at=None)
        for refused, error in ((stranger, SessionNotFound), (forgetful, CodeNeeded)):
            with pytest.raises(error):
                await end_sessions_of(refused, bank.reviewer.user_id, "phone lost")
        assert await end_sessions_of(administrator(bank), bank.reviewer.user_id, "phone lost") == 2
        assert [await sessions.resolve(one) for one in tokens] == [None, None]
        (entry,) = await audited(bank.system, Event.SESSION_ENDED)
        assert entry.after == {"sessions": 2, "reason": "phone lost"}
        with pytest.raises(SessionNotFound):
            await end_sessions_of(administrator(bank), bank.reviewer.user_id, "again")

    run(story())


def test_an_administrator_signs_everybody_out_and_stays(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        own, reference = await signed_in(bank.administrator, "a")
        others = [(await signed_in(one, "a"))[0] for one in (bank.reviewer, bank.reviewer, bank.auditor)]
        under_way = await sessions.start(person_of(bank.approver), Stage.PASSWORD, HERE)
        theirs = (await make_stranger(bank, tmp_path)).session
        acting = replace(administrator(bank), session=reference)
        with pytest.raises(CodeNeeded):
            await end_every_session(replace(acting, code_at=None), "a laptop was stolen")
        with pytest.raises(NotAllowed):
            await end_every_session(bank.auditor, "a laptop was stolen")
        with pytest.raises(InvalidPerson):
            await end_every_session(acting, " ")
        assert await end_every_session(acting, "a laptop was stolen") == 4
        assert not any([await sessions.find(one) for one in (*others, under_way)])
        assert await sessions.resolve(own) is not None
        assert await sessions.resolve(theirs) is not None
        (entry,) = await audited(bank.system, Event.SESSION_ENDED)
        assert (entry.object_type, entry.after) == ("institution", {"sessions": 4, "reason": "a laptop was stolen"})
        ended = (await list_sessions(bank.auditor, ended=True)).rows
        assert {row.end_reason for row in ended} == {"ended_by_administrator"} and len(ended) == 3

    run(story())


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
         "Chrome 126"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36 Edg/126.0.1", "Edge 126"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15", "Safari 17"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox 127"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "unknown"),
    ],
)  # fmt: skip
def test_browsers_by_name(agent: str, name: str) -> None:
    assert browser_of(agent) == name
