"""The editor of a draft: thresholds, rules, and a trial on a check. Who may only look sees the same without inputs."""

from __future__ import annotations

import asyncio
from functools import partial
from http import HTTPStatus
from typing import Final
from zoneinfo import ZoneInfo

from fastapi.responses import Response
from nicegui import Client, background_tasks, ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.policy.changes_panel import show_changes
from console.policy.drafting import OpenedDraft, open_draft
from console.policy.editor_state import EditorState
from console.policy.errors import PolicyRefused, VersionNotFound
from console.policy.faults_panel import show_faults
from console.policy.linting import Linting
from console.policy.rules_panel import RulesPanel
from console.policy.saving_panel import Saving
from console.policy.thresholds_panel import ThresholdsPanel
from console.policy.trial_panel import TrialPanel
from console.policy.version_list import version_numbered
from console.policy.vocabulary import Vocabulary, read_vocabulary
from console.review.flag_names import FLAG_NAMES
from console.ui.focus import focus
from console.ui.format import day
from console.ui.hotkeys import Hotkeys
from console.ui.keys import Scope, key_of, keys_for
from console.ui.page import ConsolePage, console_page, show_to_people
from console.ui.pieces import ActionButton, Text, Tone
from console.ui.refusal import refusal

show_to_people(PolicyRefused)

# What is wrong, and what has changed, is worked out once the typing rests for so long.
SETTLE_SECONDS: Final = 0.25


@console_page("/policy/{number}/edit", permission=Permission.POLICY_READ, title="Policy")
async def editor(page: ConsolePage, number: int) -> Response | None:
    """A version of the policy, to be changed where it is a draft and the person may."""
    try:
        opened = await open_draft(page.actor, await version_numbered(page.actor, number))
    except VersionNotFound as error:
        return refusal(HTTPStatus.NOT_FOUND, str(error))
    vocabulary = await read_vocabulary(page.actor, FLAG_NAMES)
    await EditorPage(page, opened, vocabulary).begin()
    return None


