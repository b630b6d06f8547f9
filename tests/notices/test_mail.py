"""Notices by e-mail: through a real mail server, tried again until it takes them, without what mail must not carry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from console.access.person_services import change_email
from console.notices import NoticeKind, notify, outbox
from console.settings import Settings, settings
from db.engine import transaction
from db.models import Notice, User
from jobs.deliver_notices import deliver_notices
from tests.factories import Bank, import_items, item_ids, make_bank, x9_item
from tests.notices.mail_server import Inbox, certificate, mail_server

SetMail = Callable[..., Settings]
ADDRESS = "reviewer@firstbank.com"
VALUES = {"by": "Ann Approver", "text": "Account 123456789 is not the maker's."}


@pytest.fixture
def set_mail(console: Settings, monkeypatch: pytest.MonkeyPatch) -> SetMail:
    """``set_mail(port)``: the console sends through that server, in the clear unless told otherwise."""

    def set_(port: int, **more: object) -> Settings:
        given = {"HOST": "127.0.0.1", "PORT": port, "FROM": "console@firstbank.com", "SECURITY": "none"} | more
        for name, value in given.items():
            monkeypatch.setenv(f"SMTP_{name}", str(value))
        monkeypatch.setenv("PUBLIC_ORIGIN", "https://console.firstbank.com")
        settings.cache_clear()
        return settings()

    return set_


@pytest.fixture
def server() -> Iterator[tuple[Inbox, int]]:
    with mail_server() as running:
        yield running


async def bank_with_mail() -> Bank:
    bank = await make_bank()
    assert bank.reviewer.user_id is not None
    await change_email(bank.administrator, bank.reviewer.user_id, ADDRESS)
    return bank


async def tell(bank: Bank, **more: object) -> None:
    async with transaction(bank.approver) as session:
        told = await notify(
            session, bank.approver, NoticeKind.SENT_BACK, to=[bank.reviewer.user_id], values=VALUES, **more
        )
    assert told == 1


async def letters(bank: Bank) -> list[Notice]:
    async with transaction(bank.system) as session:
        return list(await session.scalars(select(Notice).order_by(Notice.created_at)))


async def make_due(bank: Bank) -> None:
    async with transaction(bank.system) as session:
        await session.execute(update(Notice).values(mail_due_at=func.now()))


def test_a_notice_reaches_the_mail_server(
    run: Callable, set_mail: SetMail, server: tuple[Inbox, int], tmp_path: Path
) -> None:
    inbox, port = server
    set_mail(port)

    async def story() -> tuple[str, list[int], str | None]:
        bank = await bank_with_mail()
        await import_items(bank, tmp_path, [x9_item(1, "4532.00", "021000021", "123456789")])
        (item,) = await item_ids(bank)
        await tell(bank, item_id=item)
        done = [await deliver_notices(), await deliver_notices()]
        return str(item), done, (await letters(bank))[0].mail_state

    item, done, state = run(story())
    assert (done, state) == ([1, 0], "sent")
    (message,) = inbox.messages
    text = message.get_content()
    assert message["To"].addresses[0].addr_spec == ADDRESS
    assert message["From"].addresses[0].addr_spec == "console@firstbank.com"
    assert message["Subject"] == "Ann Approver sent your recommendation back"
    assert f"https://console.firstbank.com/review/{item}" in text
    assert "https://console.firstbank.com/account#notices" in text
    assert message["Auto-Submitted"] == "auto-generated" and "notices.console.firstbank.com" in message["List-Id"]
    assert message["List-Unsubscribe"] == "<https://console.firstbank.com/account#notices>"
    # Neither the account nor the amount, nor what a person wrote, which may hold either; an id may have any digits.
    for hidden in ("4532", "4,532", "123456789", "6789", "maker"):
        assert hidden not in text.replace(item, "") + message["Subject"], hidden


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_connection_is_as_secure_as_the_setting_says(
    run: Callable, set_mail: SetMail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    files = certificate(tmp_path)

    async def story() -> tuple[int, int, str | None]:
        bank = await bank_with_mail()
        await tell(bank)
        unknown = await deliver_notices()  # nobody vouches for the certificate
        error = (await letters(bank))[0].mail_error
        await make_due(bank)
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
        return unknown, await deliver_notices(), error

    with mail_server(files=files, implicit=security == "tls") as (inbox, port):
        set_mail(port, SECURITY=security)
        unknown, known, error = run(story())
    assert (unknown, known, inbox.over_tls) == (0, 1, [True])
    assert error is not None and "certificate" in error.lower()


def test_a_server_without_tls_gets_nothing_where_tls_is_asked(
    run: Callable, set_mail: SetMail, server: tuple[Inbox, int]
) -> None:
    inbox, port = server
    set_mail(port, SECURITY="starttls")

    async def story() -> tuple[int, str | None]:
        bank = await bank_with_mail()
        await tell(bank)
        return await deliver_notices(), (await letters(bank))[0].mail_state

    assert run(story()) == (0, "waiting")
    assert inbox.messages == []


def test_who_must_say_who_they_are_does(run: Callable, set_mail: SetMail) -> None:
    async def story() -> tuple[int, str | None, int]:
        bank = await bank_with_mail()
        await tell(bank)
        refused = await deliver_notices()
        state = (await letters(bank))[0].mail_state
        set_mail(port, USERNAME="console", PASSWORD="right")
        await make_due(bank)
        return refused, state, await deliver_notices()

    with mail_server(login=("console", "right")) as (inbox, port):
        set_mail(port, USERNAME="console", PASSWORD="wrong")
        # A wrong password is ours to mend: no letter is given up for it.
        assert run(story()) == (0, "waiting", 1)
        assert inbox.signed_in == ["console"]


def test_a_server_that_is_away_is_tried_again_rarer_and_rarer(run: Callable, set_mail: SetMail) -> None:
    async def story() -> list[tuple[int, int, str | None]]:
        bank = await bank_with_mail()
        await tell(bank)
        seen = []
        for _ in range(3):
            await make_due(bank)
            await deliver_notices()
            (letter,) = await letters(bank)
            assert letter.mail_due_at is not None
            wait = round((letter.mail_due_at - datetime.now(UTC)) / timedelta(minutes=1))
            seen.append((letter.mail_attempts, wait, letter.mail_state))
        with mail_server() as (inbox, port):
            set_mail(port)
            assert await deliver_notices() == 0  # not due yet
            await make_due(bank)
            assert await deliver_notices() == 1
            assert len(inbox.messages) == 1
        return seen

    set_mail(9)  # the discard port, on which nothing listens here
    assert run(story()) == [(1, 1, "waiting"), (2, 2, "waiting"), (3, 4, "waiting")]


def test_waits_grow_to_an_hour_and_end() -> None:
    minutes = [outbox.wait_after(n) / timedelta(minutes=1) for n in range(1, 9)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_letter_that_is_never_taken_is_given_up(run: Callable, set_mail: SetMail) -> None:
    set_mail(9)

    async def story() -> str | None:
        bank = await bank_with_mail()
        await tell(bank)
        async with transaction(bank.system) as session:
            await session.execute(update(Notice).values(mail_attempts=outbox.MOST_ATTEMPTS - 1))
        await deliver_notices()
        return (await letters(bank))[0].mail_state

    assert run(story()) == "given_up"


def test_one_refused_recipient_keeps_nobody_else_from_theirs(
    run: Callable, set_mail: SetMail, server: tuple[Inbox, int]
) -> None:
    inbox, port = server
    set_mail(port)
    inbox.refuse = {ADDRESS: "550 no such mailbox", "second@firstbank.com": "450 come again"}

    async def story() -> dict[str, str | None]:
        bank = await bank_with_mail()
        people = [bank.reviewer, bank.second_reviewer, bank.supervisor]
        await change_email(bank.administrator, bank.second_reviewer.user_id, "second@firstbank.com")
        await change_email(bank.administrator, bank.supervisor.user_id, "third@firstbank.com")
        async with transaction(bank.approver) as session:
            to = [person.user_id for person in people]
            await notify(session, bank.approver, NoticeKind.SENT_BACK, to=to, values=VALUES)
        assert await deliver_notices() == 1
        return {str(letter.user_id): letter.mail_state for letter in await letters(bank)} | {
            person.name: str(person.user_id) for person in people
        }

    found = run(story())
    by_name = {name: found[key] for name, key in found.items() if key in found}
    assert by_name == {"Reviewer": "given_up", "Second Reviewer": "waiting", "Supervisor": "sent"}
    assert [message["To"].addresses[0].addr_spec for message in inbox.messages] == ["third@firstbank.com"]


def test_workers_at_once_send_each_letter_once(run: Callable, set_mail: SetMail, server: tuple[Inbox, int]) -> None:
    inbox, port = server
    set_mail(port)

    async def story() -> list[int]:
        bank = await bank_with_mail()
        for _ in range(8):
            await tell(bank)
        return list(await asyncio.gather(*(deliver_notices() for _ in range(4))))

    assert sum(run(story())) == 8
    assert len({message["Message-ID"] for message in inbox.messages}) == len(inbox.messages) == 8


def test_who_has_left_or_has_no_address_gets_nothing(
    run: Callable, set_mail: SetMail, server: tuple[Inbox, int]
) -> None:
    inbox, port = server
    set_mail(port)

    async def story() -> list[str | None]:
        bank = await bank_with_mail()
        await tell(bank)
        async with transaction(bank.system) as session:
            await session.execute(update(User).where(User.id == bank.reviewer.user_id).values(active=False))
        await deliver_notices()
        return [letter.mail_state for letter in await letters(bank)]

    assert run(story()) == ["given_up"]
    assert inbox.messages == []


def test_without_a_mail_server_nothing_is_kept_for_one(run: Callable) -> None:
    async def story() -> str | None:
        bank = await bank_with_mail()
        await tell(bank)
        assert await deliver_notices() == 0
        return (await letters(bank))[0].mail_state

    assert run(story()) is None
