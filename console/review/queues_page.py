"""The Queues page: how each queue is set, what its criteria would move, and who works on how much."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from nicegui import ui
from nicegui.element import Element

from console import live
from console.access.ask_panel import ask_reason
from console.access.held import InvalidPerson
from console.access.permissions import Permission
from console.actor import Actor
from console.policy.routing import Criteria, InvalidCriteria
from console.review.errors import ReviewRefused
from console.review.flag_names import FLAG_NAMES
from console.review.managing import manages_all
from console.review.queue_changes import add_queue, change_queue, close_queue
from console.review.queue_form_panel import QueueForm
from console.review.queue_settings import Definition, QueueSettings, account_types, candidates, read_queues
from console.review.rerouting_panel import ReroutingPanel
from console.review.workload import workload
from console.review.workload_panel import WorkloadPanel
from console.ui.format import count, money
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Chip, Text, panel

Save = Callable[[Actor, Definition, str], Awaitable[None]]

show_to_people(ReviewRefused, InvalidCriteria, InvalidPerson)


@console_page("/queues", permission=Permission.QUEUE_MANAGE, title="Queues")
async def queues(page: ConsolePage) -> None:
    """The institution's queues, for who manages them."""
    await QueuesPage(page).draw(page.actor)


class QueuesPage:
    """One open Queues page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        with page.frame("Queues", page.institution.name, path="/queues") as shell:
            with shell.actions:
                ActionButton("Queue", lambda: page.client.open("/queue"), icon_name="inbox")
                if manages_all(page.actor):
                    ActionButton("Add a queue", page.handler(self._add), kind="primary", icon_name="add")
            with Element("div").classes("crc-person crc-queues"):
                self._list = Element("div").classes("crc-column")
                with Element("div").classes("crc-column"):
                    self._rerouting = ReroutingPanel(page, self.draw)
                    self._workload = WorkloadPanel()
            ui.timer(live.RESYNC_SECONDS, lambda: page.refresh(self._draw_workload), immediate=False)

    async def draw(self, actor: Actor) -> None:
        """Draw everything as it is now."""
        settings = await read_queues(actor)
        self._list.clear()
        all_ = manages_all(actor)
        with self._list:
            if not all_:
                Text(_own_words(settings), tag="p", classes="crc-soft crc-limits")
            for one in settings:
                self._draw_queue(one, closes=all_)
        self._rerouting.show(settings)
        await self._draw_workload(actor)

    async def _draw_workload(self, actor: Actor) -> None:
        self._workload.show(await workload(actor, self._page.institution.day_start(datetime.now(UTC))))

    def _draw_queue(self, one: QueueSettings, *, closes: bool) -> None:
        definition = one.definition
        waiting = "awaiting a second person" if one.is_view else "open"
        with (
            # Of what is not theirs they see no checks: there are not none.
            panel(definition.name, aside=f"{count(one.open_items)} {waiting}" if one.theirs else "read only"),
            Element("div").classes("crc-part"),
        ):
            with Element("div").classes("crc-row crc-wraps"):
                for words in _chips(definition, is_view=one.is_view):
                    Chip(words)
            Text(_criteria_words(definition.criteria, is_view=one.is_view), tag="p", classes="crc-soft")
            if not one.theirs:
                return
            with Element("div").classes("crc-row"):
                edit = ActionButton("Edit", lambda: self._page.run(self._edit, one), icon_name="edit")
                edit.props["aria-label"] = f"Edit {definition.name}"
                if closes and one.may_close:
                    close = ActionButton("Close", lambda: self._ask_close(one), kind="danger")
                    close.props["aria-label"] = f"Close {definition.name}"

    async def _edit(self, actor: Actor, one: QueueSettings) -> None:
        async def save(acting: Actor, wanted: Definition, reason: str) -> None:
            await change_queue(acting, one.id, wanted, one.version, reason)
            self._page.tell("Saved.")

        waiting = "1 open check is" if one.open_items == 1 else f"{count(one.open_items)} open checks are"
        words = f"{waiting} in it and keep their due time. Who may work on them, and how many one person may hold, "
        words += "changes at once; criteria hold for what comes in from now on."
        await self._ask(actor, f"Edit {one.definition.name}", one.definition, words, save, is_view=one.is_view)

    async def _add(self, actor: Actor) -> None:
        async def save(acting: Actor, wanted: Definition, reason: str) -> None:
            await add_queue(acting, wanted, reason)
            self._page.tell("Added. It is empty until its criteria, or a supervisor, send checks to it.")

        place = len(await read_queues(actor)) + 1
        words = "It appears for everybody whose role reaches every queue, or who is one of its members."
        await self._ask(actor, "Add a queue", Definition("", place), words, save)

    async def _ask(
        self, actor: Actor, title: str, now: Definition, words: str, save: Save, *, is_view: bool = False
    ) -> None:
        people, types = await candidates(actor), await account_types(actor)
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column crc-wide"):
            dialog.props["aria-label"] = title
            Text(title, tag="h2")
            form = QueueForm(now, people, types, is_view=is_view, own=not manages_all(actor))

            async def ask(_: Actor) -> None:
                wanted = form.definition()

                async def confirmed(acting: Actor, reason: str) -> None:
                    await save(acting, wanted, reason)
                    dialog.close()
                    await self.draw(acting)

                ask_reason(self._page, title, words, "Save", confirmed, danger=False)

            with Element("div").classes("crc-row"):
                ActionButton("Save", self._page.handler(ask), kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)

    def _ask_close(self, one: QueueSettings) -> None:
        async def close(actor: Actor, reason: str) -> None:
            await close_queue(actor, one.id, one.version, reason)
            self._page.tell("Closed.")
            await self.draw(actor)

        words = "Nothing comes into it any more, for good."
        if one.open_items:
            checks = "1 open check" if one.open_items == 1 else f"{count(one.open_items)} open checks"
            words += f" It still holds {checks}: move or decide them first."
        ask_reason(self._page, f"Close {one.definition.name}", words, "Close", close)


def _own_words(settings: Sequence[QueueSettings]) -> str:
    """What is whose, for somebody who is bounded."""
    names = [one.definition.name for one in settings if one.theirs]
    others = "is set by whoever manages every queue"
    if not names:
        return f"Your limits cover no queue as a whole. You see how the queues are set; this {others}."
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return (
        f"Yours to set: name, hours, members and the most checks held in {listed}. All else, as what a queue takes in "
        f"by itself and the order of the queues, {others}."
    )


def _chips(definition: Definition, *, is_view: bool) -> Sequence[str]:
    hours = "policy's SLA" if definition.sla_hours is None else f"SLA {definition.sla_hours.normalize():f} h"
    minutes = definition.warning_minutes
    warning = "policy's warning" if minutes is None else f"warns {minutes} min before"
    members = len(definition.members)
    everybody = "everybody signs" if is_view else "everybody works here"
    return [
        *([] if is_view else [hours, warning]),
        everybody if not members else "1 member" if members == 1 else f"{members} members",
        *([] if definition.max_claims is None else [f"at most {definition.max_claims} held by one person"]),
    ]


def _criteria_words(criteria: Criteria | None, *, is_view: bool) -> str:
    if is_view:
        return "Recommendations of every queue that wait for a second signature."
    if criteria is None:
        return "Takes what the policy, or a person, sends here."
    parts = []
    if criteria.amount_from is not None or criteria.amount_to is not None:
        low = "" if criteria.amount_from is None else f"from {money(criteria.amount_from)}"
        high = "" if criteria.amount_to is None else f"to {money(criteria.amount_to)}"
        parts.append(f"{low} {high}".strip())
    parts += [" or ".join(sorted(one.replace("_", "-") for one in criteria.item_types))] if criteria.item_types else []
    if criteria.account_types:
        parts.append(f"{' or '.join(sorted(criteria.account_types))} accounts")
    if criteria.flags:
        parts.append("flagged " + " or ".join(FLAG_NAMES.get(code, code) for code in sorted(criteria.flags)))
    return f"Takes in checks {', '.join(parts)}."
