"""What a hold needs: the banking day on which it ends; beyond the regular schedule the exception and the account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.review.clocks import add_banking_days
from console.review.draft import Draft
from console.review.holds import HOLD_RULES, REGULAR_DAYS, Deposit, HoldReason, amount_delayed, doubt, offered_days
from console.ui.format import money
from console.ui.pieces import Text, icon

_REGULAR: Final = "regular"
_LABELS: Final = {_REGULAR: "None: regular schedule", **{one.value: rule.label for one, rule in HOLD_RULES.items()}}


class HoldPanel:
    """Day, exception, account. What is chosen goes into the draft; `on_change()` comes after it."""

    def __init__(self, draft: Draft, deposit: Deposit, today: date, on_change: Callable[[], Any]) -> None:
        self._draft, self._deposit, self._on_change = draft, deposit, on_change
        self._days = offered_days(today, deposit)
        with Element("div").classes("crc-hold"):
            self._day = self._draw_day()
            self._reason = ui.select(
                _LABELS,
                label="Exception (Reg CC 229.13)",
                value=draft.hold_reason.value if draft.hold_reason else _REGULAR,
                on_change=self._reasoned,
            ).props("dense outlined options-dense data-focus=hold_reason")
        self._account = ui.input("Deposit account number", value=draft.deposit_account, on_change=self._named)
        self._account.props("dense outlined maxlength=20 inputmode=numeric autocomplete=off data-focus=account")
        self._words = Text("", tag="p", classes="crc-soft crc-hold-words")
        self._words.props["role"] = "status"
        self._say()

    def focus(self, name: str) -> None:
        """Put the cursor where something is missing."""
        fields: dict[str, Any] = {"release_on": self._day, "hold_reason": self._reason, "account": self._account}
        if name in fields:
            fields[name].run_method("focus")

    def _draw_day(self) -> ui.input:
        field = ui.input("Hold until", value=self._draft.release_on, on_change=self._dated)
        field.props('dense outlined stack-label mask="####-##-##" maxlength=10 data-focus=release_on')
        with field.add_slot("append"), Element("button").classes("crc-button crc-quiet crc-calendar") as button:
            button.props["type"] = "button"
            button.props["aria-label"] = "Choose among the banking days"
            icon("event")
            with ui.menu().props('anchor="top right" self="bottom right"'):
                calendar = ui.date(value=self._draft.release_on or None, on_change=lambda e: field.set_value(e.value))
                calendar.props["options"] = [f"{day:%Y/%m/%d}" for day in self._days]
                calendar.props["minimal"] = True
        return field

    def _dated(self, event: Any) -> None:
        self._draft.release_on = event.value or ""
        self._say()
        self._on_change()

    def _reasoned(self, event: Any) -> None:
        self._draft.hold_reason = None if event.value == _REGULAR else HoldReason(event.value)
        self._say()

    def _named(self, event: Any) -> None:
        self._draft.deposit_account = str(event.value or "")

    def _say(self) -> None:
        reason = self._draft.hold_reason
        self._account.set_visibility(reason is not None)
        if reason is None:
            last = add_banking_days(self._deposit.day, REGULAR_DAYS)
            words = f"Until {last:%a} {last.day} {last:%b} no exception and no notice is needed."
        else:
            delayed = money(amount_delayed(reason, self._deposit))
            why = doubt(reason, self._deposit)
            words = f"The notice will say that {delayed} is delayed." + (
                f" Explain it in the note: {why}." if why else ""
            )
        self._words.set_text(words)
