"""The allowlist: rules, the guard against locking oneself out, and what somebody elsewhere can still do (nothing)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import select

from console.access import allowlist, allowlist_rules, sessions
from console.access.allowlist_rules import LocksYouOut, RuleRefused, add_rule, list_rules, remove_rule, try_address
from console.access.permissions import (
    ADMINISTERING,
    DECIDING,
    NotAllowed,
    NotFromHere,
    Permission,
    may,
    require,
)
from console.access.sessions import PageSession, Person
from console.access.step_up import CodeNeeded
from console.access.visit import Visit
from console.actor import Actor, Grant
from console.settings import Settings
from db.engine import transaction
from db.models import AuditEntry
from tests.edge.api import bearer, fresh, key, program
from tests.edge.site import ORIGIN, browser, session_of, site
from tests.edge.test_gate import COOKIE, Socket, event, listening_site
from tests.factories import make_bank

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.1"


def admin(bank: object, address: str = HERE) -> Actor:
    return replace(fresh(bank.administrator), address=address)  # type: ignore[attr-defined]


def at(actor: Actor, address: str | None) -> Actor:
    return replace(actor, address=address)


def test_rules_are_added_tried_and_removed(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        me = admin(bank)
        rule = await add_rule(me, "role:reviewer", " 192.0.2.0/24 ", " the  branch ")
        await add_rule(me, "role:reviewer", "2001:db8::/32")
        await add_rule(me, "operation:file:import", "203.0.113.5")
        assert [(one.subject, str(one.network), one.note) for one in await list_rules(me)] == [
            ("operation:file:import", "203.0.113.5/32", ""),
            ("role:reviewer", "192.0.2.0/24", "the branch"),
            ("role:reviewer", "2001:db8::/32", ""),
        ]
        for address, passes in ((HERE, True), ("2001:db8::9", True), ("::ffff:192.0.2.9", True), (ELSEWHERE, False)):
            [answer] = await try_address(me, address, "role:reviewer")
            assert answer.verdict.passes is passes, address
            assert ("192.0.2.0/24" in answer.verdict.why) is (":db8" not in address)
        assert {one.subject: one.verdict.passes for one in await try_address(me, "203.0.113.5")} == {
            "operation:file:import": True, "role:reviewer": False,
        }  # fmt: skip
        [free] = await try_address(me, ELSEWHERE, "role:auditor")
        assert free.verdict.passes and "no rule" in free.verdict.why
        await remove_rule(me, rule.id, "branch closed")
        assert len(await list_rules(me)) == 2
        async with transaction(bank.auditor) as session:
            query = select(AuditEntry).where(AuditEntry.object_type == "allow_rule").order_by(AuditEntry.sequence)
            entries = list(await session.scalars(query))
        assert [entry.action for entry in entries] == ["allow_rule.added"] * 3 + ["allow_rule.removed"]
        assert entries[-1].before == {"subject": "role:reviewer", "network": "192.0.2.0/24", "note": "the branch"}
        assert entries[-1].after == {"reason": "branch closed"}

    run(story())


@pytest.mark.parametrize(
    ("subject", "network", "says"),
    [
        ("role:king", "10.0.0.0/8", "Choose"), ("role:reviewer", "10.0.0.1/8", "write 10.0.0.0/8"),
        ("role:reviewer", "here", "Write a network"), ("role:reviewer", "::ffff:10.0.0.0/104", "IPv4 network"),
        ("operation:queue:read", "10.0.0.0/8", "Choose"), ("role:reviewer", "10.0.0.0/33", "Write a network"),
        ("role:reviewer", "", "Write a network"),
    ],
)  # fmt: skip
def test_what_is_no_rule(run: Callable, console: Settings, subject: str, network: str, says: str) -> None:
    async def story() -> None:
        bank = await make_bank()
        with pytest.raises(RuleRefused, match=says):
            await add_rule(admin(bank), subject, network)
        assert await list_rules(admin(bank)) == ()

    run(story())


def test_who_may_change_it(run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        bank = await make_bank()
        for other in (bank.reviewer, bank.supervisor, bank.auditor):
            with pytest.raises(NotAllowed):
                await add_rule(fresh(other), "role:reviewer", "10.0.0.0/8")
            with pytest.raises(NotAllowed):
                await list_rules(other)
            with pytest.raises(NotAllowed):
                await try_address(other, HERE)
        with pytest.raises(CodeNeeded):
            await add_rule(replace(bank.administrator, code_at=None), "role:reviewer", "10.0.0.0/8")
        rule = await add_rule(admin(bank), "role:reviewer", "10.0.0.0/8")
        with pytest.raises(RuleRefused, match="already"):
            await add_rule(admin(bank), "role:reviewer", "10.0.0.0/8")
        with pytest.raises(RuleRefused, match="why"):
            await remove_rule(admin(bank), rule.id, "  ")
        with pytest.raises(RuleRefused, match="gone"):
            await remove_rule(admin(bank), uuid4(), "unknown")
        monkeypatch.setattr(allowlist_rules, "MAXIMUM_RULES", 1)
        with pytest.raises(RuleRefused, match="the most"):
            await add_rule(admin(bank), "role:reviewer", "11.0.0.0/8")

    run(story())


def test_an_administrator_cannot_lock_themself_out(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        me = admin(bank)
        for subject in ("role:administrator", "operation:allowlist:manage"):
            with pytest.raises(LocksYouOut, match=HERE):
                await add_rule(me, subject, "198.51.100.0/24")
            own = await add_rule(me, subject, f"{HERE}/32")
            other = await add_rule(me, subject, "198.51.100.0/24")
            with pytest.raises(LocksYouOut):
                await remove_rule(me, own.id, "tidy")
            # From the other network it may be removed; the last rule of a subject frees it.
            await remove_rule(admin(bank, ELSEWHERE), own.id, "tidy")
            await remove_rule(admin(bank, ELSEWHERE), other.id, "tidy")
        with pytest.raises(LocksYouOut):
            await add_rule(at(me, None), "role:administrator", "10.0.0.0/8")
        # Another role's networks are none of the administrator's.
        await add_rule(me, "role:reviewer", "10.0.0.0/8")

    run(story())


def test_two_changes_at_once_cannot_lock_everybody_out(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        one = await add_rule(admin(bank), "role:administrator", f"{HERE}/32")
        await add_rule(admin(bank), "role:administrator", f"{ELSEWHERE}/32")
        await add_rule(admin(bank), "role:administrator", "203.0.113.0/24")
        rules = await list_rules(admin(bank))
        other = next(rule for rule in rules if ELSEWHERE in str(rule.network))
        # Each takes away the other's way in.
        outcomes = await asyncio.gather(
            remove_rule(admin(bank), other.id, "x"), remove_rule(admin(bank, ELSEWHERE), one.id, "x"),
            return_exceptions=True,
        )  # fmt: skip
        assert sum(isinstance(outcome, LocksYouOut) for outcome in outcomes) == 1
        assert len(await list_rules(admin(bank))) == 2

    run(story())


def test_who_administers_by_a_custom_role_is_bound_as_administrator() -> None:
    rule = allowlist.Rule(
        uuid4(), "role:administrator", allowlist_rules.parse_network("10.0.0.0/8"), "", datetime.now(UTC), None
    )
    custom = Grant(frozenset({Permission.ALLOWLIST_MANAGE, Permission.USER_READ}))
    actor = Actor(uuid4(), uuid4(), "ann", grants=(custom,), address=ELSEWHERE)
    assert allowlist.barred([rule], actor) == allowlist.EVERYTHING
    assert allowlist.barred([rule], at(actor, "10.1.1.1")) == frozenset()
    reader = replace(actor, grants=(Grant(frozenset({Permission.USER_READ})),))
    assert allowlist.barred([rule], reader) == frozenset()


def test_an_operation_is_refused_elsewhere_and_all_else_goes_on(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await add_rule(admin(bank), "operation:file:import", "192.0.2.0/24")
        away = await allowlist.placed(at(bank.supervisor, ELSEWHERE))
        assert not may(away, Permission.FILE_IMPORT) and may(away, Permission.FILE_READ)
        with pytest.raises(NotFromHere, match="address"):
            require(away, Permission.FILE_IMPORT)
        assert may(await allowlist.placed(at(bank.supervisor, HERE)), Permission.FILE_IMPORT)
        # Who never held it is told so, not that they should come from elsewhere.
        with pytest.raises(NotAllowed) as refused:
            require(await allowlist.placed(at(bank.reviewer, ELSEWHERE)), Permission.FILE_IMPORT)
        assert not isinstance(refused.value, NotFromHere)
        # Sockets may come from another address than their page: an event is judged by its socket's.
        page = PageSession(await session_of(bank.supervisor), Visit(HERE))
        assert may(await page.actor(), Permission.FILE_IMPORT)
        app = site(console)
        _, secret = await key(bank.administrator, "file:import", "file:read")
        for address, status in ((HERE, 422), (ELSEWHERE, 403)):
            async with program(console, address=address, app=app) as client:
                assert (await client.post("files", headers=bearer(secret), content=b"no")).status_code == status
                assert (await client.get("files", headers=bearer(secret))).status_code == 200

    run(story())


def test_a_role_s_session_elsewhere_can_do_nothing(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        token = await session_of(bank.reviewer)
        app, heard = listening_site(console)
        reference = (await sessions.find(token)).reference
        headers = {"origin": ORIGIN, "cookie": f"{COOKIE}={token}", "host": "127.0.0.1:8000"}
        socket = Socket(app, "/_nicegui_ws/socket.io/", f"client_id=page-{reference}", headers)
        assert (await socket.hear())["type"] == "websocket.accept"
        await socket.say(event(f"page-{reference}"))
        assert (await socket.hear())["text"] == "heard"
        async with browser(console, app) as client:
            client.cookies.set(COOKIE, token, domain="127.0.0.1")
            assert (await client.get("/queue")).status_code == 200
            await add_rule(admin(bank), "role:reviewer", "203.0.113.0/24")
            page = await client.get("/queue")
            assert page.status_code == 403 and "allowlist" in page.text and HERE in page.text
            part = await client.get("/images/1", headers={"sec-fetch-mode": "cors", "accept": "*/*"})
            assert (part.status_code, part.headers["content-type"]) == (403, "application/json")
            assert (await client.get("/sign-in")).status_code in {200, 303}
        # The open page's socket too, at its next message, and it cannot come back.
        await socket.say(event(f"page-{reference}"))
        assert (await socket.hear())["code"] == 4403
        await socket.task
        again = Socket(app, "/_nicegui_ws/socket.io/", f"client_id=page-{reference}", headers)
        answers = [await again.hear() for _ in range(4)]
        assert answers[-1]["code"] == 4401
        assert heard == [event(f"page-{reference}"), "disconnected 4403"]
        person = Person(bank.institution_id, bank.reviewer.user_id, "reviewer", "Reviewer", bank.reviewer.roles)
        assert not await allowlist.allows_sign_in(person, HERE)
        assert await allowlist.allows_sign_in(person, "203.0.113.9")
        assert not await allowlist.allows_sign_in(person, None)

    run(story())


def test_a_change_elsewhere_counts_within_seconds(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank = await make_bank()
        assert not allowlist.is_shut_out(await allowlist.placed(at(bank.reviewer, HERE)))
        with monkeypatch.context() as other_replica:
            other_replica.setattr(allowlist, "forget", lambda _: None)
            await add_rule(admin(bank), "role:reviewer", "203.0.113.0/24")
        began = asyncio.get_running_loop().time()
        while not allowlist.is_shut_out(await allowlist.placed(at(bank.reviewer, HERE))):
            assert asyncio.get_running_loop().time() - began < 15
            await asyncio.sleep(0.1)

    run(story())


def test_what_harms_most_can_be_bound_to_networks() -> None:
    # What asks for a fresh code, what administers, what decides, and what carries much away.
    grave = {Permission.POLICY_APPROVE, Permission.POLICY_ACTIVATE, Permission.EVIDENCE_EXPORT}
    assert set(allowlist.SENSITIVE) >= ADMINISTERING | grave | (DECIDING - {Permission.ITEM_CLAIM})
    words = list(allowlist.SENSITIVE.values())
    assert len(set(words)) == len(words)
