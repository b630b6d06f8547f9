"""One entry opened beside the list: everything it says, what it changed, and its place in the chain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from nicegui.element import Element

from console.auditing.chosen import SYSTEM
from console.auditing.difference import Change, difference
from console.auditing.proof import Proved
from console.auditing.shown import WITHHELD, Entry
from console.auditing.words import OBJECTS, event_words, object_words
from console.ui.format import count
from console.ui.pieces import ActionButton, Chip, Text, Tone, icon

# Chooses these values of the filter.
Narrow = Callable[..., Awaitable[Any]]
_NONE: Final = "—"


class EntryPanel(Element):
    """Hidden until an entry is shown. `narrow(**chosen)`: list what shares a value with it. `on_close()`: put away."""

    def __init__(self, zone: ZoneInfo, *, narrow: Narrow, on_close: Callable[[], Any]) -> None:
        super().__init__("aside")
        self._zone, self._narrow, self._on_close = zone, narrow, on_close
        self.classes("crc-panel crc-trail-entry")
        self.props["aria-label"] = "The entry"
        self.set_visibility(False)

    def show(self, proved: Proved) -> None:
        """Show this entry instead of the present one."""
        entry = proved.entry
        self.clear()
        with self:
            with Element("div").classes("crc-panel-head crc-trail-head"):
                Text(f"Entry {count(entry.sequence)}", tag="h2")
                if proved.is_written and proved.follows:
                    Chip("as it was written", tone=Tone.OK, icon_name="verified")
                else:
                    Chip("tampered with", tone=Tone.BREACH, icon_name="gpp_bad")
                Element("span").classes("crc-gap")
                ActionButton("Close", self._on_close, icon_name="close", kind="quiet")
            with Element("div").classes("crc-trail-body") as body:
                body.props["tabindex"] = "0"
                body.props["role"] = "group"
                body.props["aria-label"] = f"Entry {entry.sequence} in full"
                Text(f"{entry.who} {entry.what} · {_object(entry)}", tag="p", classes="crc-trail-sentence")
                self._draw_facts(entry)
                self._draw_changes(entry)
                _draw_chain(proved)
        self.set_visibility(True)

    def close(self) -> None:
        """Put it away."""
        self.set_visibility(False)
        self.clear()

    def _draw_facts(self, entry: Entry) -> None:
        local = entry.at.astimezone(self._zone)
        person = str(entry.actor_id) if entry.actor_id else SYSTEM
        with Element("dl").classes("crc-facts"):
            _fact("When", f"{local:%A} {local.day} {local:%B %Y, %H:%M:%S %Z}")
            _fact("UTC", f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}")
            wrote = f"{entry.who} ({entry.wrote})" if entry.wrote != entry.who else entry.who
            _fact("Who", wrote, only=partial(self._narrow, person=person), only_what="of theirs")
            _fact("Event", f"{event_words(entry.action)} · {entry.action}")
            of_object = {"object_type": entry.object_type, "object_id": entry.object_id}
            only = partial(self._narrow, **of_object) if entry.object_type in OBJECTS else None
            _fact("Object", _object(entry), link=entry.link, only=only, only_what="of this object")
            _fact("Its id", entry.object_id, mono=True)
            if entry.address:
                _fact("Address", entry.address, mono=True)
            if entry.session:
                _fact("Session", entry.session, mono=True)
            if entry.request_id:
                of_request = partial(self._narrow, request=entry.request_id)
                _fact("Request", entry.request_id, mono=True, only=of_request, only_what="of this request")

    def _draw_changes(self, entry: Entry) -> None:
        Text("What it says", tag="h3")
        if entry.withheld:
            Text(f"{WITHHELD[0].upper()}{WITHHELD[1:]}.", tag="p", classes="crc-soft")
            return
        found = difference(entry.before, entry.after)
        if not found.changes:
            Text("No value was changed." if found.same else "Nothing beside the event itself.", tag="p",
                 classes="crc-soft")  # fmt: skip
        else:
            _draw_table(found.changes, both=entry.before is not None)
        if found.same and found.changes:
            Text(f"{count(found.same)} more {'is' if found.same == 1 else 'are'} as before.", tag="p",
                 classes="crc-soft")  # fmt: skip


def _object(entry: Entry) -> str:
    what = object_words(entry.object_type)
    return what if entry.object_name == entry.object_id else f"{what} {entry.object_name}"


def _draw_table(changes: tuple[Change, ...], *, both: bool) -> None:
    with Element("table").classes("crc-trail-changes"):
        with Element("thead"), Element("tr"):
            for head in ("Value", "Before", "After") if both else ("Value", "Is"):
                Text(head, tag="th").props["scope"] = "col"
        with Element("tbody"):
            for one in changes:
                with Element("tr"):
                    Text(one.name, tag="th").props["scope"] = "row"
                    if both:
                        Text(_NONE if one.before is None else one.before, tag="td")
                    Text(_NONE if one.after is None else one.after, tag="td")


def _draw_chain(proved: Proved) -> None:
    entry = proved.entry
    Text("In the chain", tag="h3")
    with Element("ul").classes("crc-trail-proof"):
        written = "Its hash, computed anew, is the one it has." if proved.is_written else (
            "Its hash, computed anew, is another one: the entry is not what was written."
        )  # fmt: skip
        _draw_proof(written, well=proved.is_written)
        _draw_proof(_follows(proved), well=proved.follows)
    with Element("dl").classes("crc-facts"):
        _fact("Number", count(entry.sequence))
        _fact("Hash", entry.hash.hex(), mono=True)
        _fact("Before it", entry.previous_hash.hex() if entry.previous_hash else "none", mono=True)


def _follows(proved: Proved) -> str:
    before = f"entry {count(proved.entry.sequence - 1)}"
    if not proved.follows:
        return f"It does not follow {before}."
    if proved.entry.sequence == 1:
        return "It is the first entry of the chain."
    return f"It follows {before}" + (", the last one of the archived months." if proved.after_archive else ".")


def _draw_proof(words: str, *, well: bool) -> None:
    with Element("li") as line:
        line.props["data-tone"] = Tone.OK.value if well else Tone.BREACH.value
        icon("check_circle" if well else "error_outline")
        Text(words)


def _fact(
    term: str, words: str, *, mono: bool = False, link: str = "", only: Callable[[], Any] | None = None,
    only_what: str = "",
) -> None:  # fmt: skip
    with Element("div"):
        Text(term, tag="dt")
        with Element("dd").classes("crc-mono" if mono else ""):
            text = Text(words, tag="a" if link else "span")
            if link:
                text.props["href"] = link
            if only:
                button = ActionButton("only", only, kind="quiet")
                button.props["aria-label"] = f"List only entries {only_what}"
                button.props["title"] = f"List only entries {only_what}"
