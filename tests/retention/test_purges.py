"""What is destroyed when its time is over, the proof of it, and that a legal hold forbids it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from fastapi import HTTPException, Request
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError

from console.access import session_history, sessions
from console.access.sessions import EndReason, Stage
from console.actor import Actor
from console.audit.canonical import canonical
from console.audit.verify import verify
from console.edge.attachments import download
from console.images.links import ImageGone, fetch, link
from console.images.store import StoreUnavailable, image_store
from console.intake.accounts import load_accounts
from console.notices.kinds import NoticeKind
from console.notices.retention import purge_notices
from console.notices.sending import notify
from console.operations.jobs import list_checks
from console.operations.retention import RetentionIncomplete, apply_retention
from console.retention.legal_holds import Scope, Subject, ask_to_lift, lift, place
from console.retention.object_purge import Purged, purge_objects
from console.review import attachments
from console.review.attachments import AttachmentGone, open_attachment
from console.review.choices import Choice
from console.review.decisions import decide
from console.review.evidence_packet import export_evidence
from console.review.opening import open_item
from console.review.states import Act
from console.review.timeline import read_timeline
from console.settings import settings
from db.engine import transaction
from db.models import AuditEntry, CheckItem, Image, Notice, ObjectPurge, SessionRecord
from tests.access.fresh import fresh
from tests.access.strangers import make_stranger
from tests.access.test_sessions import HERE, person_of
from tests.conftest import Database
from tests.factories import Bank, account_record, claimed, import_items, item_ids, make_bank, view_of, x9_item
from tests.review.test_attachments import sent, token_of
from tests.review.test_evidence_packet import check, unpack

DAY = timedelta(days=1)
LATER = datetime.now(UTC) + 3000 * DAY


async def entries(bank: Bank, action: str) -> list[dict[str, Any]]:
    async with transaction(bank.system) as session:
        query = select(AuditEntry.after).where(AuditEntry.action == action).order_by(AuditEntry.sequence)
        return [dict(one or {}) for one in await session.scalars(query)]


async def lifted(bank: Bank, hold: Any) -> None:
    await ask_to_lift(bank.supervisor, hold, "over")
    await lift(bank.administrator, hold)


async def ended_sessions(bank: Bank, *people: Actor) -> list[str]:
    """A session of each, which ended 200 days ago."""
    references = []
    for person in people:
        token = await sessions.start(person_of(person), Stage.FULL, HERE)
        references.append(token.partition(".")[0])
        await sessions.end(token, EndReason.SIGNED_OUT)
    past = datetime.now(UTC) - 200 * DAY
    async with transaction(bank.system) as session:
        await session.execute(update(SessionRecord).values(started_at=past - DAY / 2, ended_at=past))
    return references


async def left(bank: Bank, column: Any) -> set[Any]:
    async with transaction(bank.system) as session:
        return set(await session.scalars(select(column)))


def test_a_hold_keeps_a_persons_sessions(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        held, gone, other = await ended_sessions(bank, bank.reviewer, bank.approver, bank.auditor)
        hold = await place(bank.supervisor, Subject(Scope.PERSON, bank.reviewer.user_id), "Case", "reason")
        async with transaction(bank.system) as session:
            query = select(*SessionRecord.__table__.c).where(SessionRecord.reference.in_([gone, other]))
            rows = [dict(row) for row in (await session.execute(query)).mappings()]
        assert await session_history.purge(bank.institution_id) == 2
        assert await left(bank, SessionRecord.reference) == {held}
        (proof,) = await entries(bank, "sessions.purged")
        # Whoever has the rows in a backup can show that these are the ones.
        lines = "".join(f"{line}\n" for line in sorted(canonical(row) for row in rows))
        assert (proof["count"], proof["held"]) == (2, 1)
        assert proof["sha256"] == hashlib.sha256(lines.encode()).hexdigest()
        assert await session_history.purge(bank.institution_id) == 0
        await lifted(bank, hold)
        assert await session_history.purge(bank.institution_id) == 1
        assert (await verify(bank.auditor)).ok

    run(story())


def test_a_hold_on_days_keeps_what_happened_on_them(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        await ended_sessions(bank, bank.reviewer)
        past = datetime.now(UTC).date() - 200 * DAY
        await place(bank.supervisor, Subject(Scope.PERIOD, None, past - 30 * DAY, past - 10 * DAY), "Before", "reason")
        hold = await place(bank.supervisor, Subject(Scope.PERIOD, None, past - 2 * DAY, past + DAY), "Then", "reason")
        assert await session_history.purge(bank.institution_id) == 0
        await lifted(bank, hold)
        assert await session_history.purge(bank.institution_id) == 1

    run(story())


def test_the_database_itself_refuses_to_delete_what_is_held(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        await ended_sessions(bank, bank.reviewer)
        await place(bank.supervisor, Subject(Scope.PERSON, bank.reviewer.user_id), "Case", "reason")
        with pytest.raises(IntegrityError, match="a legal hold covers"):
            async with transaction(bank.system) as session:
                await session.execute(delete(SessionRecord))

    run(story())


def test_notices_go_when_their_time_is_over(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        bank = await make_bank()
        assert bank.reviewer.user_id is not None and bank.approver.user_id is not None
        async with transaction(bank.system) as session:
            to = (bank.reviewer.user_id, bank.approver.user_id)
            await notify(session, bank.system, NoticeKind.POLICY_ACTIVE, to=to, values={"version": 2})
        async with transaction(bank.system) as session:
            await session.execute(update(Notice).values(created_at=datetime.now(UTC) - 60 * DAY))
        assert await purge_notices(bank.institution_id) == 0
        monkeypatch.setenv("NOTICE_RETENTION_DAYS", "59")
        settings.cache_clear()
        hold = await place(bank.supervisor, Subject(Scope.PERSON, bank.reviewer.user_id), "Case", "reason")
        assert await purge_notices(bank.institution_id) == 1
        assert bank.reviewer.user_id in await left(bank, Notice.user_id)
        (proof,) = await entries(bank, "notices.purged")
        assert proof["count"] == 1 and len(proof["sha256"]) == 64
        await lifted(bank, hold)
        assert await purge_notices(bank.institution_id) == 1

    run(story())


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Images that the store lets go of at once: set before the settings are read."""
    monkeypatch.setenv("OBJECT_STORE_RETENTION_DAYS", "0")


