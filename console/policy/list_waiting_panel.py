"""Changes of a list that wait for a second person: what each would do, and the buttons of whoever may decide."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.access.ask_panel import ask_reason
from console.access.permissions import Permission, may
from console.actor import Actor
from console.policy.list_changes import (
    ListAct,
    WaitingChange,
    approve_change,
    read_full_change,
    refuse_change,
    waiting_changes,
    withdraw_change,
)
from console.policy.list_values import KINDS
from console.policy.lists import ListRow
from console.policy.version_words import moment
from console.ui.format import count
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text, panel
from console.ui.still import Node, Still, node

# Entries that are named on the page; a dialog has every one.
_NAMED: Final = 6


class WaitingPanel:
    """The panel of one list's page, hidden while nothing waits. `on_done(actor, words)` hears of decisions."""

    def __init__(self, page: ConsolePage, on_done: Callable[[Actor, str], Any]) -> None:
        self._page, self._on_done = page, on_done
        self._may_approve = may(page.actor, Permission.POLICY_APPROVE)
        self._may_read = may(page.actor, Permission.ACCOUNT_NUMBER_READ)
        with panel("Waits for a second person", classes="crc-list-waiting") as self._box:
            self._body = Still(on_act=self._act)

    async def read(self, actor: Actor, row: ListRow) -> None:
        """Show what waits now."""
        found = await waiting_changes(actor, row.id)
        self._body.show([self._change(one, row) for one in found])
        self._box.set_visibility(bool(found))

    def _change(self, one: WaitingChange, row: ListRow) -> Node:
        kind = KINDS[row.kind]
        what = f"{count(one.count)} {kind.one if one.count == 1 else kind.many}"
        title = f"Add {what}" if one.act is ListAct.ADD else f"Take {what} off"
        more = one.count - len(one.shown[:_NAMED])
        lines = [node("li", line) for line in one.shown[:_NAMED]]
        return node(
            "article",
            node("div", node("h3", title), node("span", _origin(self._page, one), class_="crc-soft"),
                 class_="crc-version-head"),
            node("ul", *lines, *([node("li", f"and {count(more)} more")] if more else []), class_="crc-lines"),
            node("p", f"Reason: {one.reason}"),
            node("p", *self._buttons(one, title), class_="crc-row"),
            class_="crc-version",
        )  # fmt: skip

    def _buttons(self, one: WaitingChange, title: str) -> list[Node]:
        offered = []
        if one.own:
            offered.append(("withdraw", "Withdraw"))
        elif self._may_approve:
            offered += [("approve", "Approve"), ("refuse", "Refuse")]
        if self._may_read:
            offered.append(("see", "See every entry"))
        if one.own:
            told = [node("span", "Somebody else approves it; rules do not know of it yet.", class_="crc-soft")]
        else:
            told = []
        return [*(_button(f"{act}:{one.id}", words, title) for act, words in offered), *told]

    async def _act(self, act: str) -> None:
        what, _, change = act.partition(":")
        change_id = UUID(change)
        page = self._page
        if what == "approve":
            await page.run(self._approve, change_id)
        elif what == "see":
            await page.run(self._see, change_id)
        elif what == "refuse":
            words = "The list stays as it is. Whoever proposed the change is told why."
            ask_reason(page, "Refuse the change", words, "Refuse", self._refusing(change_id))
        elif what == "withdraw":
            words = "The list stays as it is, and nobody needs to decide."
            ask_reason(page, "Withdraw the change", words, "Withdraw", self._withdrawing(change_id))

    async def _approve(self, actor: Actor, change_id: UUID) -> None:
        done = await approve_change(actor, change_id)
        await self._on_done(actor, f"Approved: {count(done)} {'entry' if done == 1 else 'entries'} changed.")

    def _refusing(self, change_id: UUID) -> Callable[[Actor, str], Awaitable[None]]:
        async def refuse(actor: Actor, reason: str) -> None:
            await refuse_change(actor, change_id, reason)
            await self._on_done(actor, "Refused. The list is as it was.")

        return refuse

    def _withdrawing(self, change_id: UUID) -> Callable[[Actor, str], Awaitable[None]]:
        async def withdraw(actor: Actor, reason: str) -> None:
            await withdraw_change(actor, change_id, reason)
            await self._on_done(actor, "Withdrawn. The list is as it was.")

        return withdraw

    async def _see(self, actor: Actor, change_id: UUID) -> None:
        lines = await read_full_change(actor, change_id)
        words = f"{count(len(lines))} {'entry' if len(lines) == 1 else 'entries'} of the change"
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column crc-wide"):
            dialog.props["aria-label"] = words
            Text(words, tag="h2")
            Still().classes("crc-list-all").show(
                [node("pre", "\n".join(lines), tabindex="0", role="region", aria_label="Entries")]
            )
            with Element("div").classes("crc-row"):
                ActionButton("Close", dialog.close)
        dialog.on("hide", dialog.delete)


def _button(act: str, words: str, title: str) -> Node:
    look = "crc-button crc-primary" if act.startswith("approve:") else "crc-button"
    return node("button", words, type="button", class_=look, data_act=act, aria_label=f"{words}: {title}")


def _origin(page: ConsolePage, one: WaitingChange) -> str:
    return f"proposed by {'you' if one.own else one.by}, {moment(one.at, page.institution.zone)}"
