"""The policy: the version that holds, those under way, and those before; who made each, when, and what it changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, cast
from uuid import UUID

from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.live import policies_changed
from console.policy.difference import Change, differences, summary
from console.policy.drafting import make_draft
from console.policy.errors import PolicyRefused
from console.policy.import_panel import ask_import
from console.policy.lifecycle import VersionStatus
from console.policy.sentences import Names
from console.policy.threshold_words import THRESHOLDS, shown
from console.policy.version_list import VersionRow, Versions, list_versions, read_version
from console.policy.version_words import moment, origin_words, status_words
from console.policy.vocabulary import read_vocabulary
from console.review.flag_names import FLAG_NAMES
from console.ui.hotkeys import Hotkeys
from console.ui.item_table import MOVE, Column, ItemRow, ItemTable
from console.ui.keys import list_keys
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, panel
from console.ui.still import Node, Still, node

show_to_people(PolicyRefused)

COLUMNS: Final = (
    Column("version", "Version", "90px", sortable=False),
    Column("active", "Active", "300px", sortable=False),
    Column("author", "Written by", "150px", sortable=False),
    Column("approver", "Approved by", "150px", sortable=False),
    Column("change", "What it changed", sortable=False),
)
# The figures that people look for first.
_FIRST: Final = ("dual_control_amount", "high_priority_amount", "sla_hours", "warning_minutes")
_LINES: Final = 8
_UNDER_WAY: Final = {
    VersionStatus.IN_REVIEW: "In review",
    VersionStatus.APPROVED: "Approved, not active yet",
    VersionStatus.DRAFT: "Drafts",
}
_SEEDED: Final = (
    "Version 1 was made from DUAL_CONTROL_THRESHOLD, HIGH_PRIORITY_THRESHOLD, DEFAULT_SLA_HOURS and "
    "AI_CONFIDENCE_THRESHOLD. Since then this page holds, and those settings change nothing."
)


@console_page("/policy", permission=Permission.POLICY_READ, title="Policy")
async def versions(page: ConsolePage) -> None:
    """The versions of the policy."""
    view = VersionsView(page, (await read_vocabulary(page.actor, FLAG_NAMES)).names)
    with page.frame("Policy", page.institution.name, path="/policy"):
        view.lay_out()
    await view.read(page.actor)
    policies_changed.subscribe(view.hear)


class VersionsView:
    """One open page of versions."""

    def __init__(self, page: ConsolePage, names: Names) -> None:
        self._page, self._names = page, names
        self._last: int | None = None

    def lay_out(self) -> None:
        """Draw what stays."""
        page = self._page
        if page.shell:
            with page.shell.actions:
                ActionButton("Lists", lambda: page.client.open("/policy-lists"), icon_name="list_alt")
                if may(page.actor, Permission.POLICY_EDIT):
                    ActionButton("Import", lambda: ask_import(page), icon_name="upload_file")
                    ActionButton("New draft", page.handler(self._draft), kind="primary", icon_name="add")
        with Element("div").classes("crc-versions"):
            with panel("Active", aside="judges every check that comes in"):
                self._active = Still()
            with panel("Under way"), Element("div").classes("crc-versions-scroll"):
                self._others = Still()
        self._table = ItemTable(
            label="Versions before",
            columns=COLUMNS,
            hints=(MOVE, ("row_open", "open")),
            on_open=lambda version: page.run(self._open, version),
            on_more=page.handler(self._more),
            empty="No version was replaced yet.",
        )
        Hotkeys(list_keys())

    async def read(self, actor: Actor) -> None:
        """Show the versions as they are."""
        found = await list_versions(actor)
        self._active.show(self._shown_active(found.active))
        self._others.show(self._shown_others(found))
        self._table.set_rows(self._rows(found.retired), now=datetime.now(UTC), more=found.more)
        self._last = found.retired[-1].number if found.retired else None

    async def hear(self, institution: UUID, _: UUID | None) -> None:
        """A version changed, here or on another replica."""
        if institution == self._page.actor.institution_id:
            await self._page.refresh(self.read)

    async def _more(self, actor: Actor) -> None:
        found = await list_versions(actor, self._last)
        self._table.append_rows(self._rows(found.retired), more=found.more)
        self._last = found.retired[-1].number if found.retired else self._last

    async def _draft(self, actor: Actor) -> None:
        made = await read_version(actor, await make_draft(actor))
        self._page.client.open(f"/policy/{made.row.number}/edit")

    async def _open(self, actor: Actor, version: str) -> None:
        self._page.client.open(f"/policy/{(await read_version(actor, UUID(version))).row.number}")

    def _shown_active(self, row: VersionRow | None) -> Iterable[Node]:
        if row is None:
            return [node("p", "No version is active. Nothing can be taken in.", class_="crc-version-none")]
        changes = self._changes(row)
        thresholds = row.document.get("thresholds", {})
        figures = [
            node("div", node("dt", THRESHOLDS[name].label), node("dd", shown(name, thresholds[name])))
            for name in _FIRST
            if name in thresholds
        ]
        rules = [rule for rule in row.document.get("rules", ()) if rule.get("enabled", True)]
        figures.append(node("div", node("dt", "Rules in use"), node("dd", str(len(rules)))))
        return [
            self._head(row),
            node("dl", *figures, class_="crc-version-figures"),
            *([node("h3", f"What it changed from version {row.before}"), _lines(changes)] if row.before else []),
            node("p", _SEEDED),
        ]

    def _shown_others(self, found: Versions) -> Iterable[Node]:
        groups = []
        for status, title in _UNDER_WAY.items():
            rows = [row for row in found.others if row.status is status]
            if rows:
                groups.append(node("section", node("h3", title), *(self._card(row, found.active) for row in rows)))
        return groups or [node("p", "No draft, and nothing in review.", class_="crc-version-none")]

    def _card(self, row: VersionRow, active: VersionRow | None) -> Node:
        """A version under way, and what would change with it."""
        changes = differences(active.document if active else {}, row.document, self._names)
        return node("article", self._head(row), node("p", f"{summary(changes)}."), class_="crc-version")

    def _head(self, row: VersionRow) -> Node:
        zone = self._page.institution.zone
        edit = row.status is VersionStatus.DRAFT and may(self._page.actor, Permission.POLICY_EDIT)
        return node(
            "div",
            node("a", f"Version {row.number}", href=f"/policy/{row.number}", class_="crc-version-number"),
            node("span", status_words(row, zone), class_="crc-chip", data_tone=TONES[row.status]),
            node("span", origin_words(row, zone), class_="crc-soft crc-version-who"),
            node("a", "Edit", href=f"/policy/{row.number}/edit") if edit else None,
            class_="crc-version-head",
        )

    def _changes(self, row: VersionRow) -> tuple[Change, ...]:
        return differences(row.before_document, row.document, self._names) if row.before_document else ()

    def _rows(self, rows: Iterable[VersionRow]) -> list[ItemRow]:
        zone = self._page.institution.zone
        found = []
        for row in rows:
            change = summary(self._changes(row))
            until = f" – {moment(row.retired_at, zone)}" if row.retired_at else ""
            active = f"{moment(row.activated_at, zone)}{until}" if row.activated_at else "discarded, never active"
            values = {
                "id": str(row.id), "version": f"Version {row.number}", "active": active,
                "author": row.author or "the settings", "approver": row.approver or "", "change": change,
                "change_title": change,
            }  # fmt: skip
            found.append(cast("ItemRow", values))
        return found


TONES: Final = {
    VersionStatus.ACTIVE: "ok",
    VersionStatus.APPROVED: "accent",
    VersionStatus.IN_REVIEW: "warning",
    VersionStatus.DRAFT: "plain",
    VersionStatus.RETIRED: "plain",
}


def _lines(changes: tuple[Change, ...]) -> Node:
    more = len(changes) - _LINES
    lines = [node("li", change.words) for change in changes[:_LINES]]
    lines += [node("li", f"and {more} more")] if more > 0 else []
    return node("ul", *(lines or [node("li", "Nothing.")]), class_="crc-lines")
