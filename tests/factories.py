"""Test data, made through the services that make it in a bank."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw
from sqlalchemy import select

from console.access.people import create_user
from console.actor import Actor, system_actor
from console.institution import ensure_institution
from console.intake.accounts import AccountRecord, EarlierCheck
from console.intake.files import import_file
from console.intake.report import ImportReport
from console.intake.x9.records import Bundle, CashLetter, FileHeader, ItemKind, Side, X9ImageView, X9Item
from console.intake.x9.tiff import write_tiff
from console.intake.x9.writer import write_file
from console.policy import create_default_policy
from console.policy.activation import When
from console.policy.faults import read_document
from console.policy.list_changes import approve_change, propose_entries, waiting_changes
from console.policy.list_values import ListKind, read_entry
from console.policy.reviewing import approve, send_for_review
from console.policy.versions import active_policy, add_draft
from console.review.claims import claim
from console.review.evidence import Seen
from console.review.item_reading import load_view
from console.review.item_view import ItemView
from console.review.reevaluation import reevaluate_open
from console.roles import Role
from console.settings import settings
from db.engine import transaction
from db.models import CheckItem
from tests import bank_copies
from tests.bank_copies import BankRows

PASSWORD = "correct horse battery staple"
PEOPLE = ("reviewer", "second_reviewer", "approver", "supervisor", "administrator", "auditor")


@dataclass(frozen=True)
class Bank:
    """An institution with its policy and one person of each role, as they act when signed in."""

    institution_id: UUID
    routing: str
    system: Actor
    reviewer: Actor
    second_reviewer: Actor
    approver: Actor
    supervisor: Actor
    administrator: Actor
    auditor: Actor


# The first bank of each kind of settings in this process, and its rows.
_made: dict[str, tuple[Bank, BankRows]] = {}


def bank_today() -> date:
    """Today where the bank is: for some hours of each day it is tomorrow already in UTC."""
    return datetime.now(ZoneInfo(settings().institution_time_zone)).date()


async def make_bank(*, recorded: bool = False) -> Bank:
    """The settings' institution with policy version 1 and its people. With `recorded` the audit trail tells of it."""
    if recorded:
        return await _make_bank()
    kind = bank_copies.kind_of(settings())
    if kind in _made and (ids := _made[kind][1].copied()):
        return _with_ids(_made[kind][0], ids)
    before = bank_copies.filled()
    bank = await _make_bank()
    if before is not None:
        _made[kind] = bank, bank_copies.read_rows(before)
    return bank


def _with_ids(bank: Bank, ids: Mapping[UUID, UUID]) -> Bank:
    institution_id = ids[bank.institution_id]
    people = {
        name: replace(person, institution_id=institution_id, user_id=ids[person.user_id], code_at=datetime.now(UTC))
        for name in PEOPLE
        if (person := getattr(bank, name)).user_id
    }
    return replace(bank, institution_id=institution_id, system=system_actor(institution_id, "tests"), **people)


async def _make_bank() -> Bank:
    institution_id = await ensure_institution(settings())
    await create_default_policy(settings())
    system = system_actor(institution_id, "tests")
    people = {name: await make_person(system, name, Role(name.removeprefix("second_"))) for name in PEOPLE}
    return Bank(institution_id, settings().institution_routing_number, system, **people)


async def make_person(system: Actor, username: str, role: Role) -> Actor:
    """A person of this role, signed in."""
    user_id = await create_user(
        system, username=username, display_name=username.replace("_", " ").title(), password=PASSWORD, roles={role}
    )
    return Actor(
        system.institution_id,
        user_id,
        username.replace("_", " ").title(),
        frozenset({role}),
        session=f"session-of-{username}",
        address="127.0.0.1",
        request_id="a-request",
        code_at=datetime.now(UTC),
    )


@lru_cache(maxsize=2048)  # tests ask for the same ones
def check_image(text: str = "check", size: tuple[int, int] = (1200, 540)) -> bytes:
    """A small G4 TIFF with some ink on it."""
    image = Image.new("1", size, 1)
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 10, size[0] - 10, size[1] - 10), outline=0, width=3)
    draw.text((60, 60), text, fill=0)
    return write_tiff(image)


def x9_item(ordinal: int, amount: str | Decimal, routing: str, account: str = "", *, images: bool = True) -> X9Item:
    """A check for a file of our own; amounts in dollars."""
    views = tuple(
        X9ImageView(side=side, data=check_image(f"{side.value} {ordinal} {amount}")) for side in Side if images
    )
    return X9Item(
        kind=ItemKind.CHECK,
        record_type="25",
        routing=routing,
        on_us=f"{account or 1000 + ordinal}/{100 + ordinal}",
        amount_cents=int(Decimal(amount) * 100),
        sequence=f"{ordinal:015d}",
        views=views,
    )


def x9_file(items: Sequence[X9Item], *, origin: str = "729999010", modifier: str = "1") -> bytes:
    """A file of these items in one bundle."""
    today = date(2026, 11, 20)
    out = io.BytesIO()
    header = FileHeader(
        destination_routing=origin, origin_routing=origin, creation_date=today, file_id_modifier=modifier
    )
    letter = CashLetter(
        cash_letter_id="00000001",
        destination_routing=origin,
        ece_routing=origin,
        business_date=today,
        creation_date=today,
        bundles=[Bundle(bundle_id="0000000001", items=items)],
    )
    write_file(out, header, [letter])
    return out.getvalue()


