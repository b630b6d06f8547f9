"""The bar over the queue while rows are chosen: give them to somebody, move them, release who holds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.access.ask_panel import ask_reason
from console.access.permissions import Permission, may
from console.access.reason import MAXIMUM_REASON
from console.actor import Actor
from console.review.assignment import assign
from console.review.bulk import MOST_AT_ONCE, BulkResult
from console.review.queue import QueueName
from console.review.queue_moves import move
from console.review.queue_people import assignees
from console.review.reach import APPROVALS
from console.review.releasing import release_others
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text

_NOBODY: Final = "nobody"


def may_change_several(actor: Actor) -> bool:
    """Whether there is anything that this person could do with several checks at once."""
    return may(actor, Permission.ITEM_ASSIGN) or may(actor, Permission.QUEUE_MANAGE)


class BulkBar:
    """What can be done with the rows that are chosen. `on_done()` comes when that was done."""

    def __init__(self, page: ConsolePage, queues: Sequence[QueueName], on_done: Callable[[], Any]) -> None:
        self._page, self._on_done = page, on_done
        self._queues = {one.key: one.name for one in queues if one.key != APPROVALS}
        self._chosen: tuple[UUID, ...] = ()
        with Element("div").classes("crc-row crc-bulk") as self._bar:
            self._bar.props["role"] = "group"
            self._bar.props["aria-label"] = "With the chosen checks"
            self._count = Text("", tag="strong")
            Element("span").classes("crc-gap")
            if may(page.actor, Permission.ITEM_ASSIGN):
                ActionButton("Assign", page.handler(self._ask_assign), icon_name="person_add")
            if may(page.actor, Permission.QUEUE_MANAGE):
                ActionButton("Move", page.handler(self._ask_move), icon_name="drive_file_move")
            if may(page.actor, Permission.ITEM_RELEASE_OTHERS):
                ActionButton("Release", self._ask_release, icon_name="lock_open")
            ActionButton("Choose none", on_done, kind="quiet", icon_name="close")
        self._bar.set_visibility(False)

    def choose(self, ids: Sequence[str]) -> None:
        """These rows are chosen now."""
        self._chosen = tuple(UUID(one) for one in ids)
        self._bar.set_visibility(bool(ids))
        checks = "1 check" if len(ids) == 1 else f"{len(ids):,} checks"
        more = f" · at most {MOST_AT_ONCE} at once" if len(ids) > MOST_AT_ONCE else ""
        self._count.set_text(f"{checks} chosen{more}")

    async def _ask_assign(self, actor: Actor) -> None:
        people = {str(one.user_id): one.name for one in await assignees(actor)}

        async def work(acting: Actor, choice: str, reason: str) -> None:
            to_user = None if choice == _NOBODY else UUID(choice)
            self._tell(await assign(acting, self._chosen, to_user, reason), "assigned" if to_user else "given back")

        words = "The chosen person is served these first, and nobody else can take them."
        options = {_NOBODY: "Nobody: whoever takes them first", **people}
        self._ask("Assign", words, "Person", options, work)

    async def _ask_move(self, _: Actor) -> None:
        async def work(acting: Actor, choice: str, reason: str) -> None:
            self._tell(await move(acting, self._chosen, choice, reason), "moved")

        words = "They run on the hours of the new queue from then on, counted from when they came in."
        self._ask("Move", words, "Queue", self._queues, work)

    def _ask_release(self) -> None:
        async def work(acting: Actor, reason: str) -> None:
            self._tell(await release_others(acting, self._chosen, reason), "released")

        words = "Whoever holds them is told at once; what they typed is kept for them."
        ask_reason(self._page, f"Release {self._checks()}", words, "Release", work)

    def _ask(
        self,
        act: str,
        words: str,
        label: str,
        options: Mapping[str, str],
        work: Callable[..., Awaitable[Any]],
    ) -> None:
        """Ask for one of the options and why, then call `work(actor, choice, reason)`."""
        title = f"{act} {self._checks()}"
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = title
            Text(title, tag="h2")
            Text(words, tag="p")
            target = ui.select(dict(options), label=label, with_input=True).props("dense outlined autofocus")
            reason = ui.textarea("Reason").props(f"outlined dense autogrow rows=2 maxlength={MAXIMUM_REASON}")
            missing = Text("", tag="p", classes="crc-wrong")
            missing.props["role"] = "alert"

            async def confirm() -> None:
                if target.value is None:
                    missing.set_text(f"Choose the {label.lower()}.")
                elif not (reason.value or "").strip():
                    missing.set_text("Say why: the reason is kept with each check.")
                    reason.run_method("focus")
                else:
                    dialog.close()
                    await self._page.run(work, str(target.value), str(reason.value))

            with Element("div").classes("crc-row"):
                ActionButton(act, confirm, kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)

    def _checks(self) -> str:
        return "1 check" if len(self._chosen) == 1 else f"{len(self._chosen)} checks"

    def _tell(self, result: BulkResult, done: str) -> None:
        self._page.tell(told(result, done), bad=bool(result.refused))
        self._on_done()


def told(result: BulkResult, done: str) -> str:
    """What came of it in words: how many, and why the others did not."""
    words = f"{len(result.done)} {done}."
    if result.refused:
        why = "; ".join(f"{reason} ({number})" for reason, number in Counter(result.refused.values()).most_common(4))
        words += f" {len(result.refused)} stayed as they were: {why}"
    return words
