"""Whom a request comes from, behind proxies that are trusted and behind ones that are not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.access.visit import ip_of
from console.edge.proxies import TrustedProxies
from console.settings import Settings

TRUSTED = ["10.0.0.0/8", "2001:db8:1::/48"]
PROXY = "10.0.0.1"


def seen(
    *headers: tuple[str, str], peer: str | None = PROXY, trusted: list[str] | None = None, kind: str = "http"
) -> dict[str, Any]:
    """The scope that the application sees of a request with these headers from this peer."""
    found: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.update(scope)

    current = Settings.model_construct(trusted_proxies=TRUSTED if trusted is None else trusted, _fields_set=set())
    scope = {
        "type": kind, "scheme": {"http": "http", "websocket": "ws"}[kind], "client": (peer, 4711) if peer else None,
        "headers": [(b"host", b"inside"), (b"accept", b"*/*")] + [(n.encode(), v.encode()) for n, v in headers],
    }  # fmt: skip
    asyncio.run(TrustedProxies(application, settings=current)(scope, None, None))  # type: ignore[arg-type]
    return found


def forwarded(*values: str, **options: Any) -> str:
    return str(seen(*(("x-forwarded-for", value) for value in values), **options)["client"][0])


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (["192.0.2.7"], "192.0.2.7"),
        # What the client wrote itself stands at the left and is not believed.
        (["127.0.0.1, 192.0.2.7"], "192.0.2.7"),
        (["10.9.9.9, 192.0.2.7, 10.0.0.2"], "192.0.2.7"),
        (["6.6.6.6", "192.0.2.7"], "192.0.2.7"),
        (["10.0.0.5, 10.0.0.6"], "10.0.0.5"),
        (["192.0.2.7:54321"], "192.0.2.7"),
        (["[2001:db8:9::7]:443, 2001:db8:1::1"], "2001:db8:9::7"),
        (["::ffff:192.0.2.7"], "192.0.2.7"),
        (["192.0.2.7, unknown"], PROXY),
        (["192.0.2.7, ' or 1=1, 10.0.0.9"], "10.0.0.9"),
        ([""], PROXY),
        ([], PROXY),
    ],
)
def test_the_right_most_address_that_is_not_ours(chain: list[str], client: str) -> None:
    assert forwarded(*chain) == client


@pytest.mark.parametrize("peer", ["192.0.2.66", "11.0.0.1", "2001:db8:2::1", "127.0.0.1"])
def test_nobody_else_is_believed(peer: str) -> None:
    headers = [
        ("X-Forwarded-For", "1.1.1.1"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=1.1.1.1;proto=https"), ("x-real-ip", "1.1.1.1"), ("true-client-ip", "1.1.1.1"),
    ]  # fmt: skip
    scope = seen(*headers, peer=peer)
    assert (scope["client"], scope["scheme"]) == ((peer, 4711), "http")
    assert scope["headers"] == [(b"host", b"inside"), (b"accept", b"*/*")]
    assert forwarded("1.1.1.1", peer=PROXY, trusted=[]) == PROXY


def test_a_trusted_proxy_says_scheme_and_host() -> None:
    told = (("x-forwarded-proto", "http, https"), ("x-forwarded-host", "evil, bank.example"), ("x-real-ip", "1.1.1.1"))
    scope = seen(*told)
    assert scope["scheme"] == "https"
    assert sorted(scope["headers"]) == [(b"accept", b"*/*"), (b"host", b"bank.example")]
    assert seen(*told, kind="websocket")["scheme"] == "wss"
    assert seen(("x-forwarded-proto", "javascript"))["scheme"] == "http"
    assert forwarded("192.0.2.7", peer=f"::ffff:{PROXY}") == "192.0.2.7"
    assert seen(("x-forwarded-for", "1.1.1.1"), peer=None)["client"] is None


@given(st.lists(st.text(st.characters(codec="latin-1"), max_size=30), max_size=4))
def test_whatever_is_written_the_client_is_an_address(chain: list[str]) -> None:
    pairs = [(b"x-forwarded-for", value.encode("latin-1")) for value in chain]
    found: dict[str, Any] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.update(scope)

    current = Settings.model_construct(trusted_proxies=TRUSTED, _fields_set=set())
    scope = {"type": "http", "scheme": "http", "client": (PROXY, 1), "headers": pairs}
    asyncio.run(TrustedProxies(application, settings=current)(scope, None, None))  # type: ignore[arg-type]
    assert ip_of(found["client"][0]) is not None