async def decided(bank: Bank, folder: Path, count: int) -> list[Any]:
    """So many checks, decided; another one waits."""
    await import_items(bank, folder, [x9_item(n, f"{n}.00", "021000021") for n in range(1, count + 2)])
    items = await item_ids(bank)
    for item in items[:count]:
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY), seen)
    return items


async def pictures(bank: Bank, item: Any) -> dict[Any, bytes]:
    async with transaction(bank.system) as session:
        rows = await session.execute(select(Image.id, Image.sha256).where(Image.item_id == item))
        return {row.id: row.sha256 for row in rows}


def test_images_go_when_their_time_is_over(
    unlocked: None, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_RETENTION_DAYS", "400")
    settings.cache_clear()

    async def story() -> None:
        bank = await make_bank()
        first, held, waiting = await decided(bank, tmp_path, 2)
        hold = await place(bank.supervisor, Subject(Scope.ITEM, held), "Case", "reason")
        assert await purge_objects(bank.institution_id, datetime.now(UTC) + 399 * DAY) == Purged()
        then = datetime.now(UTC) + 401 * DAY
        assert await purge_objects(bank.institution_id, then) == Purged(images=2, held=2)
        (proof,) = await entries(bank, "images.purged")
        gone = await pictures(bank, first)
        lines = "".join(sorted(f'"{one.hex()}"\n' for one in gone.values()))
        assert (proof["count"], proof["held"]) == (2, 2)
        assert proof["sha256"] == hashlib.sha256(lines.encode()).hexdigest()
        assert await left(bank, ObjectPurge.sha256) == set(gone.values())
        for image in gone:
            token = link(bank.auditor, image).partition("token=")[2]
            with pytest.raises(ImageGone, match="retention time was over"):
                await fetch(bank.auditor, image, token)
        opened = await open_item(bank.auditor, first, take=False)
        assert all("destroyed on" in (one.problem or "") for one in opened.view.images)
        for kept in (held, waiting):
            for sha256 in (await pictures(bank, kept)).values():
                assert await image_store().fetch(bank.institution_id, sha256)
        assert await purge_objects(bank.institution_id, then) == Purged(held=2)
        await lifted(bank, hold)
        assert await purge_objects(bank.institution_id, then) == Purged(images=2)
        # The evidence names the images by hash: it proves what was seen without them.
        assert (await verify(bank.auditor)).ok

    run(story())


def test_a_picture_that_another_check_needs_stays(unlocked: None, run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        first, waiting = await decided(bank, tmp_path, 1)
        shared = next(iter((await pictures(bank, first)).values()))
        async with transaction(bank.system) as session:
            row = (await session.scalars(select(Image).where(Image.item_id == waiting).limit(1))).one()
            values = {
                name: getattr(row, name) for name in ("side", "size", "format", "width", "height", "dpi", "problem")
            }
            session.add(Image(institution_id=bank.institution_id, item_id=waiting, ordinal=9, sha256=shared, **values))
        assert await purge_objects(bank.institution_id, LATER) == Purged(images=1)
        assert await image_store().fetch(bank.institution_id, shared)

    run(story())


LETTER = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


def is_there(bank: Bank, data: bytes) -> bool:
    """Whether the store has these bytes."""
    try:
        return image_store().get(bank.institution_id, hashlib.sha256(data).digest()) == data
    except StoreUnavailable:
        return False


def test_attachments_go_when_their_time_is_over(
    unlocked: None, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGE_RETENTION_DAYS", "400")
    settings.cache_clear()
    held_letter, then = LETTER + b"held", datetime.now(UTC) + 401 * DAY

    async def story() -> bytes:
        bank = await make_bank()
        await load_accounts(bank.supervisor, [account_record(bank, "70011001")], datetime.now(UTC).date())
        items = [x9_item(1, "1.00", "021000021"), x9_item(2, "2.00", bank.routing, "70011001")]
        await import_items(bank, tmp_path, items)
        first, held = await item_ids(bank)
        account = (await view_of(bank.reviewer, held)).account
        assert account is not None
        made = {item: await sent(bank.reviewer, item, data) for item, data in ((first, LETTER), (held, held_letter))}
        for item in (first, held):
            _, seen = await claimed(bank.reviewer, item)
            await decide(bank.reviewer, item, Choice(Act.PAY), seen)
        hold = await place(bank.supervisor, Subject(Scope.ACCOUNT, account.id), "Case", "reason")
        assert await purge_objects(bank.institution_id, then - 2 * DAY) == Purged()
        assert await purge_objects(bank.institution_id, then) == Purged(images=2, attachments=1, held=3)
        (proof,) = await entries(bank, "attachments.purged")
        line = f'"{hashlib.sha256(LETTER).hexdigest()}"\n'
        assert (proof["count"], proof["sha256"]) == (1, hashlib.sha256(line.encode()).hexdigest())
        assert not is_there(bank, LETTER) and is_there(bank, held_letter)
        with pytest.raises(AttachmentGone, match="retention time was over"):
            await open_attachment(bank.auditor, made[first], token_of(attachments.link(bank.auditor, made[first])))
        token = token_of(attachments.link(bank.auditor, made[first]))
        with pytest.raises(HTTPException, match="retention time was over") as refused:
            await download(Request({"type": "http", "state": {"actor": bank.auditor}}), made[first], token)
        assert refused.value.status_code == 410
        said = {
            item: [one.gone for one in (await read_timeline(bank.auditor, item)).happenings if one.attachment]
            for item in made
        }
        assert said[held] == [""] and said[first][0].startswith("destroyed on ")
        # An attempt to open it is no opening.
        assert await entries(bank, "attachment.opened") == []
        await lifted(bank, hold)
        assert await purge_objects(bank.institution_id, then) == Purged(images=2, attachments=1)
        assert not is_there(bank, held_letter) and (await verify(bank.auditor)).ok
        # The same letter, attached anew to another check, is another attachment, and there.
        again = await sent(bank.reviewer, held, LETTER)
        opened = await open_attachment(bank.auditor, again, token_of(attachments.link(bank.auditor, again)))
        assert b"".join(opened.chunks) == LETTER
        return (await export_evidence(fresh(bank.auditor), first)).content

    files = unpack(run(story()), tmp_path / "packet")
    read_me = files["README.txt"].read_text()
    assert hashlib.sha256(LETTER).hexdigest() in read_me and "when their retention time was over" in read_me
    status, said = check(tmp_path / "packet")
    assert (status, said.partition(".")[0]) == (0, "Everything is what was written")
    assert "Destroyed since, when their retention time was over: 3" in said


def test_an_attachment_has_its_own_time_and_waits_for_every_use_of_its_bytes(
    unlocked: None, run: Callable, tmp_path: Path
) -> None:
    async def story() -> None:
        bank = await make_bank()
        first, waiting = await decided(bank, tmp_path, 1)
        late, shared, picture = LETTER + b"late", LETTER + b"shared", image_store()
        front = picture.get(bank.institution_id, next(iter((await pictures(bank, first)).values())))
        await sent(bank.reviewer, first, late)
        await sent(bank.reviewer, first, shared)
        for data in (shared, front):
            await sent(bank.reviewer, waiting, data)
        async with transaction(bank.system) as session:
            long_ago = {"received_at": datetime.now(UTC) - 3000 * DAY, "version": CheckItem.version + 1}
            await session.execute(update(CheckItem).values(long_ago))
        assert await purge_objects(bank.institution_id) == Purged(locked=1)  # put a moment ago, whatever its check says
        assert is_there(bank, late)
        assert await purge_objects(bank.institution_id, LATER) == Purged(images=1, attachments=1)
        assert not is_there(bank, late) and is_there(bank, shared) and is_there(bank, front)

    run(story())


def test_what_the_store_locks_stays(run: Callable, tmp_path: Path) -> None:
    """Images under object lock: the store refuses, and that is told."""

    async def story() -> None:
        bank = await make_bank()
        await decided(bank, tmp_path, 1)
        assert await purge_objects(bank.institution_id, datetime.now(UTC) + 2600 * DAY) == Purged(locked=2)
        assert await entries(bank, "images.purged") == []

    run(story())


def test_the_database_refuses_a_purge_of_held_attachments(run: Callable, tmp_path: Path, database: Database) -> None:
    async def story() -> None:
        bank = await make_bank()
        first, _ = await decided(bank, tmp_path, 1)
        await sent(bank.reviewer, first, LETTER)
        await place(bank.supervisor, Subject(Scope.ITEM, first), "Case", "reason")

    run(story())
    with (
        psycopg.connect(database.owner_url) as owner,
        pytest.raises(psycopg.errors.RestrictViolation, match="a legal hold covers"),
    ):
        owner.execute(
            "insert into object_purge (institution_id, sha256) select institution_id, sha256 from item_attachment"
        )


@pytest.mark.parametrize("name", ["object_purge", "image_purge"])
def test_the_database_refuses_a_purge_of_held_images(
    unlocked: None, run: Callable, tmp_path: Path, database: Database, name: str
) -> None:
    """Also by the name under which a replica of the version before writes it."""

    async def story() -> bytes:
        bank = await make_bank()
        first, _ = await decided(bank, tmp_path, 1)
        await place(bank.supervisor, Subject(Scope.ITEM, first), "Case", "reason")
        return next(iter((await pictures(bank, first)).values()))

    sha256 = run(story())
    with (
        psycopg.connect(database.owner_url) as owner,
        pytest.raises(psycopg.errors.RestrictViolation, match="a legal hold covers"),
    ):
        owner.execute(
            f"insert into {name} (institution_id, sha256) select institution_id, sha256 from image where sha256 = %s",
            (sha256,),
        )


def test_a_replica_of_the_version_before_knows_what_is_gone_and_only_of_its_own(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        stranger = await make_stranger(bank, tmp_path)
        other = replace(bank.system, institution_id=stranger.institution_id)
        for number, who in enumerate((bank.system, other)):
            async with transaction(who) as session:
                row = {"institution": who.institution_id, "sha256": bytes([number]) * 32}
                into = text("insert into image_purge (institution_id, sha256) values (:institution, :sha256)")
                await session.execute(into, row)
        async with transaction(bank.system) as session:
            found = await session.scalars(text("select sha256 from image_purge"))
            assert [bytes(one) for one in found] == [bytes(32)]

    run(story())


def test_one_rule_that_fails_keeps_no_other(run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: Any) -> Purged:
        raise ConnectionRefusedError

    async def story() -> None:
        bank = await make_bank()
        await ended_sessions(bank, bank.reviewer)
        monkeypatch.setattr("console.operations.retention.purge_objects", fails)
        with pytest.raises(RetentionIncomplete, match="images"):
            await apply_retention()
        assert await left(bank, SessionRecord.reference) == set()
        (check,) = [one for one in await list_checks(bank.auditor) if one.name == "retention"]
        assert not check.ok and "destroyed 1 sessions" in check.detail and "ConnectionRefusedError" in check.detail
        monkeypatch.undo()
        assert await apply_retention() == 0
        (check,) = [one for one in await list_checks(bank.auditor) if one.name == "retention"]
        assert check.ok

    run(story())
