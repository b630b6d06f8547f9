"""The Legal holds page: what must not be destroyed, for which matter, and what two people lifted again."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.access.ask_panel import ask_reason
from console.access.permissions import Permission, may
from console.actor import Actor
from console.retention import legal_holds
from console.retention.legal_hold_list import HoldShown, Key, list_holds
from console.retention.legal_hold_panel import ask_for_person_or_days
from console.ui.format import clock, in_full
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page
from console.ui.pieces import ActionButton, Text

COLUMNS: Final = (
    Column("matter", "Matter", "240px", sortable=False),
    Column("covers", "Covers", sortable=False),
    Column("by", "Placed by", "170px", sortable=False),
    Column("at", "Placed", "120px", sortable=False),
    Column("state", "State", "230px", sortable=False),
)
EXPLAINED: Final = (
    "What a hold covers is not destroyed when its retention time is over. One person places a hold; to lift it takes "
    "two. A hold on a check or an account is placed on the check: open it, then its timeline."
)


@console_page("/legal-holds", permission=Permission.COMPLIANCE_READ, title="Legal holds")
async def legal_holds_page(page: ConsolePage) -> None:
    """The holds of the institution."""
    view = LegalHoldsView(page)
    with page.frame("Legal holds", page.institution.name, path="/compliance"):
        view.draw()
    await view.read(page.actor)


class LegalHoldsView:
    """One open Legal holds page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._standing = True
        self._next: Key | None = None
        self._holds: dict[str, HoldShown] = {}

    def draw(self) -> None:
        """Lay out the page: standing or lifted ones, and below them the table."""
        page = self._page
        if page.shell:
            with page.shell.actions:
                ActionButton("Compliance", lambda: page.client.open("/compliance"), icon_name="verified_user")
                if may(page.actor, Permission.LEGAL_HOLD_MANAGE):
                    ask = partial(ask_for_person_or_days, page, self.read)
                    ActionButton("Place a hold", ask, kind="primary", icon_name="gavel")
        Text(EXPLAINED, tag="p", classes="crc-note").props["role"] = "note"
        with Element("div").classes("crc-row crc-filters"), Element("div").classes("crc-tabs") as tabs:
            tabs.props["role"] = "group"
            tabs.props["aria-label"] = "Which holds to list"
            self._tabs = {
                standing: ActionButton(words, partial(page.run, self._switch, standing))
                for standing, words in ((True, "Standing"), (False, "Lifted"))
            }
            self._tabs[True].set_chosen(True)
        self._table = ItemTable(
            label="Legal holds", columns=COLUMNS, hints=(MOVE, ("row_open", "open")), on_open=self._open,
            on_more=page.handler(self._more), empty="There is none.",
        )  # fmt: skip
        Hotkeys(list_keys())

    async def read(self, actor: Actor) -> None:
        """Read the holds."""
        found = await list_holds(actor, standing=self._standing)
        self._next, self._holds = found.next, {str(one.id): one for one in found.holds}
        zone, now = self._page.institution.zone, datetime.now(UTC)
        self._table.set_rows([_row(one, zone, now) for one in found.holds], now=now, more=found.next is not None)

    async def _more(self, actor: Actor) -> None:
        if self._next is not None:
            found = await list_holds(actor, standing=self._standing, after=self._next)
            self._next, self._holds = found.next, self._holds | {str(one.id): one for one in found.holds}
            zone, now = self._page.institution.zone, datetime.now(UTC)
            self._table.append_rows([_row(one, zone, now) for one in found.holds], more=found.next is not None)

    async def _switch(self, actor: Actor, standing: bool) -> None:
        self._standing = standing
        for other, tab in self._tabs.items():
            tab.set_chosen(other is standing)
        await self.read(actor)

    def _open(self, hold_id: str) -> None:
        hold, page = self._holds.get(hold_id), self._page
        if hold is None:
            return
        with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = f"Legal hold: {hold.matter}"
            Text(hold.matter, tag="h2")
            with Element("dl").classes("crc-facts"):
                for term, words in _facts(hold, page.institution.zone):
                    with Element("div"):
                        Text(term, tag="dt")
                        Text(words, tag="dd").props["title"] = words
            with Element("div").classes("crc-row"):
                if may(page.actor, Permission.LEGAL_HOLD_MANAGE) and hold.lifted_at is None:
                    self._draw_acts(hold, dialog)
                ActionButton("Close", dialog.close).props["autofocus"] = True
        dialog.on("hide", dialog.delete)

    def _draw_acts(self, hold: HoldShown, dialog: ui.dialog) -> None:
        def asking(title: str, words: str, button: str, work: Any) -> Any:
            async def act(actor: Actor, reason: str) -> None:
                await work(actor, hold.id, reason)
                await self.read(actor)

            def ask() -> None:
                dialog.close()
                ask_reason(self._page, title, words, button, act)

            return ask

        async def agree() -> None:
            dialog.close()
            await self._page.run(self._lift, hold)

        if hold.lift_asked_by is None:
            words = "It stands until another person agrees. Then what it alone covers may be destroyed."
            ask = asking(f"Lift “{hold.matter}”", words, "Ask for it", legal_holds.ask_to_lift)
            ActionButton("Ask to lift it", ask, kind="danger")
            return
        if hold.lift_asker_id != self._page.actor.user_id:
            ActionButton("Agree, and lift it", agree, kind="danger")
        words = "It stands as before."
        ActionButton("Keep it", asking(f"Keep “{hold.matter}”", words, "Keep it", legal_holds.keep), kind="primary")

    async def _lift(self, actor: Actor, hold: HoldShown) -> None:
        await legal_holds.lift(actor, hold.id)
        self._page.tell(f"The hold “{hold.matter}” is lifted.")
        await self.read(actor)


def _state(hold: HoldShown, zone: ZoneInfo, now: datetime) -> str:
    if hold.lifted_at is not None:
        return f"lifted {clock(hold.lifted_at, zone, now=now)} by {hold.lifted_by}"
    return f"{hold.lift_asked_by} asks to lift it" if hold.lift_asked_by else "stands"


def _row(hold: HoldShown, zone: ZoneInfo, now: datetime) -> ItemRow:
    state = _state(hold, zone, now)
    values = {
        "id": str(hold.id),
        "matter": hold.matter,
        "matter_title": hold.reason,
        "covers": hold.covers,
        "covers_title": hold.covers,
        "by": hold.placed_by,
        "at": clock(hold.placed_at, zone, now=now),
        "at_title": in_full(hold.placed_at, zone),
        "state": state,
        "state_title": hold.lift_reason or state,
    }
    return cast("ItemRow", values)


def _facts(hold: HoldShown, zone: ZoneInfo) -> list[tuple[str, str]]:
    facts = [
        ("Covers", hold.covers),
        ("Reason", hold.reason),
        ("Placed", f"by {hold.placed_by}, {in_full(hold.placed_at, zone)}"),
    ]
    if hold.lift_asked_at is not None:
        facts.append(("To lift", f"{hold.lift_asked_by}, {in_full(hold.lift_asked_at, zone)}: {hold.lift_reason}"))
    if hold.lifted_at is not None:
        facts.append(("Lifted", f"by {hold.lifted_by}, {in_full(hold.lifted_at, zone)}"))
    return facts
