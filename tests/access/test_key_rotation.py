"""SECRET_KEY is changed: the one before still reads, and `rotate-key` encrypts everything anew, once."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from secrets import token_hex

import psycopg
import pytest

from console.access import authentication, key_rotation, people, recovery_codes, totp
from console.access.authentication import WrongCode
from console.access.key_rotation import Rotated, SecretUnreadable
from console.access.secrets import Undecipherable
from console.actor import Actor
from console.settings import Settings, settings
from db.engine import transaction
from tests import warm
from tests.conftest import Database
from tests.edge.site import SECRET, code, enrol
from tests.factories import make_bank


def set_keys(monkeypatch: pytest.MonkeyPatch, current: str, previous: str = "") -> None:
    monkeypatch.setenv("SECRET_KEY", current)
    monkeypatch.setenv("PREVIOUS_SECRET_KEY", previous)
    settings.cache_clear()


def rotate_by_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return warm.run(["rotate-key", *arguments], os.environ)


def test_the_previous_key_reads_until_all_is_rotated(
    run: Callable, console: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = console.secret_key.get_secret_value(), token_hex(48)

    async def make() -> list[str]:
        bank = await make_bank()
        for person in (bank.reviewer, bank.approver):
            await enrol(person)
        async with transaction(bank.system) as session:
            await people.set_totp(session, bank.auditor.user_id, SECRET)  # one that waits for its first code
        return await recovery_codes.make_own(bank.reviewer)

    async def signs_in(given: str) -> None:
        account = await people.find_account("reviewer")
        assert account is not None and account.totp_secret is not None
        actor = actor_of(account)
        if recovery_codes.looks_like_one(given):
            await authentication.prove_recovery_code(account, given, actor)
        else:
            await authentication.prove_code(account, given, actor)

    codes = run(make())
    set_keys(monkeypatch, new)
    with pytest.raises(Undecipherable):
        run(signs_in(code()))
    set_keys(monkeypatch, new, old)
    run(signs_in(code()))
    assert run(key_rotation.rotate()) == Rotated(institutions=1, secrets=3, reencrypted=3)
    done = rotate_by_command("--json")
    assert json.loads(done.stdout) == {"institutions": 1, "secrets": 3, "reencrypted": 0}, done.stderr
    set_keys(monkeypatch, new)
    run(signs_in(code(1)))
    run(signs_in(codes[0]))
    with pytest.raises(WrongCode):
        run(signs_in(codes[0]))
    with psycopg.connect(database.superuser_url) as connection:
        rotations = connection.execute("select after from audit_entry where action = 'secret_key.rotated'").fetchall()
    assert rotations == [({"secrets": 3, "reencrypted": 3},)]
    set_keys(monkeypatch, old)
    with pytest.raises(Undecipherable):
        run(signs_in(code(1)))


def test_a_secret_that_nothing_opens_stops_it_and_changes_nothing(
    run: Callable, console: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = console.secret_key.get_secret_value()

    async def make() -> None:
        bank = await make_bank()
        for person in (bank.reviewer, bank.approver):
            await enrol(person)

    def stored() -> list[tuple[bytes]]:
        with psycopg.connect(database.superuser_url) as connection:
            query = "select totp_secret from app_user where totp_secret is not null order by username"
            return [(bytes(secret),) for (secret,) in connection.execute(query).fetchall()]

    run(make())
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("update app_user set totp_secret = %s where username = 'approver'", [b"\x01" + b"x" * 60])
    before = stored()
    set_keys(monkeypatch, token_hex(48), old)
    with pytest.raises(SecretUnreadable):
        run(key_rotation.rotate())
    failed = rotate_by_command("--json")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "the TOTP secret of approver opens with neither" in failed.stderr and "Traceback" not in failed.stderr
    assert "reviewer" not in failed.stderr and stored() == before


def test_a_sealed_secret_opens_for_its_owner_alone(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.reviewer)
        account = await people.find_account("reviewer")
        assert account is not None and account.totp_secret is not None
        assert totp.unseal(account.person.user_id, account.totp_secret) == SECRET
        assert totp.reseal(account.person.user_id, account.totp_secret) is None
        with pytest.raises(Undecipherable):
            totp.unseal(bank.approver.user_id, account.totp_secret)

    run(story())


def actor_of(account: people.Account) -> Actor:
    person = account.person
    return Actor(person.institution_id, person.user_id, person.username, person.roles)
