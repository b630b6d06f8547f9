"""The policy lab of a version: what the linter finds, what a replay and a sweep say, and how it does in shadow."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

import anyio.to_thread
from fastapi.responses import Response
from nicegui import ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.lab.changed_panel import ChangedPanel
from console.lab.errors import LabRefused
from console.lab.replay_panel import ReplayPanel
from console.lab.shadow_panel import ShadowPanel
from console.lab.sweep_panel import SweepPanel
from console.lab.tally import Tally
from console.lab.trials import Trial
from console.live import policies_changed
from console.policy.drafting import OpenedDraft, open_draft
from console.policy.errors import PolicyRefused, VersionNotFound
from console.policy.faults import read_document
from console.policy.findings import Statistics
from console.policy.history_statistics import history_statistics
from console.policy.lint_panel import LintPanel
from console.policy.linter import lint
from console.policy.sentences import Names
from console.policy.version_list import version_numbered
from console.policy.vocabulary import read_vocabulary
from console.review.flag_names import FLAG_NAMES
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import Chip
from console.ui.refusal import refusal

show_to_people(LabRefused, PolicyRefused)

_TRIED = frozenset({"draft", "in_review", "approved"})


@console_page("/policy/{number}/lab", permission=Permission.POLICY_READ, title="Policy lab")
async def lab(page: ConsolePage, number: int) -> Response | None:
    """The lab of a version of the policy."""
    try:
        opened = await open_draft(page.actor, await version_numbered(page.actor, number))
    except VersionNotFound as error:
        return refusal(HTTPStatus.NOT_FOUND, str(error))
    names = (await read_vocabulary(page.actor, FLAG_NAMES)).names
    await LabPage(page, opened, names).begin(page.actor)
    return None


class LabPage:
    """One open lab. Each panel reads its own trial; the list shows what was asked for last."""

    def __init__(self, page: ConsolePage, opened: OpenedDraft, names: Names) -> None:
        self._page, self._version_id = page, opened.id
        # Read once: what is usual does not change while somebody looks, and it is most of the work of this page.
        self._statistics: Statistics | None = None
        tried, number = opened.status in _TRIED, opened.number
        thresholds = opened.document["thresholds"]
        with page.frame("Policy lab", _subtitle(opened), path="/policy") as shell:
            with shell.chips:
                Chip(opened.status.replace("_", " "))
            with shell.actions:
                words = "Edit the draft" if opened.is_draft and may(page.actor, Permission.POLICY_EDIT) else "Rules"
                ui.link(words, f"/policy/{number}/edit").classes("crc-button")
            with Element("div").classes("crc-lab"):
                with Element("div").classes("crc-column"):
                    self._lint = LintPanel()
                    self._shadow = ShadowPanel(page, opened.id, may_start=tried, on_list=self._list_shadow)
                with Element("div").classes("crc-column"):
                    self._replay = ReplayPanel(page, opened.id, names, may_start=tried, on_result=self._list_replay)
                    self._changed = ChangedPanel(page, names, "What changes")
                with Element("div").classes("crc-column"):
                    self._sweep = SweepPanel(
                        page, opened.id, thresholds, may_start=tried, may_set=opened.is_draft
                    )  # fmt: skip

    async def begin(self, actor: Actor) -> None:
        """Show what is known, and follow what changes here or on another replica."""
        await self._changed.show(actor, None)
        await self._read(actor)
        policies_changed.subscribe(self._hear)

    async def _hear(self, institution: UUID, version_id: UUID | None) -> None:
        if institution == self._page.actor.institution_id and version_id in {None, self._version_id}:
            await self._page.refresh(self._read)

    async def _read(self, actor: Actor) -> None:
        opened = await open_draft(actor, self._version_id)
        if self._statistics is None:
            self._statistics = await history_statistics(actor)
        document, statistics = read_document(opened.document), self._statistics
        day = datetime.now(UTC).astimezone(self._page.institution.zone).date()
        found = await anyio.to_thread.run_sync(lint, document, statistics, day)
        self._lint.show(document, found, statistics)
        await self._replay.begin(actor)
        await self._shadow.read(actor)
        await self._sweep.read(actor)

    async def _list_replay(self, actor: Actor, trial: Trial | None) -> None:
        tally = Tally.model_validate(trial.result) if trial and trial.result else Tally()
        await self._changed.show(actor, trial, tally.listed, tally.changed)

    async def _list_shadow(self, actor: Actor, trial: Trial, tally: Tally) -> None:
        await self._changed.show(actor, trial, tally.listed, tally.changed)


def _subtitle(opened: OpenedDraft) -> str:
    words = f"{'draft' if opened.is_draft else 'version'} {opened.number}"
    return words + (f", beside version {opened.active.number}, which is active" if opened.active else "")
