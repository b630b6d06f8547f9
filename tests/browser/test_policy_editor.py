"""The editor of a policy draft in a real browser: by mouse and keyboard, alone and with somebody else."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from copy import deepcopy
from secrets import token_hex
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from console.actor import Actor
from console.policy.drafting import make_draft, open_draft, save_draft
from console.roles import Role
from console.settings import Settings, settings
from tests.browser.site import Site, enrol_person, in_a_thread, make_enrolled_bank
from tests.conftest import Database
from tests.factories import Bank, make_person

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Open = Callable[..., Page]
RULES = [
    {
        "id": "r-new", "name": "New account, large",
        "when": {"all": [{"field": "account_age_days", "op": "less", "value": 30},
                         {"any": [{"field": "amount", "op": "greater_or_equal", "value": "2500.00"},
                                  {"not": {"field": "payroll", "op": "equals", "value": True}}]}]},
        "then": [{"do": "require_dual_control"}, {"do": "route_to", "queue": "special_review"}],
    },
    {
        "id": "r-low", "name": "Low and known",
        "when": {"all": [{"field": "amount", "op": "less", "value": "500.00"}, {"field": "flags", "op": "is_empty"}]},
        "then": [{"do": "skip_review"}],
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def console(module_database: Database) -> Iterator[Settings]:
    with pytest.MonkeyPatch.context() as patch:
        environ = {**module_database.endpoints.environ(), "SECRET_KEY": token_hex(48), "ARGON2_MEMORY_KIB": "8192"}
        for name, value in environ.items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield settings()
    settings.cache_clear()


@pytest.fixture(scope="module")
def run(console: Settings) -> Run:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Run) -> Bank:
    made: Bank = run(make_enrolled_bank())
    return made


@pytest.fixture(scope="module")
def second(run: Run, bank: Bank) -> Actor:
    """Another supervisor."""

    async def make() -> Actor:
        person = await make_person(bank.system, "second_supervisor", Role.SUPERVISOR)
        await enrol_person(person)
        return person

    made: Actor = run(make())
    return made


@pytest.fixture(scope="module")
def site(console: Settings, second: Actor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def draft(run: Run, bank: Bank) -> int:
    """The number of a draft with two rules."""

    async def make() -> int:
        draft_id = await make_draft(bank.supervisor)
        opened = await open_draft(bank.supervisor, draft_id)
        await save_draft(bank.supervisor, draft_id, {**opened.document, "rules": deepcopy(RULES)}, 1)
        return opened.number

    number: int = run(make())
    return number


def document(run: Run, bank: Bank, number: int) -> dict[str, Any]:
    from console.policy.version_list import version_numbered

    async def read() -> dict[str, Any]:
        return (await open_draft(bank.supervisor, await version_numbered(bank.supervisor, number))).document

    found: dict[str, Any] = run(read())
    return found


def rule(page: Page, name: str) -> Locator:
    return page.locator("article.crc-rule").filter(has=page.get_by_role("heading", name=name))


def test_a_threshold_is_changed_says_what_it_means_and_is_saved(
    run: Run, site: Site, bank: Bank, draft: int, open_browser: Open
) -> None:
    page = open_browser()
    site.join(page, bank.supervisor, f"/policy/{draft}/edit")
    field = page.get_by_label("Two people from, dollars")
    expect(field).to_have_value("5,000.00")
    field.fill("7,500")
    expect(page.get_by_text("Fewer checks need a second person.")).to_be_visible()
    expect(page.get_by_text("Not saved, kept for you")).to_be_visible()
    page.get_by_role("button", name="3 changes").click()
    expect(page.get_by_role("dialog").get_by_text("Two people from 5,000.00 to 7,500.00")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.locator(".q-dialog")).to_have_count(0)
    field.press("Control+s")
    expect(page.get_by_text("by Supervisor")).to_be_visible()
    assert document(run, bank, draft)["thresholds"]["dual_control_amount"] == "7500.00"
    page.get_by_role("button", name="Two people from: back to 5,000.00").click()
    expect(field).to_have_value("5,000.00")
