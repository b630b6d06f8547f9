"""The Compliance page: each line of the guide's checklists, how it is met, and how it stands at present."""

from __future__ import annotations

from typing import Final

from nicegui.element import Element

from console.access.permissions import Permission
from console.actor import Actor
from console.operations.compliance import LineShown, State, read_compliance
from console.ui.page import ConsolePage, console_page
from console.ui.pieces import ActionButton, Chip, Text, Tone, panel

_TONES: Final = {
    State.WELL: Tone.OK,
    State.LOOK: Tone.WARNING,
    State.FAULT: Tone.BREACH,
    State.UNKNOWN: Tone.PLAIN,
}
# The first section stands beside all the others.
_LEFT: Final = 1


@console_page("/compliance", permission=Permission.COMPLIANCE_READ, title="Compliance")
async def compliance(page: ConsolePage) -> None:
    """How the installation meets the guide."""
    with page.frame("Compliance", page.institution.name, path="/compliance"):
        if page.shell:
            with page.shell.actions:
                ActionButton("Legal holds", lambda: page.client.open("/legal-holds"), icon_name="gavel")
        box = Element("div").classes("crc-compliance")

    async def read(actor: Actor) -> None:
        sections = list((await read_compliance(actor)).items())
        box.clear()
        with box:
            for part in (sections[:_LEFT], sections[_LEFT:]):
                with Element("div").classes("crc-column") as column:
                    # It scrolls on a small screen, by keys too.
                    column.props["tabindex"] = "0"
                    column.props["role"] = "group"
                    column.props["aria-label"] = " and ".join(name for name, _ in part)
                    for name, lines in part:
                        with panel(name), Element("ul").classes("crc-own-list crc-part"):
                            for line in lines:
                                _draw(line)

    await read(page.actor)


def _draw(shown: LineShown) -> None:
    with Element("li").classes("crc-check-line") as line:
        line.props["data-rule"] = shown.rule.value
        Chip(shown.found.state.value, tone=_TONES[shown.found.state])
        with Element("div"):
            Text(shown.line.guide, tag="strong")
            Text(shown.found.words, tag="div")
            Text(shown.line.how[0].upper() + shown.line.how[1:], tag="div", classes="crc-soft")
