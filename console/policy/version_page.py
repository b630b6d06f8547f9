"""One version of the policy: what it says, what it has otherwise than another, what was done with it, and what may be
done now. Approving asks for a fresh code.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from fastapi.responses import Response
from nicegui import ui
from nicegui.element import Element

from console.access.held import InvalidPerson
from console.access.permissions import Permission
from console.actor import Actor
from console.lab.replay_panel import ReplayPanel
from console.live import policies_changed
from console.policy.difference import differences, summary
from console.policy.errors import PolicyRefused, VersionNotFound
from console.policy.lifecycle import VersionStatus
from console.policy.sentences import Names
from console.policy.version_list import VersionShown, read_numbers, read_version, version_numbered
from console.policy.version_parts_panel import change_nodes, rule_nodes, step_nodes, threshold_nodes
from console.policy.version_steps_panel import VersionSteps
from console.policy.version_words import facts, status_words
from console.policy.vocabulary import read_vocabulary
from console.review.flag_names import FLAG_NAMES
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import Chip, Text, Tone, panel
from console.ui.refusal import refusal
from console.ui.still import Still, node

show_to_people(PolicyRefused, InvalidPerson)

TONES: Final = {
    VersionStatus.ACTIVE: Tone.OK,
    VersionStatus.APPROVED: Tone.ACCENT,
    VersionStatus.IN_REVIEW: Tone.WARNING,
}


@console_page("/policy/{number}", permission=Permission.POLICY_READ, title="Policy")
async def version(page: ConsolePage, number: int) -> Response | None:
    """A version of the policy."""
    try:
        shown = await read_version(page.actor, await version_numbered(page.actor, number))
    except VersionNotFound as error:
        return refusal(HTTPStatus.NOT_FOUND, str(error))
    names = (await read_vocabulary(page.actor, FLAG_NAMES)).names
    view = VersionView(page, shown, names)
    with page.frame("Policy", f"version {number}", path="/policy"):
        await view.lay_out(page.actor)
        policies_changed.subscribe(view.hear)
    return None


class VersionView:
    """One open page of a version. `shown` is what it shows now, and what is approved."""

    def __init__(self, page: ConsolePage, shown: VersionShown, names: Names) -> None:
        self._page, self._shown, self._names = page, shown, names
        # The number of the version that it is held against, 0: what it followed; and what that one says.
        self._chosen = self._default()
        self._against: dict[str, Any] | None = None
        self._steps = VersionSteps(page, self._act_done)

    async def lay_out(self, actor: Actor) -> None:
        """Draw the page."""
        assert self._page.shell is not None
        with self._page.shell.chips:
            self._chip = Chip("")
        self._actions = self._page.shell.actions
        options = self._others(await read_numbers(actor))
        if self._chosen not in options:
            self._chosen = next(iter(options), self._chosen)
        self._against = await self._document(actor, self._chosen)
        with Element("div").classes("crc-policy crc-policy-version"):
            with panel("Thresholds", classes="crc-policy-column"), Element("div").classes("crc-policy-scroll"):
                self._thresholds = Still()
            with panel("Rules", classes="crc-policy-column"), Element("div").classes("crc-policy-scroll"):
                self._rules = Still()
            with Element("div").classes("crc-column crc-policy-beside"):
                with panel(f"Version {self._shown.row.number}"), Element("div").classes("crc-part"):
                    self._facts = Still()
                with panel("What differs"), Element("div").classes("crc-part"):
                    self._draw_against(options)
                    self._changes = Still()
                self._replay = ReplayPanel(
                    self._page,
                    self._shown.row.id,
                    self._names,
                    may_start=False,
                    lab=f"/policy/{self._shown.row.number}/lab",
                )
                with panel("History"), Element("div").classes("crc-part"):
                    self._history = Still()
        self._show()
        await self._replay.begin(actor)

    async def hear(self, institution: UUID, _: UUID | None) -> None:
        """A version changed, here or on another replica."""
        if institution == self._page.actor.institution_id:
            await self._page.refresh(self._read)

    async def _read(self, actor: Actor) -> None:
        self._shown = await read_version(actor, self._shown.row.id)
        self._against = await self._document(actor, self._chosen)
        self._show()
        await self._replay.begin(actor)

    async def _act_done(self, actor: Actor, words: str) -> None:
        await self._read(actor)
        self._page.tell(words)

    def _others(self, numbers: Iterable[int]) -> dict[int, str]:
        """What it can be compared with; 0: what came before."""
        row = self._shown.row
        options = {0: f"what came before: version {row.before}"} if row.before else {}
        return options | {number: f"version {number}" for number in numbers if number != row.number}

    def _draw_against(self, options: dict[int, str]) -> None:
        if not options:
            Text("There is no other version yet.", tag="p", classes="crc-soft")
            return
        Text("Compared with", classes="crc-soft")
        select = ui.select(options, value=self._chosen)
        select.props("dense outlined options-dense").props["aria-label"] = "Compared with"
        select.on_value_change(lambda event: self._page.run(self._compare, event.value))

    def _default(self) -> int:
        """What is under way is compared with what holds now; what held, with what held before."""
        row, active = self._shown.row, self._shown.active
        return 0 if row.was_active or active is None else active.number

    async def _compare(self, actor: Actor, number: int) -> None:
        self._chosen, self._against = number, await self._document(actor, number)
        self._show()

    async def _document(self, actor: Actor, number: int) -> dict[str, Any] | None:
        if number == 0:
            return self._shown.row.before_document
        return (await read_version(actor, await version_numbered(actor, number))).row.document

    def _show(self) -> None:
        row, zone, document = self._shown.row, self._page.institution.zone, self._against
        changes = differences(document, row.document, self._names) if document is not None else ()
        self._chip.set(status_words(row, zone), TONES.get(row.status, Tone.PLAIN))
        self._thresholds.show(threshold_nodes(row.document, document or {}))
        self._rules.show(rule_nodes(row.document, changes, self._names))
        self._facts.show(
            [node("dl", *(node("div", node("dt", name), node("dd", words)) for name, words in facts(row, zone)),
                  class_="crc-version-facts")]
        )  # fmt: skip
        self._changes.show(change_nodes(changes) if document is not None else [])
        self._history.show(step_nodes(self._shown.steps, zone))
        self._actions.clear()
        with self._actions:
            self._steps.draw(self._shown, f"{summary(changes)}.")
