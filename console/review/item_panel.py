"""What stands on the check and came with it: amount, payee, account, dates, MICR line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.masking import masked
from console.review.item_view import ItemView
from console.ui.format import day, money, zone_letters
from console.ui.keys import Scope, key_of
from console.ui.pieces import ActionButton, Text

_KINDS: Final = {"on_us": "On-us", "transit": "Transit"}
_UNREAD: Final = "not read by machine"


class ItemPanel:
    """The top of the right column. `on_show()` reads the full account number, which is audited; `on_timeline()` opens
    and closes the timeline."""

    def __init__(
        self,
        zone: ZoneInfo,
        on_show: Callable[[], Awaitable[Any]],
        on_timeline: Callable[[], Awaitable[Any]],
        *,
        may_show: bool,
    ) -> None:
        self._zone, self._on_show, self._on_timeline, self._may_show = zone, on_show, on_timeline, may_show
        self._view: ItemView | None = None
        self._button: ActionButton | None = None
        self._box = Element("section").classes("crc-item")
        self._box.props["aria-label"] = "Check"

    def show(self, view: ItemView) -> None:
        """Show a check; its account number masked."""
        self._view = view
        self._box.clear()
        with self._box:
            amount = Text(f"${money(view.amount)}", classes="crc-amount", tag="p")
            amount.props["data-item"] = str(view.id)
            self._draw_timeline(view)
            with Element("dl").classes("crc-facts"):
                kind = "Return" if view.kind == "return" else _KINDS[view.item_type]
                serial = f"#{view.serial}" if view.serial else "no serial"
                self._fact(kind, f"{serial} · {view.payee or f'payee {_UNREAD}'}")
                self._account(view)
                self._fact("Presented", self._dates(view))
                self._micr = self._fact("MICR", micr_line(view, masked(view.account_number)))
                self._micr.classes("crc-mono")

    def reveal(self, number: str) -> None:
        """Show the full account number of the present check."""
        if self._view is None:
            return
        self._number.set_text(number)
        self._number.classes("crc-mono")
        self._micr.set_text(micr_line(self._view, number))
        if self._button is not None:
            self._button.delete()
            self._button = None

    def _draw_timeline(self, view: ItemView) -> None:
        notes = len(view.notes)
        words = f"{notes} note{'s' if notes > 1 else ''}" if notes else "Timeline"
        button = ActionButton(words, self._on_timeline, key=key_of("timeline", Scope.REVIEW), icon_name="history")
        button.props["title"] = "Everything that happened to this check"

    def _fact(self, name: str, value: str) -> Text:
        with Element("div"):
            Text(name, tag="dt")
            text = Text(value, tag="dd")
        text.props["title"] = value
        return text

    def _account(self, view: ItemView) -> None:
        with Element("div"):
            Text("Account", tag="dt")
            with Element("dd"):
                self._number = Text(masked(view.account_number) if view.account_number else "none read")
                self._number.props["data-account"] = True
                self._button = None
                if view.account_number and self._may_show:
                    self._button = button = ActionButton("show", self._on_show, kind="quiet")
                    button.props["aria-label"] = "Show the full account number; this is recorded"
                if view.account:
                    holder = Text(f"{view.account.holder} · {view.account.account_type}", classes="crc-cut")
                    holder.props["title"] = view.account.holder
                elif view.item_type == "on_us":
                    Text("not among our accounts")

    def _dates(self, view: ItemView) -> str:
        presented = view.received_at.astimezone(self._zone)
        text = f"{presented.day} {presented:%b %H:%M} {zone_letters(presented)}"
        return f"{text} · business date {day(view.business_date)}" if view.business_date else text


def micr_line(view: ItemView, account: str) -> str:
    """The MICR line as read, with `account` in place of the number: T the transit symbol, U the on-us symbol."""
    on_us = view.on_us.replace("/", "U")
    if view.account_number:
        on_us = on_us.replace(view.account_number, account)
    auxiliary = f"U{view.auxiliary_on_us}U " if view.auxiliary_on_us else ""
    return f"{auxiliary}T{view.routing}T {on_us}".strip()
