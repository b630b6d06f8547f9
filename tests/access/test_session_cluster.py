"""Sessions in a Redis Cluster of six nodes, of which one master is killed while people sign in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from console.access import attempts, authentication, lockout, sessions
from console.access import session_store as store
from console.access.attempts import Kind
from console.access.authentication import WrongCredentials
from console.access.sessions import EndReason, PageSession, Person, SessionServiceUnavailable, Stage
from console.access.standing import standings
from console.settings import Settings, settings
from db.redis_address import parse_address
from db.redis_pool import close_redis, open_redis, subscribed
from tests.access.redis_servers import OwnServer, own_cluster
from tests.access.test_sessions import HERE, person_of
from tests.factories import PASSWORD, make_bank


async def sign_in(person: Person) -> str:
    """With the password, as the form does it: rates and attempts are counted in the cluster too."""
    await authentication.prove_password(person.username, PASSWORD, HERE)
    return await sessions.promote(await sessions.start(person, Stage.PASSWORD, HERE))


def test_sessions_outlive_a_master_of_the_cluster(run: Callable, console: Settings, tmp_path: Path) -> None:
    with own_cluster(tmp_path) as nodes:
        run(_story(nodes))


async def _story(nodes: list[OwnServer]) -> None:
    bank = await make_bank()
    actors = (bank.reviewer, bank.approver, bank.supervisor, bank.auditor, bank.second_reviewer, bank.administrator)
    people = [replace(person_of(one), username=one.name.lower().replace(" ", "_")) for one in actors]
    await close_redis()
    open_redis(f"redis://127.0.0.1:{nodes[0].port},127.0.0.1:{nodes[1].port}")
    await _works_as_on_one_server(people[0])
    kept = {person.user_id: await sign_in(person) for person in people}

    ended = []
    for person in people:
        before, token = kept[person.user_id], await sign_in(person)
        kept[person.user_id] = await sessions.rotate(before)
        await sessions.end(token)
        ended += [before, token]
    # The master that holds the first person's sessions dies, right after the last end.
    victim = _master_of(nodes, store.key(kept[people[0].user_id]))
    victim.stop()
    # How soon the cluster has another master is the cluster's; from then on sign-ins have to work.
    replica, taken_over = nodes[nodes.index(victim) + 3], False
    deadline, refused, tokens = time.monotonic() + 60, 0, []
    while time.monotonic() < deadline:
        if not taken_over and replica.ask("ROLE")[0] == "master":  # type: ignore[index]
            taken_over, deadline = True, time.monotonic() + 12
        # Nobody is let in who was let out, whatever the cluster's state.
        await _nobody(ended)
        try:
            tokens.append(await sign_in(people[0]))
        except SessionServiceUnavailable:
            refused += 1
            await asyncio.sleep(0.2)
            continue
        if len(tokens) == 3:
            break
    assert len(tokens) == 3, f"{refused} sign-ins refused, none after the failover"
    # It was the failover that let them in: the replica has taken over.
    assert replica.ask("ROLE")[0] == "master"  # type: ignore[index]
    await _nobody(ended)
    for person in people[1:]:
        actor = await sessions.resolve(kept[person.user_id])
        assert actor is not None and actor.user_id == person.user_id
    # Three are allowed: the one of before ended as the oldest.
    assert await sessions.resolve(kept[people[0].user_id]) is None
    assert all([await sessions.resolve(token) is not None for token in tokens])
    assert await sessions.end_all_of(people[0].user_id, EndReason.DEACTIVATED) == 3
    await _nobody(tokens)


async def _works_as_on_one_server(person: Person) -> None:
    """Every script, the index, lists, and messages between replicas."""
    tries = [await attempts.hit(Kind.API, f"in a cluster {time.time()}") for _ in range(3)]
    over = f"over the rate in a cluster {time.time()}"
    waits = [await attempts.hit(Kind.SIGN_IN, over) for _ in range(settings().sign_in_limit_per_minute + 1)]
    assert tries == [None] * 3 and waits[-1] is not None and set(waits[:-1]) == {None}
    with pytest.raises(WrongCredentials):
        await authentication.prove_password(person.username, "wrong password", HERE)
    assert (await lockout.state(person.institution_id, person.user_id)).failures == 1
    await lockout.clear(lockout.account_key(person.user_id, ""))
    async with subscribed(sessions.ENDED_CHANNEL) as listening:
        token = await sign_in(person)
        token = await sessions.rotate(token)
        page = PageSession(token)
        await sessions.mark_code(page.reference)
        assert (await page.acting()).code_at is not None
        strangers = [await sign_in(person) for _ in range(2)]
        references = [one.partition(".")[0] for one in (token, *strangers)]
        found = await standings([*references, "0" * 20])
        assert [found[one].ends is not None for one in references] == [True] * 3
        assert found["0" * 20].ends is None
        assert await sessions.end_all_of(person.user_id, keep=references[0]) == 2
        heard: set[str] = set()
        deadline = time.monotonic() + 30
        while not heard.issuperset(references[1:]) and time.monotonic() < deadline:
            if message := await listening.get_message(timeout=1):
                heard.add(message["data"].decode().split(" ")[0])
        assert heard == set(references[1:])
    await sessions.end(token)


async def _nobody(tokens: list[str]) -> None:
    for token in tokens:
        try:
            assert await sessions.resolve(token) is None
        except SessionServiceUnavailable:
            continue


def _master_of(nodes: list[OwnServer], key: str) -> OwnServer:
    slot = nodes[1].ask("CLUSTER", "KEYSLOT", key)
    return nodes[int(str(slot)) * 3 // 16384]


@pytest.mark.parametrize("user", [UUID(int=n) for n in range(3)])
def test_everything_of_a_person_lies_in_one_slot(user: UUID) -> None:
    reference = store.new_reference(user)
    tags = {
        one.partition("{")[2].partition("}")[0]
        for one in (
            store.key(reference),
            store.end_key(reference),
            store.index(user),
            store.key(store.new_reference(user)),
        )
    }
    assert len(tags) == 1  # fmt: skip


@pytest.mark.parametrize(
    ("url", "urls", "cluster"),
    [
        ("redis://one", ["redis://one"], False),
        ("rediss://:pw@one:6380/3?ssl_ca_certs=/ca.pem", ["rediss://:pw@one:6380/3?ssl_ca_certs=/ca.pem"], False),
        ("redis+cluster://u:p@one:7000", ["redis://u:p@one:7000"], True),
        ("rediss+cluster://one/0", ["rediss://one/0"], True),
        ("rediss://u:p,q@one:1,two:2/0", ["rediss://u:p,q@one:1/0", "rediss://u:p,q@two:2/0"], True),
        ("redis://[::1]:6379,[::2]", ["redis://[::1]:6379", "redis://[::2]"], True),
    ],
)
def test_addresses(url: str, urls: list[str], cluster: bool) -> None:
    address = parse_address(url)
    assert (list(address.urls), address.cluster) == (urls, cluster)


@pytest.mark.parametrize(
    "url", ["", "one:6379", "http://one", "redis://", "redis://one:x", "redis://one:70000", "redis://one,,two",
            "redis+cluster://one/1", "redis://one,two/1"],
)  # fmt: skip
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_address(url)
    assert "secret" not in str(refused.value)
