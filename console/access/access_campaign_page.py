"""One access review: its lines, each to be confirmed or revoked, and what became of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import Response
from nicegui import ui
from nicegui.element import Element

from console.access import access_export, access_review, access_review_list
from console.access.access_dialogs_panel import ask_to_decide
from console.access.access_export import Format
from console.access.access_review import LineDecided, Outcome, ReviewNotFound
from console.access.access_review_list import Line, LinePage, Review, Show
from console.access.access_tables_panel import LinesTable, state_of
from console.access.held import InvalidPerson
from console.access.permissions import Permission, may
from console.actor import Actor
from console.review import revoking
from console.ui.format import count, day
from console.ui.hotkeys import Hotkeys
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Figure, Tone
from console.ui.refusal import refusal

PATH = "/access-review"
show_to_people(InvalidPerson, LineDecided, ReviewNotFound)


@console_page(PATH + "/{review_id}", permission=Permission.ACCESS_REPORT_READ, title="Access review")
async def access_campaign_page(page: ConsolePage, review_id: str) -> Response | None:
    """A campaign of this institution."""
    try:
        review = await access_review_list.read_review(page.actor, UUID(review_id))
    except (ValueError, ReviewNotFound):
        return refusal(HTTPStatus.NOT_FOUND, str(ReviewNotFound()))
    view = _View(page, review)
    with page.frame(review.name, "Access review", path=PATH):
        view.draw()
    await view.load(page.actor)
    return None


class _View:
    def __init__(self, page: ConsolePage, review: Review) -> None:
        self._page = page
        self._review = review
        self._decides = may(page.actor, Permission.ACCESS_REVIEW_DECIDE)
        self._show = Show.OPEN if review.closed_at is None else Show.ALL
        self._lines: dict[str, Line] = {}
        self._next: int | None = None

    def draw(self) -> None:
        """The figures, the filter, and the lines."""
        page = self._page
        with Element("div").classes("crc-strip"):
            self._left = Figure("", "to decide")
            self._confirmed = Figure("", "confirmed")
            self._revoked = Figure("", "revoked")
            self._due = Figure(day(self._review.due_on), "due")
        with Element("div").classes("crc-row crc-filters"):
            shown = ui.select([one.value for one in Show], value=self._show.value, on_change=page.handler(self._by))
            shown.props("dense outlined options-dense").classes("crc-search").props["aria-label"] = "Lines shown"
            Element("span").classes("crc-gap")
            for format_ in Format:
                name = f"Export {format_.upper()}"
                ActionButton(name, page.handler(self._export(format_)), icon_name="download")
        self._table = LinesTable(
            page.institution.zone,
            on_open=self._ask,
            on_more=page.handler(self._more),
            decides=self._decides,
        )
        Hotkeys(list_keys(opens=self._decides))

    async def load(self, actor: Actor) -> None:
        """Read figures and lines; as many lines as are shown, up to a page's limit."""
        review = self._review = await access_review_list.read_review(actor, self._review.id)
        self._left.set(count(review.left), tone=Tone.WARNING if review.left else Tone.OK)
        self._confirmed.set(count(review.confirmed))
        self._revoked.set(count(review.revoked))
        self._due.set(
            day(review.due_on), f"due, {state_of(review)}", tone=Tone.BREACH if review.overdue else Tone.PLAIN
        )
        limit = max(access_review_list.PAGE, len(self._lines))
        found = await access_review_list.list_lines(actor, review.id, self._show, limit=limit)
        self._lines = {}
        self._keep(found)
        totals = {Show.OPEN: review.left, Show.CONFIRMED: review.confirmed, Show.REVOKED: review.revoked}
        self._table.show(found, totals.get(self._show, review.lines))

    def _keep(self, found: LinePage) -> None:
        self._next = found.next
        self._lines |= {str(line.id): line for line in found.lines}

    async def _more(self, actor: Actor) -> None:
        if self._next is not None:
            found = await access_review_list.list_lines(actor, self._review.id, self._show, after=self._next)
            self._keep(found)
            self._table.add(found)

    async def _by(self, actor: Actor, event: Any) -> None:
        self._show = Show(event.value)
        self._lines = {}
        await self.load(actor)

    def _ask(self, line_id: str) -> None:
        line = self._lines.get(line_id)
        if line is None or not self._decides:
            return

        async def decide(outcome: Outcome, note: str) -> None:
            await self._page.run(self._decide, line, outcome, note)

        ask_to_decide(line, line.user_id == self._page.actor.user_id, decide)

    async def _decide(self, actor: Actor, line: Line, outcome: Outcome, note: str) -> None:
        try:
            if outcome is Outcome.CONFIRMED:
                await access_review.confirm(actor, line.id, note)
                self._page.tell(f"{line.display_name} keeps the role {line.role_name}.")
            else:
                done = await revoking.revoke(actor, line.id, note)
                gone = "; the account is deactivated" if done.deactivated else ""
                self._page.tell(f"{line.display_name} no longer holds the role {line.role_name}{gone}.")
        finally:
            await self.load(actor)

    def _export(self, format_: Format) -> Callable[[Actor], Awaitable[None]]:
        async def export(actor: Actor) -> None:
            file = await access_export.export_review(actor, self._review.id, format_)
            with self._page.client:
                ui.download.content(file.content, file.name, file.media_type)

        return export
