"""What people of the demo bank do for the guide, and each state that a picture is taken of. A scene stands alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.guide.take import Guide

# Checks of the demo bank: with two flags, and two people must sign; with a history; small ones, for a person alone.
TOLD: Final = "12300.00"
TOLD_SHOWN: Final = "12,300.00"
WITH_HISTORY: Final = "4233.35"
HELD: Final = "1304.70"
ADVISED: Final = "64.71"
ASKED: Final = "227.18"
BOTH_SIDES: Final = "76.53"
LATE: Final = "529.00"


def queue(guide: Guide) -> None:
    """The list, and what narrows it."""
    page = guide.sign_in("reviewer")
    guide.take(page, "queue")
    guide.take(page, "queue-row", "ArrowDown", "ArrowDown")
    page.get_by_role("button", name="Filters").click()
    guide.take(page, "filters", shows="Due within")
    _close(page)
    page.get_by_role("button", name="Views").click()
    guide.take(page, "views")
    _close(page)
    page.get_by_role("button", name="Special review").click()
    guide.take(page, "queue-empty", shows="Nothing is waiting here.")
    guide.open(page, "/account/keys")
    guide.take(page, "own-keys", shows="Choose what is easy for your hands")


def review(guide: Guide) -> None:
    """One check: its keys, its flags, what can be decided."""
    page = guide.sign_in("reviewer")
    _find(page, TOLD)
    guide.take(page, "review")
    guide.take(page, "keys", "?")
    guide.press(page, "Escape")
    guide.take(page, "unanswered", "a", "Control+Enter", shows="Answer the flag")
    expect(page.locator(".q-notification")).to_have_count(0)
    guide.take(page, "flag-answered", "y", shows="1 of 2 answered")
    guide.take(page, "flag-dismissed", "k")
    page.keyboard.type("The customer was called")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of 2 answered")).to_be_visible()
    guide.press(page, "Escape")
    guide.take(page, "return", "r", shows="Stale dated")
    guide.take(page, "liability", "1", shows="Altered or forged?")
    guide.take(page, "escalate", "e", shows="Escalate to")
    guide.press(page, "Escape")
    guide.take(page, "ask", "i", shows="a colleague, or a team")
    guide.press(page, "Escape")
    guide.take(page, "hold", "h", shows="no exception and no notice")
    page.get_by_label("Exception (Reg CC 229.13)").click()
    page.get_by_role("option", name="Reasonable cause").click()
    expect(page.locator(".q-menu")).to_have_count(0)
    guide.take(page, "hold-exception", shows="The notice will say")
    guide.press(page, "Escape")
    guide.take(page, "timeline", "Shift+T", shows="Received with")
    page.locator(".crc-timeline textarea").click()
    page.keyboard.type("Please look at the signature, @ap")
    guide.take(page, "mention", shows="Ari Approver")


def looking(guide: Guide) -> None:
    """The image, and what it is compared with."""
    page = guide.sign_in("reviewer")
    _find(page, WITH_HISTORY)
    guide.take(page, "both-sides", "b")
    guide.press(page, "Space", "Space")
    guide.take(page, "loupe", "l")
    guide.press(page, "l")
    guide.take(page, "adjust", "d", shows="Brightness")
    guide.press(page, "d")
    guide.take(page, "region", "Shift+5")
    guide.press(page, "f")
    guide.take(page, "compare", "c", shows="#3218")
    guide.take(page, "compare-difference", "Shift+D", shows="only on this check")
    guide.press(page, "Escape")
    guide.take(page, "card", "Shift+C", shows="of 7")
    guide.press(page, "Escape")
    page.get_by_role("button", name="Figures").click()
    guide.take(page, "figures", shows="Average balance, 30 days")


def two_people(guide: Guide) -> None:
    """A recommendation, taken back, made again; signed, sent back, and signed blind."""
    guide.demo.set_policy(undo_seconds=20)
    page, approver = guide.sign_in("reviewer"), guide.sign_in("approver")
    guide.review(approver, TOLD)
    guide.press(approver, "q")
    _find(page, TOLD)
    _recommend(guide, page)
    guide.take(page, "undo", shows=f"Recommended {TOLD_SHOWN}")
    approver.wait_for_selector("tr[data-row]")
    guide.take(approver, "committing", shows="committing")
    guide.take(page, "undone", "u", shows=f"Taken back: {TOLD_SHOWN}")
    guide.demo.set_policy(undo_seconds=0)
    page.reload()
    page.wait_for_selector(".crc-viewer img")
    guide.review(approver, TOLD)
    guide.take(approver, "in-other-hands", shows="is working on this check")
    guide.press(page, "a", "Control+Enter")
    expect(page.get_by_text(f"Recommended: {TOLD_SHOWN}")).to_be_visible()
    guide.open(approver, "/approvals")
    guide.take(approver, "approvals", shows="Robin Reviewer")
    approver.get_by_role("button", name="Notifications").click()
    guide.take(approver, "bell", shows="a second signature is needed")
    _close(approver)
    guide.press(approver, "s")
    guide.take(approver, "second-signature", shows="recommends payment")
    guide.press(approver, "j")
    approver.keyboard.type("The balance is 55.16: call the branch first.")
    guide.press(approver, "Control+Enter")
    guide.review(page, TOLD)
    guide.take(page, "sent-back", shows="call the branch first")
    guide.demo.set_policy(blind_second_review=True)
    guide.review(page, TOLD)
    guide.press(page, "a", "Control+Enter")
    expect(page.get_by_text(f"Recommended: {TOLD_SHOWN}")).to_be_visible()
    guide.review(approver, TOLD)
    guide.take(approver, "blind", shows="once you have said what you would do")
    guide.press(approver, "j")
    approver.keyboard.type("No such customer.")
    guide.press(approver, "Control+Enter")
    guide.take(approver, "blind-disagreed", shows="not the same")


def particular(guide: Guide) -> None:
    """Advice, a question, a hold, both sides to be seen, clocks that run out."""
    guide.demo.set_policy(undo_seconds=0)
    guide.demo.advise(ADVISED)
    page, supervisor = guide.sign_in("reviewer"), guide.sign_in("supervisor")
    guide.review(page, ADVISED)
    guide.take(page, "advice", "a", shows="Why not as advised")
    guide.review(page, ASKED)
    guide.press(page, "i")
    page.keyboard.type("superv")
    expect(page.locator(".crc-form").get_by_text("supervisor").first).to_be_visible()
    guide.press(page, "Enter")
    page.keyboard.type("Do you know this customer?")
    guide.press(page, "Control+Enter")
    guide.review(supervisor, ASKED)
    guide.take(supervisor, "question", shows="Do you know this customer?")
    guide.review(page, HELD)
    guide.press(page, "h", "Control+Enter")
    guide.review(supervisor, HELD)
    guide.take(supervisor, "held", shows="End the hold")
    guide.demo.set_policy(view_both_sides=True)
    guide.review(page, BOTH_SIDES)
    page.wait_for_timeout(1_000)
    for _ in range(4):
        guide.press(page, "t")
    guide.take(page, "look-at-back", "a", "Control+Enter", shows="Look at the back")
    guide.demo.let_it_be_late(LATE)
    guide.review(page, LATE)
    guide.take(page, "deadline")


def supervising(guide: Guide) -> None:
    """What supervisors do with queues, in the light; and screens in the dark."""
    page = guide.sign_in("supervisor")
    guide.take(page, "several", "ArrowDown", "x", "ArrowDown", "x", shows="2 checks chosen")
    page.get_by_role("button", name="Move").click()
    guide.take(page, "move", shows="They run on the hours of the new queue")
    guide.open(page, "/queues")
    guide.take(page, "queues", shows="Apply criteria to waiting checks")
    page.get_by_role("button", name="Edit High priority").click()
    guide.take(page, "queue-settings", shows="Most checks held by one person")
    dark = guide.sign_in("approver", dark=True)
    guide.take(dark, "queue-dark")
    _find(dark, WITH_HISTORY)
    guide.take(dark, "review-dark")


SCENES: Final[dict[str, Callable[[Guide], None]]] = {
    one.__name__: one for one in (queue, review, looking, two_people, particular, supervising)
}


def _find(page: Page, amount: str) -> None:
    """Open the check of this amount by search, and leave the search empty for whoever comes back."""
    page.keyboard.press("/")
    page.keyboard.type(amount)
    page.wait_for_function("document.querySelectorAll('tr[data-row]').length === 1")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/**")
    page.wait_for_selector(".crc-viewer img")
    expect(page.get_by_text("claimed by you")).to_be_visible()


def _close(page: Page) -> None:
    """Close what is open over the page, and wait until the keys are the page's again."""
    page.keyboard.press("Escape")
    expect(page.locator(".q-menu, .q-dialog")).to_have_count(0)


def _recommend(guide: Guide, page: Page) -> None:
    """Answer every flag, and pay."""
    for answered in ("1 of 2 answered", "2 of 2 answered"):
        guide.press(page, "t")
        expect(page.get_by_text(answered)).to_be_visible()
    guide.press(page, "a", "Control+Enter")
