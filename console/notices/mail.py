"""A notice as an e-mail, and the mail server that takes it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from aiosmtplib import SMTP

from console.notices.kinds import KINDS, NoticeKind
from console.notices.words import headline, leads_to
from console.settings import Settings, SmtpSecurity

TIMEOUT_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Letter:
    """What is sent to whom. `zone` is the institution's, for the moments in it."""

    notice_id: UUID
    kind: NoticeKind
    values: dict[str, Any]
    item_id: UUID | None
    created_at: datetime
    name: str
    email: str
    institution: str
    zone: ZoneInfo


def message_of(letter: Letter, current: Settings) -> EmailMessage:
    """The e-mail of a notice.

    Mail lies about unencrypted: it says what happened and leads to the console, and carries no account number, no
    amount and nothing that a person wrote. Sent twice, by a process that died in between, it has the same Message-ID.
    """
    host = urlsplit(current.public_origin).hostname or "localhost"
    line = headline(letter.kind, letter.values, letter.zone)
    target = leads_to(letter.kind, letter.item_id, letter.values) or "/queue"
    wishes = f"{current.public_origin}/account#notices"
    message = EmailMessage()
    message["Subject"] = line
    message["From"] = Address(letter.institution, addr_spec=current.smtp_from)
    message["To"] = Address(letter.name, addr_spec=letter.email)
    message["Date"] = format_datetime(letter.created_at)
    message["Message-ID"] = f"<{letter.notice_id}@{host}>"
    # RFC 3834: nobody's holiday notice answers it. RFC 2919 and 2369: mail programs can sort it, and say how it ends.
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"Check Review Console <notices.{host}>"
    message["List-Unsubscribe"] = f"<{wishes}>"
    message.set_content(
        f"{line}.\n\n"
        f"{current.public_origin}{target}\n\n"
        f"You get this because {KINDS[letter.kind].meaning}.\n"
        f"What is sent to you, and how: {wishes}\n"
    )
    return message


@asynccontextmanager
async def mail_server(current: Settings) -> AsyncIterator[SMTP]:
    """The mail server of the settings, signed in to where they say so; closed at the end of the block.

    Raises aiosmtplib.SMTPException or OSError.
    """
    security, password = current.smtp_security, current.smtp_password.get_secret_value()
    context = None if security is SmtpSecurity.NONE else ssl.create_default_context()
    server = SMTP(
        hostname=current.smtp_host,
        port=current.smtp_port,
        use_tls=security is SmtpSecurity.TLS,
        start_tls=security is SmtpSecurity.STARTTLS,
        username=current.smtp_username or None,
        password=password or None,
        tls_context=context,
        timeout=TIMEOUT_SECONDS,
    )
    async with server:
        yield server
