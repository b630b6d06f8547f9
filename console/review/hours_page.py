"""The hours of the institution: business hours, cut-off and own closings, and what a change means before it is made."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from nicegui import ui
from nicegui.element import Element

from console.access.held import InvalidPerson
from console.access.permissions import Permission
from console.access.reason import MAXIMUM_REASON
from console.actor import Actor
from console.review.clocks import federal_reserve_holidays
from console.review.errors import ReviewRefused
from console.review.hours import MAXIMUM_WORDS, BankHours, Closing, change_hours, preview_hours, read_hours
from console.review.hours_effect import Effect
from console.review.managing import manages_all
from console.review.queue_clock import PAUSED
from console.review.return_deadline import LAW
from console.ui.format import count
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text, icon, panel

show_to_people(ReviewRefused, InvalidPerson)

_TIMES: Final = {"opens_at": "Opens", "closes_at": "Closes", "cut_off_at": "Cut-off"}


@console_page("/hours", permission=Permission.INSTITUTION_HOURS, title="Hours")
async def hours(page: ConsolePage) -> None:
    """The hours of the institution."""
    view = HoursView(page)
    with page.frame("Hours", page.institution.name, path="/hours"):
        view.lay_out()
    await view.read(page.actor)


class HoursView:
    """One open page of hours. What is chosen stays in its fields until it is saved."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._seen: BankHours | None = None
        self._closings: list[Closing] = []

    def lay_out(self) -> None:
        """Draw what stays."""
        with Element("div").classes("crc-hours"):
            with Element("div").classes("crc-column"):
                self._draw_times()
                self._draw_closings()
                with Element("div").classes("crc-row"):
                    preview = self._page.handler(self._preview)
                    button = ActionButton("See what it means, then save", preview, kind="primary", icon_name="preview")
                if not manages_all(self._page.actor, Permission.INSTITUTION_HOURS):
                    button.set_enabled(False)
                    why = "The hours hold for every queue, beyond your limits: whoever manages all of them sets these."
                    Text(why, tag="p", classes="crc-soft")
            with Element("div").classes("crc-column"):
                self._draw_meaning()
                self._draw_holidays()

    async def read(self, actor: Actor) -> None:
        """Show the hours as they are."""
        self._seen = await read_hours(actor)
        for name, field in self._times.items():
            field.set_value(getattr(self._seen, name).isoformat("minutes"))
        self._closings = list(self._seen.closings)
        self._list_closings()

    def _draw_times(self) -> None:
        with panel("Business hours", aside=str(self._page.institution.zone)), Element("div").classes("crc-part"):
            with Element("div").classes("crc-row"):
                self._times = {
                    name: ui.input(label).props("type=time dense outlined stack-label").classes("crc-hour")
                    for name, label in _TIMES.items()
                }
            Text("The SLA runs from opening to closing on banking days.", tag="p", classes="crc-soft")
            cut_off = (
                "A check that comes at or after the cut-off counts as received on the next banking day (UCC 4-108)."
            )
            Text(cut_off, tag="p", classes="crc-soft")

    def _draw_closings(self) -> None:
        with panel("Days on which we alone are closed"), Element("div").classes("crc-part"):
            self._closed = Element("ul").classes("crc-closings")
            with Element("div").classes("crc-row"):
                self._day = ui.input("Day").props("type=date dense outlined stack-label").classes("crc-hour")
                self._why = ui.input("Why").props(f"dense outlined stack-label maxlength={MAXIMUM_WORDS}")
                self._why.classes("crc-grow")
                ActionButton("Add", self._page.handler(self._add), icon_name="add")

    def _draw_meaning(self) -> None:
        paused = " or ".join(sorted(status.label for status in PAUSED))
        with panel("Two clocks"), Element("div").classes("crc-part"):
            Text(f"SLA: the hours of its queue in business time. It pauses while a check is {paused}.", tag="p")
            Text("Return deadline, of checks drawn on us. It never pauses. The earlier of:", tag="p")
            with Element("ul").classes("crc-lines"):
                for law in LAW.values():
                    Text(f"{law.words} ({law.citation})", tag="li")

    def _draw_holidays(self) -> None:
        today = datetime.now(self._page.institution.zone).date()
        days = [day for year in (today.year, today.year + 1) for day in federal_reserve_holidays(year)]
        coming = sorted(day for day in days if day.weekday() < 5 and today <= day < today + timedelta(days=366))
        with (
            panel("Federal Reserve holidays ahead", aside="closed everywhere"),
            Element("div").classes("crc-part"),
            Element("ul").classes("crc-holidays"),
        ):
            for day in coming:
                Text(_named(day), tag="li")

    def _list_closings(self) -> None:
        self._closed.clear()
        with self._closed:
            for closing in sorted(self._closings, key=lambda one: one.day):
                self._closing(closing)
            if not self._closings:
                Text("None.", tag="li", classes="crc-soft")

    def _closing(self, closing: Closing) -> None:
        def remove() -> None:
            self._closings.remove(closing)
            self._list_closings()

        with Element("li"):
            Text(_named(closing.day), classes="crc-closing-day")
            Text(closing.reason, classes="crc-grow")
            with Element("button").classes("crc-notice-read") as button:
                button.props["type"] = "button"
                button.props["aria-label"] = f"Take out {_named(closing.day)}"
                icon("close")
            button.on("click", remove, [])

    async def _add(self, _: Actor) -> None:
        try:
            day = date.fromisoformat(self._day.value or "")
        except ValueError:
            self._page.tell("Choose the day on which you are closed.", bad=True)
            return
        self._closings.append(Closing(day, (self._why.value or "").strip()))
        self._day.set_value("")
        self._why.set_value("")
        self._list_closings()

    def _wanted(self) -> BankHours | None:
        """What the fields say; None, and a word to the person, where one holds no time."""
        try:
            times = {name: time.fromisoformat(field.value or "") for name, field in self._times.items()}
        except ValueError:
            self._page.tell("Give opening, closing and cut-off as times of the day.", bad=True)
            return None
        return BankHours(self._page.institution.zone, closings=tuple(self._closings), **times)

    async def _preview(self, actor: Actor) -> None:
        wanted = self._wanted()
        if wanted is None or self._seen is None:
            return
        effect = await preview_hours(actor, wanted)
        seen = self._seen
        with self._page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = "What these hours mean"
            Text("What these hours mean", tag="h2")
            Text("For the checks that are open now:", tag="p")
            with Element("ul").classes("crc-lines"):
                for line in effect_lines(effect):
                    Text(line, tag="li")
            moves = ui.checkbox("Move the deadlines of open checks", value=True).props("dense")
            Text("Off: they keep theirs, and checks that come in from now on get the new ones.", classes="crc-soft")
            reason = ui.textarea("Reason").props(f"outlined dense autogrow rows=2 maxlength={MAXIMUM_REASON}")

            async def save(acting: Actor) -> None:
                await change_hours(acting, wanted, reason.value or "", seen, move_open_items=bool(moves.value))
                dialog.close()
                self._page.tell("Saved.")
                await self.read(acting)

            with Element("div").classes("crc-row"):
                ActionButton("Save", self._page.handler(save), kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)


def effect_lines(effect: Effect) -> list[str]:
    """An effect in sentences; one that says so where nothing moves."""
    lines = []
    if effect.sooner:
        lines.append(f"{count(effect.sooner)} due sooner, by {_span(effect.most_sooner)} at the most")
    if effect.later:
        lines.append(f"{count(effect.later)} due later, by {_span(effect.most_later)} at the most")
    if effect.returns_sooner:
        lines.append(f"{count(effect.returns_sooner)} to be returned sooner")
    if effect.returns_later:
        lines.append(f"{count(effect.returns_later)} with a later return deadline")
    return lines or ["No deadline moves."]


def _span(span: timedelta) -> str:
    days, minutes = divmod(round(span / timedelta(minutes=1)), 24 * 60)
    parts = ((days, "d"), (minutes // 60, "h"), (minutes % 60, "min"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "less than a minute"


def _named(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"
