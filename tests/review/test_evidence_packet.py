"""The evidence of a check as a file: whole, checkable without the console, and only for whom it is."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from console.access.permissions import NotAllowed
from console.access.step_up import CodeNeeded
from console.review.choices import Choice
from console.review.decisions import confirm, decide
from console.review.evidence_packet import NothingDecided, StillBlind, export_evidence
from console.review.item_view import ItemNotFound
from console.review.packet_check import chained
from console.review.packet_pages import document_of
from console.review.states import Act
from console.settings import settings
from db.engine import transaction
from db.models import AuditEntry
from tests.access.fresh import fresh
from tests.factories import Bank, claimed, import_items, item_ids, make_bank, set_thresholds, x9_item

RETURN = Choice(Act.REJECT, note="the ink of the amount is darker")


async def twice_signed(folder: Path) -> tuple[Bank, UUID]:
    """A large check that two people have paid."""
    bank = await make_bank()
    await import_items(bank, folder, [x9_item(1, "6000.00", "021000021")])
    (item,) = await item_ids(bank)
    _, seen = await claimed(bank.reviewer, item)
    await decide(bank.reviewer, item, Choice(Act.PAY, note="as every month"), seen)
    _, seen = await claimed(bank.approver, item)
    await confirm(bank.approver, item, seen)
    return bank, item


def unpack(content: bytes, folder: Path) -> dict[str, Path]:
    with zipfile.ZipFile(io.BytesIO(content)) as packet:
        packet.extractall(folder)
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def check(folder: Path) -> tuple[int, str]:
    """What the packet's own program says, where nothing of the console can be imported."""
    command = [sys.executable, "-I", "-S", str(folder / "check.py")]
    done = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.strip() or done.stderr


def test_a_packet_proves_itself_and_shows_what_each_decider_saw(run: Callable, tmp_path: Path) -> None:
    async def story() -> tuple[bytes, list[AuditEntry]]:
        bank, item = await twice_signed(tmp_path)
        packet = await export_evidence(fresh(bank.auditor), item)
        assert packet.name == f"evidence-{item}.zip"
        async with transaction(bank.auditor) as session:
            query = select(AuditEntry).where(AuditEntry.action == "evidence.exported")
            return packet.content, list(await session.scalars(query))

    content, [audited] = run(story())
    assert audited.actor_name == "Auditor" and audited.after["decisions"] == 2
    files = unpack(content, tmp_path / "packet")
    assert check(tmp_path / "packet") == (0, "Everything is what was written.")
    assert {"README.txt", "audit.json", "check.py", "manifest.json"} <= set(files)
    first, second = (json.loads(files[f"decisions/{n:03}.json"].read_text()) for n in (1, 2))
    assert (first["decider"]["name"], second["decider"]["name"]) == ("Reviewer", "Approver")
    assert first["viewed_ms"] == {"front": 2000, "back": 700}
    images = [name for name in files if name.startswith("images/")]
    assert len(images) == 2 and all(name.endswith(".tif") for name in images)
    assert files["decisions/001.pdf"].read_bytes().startswith(b"%PDF-")
    document = document_of(first, 1, "ab" * 32, "Example Bank")
    assert "Reviewer (reviewer) chose “pay” as recommendation" in document.facts[0]
    assert document.facts[1].startswith("On screen: back 0.7 s, front 2.0 s.")
    rows = dict(document.rows)
    assert (rows["amount"], rows["decision › note"], rows["images › 1 › side"]) == (
        "6000.00",
        "as every month",
        "front",
    )


def change_note(files: dict[str, Path]) -> None:
    name = files["decisions/001.json"]
    name.write_text(name.read_text().replace("as every month", "as every week!"))


def change_image(files: dict[str, Path]) -> None:
    name = next(path for name, path in files.items() if name.startswith("images/"))
    data = name.read_bytes()
    name.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def change_audit(files: dict[str, Path]) -> None:
    files["audit.json"].write_text(files["audit.json"].read_text().replace("Approver", "Reviewer"))


def leave_first_out(files: dict[str, Path]) -> None:
    manifest = json.loads(files["manifest.json"].read_text())
    del manifest["decisions"][0]
    files["manifest.json"].write_text(json.dumps(manifest))


def forge_with_its_hashes(files: dict[str, Path]) -> None:
    """Somebody who knows how the hashes are made changes the last snapshot, and its hash in the manifest."""
    snapshot = files["decisions/002.json"]
    snapshot.write_text(snapshot.read_text().replace('"amount":"6000.00"', '"amount":"9000.00"'))
    manifest = json.loads(files["manifest.json"].read_text())
    last = manifest["decisions"][1]
    last["hash"] = chained(last["previous_hash"], snapshot.read_text())
    files["manifest.json"].write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (change_note, "decisions/001.json is not what was written"),
        (change_image, "is not the image that was shown"),
        (change_audit, "is not what was written"),
        (leave_first_out, "decisions/002.json does not follow the decision before it"),
        (forge_with_its_hashes, "decisions/002.json is named by no audit entry"),
    ],
)
def test_whatever_is_changed_is_found(
    run: Callable, tmp_path: Path, tamper: Callable[[dict[str, Path]], None], words: str
) -> None:
    async def story() -> bytes:
        bank, item = await twice_signed(tmp_path)
        return (await export_evidence(fresh(bank.supervisor), item)).content

    files = unpack(run(story()), tmp_path / "packet")
    tamper(files)
    status, said = check(tmp_path / "packet")
    assert status == 1 and words in said


def test_who_may_not_have_it_gets_nothing(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await twice_signed(tmp_path)
        old = fresh(bank.auditor, timedelta(minutes=settings().step_up_minutes + 1))
        for person, refusal in (
            (fresh(bank.reviewer), NotAllowed),
            (fresh(bank.approver), NotAllowed),
            (fresh(bank.administrator), NotAllowed),
            (old, CodeNeeded),
            (replace(bank.auditor, code_at=None), CodeNeeded),
        ):
            with pytest.raises(refusal):
                await export_evidence(person, item)
        stranger = replace(bank.auditor, institution_id=uuid4())
        for person, id_ in ((stranger, item), (bank.auditor, uuid4())):
            with pytest.raises(ItemNotFound):
                await export_evidence(fresh(person), id_)
        async with transaction(bank.system) as session:
            query = select(AuditEntry.id).where(AuditEntry.action == "evidence.exported")
            assert (await session.execute(query)).first() is None

    run(story())


def test_an_undecided_check_has_none_and_a_blind_one_is_not_given_away(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await set_thresholds(bank, blind_second_review=True)
        await import_items(bank, tmp_path, [x9_item(1, "6000.00", "021000021")])
        (item,) = await item_ids(bank)
        with pytest.raises(NothingDecided):
            await export_evidence(fresh(bank.supervisor), item)
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, RETURN, seen)
        with pytest.raises(StillBlind):
            await export_evidence(fresh(bank.supervisor), item)
        assert (await export_evidence(fresh(bank.auditor), item)).content  # who can never be the second

    run(story())
