"""The Allowlist page: the networks from which roles may come and operations be done, and a box to try an address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, cast
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.element import Element

from console.access import allowlist, allowlist_rules
from console.access.allowlist import Rule
from console.access.allowlist_rules import MAXIMUM_NOTE, RuleRefused
from console.access.ask_panel import ask_reason
from console.access.permissions import Permission
from console.actor import Actor
from console.ui.format import clock, in_full
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text, panel

show_to_people(RuleRefused)

COLUMNS: Final = (
    Column("subject", "Role or operation", "300px", sortable=False),
    Column("network", "Allowed from", "300px", sortable=False),
    Column("note", "Note", sortable=False),
    Column("by", "Added by", "200px", sortable=False),
    Column("at", "Added", "150px", sortable=False),
)
HINTS: Final = (MOVE, ("row_open", "remove"))
EXPLAINED: Final = (
    "A role or operation without a network here is open from everywhere. With its first network, every other address "
    "is shut out of it at once, open pages too."
)


@console_page("/allowlist", permission=Permission.ALLOWLIST_MANAGE, title="Allowlist")
async def allowlist_page(page: ConsolePage) -> None:
    """The rules of the institution."""
    view = AllowlistView(page)
    with page.frame("Allowlist", page.institution.name, path="/allowlist"):
        view.draw()
    await view.read(page.actor)


class AllowlistView:
    """One open Allowlist page."""

    def __init__(self, page: ConsolePage) -> None:
        self._page = page
        self._rules: dict[str, Rule] = {}

    def draw(self) -> None:
        """Lay out the page: the box to try an address above, the rules below."""
        page = self._page
        if page.shell:
            with page.shell.actions:
                ActionButton("Allow a network", self._ask, kind="primary", icon_name="add")
        Text(EXPLAINED, tag="p", classes="crc-note").props["role"] = "note"
        with panel("Would an address pass?"), Element("div").classes("crc-part"):
            with Element("div").classes("crc-row crc-filters"):
                # Long enough for any IPv6 address.
                self._address = ui.input("Address", value=page.actor.address or "").props(
                    "dense outlined maxlength=45 spellcheck=false"
                )
                subjects = {"": "everything with a rule", **_subjects()}
                self._subject = ui.select(subjects, value="", label="For").props("dense outlined options-dense")
                self._subject.classes("crc-limit")
                attempt = page.handler(self._try)
                self._address.on("keydown.enter", attempt)
                ActionButton("Try", attempt, icon_name="rule")
            self._answers = Element("ul").classes("crc-lines")
            self._answers.props["aria-live"] = "polite"
            self._answers.props["aria-label"] = "What becomes of the address"
        self._table = ItemTable(
            label="Allowed networks", columns=COLUMNS, hints=HINTS, on_open=self._ask_to_remove,
            empty="No network is named: everybody may come from everywhere.",
        )  # fmt: skip
        Hotkeys(list_keys())

    async def read(self, actor: Actor) -> None:
        """Read the rules."""
        rules = await allowlist_rules.list_rules(actor)
        self._rules = {str(rule.id): rule for rule in rules}
        zone, now = self._page.institution.zone, datetime.now(UTC)
        self._table.set_rows([_row(rule, zone, now) for rule in rules], now=now, total=len(rules), more=False)

    async def _try(self, actor: Actor) -> None:
        answers = await allowlist_rules.try_address(actor, self._address.value or "", self._subject.value or None)
        self._answers.clear()
        with self._answers:
            if not answers:
                Text("Passes: there is no rule yet.", tag="li")
            for answer in answers:
                passes = answer.verdict.passes
                words = f"{'Passes' if passes else 'Refused'}: {answer.verdict.why}"
                Text(words, tag="li")

    def _ask(self) -> None:
        page = self._page
        with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column"):
            dialog.props["aria-label"] = "Allow a network"
            Text("Allow a network", tag="h2")
            Text(EXPLAINED, tag="p")
            subject = ui.select(_subjects(), label="Role or operation").props("dense outlined options-dense autofocus")
            network = ui.input("Network or address", placeholder="10.1.0.0/16, 2001:db8::/32 or one address")
            network.props("dense outlined maxlength=50 spellcheck=false")
            note = ui.input("Note").props(f"dense outlined maxlength={MAXIMUM_NOTE}")
            for field in (subject, network, note):
                field.classes("crc-whole")
            Text(f"You are at {page.actor.address}. A rule that shuts you out yourself is refused.", tag="p")

            async def add(actor: Actor) -> None:
                await allowlist_rules.add_rule(actor, subject.value or "", network.value or "", note.value or "")
                dialog.close()
                await self.read(actor)

            with Element("div").classes("crc-row"):
                ActionButton("Allow", page.handler(add), kind="primary")
                ActionButton("Cancel", dialog.close)
        dialog.on("hide", dialog.delete)

    def _ask_to_remove(self, rule_id: str) -> None:
        rule = self._rules.get(rule_id)
        if rule is None:
            return

        async def remove(actor: Actor, reason: str) -> None:
            await allowlist_rules.remove_rule(actor, rule.id, reason)
            await self.read(actor)

        last = sum(one.subject == rule.subject for one in self._rules.values()) == 1
        effect = "It is the last one: from then on every address passes." if last else "Its addresses are shut out."
        words = f"{rule.network} is no longer allowed for {allowlist.words_of(rule.subject)}. {effect}"
        ask_reason(self._page, f"Remove {rule.network}", words, "Remove", remove)


def _subjects() -> dict[str, str]:
    return {subject: allowlist.words_of(subject) for subject in allowlist.SUBJECTS}


def _row(rule: Rule, zone: ZoneInfo, now: datetime) -> ItemRow:
    values = {
        "id": str(rule.id),
        "subject": allowlist.words_of(rule.subject),
        "network": str(rule.network),
        "note": rule.note,
        "note_title": rule.note,
        "by": rule.added_by or "a command",
        "at": clock(rule.added_at, zone, now=now),
        "at_title": in_full(rule.added_at, zone),
    }
    return cast("ItemRow", values)
