"""Putting objects: what is sent, what is tried again, what is given up, and whom we believe to be the store."""

from __future__ import annotations

import base64
import hashlib
import http.server
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from minio.credentials.credentials import Credentials
from minio.signer import sign_v4_s3
from pydantic import SecretStr

from console.images import uploads
from console.images.uploads import UploadFailed, Uploads
from console.settings import Settings
from tests.access.test_session_tls import certificate

Reply = int | Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass
class Store:
    """A server that answers as it is told, in turn, and then with 200; and what it was sent."""

    replies: list[Reply] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    endpoint: str = ""

    def put(self, key: str, data: bytes) -> None:
        """Put it with uploads of its own."""
        put(self.uploads(), key, data)

    def uploads(self) -> Uploads:
        return Uploads(
            Settings(
                secret_key=SecretStr("x" * 64),
                object_store_endpoint=self.endpoint,
                object_store_access_key="key",
                object_store_secret_key=SecretStr("secret"),
            )
        )


def put(up: Uploads, key: str, data: bytes, headers: Mapping[str, str] | None = None) -> None:
    up.put(key, data, hashlib.sha256(data).digest(), headers or {})


def by_the_client(store: Store, key: str, sent: Mapping[str, str], signed: list[str]) -> str:
    """The S3 client's own word for a request of these headers."""
    headers = {name: value for name, value in sent.items() if name.lower() in signed}
    signing = {
        "method": "PUT",
        "url": urlsplit(f"{store.endpoint}/check-images/{key}"),
        "region": "us-east-1",
        "headers": headers,
        "credentials": Credentials("key", "secret"),
        "content_sha256": sent["x-amz-content-sha256"],
        "date": datetime.strptime(sent["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
    }
    return str(sign_v4_s3(**signing)["Authorization"])


@contextmanager
def serving(store: Store, certified: tuple[Path, Path] | None = None) -> Iterator[Store]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            store.connections.add(self.client_address)
            store.headers.append(dict(self.headers.items()))
            store.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            reply = store.replies.pop(0) if store.replies else 200
            if callable(reply):
                reply(self)
                return
            body = b"<Error>said by the store</Error>" if reply != 200 else b""
            self.send_response(reply)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: the store's own attributes say what came."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certified:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certified)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    store.endpoint = f"{'https' if certified else 'http'}://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    try:
        yield store
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_WAITS", (0.0, 0.0, 0.01))


def hang_up(handler: http.server.BaseHTTPRequestHandler) -> None:
    """End the connection without a word."""
    handler.close_connection = True


def test_sends_the_bytes_with_their_hashes_over_one_connection() -> None:
    data = bytes(range(256)) * 8_000  # more than a megabyte, from where on libcurl would ask before it sends
    with serving(Store()) as store:
        up = store.uploads()
        put(up, "a/b", data, {"x-amz-object-lock-mode": "COMPLIANCE"})
        put(up, "a/c", b"")
    assert store.bodies == [data, b""]
    assert len(store.connections) == 1
    sent = store.headers[0]
    assert sent["x-amz-content-sha256"] == hashlib.sha256(data).hexdigest()
    assert sent["Content-MD5"] == base64.b64encode(hashlib.md5(data).digest()).decode()
    # Signed, so that nobody on the way takes them off.
    signed = sent["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    assert {"content-md5", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-object-lock-mode"} <= set(signed)
    # And by the key and with the signature that the S3 client would make of the same request.
    assert sent["Authorization"] == by_the_client(store, "a/b", sent, signed)
    assert "Expect" not in sent


@pytest.mark.parametrize("passing", [500, 502, 503, 504, hang_up])
def test_what_passes_is_tried_again(passing: Reply) -> None:
    with serving(Store([passing, passing])) as store:
        store.put("a/b", b"image")
    assert store.bodies == [b"image"] * 3


def test_what_does_not_pass_is_given_up_with_what_the_store_said() -> None:
    with serving(Store([503, 503, 503, 200])) as store:
        with pytest.raises(UploadFailed, match=r"503 .*said by the store"):
            store.put("a/b", b"image")
        assert len(store.bodies) == 3


@pytest.mark.parametrize("refusal", [301, 400, 403, 404, 412])
def test_a_refusal_is_not_tried_again(refusal: int) -> None:
    with serving(Store([refusal])) as store, pytest.raises(UploadFailed, match=str(refusal)):
        store.put("a/b", b"image")
    assert len(store.bodies) == 1


def test_a_store_that_is_not_there_or_falls_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UploadFailed):
        Store(endpoint="http://127.0.0.1:9").put("a/b", b"image")
    monkeypatch.setattr(uploads, "_WAITS", (0.0,))
    monkeypatch.setattr(uploads, "_STALLED_SECONDS", 1)
    silent = threading.Event()
    with serving(Store([lambda _: silent.wait(20)])) as store:
        start = time.monotonic()
        with pytest.raises(UploadFailed):
            store.put("a/b", b"image")
        assert time.monotonic() - start < 18
        silent.set()


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with serving(Store()) as store:
        store.put("a/b", b"image")
    assert store.bodies == [b"image"]


def test_only_a_store_with_a_trusted_certificate_gets_the_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, foreign = certificate(tmp_path, "ours"), certificate(tmp_path, "foreign")
    monkeypatch.setenv("SSL_CERT_FILE", str(ours[0]))
    with serving(Store(), ours) as store:
        store.put("a/b", b"image")
        assert store.bodies == [b"image"]
    with serving(Store(), foreign) as store:
        with pytest.raises(UploadFailed, match=r"(?i)certificate"):
            store.put("a/b", b"image")
        assert store.bodies == []
