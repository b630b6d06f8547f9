"""What stands on the check and came with it: amount, payee, account, dates, MICR line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from console.masking import masked
from console.review.item_view import ItemView
from console.ui.format import day, money, zone_letters
from console.ui.keys import Scope, key_of
from console.ui.still import Node, Still, node
from console.ui.still_pieces import button

_KINDS: Final = {"on_us": "On-us", "transit": "Transit"}
_UNREAD: Final = "not read by machine"
_SHOW: Final = "show"
_TIMELINE: Final = "timeline"


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
        self._zone, self._may_show = zone, may_show
        self._acts = {_SHOW: on_show, _TIMELINE: on_timeline}
        self._view: ItemView | None = None
        # The full number, once it was asked for.
        self._number: str | None = None
        self._box = Still(root="section", on_act=lambda act: self._acts[act]())
        self._box.classes("crc-item").props["aria-label"] = "Check"

    def show(self, view: ItemView) -> None:
        """Show a check; its account number masked."""
        self._view, self._number = view, None
        self._draw(view)

    def reveal(self, number: str) -> None:
        """Show the full account number of the present check."""
        if self._view is not None:
            self._number = number
            self._draw(self._view)

    def _draw(self, view: ItemView) -> None:
        kind = "Return" if view.kind == "return" else _KINDS[view.item_type]
        serial = f"#{view.serial}" if view.serial else "no serial"
        line = micr_line(view, self._number or masked(view.account_number))
        self._box.show(
            [
                node("p", f"${money(view.amount)}", class_="crc-amount", data_item=str(view.id)),
                self._timeline_button(view),
                node(
                    "dl",
                    _fact(kind, f"{serial} · {view.payee or f'payee {_UNREAD}'}"),
                    self._account(view),
                    _fact("Presented", self._dates(view)),
                    _fact("MICR", line, classes="crc-mono"),
                    class_="crc-facts",
                ),
            ]
        )

    def _timeline_button(self, view: ItemView) -> Node:
        notes = len(view.notes)
        return button(
            self._box.client,
            f"{notes} note{'s' if notes > 1 else ''}" if notes else "Timeline",
            _TIMELINE,
            key=key_of("timeline", Scope.REVIEW),
            icon_name="history",
            title="Everything that happened to this check",
        )

    def _account(self, view: ItemView) -> Node:
        shown = self._number or (masked(view.account_number) if view.account_number else "none read")
        number = node("span", shown, class_="crc-mono" if self._number else None, data_account="true")
        show = None
        if view.account_number and self._may_show and not self._number:
            words = "Show the full account number; this is recorded"
            show = button(self._box.client, "show", _SHOW, kind="quiet", aria_label=words)
        return node("div", node("dt", "Account"), node("dd", number, show, _holder(view)))

    def _dates(self, view: ItemView) -> str:
        presented = view.received_at.astimezone(self._zone)
        text = f"{presented.day} {presented:%b %H:%M} {zone_letters(presented)}"
        return f"{text} · business date {day(view.business_date)}" if view.business_date else text


def _fact(name: str, value: str, *, classes: str | None = None) -> Node:
    return node("div", node("dt", name), node("dd", value, title=value, class_=classes))


def _holder(view: ItemView) -> Node | None:
    if view.account:
        words = f"{view.account.holder} · {view.account.account_type}"
        return node("span", words, class_="crc-cut", title=view.account.holder)
    return node("span", "not among our accounts") if view.item_type == "on_us" else None


def micr_line(view: ItemView, account: str) -> str:
    """The MICR line as read, with `account` in place of the number: T the transit symbol, U the on-us symbol."""
    on_us = view.on_us.replace("/", "U")
    if view.account_number:
        on_us = on_us.replace(view.account_number, account)
    auxiliary = f"U{view.auxiliary_on_us}U " if view.auxiliary_on_us else ""
    return f"{auxiliary}T{view.routing}T {on_us}".strip()
