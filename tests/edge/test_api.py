"""The API's door and its routes, called as a program calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from console.access import api_keys, sessions
from console.access.api_keys import InvalidKey
from console.access.permissions import NotAllowed, Permission
from console.access.step_up import CodeNeeded
from console.settings import Settings, settings
from db.engine import transaction
from db.models import ApiKey, AuditEntry
from tests.edge.api import bearer, code, fresh, key, program, tokens
from tests.edge.site import enrol, session_of
from tests.factories import PASSWORD, import_items, item_ids, make_bank, x9_file, x9_item

PROBLEM = "application/problem+json"


async def audited(actor: Any, event: str) -> list[AuditEntry]:
    async with transaction(actor) as session:
        query = select(AuditEntry).where(AuditEntry.action == event).order_by(AuditEntry.sequence)
        return list(await session.scalars(query))


def test_a_person_gets_tokens_uses_renews_and_gives_them_back(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        async with program(console) as client:
            first = await tokens(client, "reviewer")
            assert (first["token_type"], first["expires_in"]) == ("bearer", console.access_token_expire_minutes * 60)
            assert first["refresh_expires_in"] == console.refresh_token_expire_days * 86400
            me = (await client.get("auth/me", headers=bearer(first["access_token"]))).json()
            assert (me["name"], me["roles"], me["id"]) == ("reviewer", ["reviewer"], str(bank.reviewer.user_id))
            assert "item:decide" in me["permissions"]
            renewed = await client.post("auth/refresh", json={"refresh_token": first["refresh_token"]})
            assert renewed.status_code == 200 and renewed.headers["cache-control"] == "no-store"
            second = renewed.json()
            assert second["refresh_token"] != first["refresh_token"]
            # An access token is no refresh token, and the other way round.
            wrong = await client.post("auth/refresh", json={"refresh_token": second["access_token"]})
            assert wrong.status_code == 401
            assert (await client.get("auth/me", headers=bearer(second["refresh_token"]))).status_code == 401
            done = await client.post("auth/logout", headers=bearer(second["access_token"]))
            assert (done.status_code, done.content) == (204, b"")
            for access in (first["access_token"], second["access_token"]):
                answer = await client.get("auth/me", headers=bearer(access))
                assert answer.status_code == 401 and "invalid_token" in answer.headers["www-authenticate"]
            after = await client.post("auth/refresh", json={"refresh_token": second["refresh_token"]})
            assert (after.status_code, after.headers["content-type"]) == (401, PROBLEM)
            assert set(after.json()) == {"type", "title", "status", "detail", "request_id"}
        [signed_in] = await audited(bank.auditor, "sign_in.succeeded")
        assert (signed_in.after, signed_in.address) == ({"method": "token"}, "192.0.2.7")
        [issued] = await audited(bank.auditor, "token.issued")
        assert issued.object_id == issued.session == me["session"]

    run(story())


def test_a_refresh_token_used_twice_ends_its_family_and_session(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        async with program(console) as client:
            first = await tokens(client, "reviewer")
            second = (await client.post("auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
            reused = await client.post("auth/refresh", json={"refresh_token": first["refresh_token"]})
            assert reused.status_code == 401
            assert (await client.get("auth/me", headers=bearer(second["access_token"]))).status_code == 401
            last = await client.post("auth/refresh", json={"refresh_token": second["refresh_token"]})
            assert last.status_code == 401
        [entry] = await audited(bank.auditor, "token.reused")
        assert entry.actor_id == bank.reviewer.user_id

    run(story())


def test_ending_the_session_ends_its_tokens(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        async with program(console) as client:
            given = await tokens(client, "reviewer")
            assert await sessions.end_all_of(bank.reviewer.user_id) == 1
            assert (await client.get("auth/me", headers=bearer(given["access_token"]))).status_code == 401
            assert (
                await client.post("auth/refresh", json={"refresh_token": given["refresh_token"]})
            ).status_code == 401

    run(story())


def test_a_token_of_another_making_is_none(run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        import base64

        from joserfc import jwt
        from joserfc.jwk import OctKey

        bank = await make_bank()
        await enrol(bank.reviewer)
        async with program(console) as client:
            access = (await tokens(client, "reviewer"))["access_token"]
            head, body, signature = access.split(".")
            claims = json.loads(base64.urlsafe_b64decode(body + "=="))
            assert {"iss", "aud", "sub", "sid", "jti", "iat", "exp"} == set(claims)

            def forged(header: dict[str, str], key_: bytes, **changed: object) -> str:
                return jwt.encode(header, {**claims, **changed}, OctKey.import_key(key_), [header["alg"]])

            other = ("B" if signature[0] == "A" else "A") + signature[1:]
            none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
            from console.access import secrets

            own = secrets.key_of("access token")
            typ = {"alg": "HS256", "typ": "at+jwt"}
            for bad in (
                f"{none}.{body}.", f"{head}.{body}.", f"{head}.{body}.{other}", "x", "a.b.c", "",
                forged(typ, b"k" * 32), forged(typ, console.secret_key.get_secret_value().encode()),
                forged({"alg": "HS512", "typ": "at+jwt"}, own), forged({"alg": "HS256", "typ": "JWT"}, own),
                forged(typ, own, exp=claims["iat"] - 1), forged(typ, own, aud="other"), forged(typ, own, iss="other"),
                forged(typ, own, sub=str(uuid4())), forged(typ, own, sid="0" * 20), forged(typ, own, sid=None),
                forged(typ, secrets.key_of("refresh token")),
            ):  # fmt: skip
                assert (await client.get("auth/me", headers=bearer(bad))).status_code == 401, bad
            assert (await client.get("auth/me", headers=bearer(forged(typ, own)))).status_code == 200

    run(story())


def test_lifetimes_are_the_settings(run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESS_TOKEN_EXPIRE_MINUTES", "2")
    monkeypatch.setenv("REFRESH_TOKEN_EXPIRE_DAYS", "3")
    settings.cache_clear()

    async def story() -> None:
        import time

        bank = await make_bank()
        await enrol(bank.reviewer)
        async with program(settings()) as client:
            given = await tokens(client, "reviewer")
            assert (given["expires_in"], given["refresh_expires_in"]) == (120, 3 * 86400)
            # Renewing does not carry the session on.
            again = (await client.post("auth/refresh", json={"refresh_token": given["refresh_token"]})).json()
            assert 3 * 86400 - 60 < again["refresh_expires_in"] < 3 * 86400
            given = again
            now = time.time()
            with monkeypatch.context() as later:
                later.setattr(time, "time", lambda: now + 100)
                assert (await client.get("auth/me", headers=bearer(given["access_token"]))).status_code == 200
                later.setattr(time, "time", lambda: now + 121)
                assert (await client.get("auth/me", headers=bearer(given["access_token"]))).status_code == 401
                later.setattr(time, "time", lambda: now + 3 * 86400 + 1)
                late = await client.post("auth/refresh", json={"refresh_token": given["refresh_token"]})
                assert late.status_code == 401

    run(story())


def test_wrong_proofs_say_nothing_and_show_no_input(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        async with program(console) as client:
            answers = [
                await client.post("auth/token", json={"username": name, "password": password, "code": number})
                for name, password, number in (
                    ("nobody", PASSWORD, code()),
                    ("reviewer", "not this one", code()),
                    ("reviewer", PASSWORD, "000000"),
                )
            ]
            bodies = [{**answer.json(), "request_id": ""} for answer in answers]
            assert [answer.status_code for answer in answers] == [401, 401, 401]
            assert bodies[0] == bodies[1] == bodies[2]
            unset = await client.post("auth/token", json={"username": "approver", "password": PASSWORD, "code": code()})
            assert unset.status_code == 403 and "browser" in unset.json()["detail"]
            invalid = await client.post("auth/token", json={"username": "x", "password": ["top secret"], "code": 7})
            assert (invalid.status_code, invalid.headers["content-type"]) == (422, PROBLEM)
            assert "top secret" not in invalid.text
        assert await audited(bank.auditor, "sign_in.succeeded") == []

    run(story())


def test_cookies_open_nothing_of_the_api(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        cookie = {"cookie": f"console_session={await session_of(bank.supervisor)}"}
        async with program(console) as client:
            for path in ("auth/me", "items", "files", "openapi.json"):
                answer = await client.get(path, headers=cookie)
                assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer", path
            assert (await client.post("files", headers=cookie, content=b"x")).status_code == 401
            assert (await client.get("unknown", headers=cookie)).status_code == 404

    run(story())


def test_other_sites_may_not_call_it_from_a_browser(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://portal.example")
    settings.cache_clear()

    async def story() -> None:
        await make_bank()
        asking = {"username": "nobody", "password": "x", "code": "1"}
        async with program(settings()) as client:
            evil = await client.post("auth/token", json=asking, headers={"origin": "https://evil.example"})
            assert evil.status_code == 403
            allowed = await client.post("auth/token", json=asking, headers={"origin": "https://portal.example"})
            assert allowed.status_code == 401
            assert allowed.headers["access-control-allow-origin"] == "https://portal.example"
            assert "access-control-allow-credentials" not in allowed.headers
            wants = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
            before = await client.options("items", headers={"origin": "https://portal.example", **wants})
            assert before.status_code == 200
            assert (
                await client.options("items", headers={"origin": "https://evil.example", **wants})
            ).status_code == 400

    run(story())


def test_items_are_listed_by_cursor_and_read_with_masked_accounts(
    run: Callable, console: Settings, tmp_path: Path
) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(n, f"{n}00.25", "021000021", "123456789") for n in range(1, 6)])
        ids = [str(one) for one in await item_ids(bank)]
        _, secret = await key(bank.administrator, "queue:read", "item:read")
        async with program(console) as client:
            headers, found, cursor = bearer(secret), [], None
            for _ in range(3):
                query = {"sort": "amount", "limit": 2} | ({"cursor": cursor} if cursor else {})
                page = (await client.get("items", params=query, headers=headers)).json()
                found += page["items"]
                cursor = page["next"]
            assert cursor is None and [one["amount"] for one in found] == [f"{n}00.25" for n in range(1, 6)]
            assert sorted(one["id"] for one in found) == sorted(ids)
            one = await client.get(f"items/{ids[0]}", headers=headers)
            assert one.json()["account"] == "•••• 6789"
            assert "123456789" not in one.text + json.dumps(found)
            for sort in ("sla", "received"):
                first = (await client.get("items", params={"sort": sort, "limit": 3}, headers=headers)).json()
                query = {"sort": sort, "limit": 3, "cursor": first["next"]}
                rest = (await client.get("items", params=query, headers=headers)).json()
                assert {row["id"] for row in first["items"] + rest["items"]} == set(ids)
                crossed = await client.get("items", params={**query, "sort": "amount"}, headers=headers)
                assert (crossed.status_code, crossed.headers["content-type"]) == (422, PROBLEM)
            for bad in ("x", "e30", "W10", "bnVsbA", "é"):
                assert (await client.get("items", params={"cursor": bad}, headers=headers)).status_code == 422, bad
            unknown = await client.get(f"items/{uuid4()}", headers=headers)
            assert (unknown.status_code, unknown.headers["content-type"]) == (404, PROBLEM)
            assert (await client.get("items/1", headers=headers)).status_code == 422
            # Nothing was claimed by reading.
            assert {row["held_by"] for row in found} == {None}

    run(story())


def test_files_come_in_by_what_they_are_and_never_by_name(run: Callable, console: Settings, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        _, secret = await key(bank.administrator, "file:import", "file:read")
        content = x9_file([x9_item(1, "10.00", "021000021")], origin=bank.routing)
        async with program(console) as client:
            named = {**bearer(secret), "x-file-name": "..%2F..%2Fetc%2Fpicture.png%0Afake"}
            taken = await client.post("files", headers=named, content=content)
            assert (taken.status_code, taken.json()["checks"]) == (201, 1)
            again = await client.post("files", headers=named, content=content)
            assert (again.status_code, again.json()["file_id"]) == (200, taken.json()["file_id"])
            read = await client.get(f"files/{taken.json()['file_id']}", headers=named)
            assert (read.json()["status"], read.json()["amount"]) == ("imported", "10.00")
            png = b"\x89PNG\r\n\x1a\n" + bytes(200)
            for other in (png, b"", b"id,amount\n1,2\n", b"PK\x03\x04" + bytes(50)):
                refused = await client.post("files", headers={**bearer(secret), "x-file-name": "a.x9"}, content=other)
                assert (refused.status_code, refused.headers["content-type"]) == (422, PROBLEM), other
                assert "file header" in refused.text or "empty" in refused.text
            listed = (await client.get("files", params={"limit": 2}, headers=named)).json()
            rest = (await client.get("files", params={"limit": 9, "cursor": listed["next"]}, headers=named)).json()
            assert len(listed["files"]) == 2 and len(rest["files"]) == 3 and rest["next"] is None
            assert (await client.get(f"files/{uuid4()}", headers=named)).status_code == 404
            assert (await client.get("items", headers=named)).status_code == 403
        refusals = await audited(bank.auditor, "access.refused")
        assert {"why": "permission", "permission": "queue:read"} in [entry.after for entry in refusals]
        assert any(entry.actor_name == "API key core banking" for entry in refusals)

    run(story())


def test_a_key_is_shown_once_stored_hashed_bounded_and_revoked(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        made, secret = await key(bank.administrator, "queue:read", networks=("198.51.100.0/24", "2001:db8::/32"))
        assert secret.startswith(made.prefix) and secret.startswith("crc_") and len(made.prefix) == 10
        async with transaction(bank.administrator) as session:
            row = (await session.scalars(select(ApiKey))).one()
        assert secret.encode() not in row.key_hash and len(row.key_hash) == 32
        entries = await audited(bank.auditor, "api_key.created")
        assert secret not in json.dumps([entry.after for entry in entries]) and len(entries) == 1
        for address, status in (
            ("192.0.2.7", 401), ("198.51.100.9", 200), ("2001:db8::1", 200), ("::ffff:198.51.100.9", 200),
        ):  # fmt: skip
            async with program(console, address=address) as client:
                assert (await client.get("items", headers=bearer(secret))).status_code == status, address
        [listed] = (await api_keys.list_keys(bank.administrator)).rows
        assert listed.last_used_at is not None and listed.state(datetime.now(UTC)) == "active"
        async with program(console, address="198.51.100.9") as client:
            me = (await client.get("auth/me", headers=bearer(secret))).json()
            assert (me["id"], me["permissions"]) == (None, ["queue:read"])
            assert await api_keys.revoke(bank.administrator, made.id, "no longer needed")
            assert not await api_keys.revoke(bank.administrator, made.id, "again")
            assert (await client.get("items", headers=bearer(secret))).status_code == 401
        _, other = await key(bank.administrator, "queue:read")
        async with transaction(bank.administrator) as session:
            await session.execute(update(ApiKey).values(expires_at=datetime.now(UTC)))
        async with program(console) as client:
            assert (await client.get("items", headers=bearer(other))).status_code == 401

    run(story())


def test_no_key_decides_administers_or_lasts(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        for permission in set(Permission) - set(api_keys.GRANTABLE):
            with pytest.raises(InvalidKey):
                await key(bank.administrator, permission)
        for days in (366.0, -0.1):
            with pytest.raises(InvalidKey):
                await key(bank.administrator, "queue:read", days=days)
        for networks in (("10.0.0.1/8",), ("here",), ("10.0.0.0/8",) * 21):
            with pytest.raises(InvalidKey):
                await key(bank.administrator, "queue:read", networks=networks)
        with pytest.raises(InvalidKey):
            await key(bank.administrator)
        expires = datetime.now(UTC) + timedelta(days=1)
        with pytest.raises(CodeNeeded):
            await api_keys.create(replace(bank.administrator, code_at=None), "x", ["queue:read"], [], expires)
        for other in (bank.supervisor, bank.auditor, bank.reviewer):
            with pytest.raises(NotAllowed):
                await api_keys.create(fresh(other), "x", ["queue:read"], [], expires)
            with pytest.raises(NotAllowed):
                await api_keys.list_keys(other)

    run(story())


def test_a_key_works_on_under_a_new_secret_key(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        bank = await make_bank()
        _, secret = await key(bank.administrator, "queue:read")
        old = console.secret_key.get_secret_value()
        for new, previous, status in (("n" * 64, old, 200), ("n" * 64, "", 200), ("m" * 64, "", 401)):
            monkeypatch.setenv("SECRET_KEY", new)
            monkeypatch.setenv("PREVIOUS_SECRET_KEY", previous)
            settings.cache_clear()
            async with program(settings()) as client:
                assert (await client.get("items", headers=bearer(secret))).status_code == status

    run(story())


def test_rates_are_per_person_key_and_address(
    run: Callable, console: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "4")
    settings.cache_clear()

    async def story() -> None:
        bank = await make_bank()
        _, one = await key(bank.administrator, "queue:read")
        _, two = await key(bank.administrator, "queue:read")
        async with program(settings(), address=f"203.0.113.{uuid4().int % 250}") as client:
            assert [(await client.get("items", headers=bearer(one))).status_code for _ in range(5)] == [200] * 4 + [429]
            over = await client.get("items", headers=bearer(one))
            assert 1 <= int(over.headers["retry-after"]) <= 60 and over.headers["content-type"] == PROBLEM
            assert (await client.get("items", headers=bearer(two))).status_code == 200
            # Guesses are counted by address, and a further key is not even looked up then.
            guesses = [await client.get("items", headers=bearer("crc_" + "x" * 43)) for _ in range(6)]
            assert [one.status_code for one in guesses] == [401] * 4 + [429] * 2
            assert (await client.get("health")).status_code == 200

    run(story())


def test_the_description_and_errors_show_no_internals(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        _, secret = await key(bank.administrator, "queue:read")
        async with program(console) as client:
            described = (await client.get("openapi.json", headers=bearer(secret))).json()
            assert set(described["paths"]) == {
                "/auth/token", "/auth/refresh", "/auth/logout", "/auth/me", "/items", "/items/{item_id}", "/files",
                "/items/{item_id}/advice",
                "/files/{file_id}", "/policy", "/policy/versions", "/policy/versions/{number}",
            }  # fmt: skip
            answer = await client.get("items", headers=bearer(secret))
            assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
            assert "script" not in answer.headers["content-security-policy"]
            assert answer.headers["x-request-id"]
            from db.engine import close_engine, open_engine

            await close_engine()
            open_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
            down = await client.get("items", headers=bearer(secret))
            assert (down.status_code, down.headers["content-type"]) == (503, PROBLEM)
            assert "psycopg" not in down.text and down.json()["request_id"] == down.headers["x-request-id"]

    run(story())
