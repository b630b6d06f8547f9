"""A running OpenID Connect provider, and what tests do with it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.ports import free_port


@dataclass(frozen=True)
class Client:
    """What the provider gave a registered client."""

    id: str
    secret: str


@dataclass(frozen=True)
class RunningProvider:
    """A provider process. People there are named by their `sub`."""

    issuer: str

    def register(self, redirect_uri: str) -> Client:
        """A client that may ask for people to be sent back to this address."""
        answer = httpx.post(f"{self.issuer}/oauth2/clients", json={"redirect_uris": [redirect_uri]}, timeout=60)
        answer.raise_for_status()
        return Client(answer.json()["client_id"], answer.json()["client_secret"])

    def knows(self, sub: str, **claims: object) -> None:
        """Let the provider know a person with these claims, instead of those it knew before."""
        httpx.put(f"{self.issuer}/users/{sub}", json=claims, timeout=60).raise_for_status()

    def authorize(self, address: str, sub: str) -> dict[str, str]:
        """Sign somebody in there, as their browser would; the query with which it sends them back."""
        answer = httpx.post(address, data={"sub": sub}, timeout=60)
        assert answer.status_code in {302, 303}, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


@contextmanager
def provider(folder: Path, token_seconds: int = 3600) -> Iterator[RunningProvider]:
    """A provider whose tokens live this long."""
    port = free_port()
    log = folder / f"provider-{port}.log"
    command = [sys.executable, str(Path(__file__).with_name("strict_provider.py")), str(port), str(token_seconds)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        running = RunningProvider(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + 30
        while True:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            try:
                httpx.get(f"{running.issuer}/.well-known/openid-configuration").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=60)
