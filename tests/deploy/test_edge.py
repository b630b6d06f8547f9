"""nginx in front of three replicas, run for real: TLS, what it lets through, and people at work while replicas go."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import func, select

from console.access import sessions
from console.access.visit import Visit
from console.review.states import Act
from console.settings import Settings
from console.ui.line_guard import SIGN_OF_LIFE_EVERY, SIGN_OF_LIFE_WITHIN
from db.engine import transaction
from db.models import PendingDecision
from tests.browser.site import BRIEF, CHROMIUM, in_a_thread, make_enrolled_bank
from tests.deploy.at_work import TRANSIT, AtWork, Run, await_choice_kept, await_kept, kill, restart, sit_down
from tests.deploy.edge import ADDRESSES, Answer, Edge, await_answer, command, configured, edge, name_server, with_line
from tests.factories import Bank, import_items, item_ids, x9_item
from tests.ports import free_port

BACK_SECONDS = 5.0
# The page's patience and half a second; nginx's with the replica, and whether the line comes back.
SAID_SECONDS = SIGN_OF_LIFE_EVERY + SIGN_OF_LIFE_WITHIN + 1.0
ELSEWHERE_SECONDS = 2.0 + 1.0 + 1.0
# More than enough for a decision.
LATE_SECONDS = 3.0
ONCE = (
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "Cache-Control",
)
ELSEWHERE = "203.0.113.9"


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Run:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Bank:
    async def make() -> Bank:
        made = await make_enrolled_bank()
        checks = [x9_item(n, f"{200 + n}.00", TRANSIT) for n in range(1, 5)]
        await import_items(made, tmp_path_factory.mktemp("file"), checks)
        return made

    made: Bank = run(make())
    return made


@pytest.fixture(scope="module")
def running(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with edge(console, tmp_path_factory.mktemp("edge")) as made:
        yield made


@pytest.fixture(scope="module")
def signed_in(bank: Bank, run: Run) -> str:
    """The session cookie of somebody who is signed in."""
    who = bank.auditor
    assert who.user_id is not None
    person = sessions.Person(who.institution_id, who.user_id, who.name, who.name, who.roles)
    token = run(sessions.start(person, sessions.Stage.FULL, Visit("127.0.0.1")))
    return f"__Host-console_session={token}"


@pytest.fixture(scope="module")
def people(running: Edge, bank: Bank, run: Run) -> Iterator[list[AtWork]]:
    """Three at work, each in a browser of their own."""
    expect.set_options(timeout=20_000)
    items = run(item_ids(bank))
    persons = (bank.reviewer, bank.second_reviewer, bank.supervisor)
    with sync_playwright() as playwright:
        chromium: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BRIEF))
        at_work = [sit_down(running, chromium, person, item) for person, item in zip(persons, items, strict=False)]
        await_kept(run, at_work)
        yield at_work
        chromium.close()


def test_a_rolling_restart_loses_nothing_typed_and_signs_nobody_out(
    running: Edge, people: list[AtWork], run: Run
) -> None:
    assert len({one.replica() for one in people}) > 1, "they work side by side on different replicas"
    for replica in running.replicas:
        restart(running, replica, people, run)


def test_a_killed_replica_costs_seconds_and_nothing_else(running: Edge, people: list[AtWork], run: Run) -> None:
    began = time.monotonic()
    people[0].page.reload()
    people[0].await_live(anew=False)
    load = time.monotonic() - began
    held = next(one for one in running.replicas if running.cookie_of(one) == people[0].replica())
    # Five seconds, unless this machine is so busy that it takes as long to load one page, and here several are.
    assert kill(running, held, people, run) < max(BACK_SECONDS, BACK_SECONDS / 2 + 3 * load)
    for log in [*running.folder.glob("*.log")]:
        assert "client_id=" not in log.read_text(), f"{log.name} holds what opens a page"


def test_a_replica_that_stands_still_costs_seconds_and_acts_on_nothing_afterwards(
    running: Edge, people: list[AtWork], bank: Bank, run: Run
) -> None:
    one = people[0]
    began = time.monotonic()
    one.page.reload()
    one.await_live(anew=False)
    load = time.monotonic() - began
    one.page.keyboard.press("Escape")
    one.page.keyboard.press("a")
    submit = one.page.locator("button[data-action=submit]")
    expect(submit).to_contain_text("Pay")
    # Kept, so that it stops between two transactions: with what one has locked nobody goes on for ten seconds.
    await_choice_kept(run, one, Act.PAY)
    held = next(replica for replica in running.replicas if running.cookie_of(replica) == one.replica())
    assert held.process is not None
    one.mark()
    os.kill(held.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        one.type(" into silence")
        one.page.keyboard.press("Control+Enter")
        # Where other pages have found out before, nginx passes the replica over, and the page may be elsewhere at once.
        said = "document.querySelector('.crc-outage')?.innerText"
        told = f"() => {said} ?? (window.crc_stood_before ? '' : 'gone')"
        words = one.page.wait_for_function(told, timeout=60_000).json_value()
        assert words == "gone" or words.startswith("No connection to the console, your draft is kept.")
        after = time.monotonic() - began
        one.await_live(anew=True)
        back = time.monotonic() - began
        assert one.replica() != running.cookie_of(held)
        expect(one.page.locator(".crc-outage")).to_be_hidden()
        expect(one.page.get_by_label("Note")).to_have_value(one.note)
        await_kept(run, [one])
    finally:
        os.kill(held.process.pid, signal.SIGCONT)
    print(
        f"a replica stands still: said after {after:.1f} s, elsewhere after {back:.1f} s; a page loads in {load:.1f} s"
    )
    assert after < SAID_SECONDS + 2 + 2 * load and back < SAID_SECONDS + ELSEWHERE_SECONDS + 4 + 3 * load
    # What was pressed into the silence lies before it when it goes on, and is not acted on.
    deadline = time.monotonic() + 60
    while not held.answers():
        assert time.monotonic() < deadline, "it does not go on"
    time.sleep(LATE_SECONDS)
    assert undecided(bank, run)
    for other in people:
        other.check()


def undecided(bank: Bank, run: Run) -> bool:
    """Whether nothing was submitted."""

    async def submitted() -> int:
        async with transaction(bank.system) as session:
            return (await session.execute(select(func.count()).select_from(PendingDecision))).scalar_one()

    return bool(run(submitted()) == 0)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls(running: Edge) -> None:
    def handshake(version: ssl.TLSVersion) -> ssl.SSLSocket:
        trust = running.trust()
        trust.set_ciphers("ALL:@SECLEVEL=0")
        trust.minimum_version = trust.maximum_version = version
        trust.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(("localhost", running.port)) as line:
            return trust.wrap_socket(line, server_hostname="localhost")

    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with handshake(version) as line:
            assert line.selected_alpn_protocol() == "h2"
            cipher = line.cipher()
            assert cipher is not None and ("GCM" in cipher[0] or "CHACHA20" in cipher[0])
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(ssl.TLSVersion.TLSv1_1)
    with pytest.raises(urllib.error.HTTPError) as moved:
        urllib.request.build_opener(_Stay).open(f"http://localhost:{running.http_port}/queue?a=1", timeout=60)
    assert (moved.value.code, moved.value.headers["Location"]) == (308, "https://localhost/queue?a=1")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def test_each_security_header_stands_once_whoever_answers(running: Edge, signed_in: str) -> None:
    answers = {path: running.get(path, {"Cookie": signed_in}) for path in ("/sign-in", "/queue", "/edge/health")}
    answers["too large"] = running.get("/sign-in", body=b"x" * 13_000_000)
    for name, answer in answers.items():
        for header in ONCE:
            assert len(answer.headers.get_all(header, [])) == 1, (name, header)
    assert answers["/queue"].status == 200
    cookie = answers["/sign-in"].headers["Set-Cookie"].lower()
    assert cookie.startswith("__host-console_replica=") and "secure" in cookie and "httponly" in cookie
    assert "nginx/" not in str([dict(answer.headers) for answer in answers.values()])


def test_metrics_are_for_nobody_outside(running: Edge, signed_in: str) -> None:
    seen = {"/metrics": "/metrics", "/metrics/": "/metrics/", "//metrics": "/metrics", "/%6detrics": "/metrics"}
    for path, seen_as in seen.items():
        answer, line = running.get_logged(path, {"Cookie": signed_in}, seen_as)
        assert (answer.status, line["replica"]) == (404, ""), path


def test_pages_are_not_compressed_and_assets_are_kept(running: Edge, signed_in: str) -> None:
    asking = {"Cookie": signed_in, "Accept-Encoding": "gzip, br"}
    page = running.get("/queue", asking)
    assert page.status == 200 and "Content-Encoding" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    style = next(part for part in page.body.decode().split('"') if part.startswith("/assets/console-"))
    first = running.get(style, asking)
    assert first.headers["Content-Encoding"] == "gzip" and b"--" in gzip.decompress(first.body)
    assert "public" in first.headers["Cache-Control"]
    second, line = running.get_logged(style, asking)
    assert (second.status, second.body) == (200, first.body)
    assert line["replica"] == "", "no replica was asked again"
    # What is kept is the same for everybody; a page is not, and none comes without a session.
    assert running.get("/queue", {"Accept": "text/html"}).status == 303


def test_what_is_too_large_or_too_much(running: Edge) -> None:
    large = b"x" * 13_000_000
    page = running.get("/sign-in", body=large)
    assert page.status == 413 and b"Nothing of it was taken" in page.body
    problem = running.get("/api/v1/items", body=large)
    assert problem.status == 413 and json.loads(problem.body)["status"] == 413
    assert problem.headers["Content-Type"] == "application/problem+json"
    # Files of checks may be that large: it is the console that refuses whoever is not signed in.
    for path in ("/intake/files", "/api/v1/files"):
        assert _begin_upload(running, path) in {401, 403}
    # Thirty at once and five a second, however slowly they come here; a few are of the tests before.
    began, answers = time.monotonic(), []
    line = http.client.HTTPSConnection("localhost", running.port, context=running.trust(), timeout=60)
    while [answer.status for answer in answers].count(429) < 20:
        line.request("GET", "/sign-in")
        answer = line.getresponse()
        answers.append(Answer(answer.status, answer.msg, answer.read()))
    line.close()
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {200, 429}
    assert 20 < len(answers) - len(refused) <= 32 + 5 * (time.monotonic() - began)
    assert b"Wait a few seconds" in refused[0].body


def _begin_upload(running: Edge, path: str) -> int:
    """The status with which an upload of 500 MB is answered at its beginning."""
    with socket.create_connection(("localhost", running.port)) as plain:
        line = running.trust().wrap_socket(plain, server_hostname="localhost")
        line.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000000\r\n\r\n".encode())
        line.settimeout(60)
        return int(line.recv(4096).split(b" ")[1])


def test_nobody_writes_their_own_address(running: Edge, signed_in: str) -> None:
    claims = {"X-Forwarded-For": ELSEWHERE, "X-Real-IP": ELSEWHERE, "X-Forwarded-Host": "evil.example"}
    answer, line = running.get_logged("/queue", {"Cookie": signed_in, **claims})
    assert answer.status == 200 and b"evil.example" not in answer.body
    assert line["client"] == "127.0.0.1"


def test_in_a_cluster_the_ingress_is_believed_and_any_nginx_finds_the_replica(
    running: Edge, signed_in: str, tmp_path: Path
) -> None:
    fronts = [_in_a_cluster(running, tmp_path / name) for name in ("one", "two")]
    try:
        claiming = {"Cookie": signed_in, "X-Forwarded-For": f"6.6.6.6, {ELSEWHERE}"}
        first, line = _plain(fronts[0], "/queue", claiming)
        assert line["client"] == ELSEWHERE
        replica = first.headers["Set-Cookie"].partition(";")[0]
        named = {running.cookie_of(one): one.address for one in running.replicas}
        address = named[replica.partition("=")[2]]
        for front in fronts * 2:
            answer, line = _plain(front, "/queue", {"Cookie": f"{signed_in}; {replica}"})
            assert (answer.status, line["replica"]) == (200, f"{address}:{running.replicas[0].port}")
    finally:
        for front in fronts:
            front.process.terminate()
            front.process.wait(timeout=40)


@dataclass(frozen=True)
class _Front:
    port: int
    process: subprocess.Popen[bytes]
    log: Path


def _in_a_cluster(running: Edge, folder: Path) -> _Front:
    port, log = free_port(), folder.with_suffix(".log")
    configured(
        folder,
        "kubernetes.conf",
        {
            "listen 80": f"listen 127.0.0.1:{port}",
            "resolver kube-dns.kube-system.svc.cluster.local": f"resolver 127.0.0.1:{name_server(ADDRESSES)}",
            ".svc.cluster.local:8000": f".svc.cluster.local:{running.replicas[0].port}",
            "set_real_ip_from 10.0.0.0/8": "set_real_ip_from 127.0.0.0/8",
            "/dev/stdout": str(log),
        },
    )
    process = subprocess.Popen(command(folder, "kubernetes.conf"))
    await_answer(port, process)
    return _Front(port, process, log)


def _plain(front: _Front, path: str, headers: dict[str, str]) -> tuple[Answer, dict[str, Any]]:
    """The answer to a request without TLS, and its line in this nginx's log."""

    def ask() -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
        try:
            line.request("GET", path, None, headers)
            answer = line.getresponse()
            return Answer(answer.status, answer.msg, answer.read())
        finally:
            line.close()

    return with_line(front.log, path, ask)
