"""Attachments: what is taken by its content, how its name is shown, who may fetch it, what is kept of it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from console.access.permissions import NotAllowed
from console.actor import Actor
from console.edge.attachments import disposition
from console.images.links import LinkRefused
from console.images.store import StoreUnavailable, image_store
from console.images.uploads import Uploads
from console.review.attachment_kinds import MAX_NAME, PDF, TEXT, kind_of, shown_name
from console.review.attachments import (
    MAX_PER_ITEM,
    AttachmentRefused,
    AttachmentTooLarge,
    attach,
    keep_within,
    link,
    open_attachment,
)
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.hold_notice import NoNotice, make_hold_notice
from console.review.holds import HoldReason
from console.review.item_view import ItemNotFound
from console.review.states import Act
from console.review.timeline import read_timeline
from console.settings import settings
from db.engine import transaction
from db.models import AuditEntry, Evidence
from tests.factories import Bank, check_image, claimed, import_items, item_ids, make_bank, view_of, x9_item
from tests.review.test_questions import hold

PDF_BYTES = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


def picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("L", (8, 8), 200).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    "data, kind",
    [
        (PDF_BYTES, PDF),
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (check_image(), "image/tiff"),
        ("Ein Brief, größer als sonst.\r\n\tEnde".encode(), TEXT),
        (b"<svg onload=alert(1)>", TEXT),  # text it is, and as text it goes out
        (b"", None),
        (b"%PDF-1.7 cut off", None),
        (picture("PNG")[:40], None),
        (b"GIF89a" + bytes(20), None),
        (b"MZ\x90\0", None),
        (b"text with \0 in it", None),
        ("größer".encode("latin-1"), None),
        (b"\x1b]0;title\x07", None),
    ],
)
def test_the_content_says_what_a_file_is(data: bytes, kind: str | None) -> None:
    assert kind_of(io.BytesIO(data)) == kind


@given(st.text(max_size=300), st.sampled_from([PDF, TEXT, "image/png", "image/jpeg", "image/tiff"]))
def test_whatever_the_name_it_is_shown_as_a_plain_name_with_the_contents_ending(given: str, kind: str) -> None:
    name = shown_name(given, kind)
    assert 1 <= len(name) <= MAX_NAME
    assert "/" not in name and "\\" not in name and name.isprintable() and not name.startswith(".")
    assert name.rpartition(".")[2] in {"pdf", "txt", "csv", "log", "md", "png", "jpg", "jpeg", "tif", "tiff"} | {
        name.rpartition(".")[2].lower()
    }
    header = disposition(name)
    assert header.isascii() and "\n" not in header and "\r" not in header and header.count('"') == 2


@pytest.mark.parametrize(
    "given, kind, shown",
    [
        ("letter.pdf", PDF, "letter.pdf"),
        ("C:\\Users\\ann\\letter.PDF", PDF, "letter.PDF"),
        ("../../etc/passwd", TEXT, "passwd.txt"),
        ("evil.html", TEXT, "evil.html.txt"),
        ("invoice\u202efdp.exe", PDF, "invoice fdp.exe.pdf"),
        ("  \u0000\r\n ", "image/png", "attachment.png"),
        ("..", TEXT, "attachment.txt"),
    ],
)
def test_names(given: str, kind: str, shown: str) -> None:
    assert shown_name(given, kind) == shown


async def bank_with(folder: Path, amount: str = "100.00") -> tuple[Bank, UUID]:
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(1, amount, "021000021")])
    return bank, (await item_ids(bank))[0]


async def sent(actor: Actor, item: UUID, data: bytes, name: str = "a.pdf", size: int | None = None) -> UUID:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(data), 1000):
            yield data[at : at + 1000]

    async def acting() -> Actor:
        return actor

    return await attach(actor, item, name, size, chunks(), acting)


def token_of(address: str) -> str:
    return address.partition("token=")[2]


def test_a_file_is_kept_under_its_hash_shown_audited_and_part_of_the_evidence(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        made = await sent(bank.supervisor, item, PDF_BYTES, "from the branch.pdf")
        shown = (await view_of(bank.reviewer, item)).attachments
        sha256 = hashlib.sha256(PDF_BYTES)
        assert [(one.name, one.media_type, one.size, one.sha256, one.who) for one in shown] == [
            ("from the branch.pdf", PDF, len(PDF_BYTES), sha256.hexdigest(), "Supervisor")
        ]
        assert image_store().get(bank.institution_id, sha256.digest()) == PDF_BYTES
        happened = (await read_timeline(bank.auditor, item)).happenings[0]
        assert (happened.what, happened.attachment) == ("attached from the branch.pdf", made)

        opened = await open_attachment(bank.auditor, made, token_of(link(bank.auditor, made)))
        assert b"".join(opened.chunks) == PDF_BYTES
        async with transaction(bank.system) as session:
            actions = set(await session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == str(item))))
        assert {"attachment.added", "attachment.opened"} <= actions
        # Opening is the audit trail's to tell.
        assert "attachment.opened" not in {one.event for one in (await read_timeline(bank.reviewer, item)).happenings}

        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        async with transaction(bank.system) as session:
            assert sha256.hexdigest() in (await session.scalars(select(Evidence.snapshot))).one()

    run(story())


def test_an_address_works_for_its_session_alone(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        made = await sent(bank.reviewer, item, PDF_BYTES)
        token = token_of(link(bank.reviewer, made))
        for actor, wanted in (
            (bank.second_reviewer, made),
            (replace(bank.reviewer, session="another"), made),
            (bank.reviewer, uuid4()),
        ):
            with pytest.raises(LinkRefused):
                await open_attachment(actor, wanted, token)
        with pytest.raises(NotAllowed):
            await open_attachment(bank.administrator, made, token_of(link(bank.administrator, made)))
        unknown = uuid4()
        with pytest.raises(LookupError):
            await open_attachment(bank.reviewer, unknown, token_of(link(bank.reviewer, unknown)))

    run(story())


def test_what_is_too_large_is_refused_while_it_comes(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTACHMENT_MAX_MB", "1")
    settings.cache_clear()

    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        with pytest.raises(AttachmentTooLarge, match="1 MB"):
            await sent(bank.reviewer, item, PDF_BYTES, size=1_000_001)
        with pytest.raises(AttachmentTooLarge):
            await sent(bank.reviewer, item, b"x" * 1_000_001)
        await sent(bank.reviewer, item, b"x" * 1_000_000)
        assert len((await view_of(bank.reviewer, item)).attachments) == 1

    run(story())


def test_what_may_not_be_attached_leaves_nothing(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        with pytest.raises(AttachmentRefused, match="PDF, PNG, JPEG, TIFF or plain text"):
            await sent(bank.reviewer, item, b"MZ\x90\0", "letter.pdf")
        with pytest.raises(NotAllowed):
            await sent(bank.auditor, item, PDF_BYTES)
        with pytest.raises(ItemNotFound):
            await sent(bank.reviewer, uuid4(), PDF_BYTES)
        assert (await view_of(bank.reviewer, item)).version == 1
        for n in range(MAX_PER_ITEM):
            async with transaction(bank.reviewer) as session:
                await keep_within(session, bank.reviewer, item, f"{n}.pdf", PDF, 1, bytes([n]) * 32)
        with pytest.raises(AttachmentRefused, match="20 attachments"):
            await sent(bank.reviewer, item, PDF_BYTES)

    run(story())


def test_bytes_that_are_others_than_they_were_are_never_whole(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path)
        made = await sent(bank.reviewer, item, PDF_BYTES)
        real = hashlib.sha256(PDF_BYTES).digest()
        others = b"others"
        Uploads(settings()).put(f"{bank.institution_id}/{real.hex()}", others, hashlib.sha256(others).digest(), {})
        opened = await open_attachment(bank.reviewer, made, token_of(link(bank.reviewer, made)))
        with pytest.raises(StoreUnavailable, match="no longer match"):
            list(opened.chunks)

    run(story())


def test_the_notice_of_a_hold_is_made_once_and_kept_as_it_was_made(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await bank_with(tmp_path, "9000.00")
        with pytest.raises(NoNotice):
            await make_hold_notice(bank.reviewer, item)
        _, seen = await claimed(bank.reviewer, item)
        choice = hold(5, HoldReason.LARGE_DEPOSIT, deposit_account="0012345678")
        await decide(bank.reviewer, item, choice, seen)
        assert (await read_timeline(bank.reviewer, item)).happenings[0].has_notice
        made = await make_hold_notice(bank.reviewer, item)
        assert await make_hold_notice(bank.supervisor, item) == made
        (kept,) = (await view_of(bank.reviewer, item)).attachments
        assert kept.name == f"Notice of hold until {choice.release_on}.pdf"
        data = image_store().get(bank.institution_id, bytes.fromhex(kept.sha256))
        assert data.startswith(b"%PDF-") and kind_of(io.BytesIO(data)) == PDF

    run(story())
