"""Legal holds where pages show them: the dialog that places one, and the strip on a check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.access.reason import MAXIMUM_REASON
from console.actor import Actor
from console.retention.errors import HoldNotFound, HoldRefused, SubjectNotFound
from console.retention.held_person_panel import HeldPerson
from console.retention.legal_hold_list import holds_on_item
from console.retention.legal_holds import MAXIMUM_MATTER, Scope, Subject, place
from console.ui.page import ConsolePage, show_to_people
from console.ui.pieces import ActionButton, Chip, Text, Tone

show_to_people(HoldRefused, HoldNotFound, SubjectNotFound)

# Reads and shows anew what the page shows.
Reread = Callable[[Actor], Awaitable[Any]]
# What is chosen; raises ValueError that says what is missing.
ReadSubject = Callable[[], Subject]
_EFFECT: Final = (
    "Until two people lift it, nothing that it covers is destroyed, however old: images, attachments, sessions, "
    "notices and the months of the audit trail that tell of it."
)


class HoldsOnCheck:
    """The legal holds that cover the open check, and the way to place one. For who may see them."""

    def __init__(self, page: ConsolePage, on_placed: Reread) -> None:
        self._page, self._on_placed = page, on_placed
        self._subjects: dict[str, Subject] = {}
        self._box = Element("section").classes("crc-legal-holds")
        self._box.props["aria-label"] = "Legal holds on this check"

    async def read(self, actor: Actor, item_id: UUID, account_id: UUID | None) -> None:
        """Show those of this check."""
        self._subjects = {"This check": Subject(Scope.ITEM, item_id)}
        if account_id is not None:
            self._subjects["Its account with all checks"] = Subject(Scope.ACCOUNT, account_id)
        found = await holds_on_item(actor, item_id)
        self._box.clear()
        with self._box:
            for hold in found:
                with Element("p").classes("crc-row"):
                    Chip("legal hold", tone=Tone.WARNING, icon_name="gavel")
                    Text(f"{hold.matter}: {hold.covers}")
            if may(actor, Permission.LEGAL_HOLD_MANAGE):
                ActionButton(
                    "Place a legal hold",
                    lambda: _ask(self._page, lambda: _draw_choice(self._subjects), self._on_placed),
                    icon_name="gavel",
                    kind="quiet",
                )


def ask_for_person_or_days(page: ConsolePage, placed: Reread) -> None:
    """Place a hold on somebody of the staff, or on everything of some days."""
    _ask(page, lambda: _draw_person_or_days(page), placed)


def _ask(page: ConsolePage, draw_subject: Callable[[], ReadSubject], placed: Reread) -> None:
    """Ask what to hold and why, and place it."""
    with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
        dialog.props["aria-label"] = "Place a legal hold"
        Text("Place a legal hold", tag="h2")
        Text(_EFFECT, tag="p")
        read_subject = draw_subject()
        matter = ui.input("Matter", placeholder="the case, as the bank names it")
        matter.props(f"dense outlined maxlength={MAXIMUM_MATTER}").classes("crc-whole")
        reason = ui.textarea("Reason").props(f"outlined dense autogrow rows=2 maxlength={MAXIMUM_REASON}")
        reason.classes("crc-whole")
        missing = Text("", tag="p", classes="crc-wrong")
        missing.props["role"] = "alert"

        async def act(actor: Actor, subject: Subject, named: str, why: str) -> None:
            await place(actor, subject, named, why)
            page.tell("The legal hold stands.")
            await placed(actor)

        async def confirm() -> None:
            named, why = str(matter.value or ""), str(reason.value or "")
            try:
                subject = read_subject()
                if not named.strip() or not why.strip():
                    raise ValueError("Name the matter, and say why: both are kept with the hold.")
            except ValueError as lacking:
                missing.set_text(str(lacking))
                return
            dialog.close()
            await page.run(act, subject, named, why)

        with Element("div").classes("crc-row"):
            ActionButton("Place the hold", confirm, kind="primary")
            ActionButton("Cancel", dialog.close)
    dialog.on("hide", dialog.delete)


def _draw_choice(subjects: Mapping[str, Subject]) -> ReadSubject:
    first = next(iter(subjects))
    chosen = ui.select(list(subjects), value=first, label="It covers").props("dense outlined options-dense")
    chosen.classes("crc-whole")
    return lambda: subjects[str(chosen.value)]


def _draw_person_or_days(page: ConsolePage) -> ReadSubject:
    choices = {Scope.PERSON: "A person of the staff", Scope.PERIOD: "Everything of some days"}
    scope = ui.select(choices, value=Scope.PERSON, label="It covers").props("dense outlined options-dense")
    scope.classes("crc-whole")
    person = HeldPerson(page)
    with Element("div").classes("crc-row") as days:
        first = ui.input("From").props('outlined dense stack-label type="date"')
        last = ui.input("Through; empty: open").props('outlined dense stack-label type="date"')

    def show() -> None:
        person.set_visibility(scope.value == Scope.PERSON)
        days.set_visibility(scope.value == Scope.PERIOD)

    scope.on_value_change(show)
    show()

    def read() -> Subject:
        if scope.value == Scope.PERSON:
            if person.chosen is None:
                raise ValueError("Choose the person.")
            return Subject(Scope.PERSON, person.chosen)
        return Subject(Scope.PERIOD, None, _day(first.value, "Say from which day on."), _day(last.value))

    return read


def _day(given: str | None, missing: str | None = None) -> date | None:
    if not given and missing is None:
        return None
    try:
        return date.fromisoformat(given or "")
    except ValueError:
        raise ValueError(missing or "The last day is not a day.") from None
