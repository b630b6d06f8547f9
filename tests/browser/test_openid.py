"""The sign-in through an OpenID Connect provider in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from console.access.openid import CALLBACK
from console.settings import Settings
from db.engine import transaction
from db.models import User
from tests.access.openid import RunningProvider, provider
from tests.browser.site import Site, in_a_thread, make_enrolled_bank, past_sign_in
from tests.factories import Bank
from tests.ports import free_port


@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Callable[..., Any]:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Callable[..., Any]) -> Bank:
    return run(make_enrolled_bank())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProvider]:
    with provider(tmp_path_factory.mktemp("provider")) as one:
        yield one


@pytest.fixture(scope="module")
def site(
    console: Settings, bank: Bank, running: RunningProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    port = free_port()
    client = running.register(f"http://127.0.0.1:{port}{CALLBACK}")
    environ = {
        "OIDC_ISSUER": running.issuer,
        "OIDC_CLIENT_ID": client.id,
        "OIDC_CLIENT_SECRET": client.secret,
        "OIDC_ROLE_MAP": '{"check-auditors": "auditor", "check-reviewers": "reviewer"}',
    }
    with Site.serving(console, tmp_path_factory.mktemp("site"), environ, port=port) as site:
        yield site


def through_the_provider(site: Site, page: Page, sub: str, path: str = "/queue") -> None:
    """From the sign-in to the provider, and in there as `sub`."""
    page.goto(f"{site.origin}/sign-in?next={path}")
    page.get_by_role("link", name="Sign in with your organisation").click()
    page.get_by_placeholder("sub").fill(sub)
    page.get_by_role("button", name="Authorize").click()


def test_somebody_new_is_let_in_with_the_roles_of_their_groups(
    site: Site, running: RunningProvider, open_browser: Callable[..., Page], run: Callable[..., Any]
) -> None:
    running.knows("s-1", preferred_username="ana", name="Ana Gray", groups=["check-auditors"], amr=["mfa"])
    page = open_browser()
    used: list[str] = []
    page.on("request", lambda request: used.append(request.url) if CALLBACK in request.url else None)
    through_the_provider(site, page, "s-1", "/access-review")
    page.wait_for_url(past_sign_in, timeout=20_000)
    page.wait_for_function("window.did_handshake", timeout=20_000)
    assert page.url == f"{site.origin}/access-review"
    expect(
        page.get_by_role("grid", name="Who can do what").get_by_role("row").filter(has_text="Ana Gray")
    ).to_be_visible()
    assert not any("openid" in one.get("name", "") for one in page.context.cookies())
    # The answer that was used opens nothing a second time, in this browser or another.
    stranger = open_browser()
    for one in (page, stranger):
        one.goto(used[0])
        expect(one.get_by_role("alert")).to_contain_text("was not started here, took too long or was used before")


def test_without_a_second_factor_there_our_code_is_asked(
    site: Site, running: RunningProvider, open_browser: Callable[..., Page], bank: Bank
) -> None:
    running.knows("s-2", preferred_username="Reviewer", groups=["check-reviewers"], amr=["pwd"])
    page = open_browser()
    through_the_provider(site, page, "s-2")
    page.locator("input[name=code]").fill(site.code("reviewer"))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(past_sign_in, timeout=20_000)
    page.wait_for_function("window.did_handshake", timeout=20_000)
    assert page.url == f"{site.origin}/queue"


def test_refusals_are_clear_and_say_nothing_of_the_provider(
    site: Site, running: RunningProvider, open_browser: Callable[..., Page], bank: Bank, run: Callable[..., Any]
) -> None:
    running.knows("s-3", preferred_username="nobody", groups=["others"], amr=["mfa"])
    page = open_browser()
    through_the_provider(site, page, "s-3")
    expect(page.get_by_role("alert")).to_contain_text("You have no access to this console.")
    page.get_by_role("link", name="Back to the sign-in").click()
    page.get_by_role("link", name="Sign in with your organisation").click()
    page.get_by_role("button", name="Deny").click()
    # This provider's refusal does not name the attempt, so it is nobody's.
    expect(page.get_by_role("alert")).to_contain_text("was not started here, took too long or was used before")
    # Whatever is written into the address stays there.
    page.goto(f"{site.origin}{CALLBACK}?state=<b>x</b>&error=<b>y</b>&error_description=<b>z</b>")
    assert page.locator("b").count() == 0
    assert "error_description" not in page.content()

    async def deactivate() -> None:
        async with transaction(bank.system) as session:
            await session.execute(update(User).where(User.id == bank.auditor.user_id).values(active=False))

    run(deactivate())
    running.knows("s-4", preferred_username="auditor", groups=["check-auditors"], amr=["mfa"])
    through_the_provider(site, page, "s-4")
    expect(page.get_by_role("alert")).to_contain_text("You have no access to this console.")
