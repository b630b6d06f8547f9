"""Brings the demo bank into the console: its accounts as from a core banking system, its checks as a file."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict
from datetime import date, datetime
from functools import partial
from pathlib import Path

import anyio

from console.access.demo_people import enrol_demo_user
from console.access.people import create_user, find_account
from console.actor import Actor, system_actor
from console.institution import ensure_institution, institution_of
from console.intake.accounts import AccountRecord, EarlierCheck, Issued, StopOrder, has_accounts, load_accounts
from console.intake.demo.bank import make_demo_bank
from console.intake.demo.demo_file import truth_as_json, write_demo_file
from console.intake.demo.model import DemoBank
from console.intake.demo.users import DONE_NAME, USERS_NAME, DemoUser, demo_folder, read_users, users_in
from console.intake.files import import_file
from console.intake.report import ImportReport, ImportStatus
from console.policy import create_default_policy
from console.review.clocks import is_banking_day, previous_banking_day
from console.roles import Role
from console.settings import Settings

SEED = 7
FILE_NAME = "demo.x9"
TRUTH_NAME = "truth.json"
DATE_NAME = "business-date"


PEOPLE = (
    ("reviewer", "Robin Reviewer", Role.REVIEWER),
    ("approver", "Ari Approver", Role.APPROVER),
    ("supervisor", "Sasha Supervisor", Role.SUPERVISOR),
    # What one supervisor writes of the policy, another one approves.
    ("supervisor2", "Sol Supervisor", Role.SUPERVISOR),
    ("administrator", "Alex Administrator", Role.ADMINISTRATOR),
    ("auditor", "Addison Auditor", Role.AUDITOR),
)


class DemoFailed(Exception):
    """The demo's own file was not taken."""


async def seed_demo(settings: Settings, data_dir: Path, *, items: int = 250, accounts: int = 40) -> list[DemoUser]:
    """Fill an empty instance: bank, accounts, file, users. Done once; the users of an instance that has them.

    Each step is left alone where it was done before, so a seeding that was cut off can simply be run again.
    Raises DemoFailed.
    """
    if users := read_users(data_dir):
        return users
    folder = demo_folder(data_dir)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    institution_id = await ensure_institution(settings)
    await create_default_policy(settings)
    actor = system_actor(institution_id, "demo")
    today = datetime.now((await institution_of(actor)).zone).date()
    bank = await anyio.to_thread.run_sync(partial(make_demo_bank, SEED, _business_date(folder, today), items, accounts))
    if not await has_accounts(actor):
        await load_accounts(actor, _records(bank), bank.business_date)
    _keep(folder / TRUTH_NAME, truth_as_json(bank))
    with (folder / FILE_NAME).open("wb") as out:
        write_demo_file(bank, out)
    _check(await import_file(actor, folder / FILE_NAME, FILE_NAME))
    users = await _make_users(actor, folder)
    (folder / DONE_NAME).touch()
    return users


async def _make_users(actor: Actor, folder: Path) -> list[DemoUser]:
    """Demo people. The passwords are kept before anybody is made of them, so none is ever lost."""
    users = users_in(folder) or [
        DemoUser(username, name, role.value, secrets.token_urlsafe(12)) for username, name, role in PEOPLE
    ]
    _keep(folder / USERS_NAME, json.dumps([asdict(user) for user in users], indent=1))
    for user in users:
        if await find_account(user.username) is None:
            await create_user(actor, user.username, user.name, user.password, {Role(user.role)})
        if (account := await find_account(user.username)) and account.totp_confirmed_at is None:
            await enrol_demo_user(actor, account.person.user_id)
    return users


def _business_date(folder: Path, today: date) -> date:
    """The demo's business date: the banking day on which the instance was first started, or the one before."""
    path = folder / DATE_NAME
    if not path.is_file():
        _keep(path, (today if is_banking_day(today) else previous_banking_day(today)).isoformat())
    return date.fromisoformat(path.read_text())


def _check(report: ImportReport) -> None:
    if report.status is ImportStatus.REFUSED:
        raise DemoFailed(f"the demo file was not taken: {report.message}")


def _keep(path: Path, text: str) -> None:
    """Write for this account's eyes only, whole or not at all."""
    partly = path.with_suffix(".part")
    with os.fdopen(os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    partly.rename(path)


def _records(bank: DemoBank) -> list[AccountRecord]:
    return [
        AccountRecord(
            routing=account.routing,
            number=account.number,
            holder=account.holder,
            account_type=account.account_type.value,
            opened_on=account.opened_on,
            positive_pay=account.positive_pay,
            balance=account.balance,
            average_balance_30d=account.average_balance_30d,
            payroll=account.has_payroll,
            direct_deposit=account.has_direct_deposit,
            returns_90d=account.returns_90d,
            nsf_90d=account.nsf_90d,
            overdrafts_90d=account.overdrafts_90d,
            signature_card=account.signature_card,
            history=[
                EarlierCheck(c.serial, c.amount, c.presented_on, c.payee, c.outcome.value, c.return_code, c.front)
                for c in account.history
            ],
            stops=[
                StopOrder(stop.serial, stop.amount, stop.placed_on)
                for stop in bank.stop_payments
                if stop.account_number == account.number
            ],
            issued=[
                Issued(line.serial, line.amount, line.payee, line.issued_on, line.status.value)
                for line in bank.issued
                if line.account_number == account.number
            ],
        )
        for account in bank.accounts
    ]
