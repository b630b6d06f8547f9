"""Access review: who can do what, and the campaigns in which every role is confirmed or revoked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any

from nicegui import ui
from nicegui.element import Element

from console.access import access_export, access_report, access_review, access_review_list
from console.access.access_dialogs_panel import DEFAULT_DAYS, ask_to_start, show_permissions
from console.access.access_export import Format, TooLongForPdf
from console.access.access_report import MAX_SEARCH, Chosen, ReportKey, RoleChoice
from console.access.access_review import InvalidReview
from console.access.access_review_list import ReviewKey
from console.access.access_tables_panel import ReportTable, ReviewsTable
from console.access.permissions import Permission, may
from console.actor import Actor
from console.ui.format import count
from console.ui.hotkeys import Hotkeys
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text, panel

PATH = "/access-review"
ALL_ROLES = ""
show_to_people(InvalidReview, TooLongForPdf)


@console_page(PATH, permission=Permission.ACCESS_REPORT_READ, title="Access review")
async def access_review_page(page: ConsolePage) -> None:
    """The report, and the campaigns."""
    view = _View(page, await access_report.role_choices(page.actor))
    with page.frame("Access review", page.institution.name, path=PATH):
        view.draw()
    await view.load(page.actor)


class _View:
    def __init__(self, page: ConsolePage, roles: tuple[RoleChoice, ...]) -> None:
        self._page = page
        self._roles = {ALL_ROLES: "every role"} | {role.key: role.name for role in roles}
        self._chosen = Chosen()
        self._next: ReportKey | None = None
        self._next_review: ReviewKey | None = None

    def draw(self) -> None:
        """The filters, the report, and below it the campaigns."""
        page, zone = self._page, self._page.institution.zone
        with Element("div").classes("crc-row crc-filters"):
            role = ui.select(self._roles, value=ALL_ROLES, on_change=page.handler(self._by_role))
            role.props("dense outlined options-dense").classes("crc-search").props["aria-label"] = "Role"
            person = ui.input(placeholder="Search people", on_change=page.handler(self._by_person))
            person.classes("crc-search").props(
                f"dense outlined clearable debounce=250 maxlength={MAX_SEARCH} data-focus=search"
            )
            person.props["aria-label"] = "Search people"
            self._total = Text("", classes="crc-soft")
            self._total.props["role"] = "status"
            Element("span").classes("crc-gap")
            for format_ in Format:
                name = f"Export {format_.upper()}"
                ActionButton(name, page.handler(self._export(format_)), icon_name="download")
        with Element("div").classes("crc-split"):
            self._report = ReportTable(zone, on_open=show_permissions, on_more=page.handler(self._more))
            with panel("Access reviews", classes="crc-detail"):
                self._reviews = ReviewsTable(
                    zone,
                    on_open=lambda review_id: ui.navigate.to(f"{PATH}/{review_id}"),
                    on_more=page.handler(self._more_reviews),
                )
            Hotkeys(list_keys(searches=True))
        if page.shell and may(page.actor, Permission.ACCESS_REVIEW_START):
            with page.shell.actions:
                ActionButton("Start a review", self._ask_to_start, kind="primary", icon_name="fact_check")

    async def load(self, actor: Actor) -> None:
        """Read the report and the campaigns from their beginnings."""
        await self._load_report(actor)
        found = await access_review_list.list_reviews(actor)
        self._next_review = found.next
        self._reviews.show(found)

    async def _load_report(self, actor: Actor) -> None:
        totals = await access_report.count_report(actor, self._chosen)
        found = await access_report.list_report(actor, self._chosen)
        self._next = found.next
        self._report.show(found, totals.lines)
        self._total.set_text(f"{count(totals.lines)} roles held by {count(totals.people)} people")

    async def _more(self, actor: Actor) -> None:
        if self._next is not None:
            found = await access_report.list_report(actor, self._chosen, after=self._next)
            self._next = found.next
            self._report.add(found)

    async def _more_reviews(self, actor: Actor) -> None:
        if self._next_review is not None:
            found = await access_review_list.list_reviews(actor, after=self._next_review)
            self._next_review = found.next
            self._reviews.add(found)

    async def _by_role(self, actor: Actor, event: Any) -> None:
        self._chosen = Chosen(event.value or None, self._chosen.person)
        await self._load_report(actor)

    async def _by_person(self, actor: Actor, event: Any) -> None:
        self._chosen = Chosen(self._chosen.role, event.value or "")
        await self._load_report(actor)

    def _export(self, format_: Format) -> Callable[[Actor], Awaitable[None]]:
        async def export(actor: Actor) -> None:
            file = await access_export.export_report(actor, self._chosen, format_)
            with self._page.client:
                ui.download.content(file.content, file.name, file.media_type)

        return export

    def _ask_to_start(self) -> None:
        due_on = datetime.now(self._page.institution.zone).date() + timedelta(days=DEFAULT_DAYS)

        async def start(name: str, wanted: date) -> None:
            await self._page.run(self._start, name, wanted)

        ask_to_start(due_on, start)

    async def _start(self, actor: Actor, name: str, due_on: date) -> None:
        review_id = await access_review.start(actor, name, due_on)
        with self._page.client:
            ui.navigate.to(f"{PATH}/{review_id}")
