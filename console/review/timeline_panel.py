"""The timeline of a check: a drawer beside the image with everything that happened to it, and a field for notes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from nicegui import background_tasks, ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.audit.entries import Event
from console.retention.legal_hold_panel import HoldsOnCheck
from console.review import attachments
from console.review.choices import MAX_NOTE
from console.review.evidence_packet import MEDIA_TYPE, export_evidence
from console.review.hold_notice import make_hold_notice
from console.review.item_view import ItemView
from console.review.notes import add_note
from console.review.people_here import offer_people
from console.review.reasons import REASONS
from console.review.timeline import RECEIVED, Happening, TimelinePage, read_timeline
from console.settings import settings
from console.ui.file_button import FileButton
from console.ui.format import clock, in_full
from console.ui.keys import Scope, key_of
from console.ui.mention_field import MentionField
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text, icon, key_cap

_ICONS: Final = {
    RECEIVED: "inbox",
    Event.ITEM_CLAIMED: "back_hand",
    Event.ITEM_RELEASED: "undo",
    Event.ITEM_ASSIGNED: "assignment_ind",
    Event.ITEM_MOVED: "drive_file_move",
    Event.ITEM_DECIDED: "gavel",
    Event.ITEM_RECOMMENDED: "group",
    Event.ITEM_CONFIRMED: "done_all",
    Event.ITEM_SENT_BACK: "reply",
    Event.ITEM_RESUMED: "reply_all",
    Event.ITEM_PULLED_IN: "move_to_inbox",
    Event.ITEM_REEVALUATED: "balance",
    Event.FLAG_ANSWERED: "flag",
    Event.NOTE_WRITTEN: "sticky_note_2",
    Event.FILE_ATTACHED: "attach_file",
    Event.ADVICE_GIVEN: "tips_and_updates",
    Event.EVIDENCE_EXPORTED: "inventory_2",
    Event.ACCOUNT_NUMBER_VIEWED: "visibility",
    Event.LEGAL_HOLD_PLACED: "gavel",
    Event.LEGAL_HOLD_LIFTED: "gavel",
}


class TimelinePanel:
    """A drawer that is closed at first. It lies over the left of the image; the decision stays in sight."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._zone = page.institution.zone
        self._view: ItemView | None = None
        self._next: int | None = None
        self._field: MentionField | None = None
        self._holds: HoldsOnCheck | None = None
        self.is_open = self._drawn = False
        self._box = Element("aside").classes("crc-panel crc-timeline crc-away")
        self._box.props["aria-label"] = "Timeline"

    def _draw_inside(self) -> None:
        """What is in the drawer, once somebody wants to see it."""
        page, self._drawn = self._page, True
        with self._box:
            with Element("div").classes("crc-panel-head"):
                Text("Timeline", tag="h2")
                if may(page.actor, Permission.EVIDENCE_EXPORT):
                    export = ActionButton(
                        "Evidence (ZIP)", page.handler(self._export), icon_name="inventory_2", kind="quiet"
                    )
                    export.props["aria-label"] = "Export the evidence of this check"
                close = ActionButton("Close", self.toggle, key=key_of("timeline", Scope.REVIEW), kind="quiet")
                close.props["aria-label"] = "Close the timeline"
            self._holds = HoldsOnCheck(page, self._read) if may(page.actor, Permission.COMPLIANCE_READ) else None
            self._field = self._draw_field() if may(page.actor, Permission.ITEM_NOTE) else None
            self._list = Element("ol").classes("crc-happenings")
            self._list.props["tabindex"] = "0"
            self._list.props["aria-label"] = "What happened, the newest first"
            self._more = ActionButton("Earlier", page.handler(self._read_more), kind="quiet")
        if self._field is not None and self._view is not None:
            self._files.set_url(_files_of(self._view))

    def show(self, view: ItemView) -> None:
        """Show another check, or this one as it is now."""
        before, self._view = self._view, view
        if self._field is not None and (before is None or before.id != view.id):
            self._files.set_url(_files_of(view))
            if before is not None:
                self._field.clear_text()
        if self.is_open and (before is None or (before.id, before.version) != (view.id, view.version)):
            background_tasks.create(self._page.refresh(self._read), name="timeline")

    async def toggle(self) -> None:
        """Open it, or close it."""
        if not self._drawn:
            self._draw_inside()
        self.is_open = not self.is_open
        self._box.classes(remove="crc-away") if self.is_open else self._box.classes(add="crc-away")
        if self.is_open:
            await self._page.run(self._read)

    def _draw_policy(self, happening: Happening) -> None:
        """Under which version it was decided, as it was kept then."""
        judged = happening.judged_by
        if judged is None:
            return
        words = f"Policy version {judged.version}"
        if may(self._page.actor, Permission.POLICY_READ):
            link = Text(words, tag="a", classes="crc-judged")
            link.props["href"] = f"/policy/{judged.version}"
        else:
            Text(words, classes="crc-soft crc-judged")
        for line in judged.lines:
            Text(line, tag="p", classes="crc-soft")

    def _draw_links(self, happening: Happening) -> None:
        if happening.gone:
            Text(f"The file was {happening.gone}.", tag="p", classes="crc-soft")
        elif happening.attachment is not None:
            with Element("a").classes("crc-row") as anchor:
                anchor.props["href"] = attachments.link(self._page.actor, happening.attachment)
                anchor.props["download"] = True
                icon("download")
                Text("Save the file")
        if happening.has_notice and self._field is not None:
            ActionButton("Notice for the customer (PDF)", self._page.handler(self._print), icon_name="print")

    async def _print(self, actor: Actor) -> None:
        """Make the notice of the hold, which is kept among the attachments, and hand it to the browser."""
        if self._view is not None:
            made = await make_hold_notice(actor, self._view.id)
            ui.download.from_url(attachments.link(actor, made))
            await self._read(actor)

    async def _export(self, actor: Actor) -> None:
        """Hand over what proves the decisions on this check."""
        if self._view is not None:
            packet = await export_evidence(actor, self._view.id)
            ui.download.content(packet.content, packet.name, MEDIA_TYPE)
            await self._read(actor)

    def _draw_field(self) -> MentionField:
        with Element("div").classes("crc-note-form"):
            field = MentionField(
                "Write for colleagues · @ names one of them",
                name="timeline_note",
                max_length=MAX_NOTE,
                on_search=self._page.handler(self._search),
                on_send=self._page.handler(self._write),
            )
            with Element("div").classes("crc-row"):
                self._files = FileButton(
                    "Attach a file",
                    accept=".pdf,.png,.jpg,.jpeg,.tif,.tiff,.txt,.csv",
                    limit_mb=settings().attachment_max_mb,
                    on_sent=self._page.handler(self._read),
                    on_refused=lambda words: self._page.tell(words, bad=True),
                )
                Element("span").classes("crc-gap")
                with ActionButton("Add note", self._page.handler(self._write)):
                    key_cap("Ctrl Enter")
        return field

    async def _search(self, actor: Actor, prefix: str) -> None:
        if self._view is not None and self._field is not None:
            people = await offer_people(actor, self._view.id, prefix)
            self._field.offer(prefix, [(one.username, one.name) for one in people])

    async def _write(self, actor: Actor) -> None:
        if self._view is None or self._field is None:
            return
        await add_note(actor, self._view.id, self._field.text)
        self._field.clear_text()
        await self._read(actor)

    async def _read(self, actor: Actor) -> None:
        if self._view is None:
            return
        view = self._view
        page = await read_timeline(actor, view.id)
        self._list.clear()
        self._add(page)
        if self._holds is not None:
            await self._holds.read(actor, view.id, view.account.id if view.account else None)

    async def _read_more(self, actor: Actor) -> None:
        if self._view is not None and self._next is not None:
            self._add(await read_timeline(actor, self._view.id, before=self._next))

    def _add(self, page: TimelinePage) -> None:
        self._next = page.next
        with self._list:
            for happening in page.happenings:
                self._draw(happening)
        self._more.set_visibility(page.next is not None)

    def _draw(self, happening: Happening) -> None:
        with Element("li") as line:
            line.props["data-event"] = happening.event
            icon(_ICONS.get(happening.event, "circle"))
            with Element("div"):
                with Element("p").classes("crc-happened"):
                    if happening.who:
                        Text(happening.who, tag="strong")
                    Text(happening.what)
                when = Text(clock(happening.at, self._zone, now=datetime.now(UTC)), tag="time", classes="crc-soft")
                when.props["title"] = in_full(happening.at, self._zone)
                when.props["datetime"] = happening.at.isoformat()
                for key in happening.reasons:
                    reason = REASONS.get(key)
                    Text(f"{reason.code} · {reason.text}" if reason else key, tag="p")
                for fact in happening.facts:
                    Text(fact, tag="p", classes="crc-soft")
                self._draw_policy(happening)
                self._draw_links(happening)
                if happening.text:
                    Text(happening.text, tag="p", classes="crc-said")


def _files_of(view: ItemView) -> str:
    """Where a file is sent that somebody attaches to this check."""
    return f"/review/{view.id}/attachments"
