"""One's own account: password, authenticator, recovery codes, where one is signed in, and what happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, cast

from nicegui.element import Element

from console.access import own_account
from console.access.account_factor_panel import FactorPanel
from console.access.account_password_panel import PasswordPanel
from console.access.attempts import TooManyAttempts
from console.access.browsers import browser_of
from console.access.own_account import OwnEvent, OwnSession
from console.access.recovery_codes import NoSecondFactor
from console.access.step_up import CodeRefused
from console.actor import Actor
from console.audit.entries import Event
from console.notices import preferences
from console.notices.settings_panel import NoticeSettingsPanel
from console.ui.format import clock, in_full
from console.ui.item_table import Column, ItemRow, ItemTable
from console.ui.page import ACCOUNT, ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text, panel

show_to_people(CodeRefused, TooManyAttempts, NoSecondFactor)

COLUMNS: Final = (
    Column("at", "When", "110px", sortable=False),
    Column("what", "What", sortable=False),
    Column("by", "By", "130px", sortable=False),
    Column("address", "Address", "130px", sortable=False),
)
_WORDS: Final = {
    Event.SIGN_IN_SUCCEEDED: "Signed in",
    Event.SIGN_IN_FAILED: "Sign-in failed",
    Event.LOCKED_OUT: "Account locked",
    Event.SIGNED_OUT: "Signed out",
    Event.SESSION_ENDED: "Sessions ended",
    Event.PASSWORD_CHANGED: "Password changed",
    Event.PASSWORD_RESET: "Password reset",
    Event.MFA_ENROLLED: "Authenticator set up",
    Event.MFA_REVOKED: "Second factor taken away",
    Event.RECOVERY_CODES_MADE: "Recovery codes made",
    Event.RECOVERY_CODE_USED: "Recovery code used",
    Event.STEP_UP_SUCCEEDED: "Confirmed with a code",
    Event.STEP_UP_FAILED: "Wrong code",
    Event.USER_CREATED: "Account created",
    Event.USER_CHANGED: "Roles or limits changed",
    Event.USER_DEACTIVATED: "Deactivated",
    Event.USER_REACTIVATED: "Reactivated",
    Event.USER_UNLOCKED: "Unlocked",
}


@console_page(ACCOUNT, permission=None, title="Your account")
async def account(page: ConsolePage) -> None:
    """The account of whoever is signed in."""
    view = AccountView(page)
    with page.frame("Your account", page.actor.name, path=ACCOUNT):
        view.lay_out()
    await view.read(page.actor)


class AccountView:
    """One open account page. Every part is drawn again after an act, from the services."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._next: int | None = None

    def lay_out(self) -> None:
        """Draw what stays."""
        with Element("div").classes("crc-person crc-own"):
            self._left = Element("div").classes("crc-column")
            with Element("div").classes("crc-column"):
                with panel("Signed in now"):
                    self._sessions = Element("div").classes("crc-part")
                Text("What happened on your account", tag="h2")
                self._events = ItemTable(
                    label="What happened on your account",
                    columns=COLUMNS,
                    on_open=lambda _: None,
                    on_more=self._page.handler(self._more),
                    empty="Nothing yet.",
                )

    async def read(self, actor: Actor) -> None:
        """Read everything and show it."""
        own = await own_account.read_own(actor)
        self._left.clear()
        with self._left:
            if own.has_password:
                PasswordPanel(self._page, own, self.read)
            FactorPanel(self._page, own, self.read)
            with panel("Keyboard"), Element("div").classes("crc-part"), Element("a") as keys:
                keys.props["href"] = f"{ACCOUNT}/keys"
                Text("Your keys: see all of them, change what does not suit your hands")
            NoticeSettingsPanel(self._page, await preferences.read_own(actor), self.read)
        self._show_sessions(await own_account.own_sessions(actor))
        found = await own_account.own_events(actor)
        more = len(found) == own_account.PAGE
        total = None if more else len(found)
        self._events.set_rows(self._drawn(found), now=datetime.now(UTC), total=total, more=more)

    def _show_sessions(self, found: list[OwnSession]) -> None:
        self._sessions.clear()
        with self._sessions:
            with Element("ul").classes("crc-own-list"):
                for one in found:
                    Text(self._session_words(one), tag="li")
            others = len(found) - 1
            if others > 0:
                words = "Sign out the other one" if others == 1 else f"Sign out the {others} others"
                ActionButton(words, self._page.handler(self._end_others), kind="danger", icon_name="logout")

    def _session_words(self, one: OwnSession) -> str:
        zone, now = self._page.institution.zone, datetime.now(UTC)
        since, seen = clock(one.started_at, zone, now=now), clock(one.last_seen_at, zone, now=now)
        here = "This one, " if one.is_this_one else ""
        where = f"{browser_of(one.agent)} at {one.address or 'an unknown address'}"
        return f"{here}{where}, since {since}, last used {seen}"

    async def _end_others(self, actor: Actor) -> None:
        count = await own_account.end_others(actor)
        self._page.tell("The other one is signed out." if count == 1 else f"{count} others are signed out.")
        await self.read(actor)

    async def _more(self, actor: Actor) -> None:
        if self._next is not None:
            found = await own_account.own_events(actor, self._next)
            self._events.append_rows(self._drawn(found), more=len(found) == own_account.PAGE)

    def _drawn(self, found: list[OwnEvent]) -> list[ItemRow]:
        self._next = found[-1].sequence if found else None
        return [self._row(one) for one in found]

    def _row(self, one: OwnEvent) -> ItemRow:
        zone = self._page.institution.zone
        values: dict[str, Any] = {
            "id": str(one.sequence),
            "at": clock(one.at, zone, now=datetime.now(UTC)),
            "at_title": in_full(one.at, zone),
            "what": _words(one),
            "what_title": _words(one),
            "by": "you" if one.by_oneself else one.by,
            "by_title": one.by,
            "address": one.address or "",
        }
        return cast("ItemRow", values)


def _words(one: OwnEvent) -> str:
    words = _WORDS.get(Event(one.action), one.action)
    reason = (one.details or {}).get("reason")
    return f"{words}: {reason}" if isinstance(reason, str) and reason else words
