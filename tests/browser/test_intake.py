"""The Intake page in a browser: files are handed over, watched, refused with every problem, and read about."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from console.intake.x9.records import Side, X9ImageView
from console.settings import Settings
from tests.accessibility import COLOURS, violations
from tests.browser.site import Site, in_a_thread, make_enrolled_bank
from tests.factories import Bank, import_items, x9_file, x9_item

FIVE_MB = {"INTAKE_MAX_FILE_MB": "5"}


# One bank and one server for the whole module: the tests hand over files of different names and bytes.
@pytest.fixture(scope="module")
def console(module_console: Settings) -> Settings:
    return module_console


@pytest.fixture(scope="module")
def run(console: Settings) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return in_a_thread(console)


@pytest.fixture(scope="module")
def bank(run: Callable) -> Bank:
    return run(make_enrolled_bank())


@pytest.fixture(scope="module")
def site(console: Settings, bank: Bank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site.serving(console, tmp_path_factory.mktemp("site"), FIVE_MB) as site:
        yield site


@pytest.fixture(scope="module")
def supervisor(site: Site, bank: Bank, chromium: Browser) -> list[Any]:
    """The cookies of a supervisor who signed in once: each code works once, and a new one takes half a minute."""
    context = chromium.new_context()
    site.sign_in(context.new_page(), bank.supervisor, "/intake")
    cookies = context.cookies()
    context.close()
    return cookies


@pytest.fixture
def desk(site: Site, open_browser: Callable[..., Page], supervisor: list[Any]) -> Page:
    """The page as a supervisor has it."""
    page = open_browser()
    page.context.add_cookies(supervisor)
    site.open(page, "/intake")
    return page


def a_file(bank: Bank, folder: Path, name: str, count: int = 3, amount: str = "1010.10") -> Path:
    """A file of checks over this amount; another amount makes other bytes."""
    path = folder / name
    items = [x9_item(n, amount, bank.routing) for n in range(1, count + 1)]
    path.write_bytes(x9_file(items, origin=bank.routing))
    return path


def hand_over(page: Page, *paths: Path) -> None:
    page.get_by_label("Choose files to import").set_input_files([str(path) for path in paths])


def line(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Files on their way in").get_by_role("listitem").filter(has_text=name)


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("grid", name="Files received").get_by_role("row").filter(has_text=name)


def scrolls(page: Page) -> bool:
    return bool(
        page.evaluate("""[document.scrollingElement, document.querySelector('.q-page')]
            .some((one) => one.scrollHeight > one.clientHeight)""")
    )


def test_several_files_come_in_and_each_has_its_result(site: Site, desk: Page, bank: Bank, tmp_path: Path) -> None:
    good = a_file(bank, tmp_path, "<b>morning.x9")
    bad = tmp_path / "letter.txt"
    bad.write_bytes(b"Dear Sir or Madam")
    hand_over(desk, good, bad)
    expect(line(desk, "morning")).to_contain_text("3 checks, 3,030.30 in all; 6 images")
    expect(line(desk, "morning").get_by_role("status")).to_contain_text("imported")
    # What a file is called is text, never markup.
    expect(line(desk, "morning")).to_contain_text("<b>morning.x9")
    expect(line(desk, "letter.txt").get_by_role("status")).to_contain_text("refused")
    # A refusal opens by itself, with the place and what was expected there.
    problems = desk.get_by_role("region", name="Findings")
    expect(problems).to_contain_text("Problems of letter.txt")
    cells = problems.get_by_role("row").nth(1).get_by_role("gridcell")
    expect(cells.nth(0)).to_have_text("1")
    expect(cells.nth(1)).to_have_text("0")
    expect(cells.nth(3)).to_contain_text("does not begin with a file header record")
    expect(cells.nth(5)).to_contain_text("record 01")
    expect(row(desk, "morning").get_by_role("gridcell")).to_have_text(
        [
            "<b>morning.x9",
            re.compile(r"^\d\d:\d\d$"),
            "Supervisor",
            "imported",
            "3",
            "0",
            "0",
            "6",
            "6",
            "3,030.30",
            "0",
        ]
    )
    expect(desk.get_by_text("refused today").locator("..")).to_contain_text(re.compile(r"^[1-9]"))
    # The same bytes again, under whatever name.
    again = tmp_path / "again.x9"
    again.write_bytes(good.read_bytes())
    hand_over(desk, again)
    expect(line(desk, "again.x9")).to_contain_text("already imported on")
    expect(row(desk, "again.x9")).to_have_count(0)
    assert not scrolls(desk)
    desk.get_by_role("button", name="Clear finished").click()
    expect(desk.get_by_role("list", name="Files on their way in")).to_be_hidden()


def test_an_upload_is_watched_and_found_again(
    site: Site, desk: Page, bank: Bank, tmp_path: Path, open_browser: Callable[..., Page]
) -> None:
    """An upload that comes slowly: half of it, then the page is left and come back to, then the rest."""
    data = a_file(bank, tmp_path, "slow.x9", count=40).read_bytes()
    half = len(data) // 2
    connection = http.client.HTTPConnection(urlsplit(site.origin).netloc, timeout=60)
    connection.putrequest("POST", "/intake/files")
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in desk.context.cookies())
    headers = {"Cookie": cookie, "Origin": site.origin, "X-File-Name": "slow.x9", "Content-Length": str(len(data))}
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(data[:half])
    expect(line(desk, "slow.x9")).to_contain_text("uploading, 50 %")
    bar = line(desk, "slow.x9").get_by_role("progressbar")
    assert 0.45 < bar.evaluate("(bar) => bar.position") <= 0.5
    site.open(desk, "/queue")
    site.open(desk, "/intake")
    expect(line(desk, "slow.x9")).to_contain_text("uploading, 50 %")
    # Somebody else of the bank who may read files sees it too, and has nothing to upload with.
    other = open_browser()
    site.sign_in(other, bank.approver, "/intake")
    expect(line(other, "slow.x9")).to_contain_text("uploading, 50 %")
    expect(other.get_by_label("Choose files to import")).to_have_count(0)
    connection.send(data[half:])
    assert connection.getresponse().status == 202
    connection.close()
    for page in (desk, other):
        expect(line(page, "slow.x9")).to_contain_text("40 checks")
        expect(row(page, "slow.x9")).to_contain_text("40,404.00")


def test_a_file_over_the_limit_is_told_and_not_sent(desk: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.x9"
    large.write_bytes(bytes(5_000_001))
    sent: list[str] = []
    desk.on("request", lambda request: sent.append(request.method))
    hand_over(desk, large)
    expect(desk.get_by_text("large.x9 is larger than 5 MB")).to_be_visible()
    assert "POST" not in sent


def test_dropping_a_file_and_the_keyboard_do_the_same(desk: Page, bank: Bank, tmp_path: Path) -> None:
    data = a_file(bank, tmp_path, "dropped.x9", amount="3.00").read_bytes()
    chooser = desk.get_by_label("Choose files to import")
    chooser.evaluate("(one) => { window.chooser = one; }")
    desk.evaluate(
        """([bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "dropped.x9"));
            const at = (name, where) => where.dispatchEvent(
                new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true }));
            const panel = document.querySelector(".q-uploader");
            at("dragover", panel);
            const drop = () => {
                const place = document.querySelector(".q-uploader__dnd");
                place ? at("drop", place) : setTimeout(drop, 50);
            };
            setTimeout(drop, 300);
        }""",
        [list(data)],
    )
    expect(line(desk, "dropped.x9")).to_contain_text("3 checks")
    assert not desk.evaluate("!window.chooser.isConnected"), "the button lost its place, and with it the focus"
    with desk.expect_file_chooser() as opened:
        chooser.focus()
        desk.keyboard.press("Tab")
        desk.keyboard.press("Shift+Tab")
        desk.keyboard.press("Enter")
    opened.value.set_files(str(a_file(bank, tmp_path, "typed.x9", amount="2.00")))
    expect(line(desk, "typed.x9")).to_contain_text("3 checks")
    expect(row(desk, "typed.x9")).to_be_visible()
    # The list answers to the keyboard as the queue does.
    desk.get_by_role("grid", name="Files received").focus()
    desk.keyboard.press("ArrowDown")
    expect(desk.get_by_role("region", name="Findings")).to_contain_text("Findings of typed.x9")
    expect(desk.get_by_role("region", name="Findings")).to_contain_text("Nothing odd was found in this file.")


def test_findings_and_files_are_read_page_by_page(
    site: Site, run: Callable, bank: Bank, tmp_path: Path, open_browser: Callable[..., Page]
) -> None:
    broken = X9ImageView(side=Side.FRONT, data=b"no image at all")
    items = [replace(x9_item(n, "10.00", bank.routing), views=(broken,)) for n in range(1, 131)]
    report = run(import_items(bank, tmp_path, items, modifier="F"))
    page = open_browser()
    site.sign_in(page, bank.auditor, "/intake")
    row(page, "items-F.x9").click()
    findings = page.get_by_role("region", name="Findings")
    total = f"{report.findings_total:,}"
    expect(findings).to_contain_text(f"of {total}")
    scroll = findings.locator(".crc-table-scroll")
    foot = findings.locator(".crc-table-foot")
    while f"1–{total} of {total}" not in (shown := foot.inner_text()):
        scroll.evaluate("(one) => one.scrollTo(0, one.scrollHeight)")
        expect(foot).not_to_have_text(shown)
    findings.get_by_role("button", name="Close").click()
    expect(findings).to_be_hidden()


def test_what_the_command_imports_appears_without_a_reload(
    site: Site, desk: Page, run: Callable, bank: Bank, tmp_path: Path
) -> None:
    run(import_items(bank, tmp_path, [x9_item(1, "4.00", bank.routing)], modifier="C"))
    expect(row(desk, "items-C.x9")).to_be_visible()


def test_uploads_need_a_session_a_permission_and_the_own_origin(
    site: Site, bank: Bank, desk: Page, tmp_path: Path, open_browser: Callable[..., Page]
) -> None:
    offer = f"{site.origin}/intake/files"
    body = a_file(bank, tmp_path, "a.x9", amount="5.00").read_bytes()
    own = {"Origin": site.origin, "X-File-Name": "a.x9"}
    assert desk.request.post(offer, data=body, headers={**own, "Origin": "https://evil.example"}).status == 403
    stranger = open_browser()
    assert stranger.request.post(offer, data=body, headers=own).status == 401
    site.sign_in(stranger, bank.reviewer, "/queue")
    assert stranger.request.post(offer, data=body, headers=own).status == 403
    assert stranger.request.get(f"{site.origin}/intake").status == 403
    assert desk.request.post(offer, data=body, headers=own).status == 202


def test_the_page_passes_axe(desk: Page, bank: Bank, tmp_path: Path) -> None:
    bad = tmp_path / "letter.txt"
    bad.write_bytes(b"Dear Sir or Madam")
    name = "axe.x9"
    hand_over(desk, bad, a_file(bank, tmp_path, name, amount="6.00"))
    expect(desk.get_by_role("region", name="Findings")).to_be_visible()
    expect(line(desk, name)).to_contain_text("3 checks")
    desk.wait_for_timeout(400)
    desk.emulate_media(color_scheme="light")
    assert violations(desk, {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}) == []
    desk.emulate_media(color_scheme="dark")
    assert violations(desk, COLOURS) == []