async def set_thresholds(bank: Bank, **thresholds: object) -> None:
    """Activate a further version of the bank's policy in which these thresholds are others; open checks follow it."""
    async with transaction(bank.system) as session:
        active = await active_policy(session)
    document = active.document.model_dump(mode="json")
    wanted = read_document(document | {"thresholds": {**document["thresholds"], **thresholds}})
    # A version that says the same as the active one is sent to nobody.
    if wanted != active.document:
        await activate_document(bank, wanted.model_dump(mode="json"), reevaluate=True)
        await reevaluate_open(bank.system)


async def set_rules(bank: Bank, *rules: dict[str, Any]) -> UUID:
    """Activate a further version of the bank's policy with these rules; its id. A rule is named and numbered here, and
    open checks follow."""
    async with transaction(bank.system) as session:
        document = (await active_policy(session)).document.model_dump(mode="json")
    numbered = [{"id": f"r-{at}", "name": f"Rule {at}", **rule} for at, rule in enumerate(rules, 1)]
    version_id = await activate_document(bank, document | {"rules": numbered}, reevaluate=True)
    await reevaluate_open(bank.system)
    return version_id


async def activate_document(bank: Bank, document: dict[str, Any], *, reevaluate: bool = False) -> UUID:
    """Draft, send, approve and activate a version with this document; its id. Two people do it, as in a bank."""
    version_id = await sent_version(bank, document)
    await approve(second_supervisor(bank), version_id, 1, When.immediately(), reevaluate=reevaluate)
    return version_id


async def sent_version(bank: Bank, document: dict[str, Any]) -> UUID:
    """A version with this document that the supervisor wrote and sent for review; its id."""
    checked = read_document(document).model_dump(mode="json")
    async with transaction(bank.supervisor) as session:
        active = await active_policy(session)
        row = await add_draft(session, bank.supervisor, checked, based_on=active.id)
    await send_for_review(bank.supervisor, row.id, row.revision, "for the tests")
    return row.id


async def fill_list(bank: Bank, list_id: UUID, kind: ListKind, *texts: str) -> None:
    """Put these entries on a list. Two people do it, as in a bank."""
    await propose_entries(bank.supervisor, list_id, [read_entry(kind, text) for text in texts], "for the tests")
    await approve_waiting(bank, list_id)


async def approve_waiting(bank: Bank, list_id: UUID) -> int:
    """Have a second supervisor approve every change of this list that waits; how many entries came or went."""
    second = second_supervisor(bank)
    return sum([await approve_change(second, one.id) for one in await waiting_changes(second, list_id)])


def second_supervisor(bank: Bank) -> Actor:
    """Another person who may do what the supervisor may: the approver, promoted."""
    return replace(bank.approver, roles=frozenset({Role.SUPERVISOR}), code_at=datetime.now(UTC))


CARD = check_image("a signature card", (800, 440))
FRONT = check_image("an earlier front")


def account_record(bank: Bank, number: str, *, card: bool = True) -> AccountRecord:
    """An account of two earlier checks: one paid, with a picture, one returned, without."""
    earlier = [
        EarlierCheck("100", Decimal("50.00"), date(2026, 10, 2), "A Payee", "paid", None, FRONT),
        EarlierCheck("99", Decimal("70.00"), date(2026, 9, 2), "A Payee", "returned", "A", None),
    ]
    return AccountRecord(
        routing=bank.routing, number=number, holder="Anna Invented", account_type="personal",
        opened_on=date(2020, 1, 2), positive_pay=False, balance=Decimal("9000.00"),
        average_balance_30d=Decimal("8000.00"), payroll=True, direct_deposit=False, returns_90d=0, nsf_90d=0,
        overdrafts_90d=0, signature_card=CARD if card else None, history=earlier, stops=[], issued=[],
    )  # fmt: skip


async def import_items(bank: Bank, folder: Path, items: Sequence[X9Item], modifier: str = "1") -> ImportReport:
    """Import these items through the front door."""
    path = folder / f"items-{modifier}.x9"
    path.write_bytes(x9_file(items, origin=bank.routing, modifier=modifier))
    return await import_file(bank.supervisor, path, path.name)


async def item_ids(bank: Bank) -> list[UUID]:
    """Every item of the bank, in the order in which they came."""
    async with transaction(bank.system) as session:
        return list(await session.scalars(select(CheckItem.id).order_by(CheckItem.received_at, CheckItem.ordinal)))


async def view_of(actor: Actor, item_id: UUID) -> ItemView:
    """What the item's page shows."""
    async with transaction(actor) as session:
        return await load_view(session, item_id, looking=actor)


async def claimed(actor: Actor, item_id: UUID) -> tuple[ItemView, Seen]:
    """Claim an item and look at it."""
    await claim(actor, item_id)
    return await look(actor, item_id)


async def look(actor: Actor, item_id: UUID) -> tuple[ItemView, Seen]:
    """Look at an item, front and back."""
    view = await view_of(actor, item_id)
    return view, Seen(view.version, view.digest, {"front": 2000, "back": 700})
