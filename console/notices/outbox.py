"""The outbox: e-mail that waits in the database, tried until the mail server takes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from sqlalchemy import func, select, update

from console.actor import Actor, system_actor
from console.notices.kinds import NoticeKind
from console.notices.mail import Letter, mail_server, message_of
from console.settings import settings
from db.engine import transaction
from db.models import Institution, Notice, User

BATCH: Final = 50
# Minute by minute at first, then rarer: a mail server that is away for a night is met again.
FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
MOST_ATTEMPTS: Final = 20
# For so long nobody else tries what one process has in hand; if it dies, others go on then.
_IN_HAND: Final = timedelta(minutes=10)
_MAXIMUM_ERROR: Final = 300

_log = structlog.get_logger(__name__)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts, one or more."""
    doubled: int = 2 ** min(attempts - 1, 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


async def deliver(institution_id: UUID) -> int:
    """Send what is due, a batch at a time; how many letters the mail server took.

    Each is committed as in hand before it is sent, and as sent afterwards: no transaction waits for a mail server.
    """
    if not settings().sends_mail:
        return 0
    actor, sent = system_actor(institution_id, "notices by e-mail"), 0
    while letters := await _take_in_hand(actor):
        taken = await _send(actor, letters)
        sent += taken
        if taken == 0 or len(letters) < BATCH:
            break  # the server is away, or there is no more
    return sent


async def _take_in_hand(actor: Actor) -> list[Letter]:
    due = (
        select(Notice.id)
        .where(Notice.mail_state == "waiting", Notice.mail_due_at <= func.now())
        .order_by(Notice.mail_due_at, Notice.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    in_hand = {"mail_attempts": Notice.mail_attempts + 1, "mail_due_at": func.now() + _IN_HAND}
    async with transaction(actor) as session:
        ids = list(await session.scalars(due))
        await session.execute(update(Notice).where(Notice.id.in_(ids)).values(in_hand))
        bank = (await session.execute(select(Institution))).scalar_one()
        query = select(Notice, User).join(User, User.id == Notice.user_id).where(Notice.id.in_(ids))
        found = (await session.execute(query.order_by(Notice.created_at, Notice.id))).all()
        gone = [row.Notice.id for row in found if not row.User.active or row.User.email is None]
        await session.execute(update(Notice).where(Notice.id.in_(gone)).values(_given_up("nobody to send it to")))
    zone = ZoneInfo(bank.time_zone)
    return [_letter(row, bank.name, zone) for row in found if row.Notice.id not in gone]


def _letter(row: Any, institution: str, zone: ZoneInfo) -> Letter:
    notice, user = row.Notice, row.User
    kind = NoticeKind(notice.kind)
    return Letter(
        notice.id,
        kind,
        notice.values,
        notice.item_id,
        notice.created_at,
        user.display_name,
        user.email,
        institution,
        zone,
    )


async def _send(actor: Actor, letters: Sequence[Letter]) -> int:
    sent = 0
    waiting = list(letters)
    try:
        async with mail_server(settings()) as server:
            while waiting:
                fault = await _hand_over(server, waiting[0])
                letter = waiting.pop(0)
                sent += fault is None
                await _note(actor, letter, fault, final=_is_final(fault))
    except (SMTPException, OSError) as error:
        # The server, not a letter: everything that is left waits.
        _log.warning("mail server unavailable", error=type(error).__name__, waiting=len(waiting))
        for letter in waiting:
            await _note(actor, letter, error, final=False)
    return sent


async def _hand_over(server: SMTP, letter: Letter) -> Exception | None:
    """None when the server took it, the error where it refused this letter. Raises what ends the connection."""
    try:
        await server.send_message(message_of(letter, settings()))
    except (SMTPRecipientsRefused, SMTPResponseException, ValueError) as error:
        if not server.is_connected:
            raise
        return error
    return None


async def _note(actor: Actor, letter: Letter, fault: Exception | None, *, final: bool) -> None:
    values: dict[str, Any] = {"mail_state": "sent", "mail_error": None}
    async with transaction(actor) as session:
        if fault is not None:
            attempts = select(Notice.mail_attempts).where(Notice.id == letter.notice_id)
            tried = (await session.execute(attempts)).scalar_one()
            text = str(fault)[:_MAXIMUM_ERROR].replace("\x00", "")
            if final or tried >= MOST_ATTEMPTS:
                values = _given_up(text)
                _log.warning("letter given up", notice=str(letter.notice_id), error=type(fault).__name__)
            else:
                values = {"mail_due_at": func.now() + wait_after(tried), "mail_error": text}
        await session.execute(update(Notice).where(Notice.id == letter.notice_id).values(values))


def _given_up(why: str) -> dict[str, Any]:
    return {"mail_state": "given_up", "mail_error": why}


def _is_final(fault: Exception | None) -> bool:
    """Whether the letter or its recipient was refused for good (RFC 5321, 4.2.1: 5yz).

    A refused sender or password is ours to mend: those letters wait.
    """
    if isinstance(fault, SMTPRecipientsRefused):
        return all(500 <= one.code < 600 for one in fault.recipients)
    return isinstance(fault, ValueError) or (isinstance(fault, SMTPDataError) and 500 <= fault.code < 600)
