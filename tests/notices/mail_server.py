"""A real mail server on this machine, which keeps what it takes and refuses what it is told to."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.ports import free_port


@dataclass
class Inbox:
    """What a server took, and what it answers: `refuse` maps a recipient to the answer, `over_tls` notes each."""

    messages: list[EmailMessage] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    over_tls: list[bool] = field(default_factory=list)
    signed_in: list[str | None] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if answer := self.refuse.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.over_tls.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        self.signed_in.append(session.auth_data.login.decode() if session.auth_data else None)
        return "250 OK"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, signed by itself, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
               "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


@contextmanager
def mail_server(
    *, files: tuple[Path, Path] | None = None, implicit: bool = False, login: tuple[str, str] | None = None
) -> Iterator[tuple[Inbox, int]]:
    """A server and its port. With `files`, TLS is on offer, or with `implicit` from the first byte; with `login` it
    asks who one is."""
    inbox, more = Inbox(), dict[str, Any]()
    if files:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*files)
        more["ssl_context" if implicit else "tls_context"] = context
        if not implicit:
            more["require_starttls"] = True
    if login:

        def check(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
            wanted = LoginPassword(login[0].encode(), login[1].encode())
            return AuthResult(success=given == wanted, handled=False, auth_data=given)

        more |= {"authenticator": check, "auth_required": True, "auth_require_tls": files is not None}
    port = free_port()
    server = Controller(inbox, hostname="127.0.0.1", port=port, ready_timeout=60, **more)
    server.start()
    try:
        yield inbox, port
    finally:
        server.stop()
