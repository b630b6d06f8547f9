"""What may be done with a version now, by whoever looks at it: buttons, and the dialogs behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from console.access.ask_panel import ask_reason
from console.access.permissions import Permission, may
from console.actor import Actor
from console.policy.approve_panel import ask_activation, ask_approval
from console.policy.document_text import TextFormat
from console.policy.drafting import make_draft
from console.policy.lifecycle import VersionStatus
from console.policy.restoring import restore
from console.policy.reviewing import discard, send_back, send_for_review, withdraw
from console.policy.transfer import export_version
from console.policy.version_list import VersionShown, read_version
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton

Done = Callable[[Actor, str], Awaitable[Any]]
_P = Permission


class VersionSteps:
    """The buttons. `on_done(actor, words)` comes after a step that was taken."""

    def __init__(self, page: ConsolePage, on_done: Done) -> None:
        self._page, self._on_done = page, on_done

    def draw(self, shown: VersionShown, changes: str) -> None:
        """Draw them for a version as it is now; `changes` says what it would change."""
        actor, row = self._page.actor, shown.row
        edits, approves, activates = (
            may(actor, one) for one in (_P.POLICY_EDIT, _P.POLICY_APPROVE, _P.POLICY_ACTIVATE)
        )
        self._draw_export(shown)
        if edits and row.status is not VersionStatus.DRAFT:
            ActionButton("Draft from it", self._page.handler(self._drafting(shown)), icon_name="edit_note")
        match row.status:
            case VersionStatus.DRAFT if edits:
                ActionButton("Discard", lambda: self._ask_discard(shown), kind="danger")
                ActionButton("Edit", lambda: self._page.client.open(f"/policy/{row.number}/edit"), icon_name="edit")
                ActionButton("Send for review", lambda: self._ask_send(shown, changes), kind="primary")
            case VersionStatus.IN_REVIEW:
                if edits:
                    ActionButton("Withdraw", lambda: self._ask_withdraw(shown))
                if approves and not shown.wrote:
                    ActionButton("Send back", lambda: self._ask_send_back(shown), kind="danger")
                    ask = self._page.handler(self._approving(shown, changes))
                    ActionButton("Approve", ask, kind="primary", icon_name="verified")
            case VersionStatus.APPROVED:
                if edits:
                    ActionButton("Withdraw", lambda: self._ask_withdraw(shown))
                if activates:
                    ask = self._page.handler(self._activating(shown, changes))
                    ActionButton("Activate", ask, kind="primary", icon_name="bolt")
            case VersionStatus.RETIRED if edits and row.was_active:
                ActionButton("Bring back", lambda: self._ask_restore(shown), kind="primary", icon_name="history")

    def _draw_export(self, shown: VersionShown) -> None:
        for form in TextFormat:
            button = ActionButton(
                form.value.upper(), self._page.handler(self._exporting(shown, form)), kind="quiet", icon_name="download"
            )
            button.props["aria-label"] = f"Export as {form.value.upper()}"

    def _exporting(self, shown: VersionShown, form: TextFormat) -> Callable[[Actor], Awaitable[None]]:
        async def export(actor: Actor) -> None:
            file = await export_version(actor, shown.row.id, form)
            with self._page.client:
                ui.download.content(file.content, file.name, file.media_type)

        return export

    def _drafting(self, shown: VersionShown) -> Callable[[Actor], Awaitable[None]]:
        async def draft(actor: Actor) -> None:
            made = await read_version(actor, await make_draft(actor, shown.row.id))
            self._page.client.open(f"/policy/{made.row.number}/edit")

        return draft

    def _approving(self, shown: VersionShown, changes: str) -> Callable[[Actor], Awaitable[None]]:
        async def ask(actor: Actor) -> None:
            await ask_approval(self._page, actor, shown, changes, self._on_done)

        return ask

    def _activating(self, shown: VersionShown, changes: str) -> Callable[[Actor], Awaitable[None]]:
        async def ask(actor: Actor) -> None:
            await ask_activation(self._page, actor, shown, changes, self._on_done)

        return ask

    def _ask_send(self, shown: VersionShown, changes: str) -> None:
        async def send(actor: Actor, note: str) -> None:
            await send_for_review(actor, shown.row.id, shown.row.revision, note)
            await self._on_done(actor, "Sent: another supervisor has to approve it.")

        words = f"{changes} Say what it is for: whoever approves it reads that."
        ask_reason(self._page, f"Send version {shown.row.number} for review", words, "Send", send, danger=False)

    def _ask_withdraw(self, shown: VersionShown) -> None:
        async def take_back(actor: Actor, reason: str) -> None:
            await withdraw(actor, shown.row.id, reason)
            await self._on_done(actor, "Withdrawn: it is a draft again.")

        words = "It becomes a draft again. What was approved, and its date, no longer count."
        ask_reason(self._page, f"Withdraw version {shown.row.number}", words, "Withdraw", take_back)

    def _ask_send_back(self, shown: VersionShown) -> None:
        async def give_back(actor: Actor, reason: str) -> None:
            await send_back(actor, shown.row.id, reason)
            await self._on_done(actor, "Sent back: it is a draft again.")

        words = "It becomes a draft again, and whoever wrote it reads why."
        ask_reason(self._page, f"Send version {shown.row.number} back", words, "Send back", give_back)

    def _ask_discard(self, shown: VersionShown) -> None:
        async def throw_away(actor: Actor, reason: str) -> None:
            await discard(actor, shown.row.id, reason)
            await self._on_done(actor, "Discarded. It can still be read.")

        words = "It is retired without having been active. It can still be read, and be made a draft of."
        ask_reason(self._page, f"Discard version {shown.row.number}", words, "Discard", throw_away)

    def _ask_restore(self, shown: VersionShown) -> None:
        async def bring_back(actor: Actor, reason: str) -> None:
            made = await read_version(actor, await restore(actor, shown.row.id, reason))
            self._page.client.open(f"/policy/{made.row.number}")

        words = "A new version says what this one said, and goes to review. Another supervisor approves it."
        ask_reason(self._page, f"Bring back version {shown.row.number}", words, "Bring back", bring_back, danger=False)