class EditorPage:
    """One open editor. What it shows follows its state; what takes time follows a moment later."""

    def __init__(self, page: ConsolePage, opened: OpenedDraft, vocabulary: Vocabulary) -> None:
        self._page, self._opened, self._vocabulary = page, opened, vocabulary
        self._may_edit = opened.is_draft and may(page.actor, Permission.POLICY_EDIT)
        self._state = EditorState(opened)
        self._settling: asyncio.TimerHandle | None = None
        self._saving: Saving | None = None
        with page.frame("Policy", _subtitle(opened), path="/policy") as shell:
            shell.subtitle.props["title"] = _since(opened, page.institution.zone)
            with shell.chips:
                self._changes = ActionButton("", self._show_changes, kind="quiet")
                chips = Element("div").classes("crc-row")
                ui.link("Policy lab", f"/policy/{opened.number}/lab")
            notes = Element("div").classes("crc-policy-notes")
            if self._may_edit:
                with shell.actions:
                    self._draw_actions()
                Hotkeys(keys_for(Scope.POLICY), page.handler(self._key))
            with Element("div").classes("crc-policy"):
                self._thresholds = ThresholdsPanel(self._state, may_edit=self._may_edit)
                self._rules = RulesPanel(self._state, vocabulary, may_edit=self._may_edit, on_open=self._at_rule)
                self._trial = TrialPanel(page, self._state, vocabulary.names, open_rule=lambda: self._rules.open_rule)
            if self._may_edit:
                names = vocabulary.names
                self._saving = Saving(page, opened, self._state, names, chips=chips, notes=notes, on_other=self._redraw)
            else:
                self._say_why(chips, notes)
        self._linting = Linting(self._state, page.institution.zone, self._show_findings)
        self._state.watch(self._changed)

    async def begin(self) -> None:
        """Show the draft as it is, with what its person had not saved."""
        self._redraw()
        await self._trial.begin(self._page.actor)
        if self._saving:
            await self._saving.begin(self._page.actor)
        self._lint()

    def _draw_actions(self) -> None:
        page = self._page
        undo, redo = (partial(self._step, back=back) for back in (True, False))
        self._undo = ActionButton("", undo, icon_name="undo", repeats=True).classes("crc-icon-only")
        self._redo = ActionButton("", redo, icon_name="redo", repeats=True).classes("crc-icon-only")
        self._undo.props["aria-label"], self._redo.props["aria-label"] = "Undo", "Redo"
        send = ActionButton("Compare and send", page.handler(self._go_on), icon_name="send")
        send.props["title"] = "Save, then see the whole difference and send the draft for review"
        key = key_of("policy_save", Scope.POLICY)
        self._save = ActionButton("Save", page.handler(self._save_draft), key=key, kind="primary")

    def _say_why(self, chips: Element, notes: Element) -> None:
        opened = self._opened
        if opened.is_draft:
            words = "You may look at this draft, not change it."
        else:
            words = f"Version {opened.number} is {opened.status.replace('_', ' ')}: only drafts can be changed."
        with chips:
            Text("Read only", classes="crc-chip")
        with notes, Element("div").classes("crc-policy-note"):
            Text(words)

    # --- changes ---------------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        """Something was changed: what is quick is shown at once."""
        self._show_steps()
        if self._settling is not None:
            self._settling.cancel()
        loop = asyncio.get_running_loop()
        self._settling = loop.call_later(SETTLE_SECONDS, self._settle)

    def _settle(self) -> None:
        self._settling = None
        if self._page.client.id not in Client.instances:
            return
        self._state.settle()
        with self._page.client:
            self._show()
            if self._trial.trying:
                background_tasks.create(self._page.refresh(self._trial.show), name="try a draft")
            self._lint()

    def _lint(self) -> None:
        background_tasks.create(self._page.refresh(self._linting.look), name="lint a draft")

    def _show_findings(self) -> None:
        if self._page.client.id in Client.instances:
            with self._page.client:
                self._thresholds.show()
                self._rules.show()

    def _show(self) -> None:
        """Show what follows from the document; inputs keep what was typed into them."""
        self._thresholds.show()
        self._rules.show()
        self._show_faults()
        self._show_steps()
        count = self._state.changes.count
        base = f"version {self._opened.base.number}" if self._opened.base else "what it was made from"
        words = "As " + base if count == 0 else f"{count} change{'' if count == 1 else 's'}"
        self._changes.set_label(words)
        self._changes.props["aria-label"] = f"{words}: what differs from {base}"
        self._changes.set_chosen(count > 0, tone=Tone.WARNING)
        if self._saving:
            self._saving.show()

    def _redraw(self) -> None:
        """The document is another one: draw every input anew."""
        self._rules.redraw()
        self._show()

    def _show_steps(self) -> None:
        if not self._may_edit:
            return
        editing = self._state.editing
        for button, word, label in ((self._undo, "Undo", editing.undoes), (self._redo, "Redo", editing.redoes)):
            button.set_enabled(label is not None)
            button.props["title"] = f"{word} {label}" if label else f"Nothing to {word.lower()}"

    def _show_faults(self) -> None:
        show_faults(self._rules.faults, self._state, self._go_to if self._may_edit else None)

    def _go_to(self, rule_id: str | None, cursor: str) -> None:
        if rule_id is not None:
            self._rules.open(rule_id, cursor)
        else:
            focus(self._page.client, cursor, near=True)

    def _step(self, *, back: bool) -> None:
        if self._state.undo() if back else self._state.redo():
            self._redraw()

    async def _save_draft(self, actor: Actor) -> None:
        if self._saving:
            self._state.editing.rest()
            await self._saving.save(actor)

    async def _go_on(self, actor: Actor) -> None:
        if self._state.unsaved:
            await self._save_draft(actor)
        if not self._state.unsaved:
            self._page.client.open(f"/policy/{self._opened.number}")

    async def _key(self, actor: Actor, action: str) -> None:
        if action == "policy_save":
            await self._save_draft(actor)
        elif action in {"policy_undo", "policy_redo"}:
            self._step(back=action == "policy_undo")
        elif action == "policy_add":
            self._rules.add()

    def _show_changes(self) -> None:
        show_changes(self._page, self._opened, self._state, self._vocabulary.names)

    def _at_rule(self, rule_id: str | None) -> None:
        self._trial.look_again()
        place = self._state.place_of(rule_id) if rule_id else None
        if self._saving:
            self._saving.at("" if place is None else self._state.rules[place].get("name") or "a new rule")


def _subtitle(opened: OpenedDraft) -> str:
    words = f"{'draft' if opened.is_draft else 'version'} {opened.number}"
    return words + (f", from {opened.base.number}" if opened.base else "")


def _since(opened: OpenedDraft, zone: ZoneInfo) -> str:
    """What judges checks now, and since when."""
    active = opened.active
    if active is None or active.activated_at is None:
        return ""
    return f"Version {active.number} is active, since {day(active.activated_at.astimezone(zone).date())}."
