"""The checks of which both versions of a trial say something else; each opens with both explanations side by side."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.lab.changed_items import Change, ChangedItem, Compared, compare, count_changed, list_changed
from console.lab.trials import Trial
from console.policy.actions import Priority
from console.policy.judgement import Judgement
from console.policy.sentences import Names
from console.policy.trial import RuleTried
from console.policy.trial_panel import lines_of, rule_node
from console.ui.format import clock, count, money
from console.ui.page import ConsolePage
from console.ui.pieces import ActionButton, Text
from console.ui.still import Node, Still, node

_WORDS: Final[dict[Change, str]] = {
    Change.ANY: "all",
    Change.NEWLY_REVIEWED: "newly reviewed",
    Change.NO_LONGER_REVIEWED: "no longer reviewed",
    Change.MOVED: "to another queue",
    Change.TWO_ADDED: "one → two people",
    Change.TWO_REMOVED: "two people → one",
    Change.MORE_URGENT: "more urgent",
    Change.LESS_URGENT: "less urgent",
    Change.REFUSED: "refused by people",
    Change.FRAUD: "known fraud",
}
_OTHERS: Final = {
    "risk_level": "risk", "rule_hours": "SLA hours", "blind": "second person unseen", "reason_required": "reason",
    "note_required": "note", "flags": "flags", "added": "flags of rules",
}  # fmt: skip


class ChangedPanel:
    """The list of a trial's items; `show` lists those of another trial."""

    def __init__(self, page: ConsolePage, names: Names, title: str) -> None:
        self._page, self._names, self._title = page, names, title
        self._trial: Trial | None = None
        self._change = Change.ANY
        self._items: dict[str, ChangedItem] = {}
        self._after: tuple[datetime, UUID] | None = None
        with Element("section").classes("crc-panel crc-lab-changed") as section:
            section.props["aria-label"] = title
            with Element("div").classes("crc-panel-head"):
                Text(title, tag="h2")
                self._told = Text("")
            with Element("div").classes("crc-part"):
                self._kinds = Still(on_act=page.handler(self._narrow)).classes("crc-lab-kinds")
                self._list = Still(on_act=page.handler(self._open)).classes("crc-lab-list")
                self._more = ActionButton("Show more", page.handler(self._read_more))
                self._more.set_visibility(False)

    async def show(self, actor: Actor, trial: Trial | None, listed: int = 0, changed: int = 0) -> None:
        """List what a trial has found, `listed` of `changed` items; None: there is none."""
        self._trial, self._change = trial, Change.ANY
        self._told.set_text(f"the last {count(listed)} of {count(changed)}" if listed < changed else count(changed))
        await self._list_anew(actor)

    async def _narrow(self, actor: Actor, change: str) -> None:
        self._change = Change(change)
        await self._list_anew(actor)

    async def _list_anew(self, actor: Actor) -> None:
        self._items, self._after = {}, None
        if self._trial is None:
            self._kinds.show([])
            self._list.show([node("p", "Nothing to list yet.", class_="crc-soft")])
            self._more.set_visibility(False)
            return
        counts = await count_changed(actor, self._trial.id)
        self._kinds.show([self._kind(one, counts[one]) for one in Change if counts[one]])
        if not may(actor, Permission.ITEM_READ):
            self._list.show([node("p", "Your role does not open checks.", class_="crc-soft")])
            return
        await self._read_more(actor)

    async def _read_more(self, actor: Actor) -> None:
        if self._trial is None:
            return
        page = await list_changed(actor, self._trial.id, self._change, self._after)
        self._items |= {str(one.item_id): one for one in page.items}
        self._after = page.after
        self._more.set_visibility(page.after is not None)
        if not self._items:
            self._list.show([node("p", "Both versions say the same of every check.", class_="crc-soft")])
            return
        self._list.show([node("ul", *(self._line(one) for one in self._items.values()))])

    def _kind(self, change: Change, number: int) -> Node:
        pressed = "true" if change is self._change else "false"
        return node("button", _WORDS[change], " ", node("strong", count(number)), type="button", data_act=change.value,
                    aria_pressed=pressed, class_="crc-chip")  # fmt: skip

    def _line(self, one: ChangedItem) -> Node:
        when = clock(one.received_at, self._page.institution.zone, now=datetime.now(one.received_at.tzinfo))
        ended = (one.outcome or "not decided") + (", fraud" if one.fraud else "")
        parts = (
            node("strong", money(one.amount)),
            node("span", "; ".join(self._differs(one))),
            node("span", f"{one.account} · {when}", class_="crc-soft"),
            node("span", ended, data_tone="breach" if one.fraud else None, class_=None if one.fraud else "crc-soft"),
        )
        return node("li", node("button", *parts, type="button", data_act=str(one.item_id)))

    def _differs(self, one: ChangedItem) -> list[str]:
        if one.was_review != one.now_review:
            return ["reviewed → nobody looks" if one.was_review else "nobody looks → reviewed"]
        found = []
        if one.was_two != one.now_two:
            found.append("two people → one" if one.was_two else "one → two people")
        if one.was_queue != one.now_queue:
            found.append(f"{self._queue(one.was_queue)} → {self._queue(one.now_queue)}")
        if one.was_priority != one.now_priority:
            found.append(f"{Priority(one.was_priority).name.lower()} → {Priority(one.now_priority).name.lower()}")
        if others := [_OTHERS.get(name, name) for name in one.others]:
            found.append(", ".join(others))
        return found

    def _queue(self, key: str) -> str:
        return self._names.queues.get(key, key.replace("_", " "))

    async def _open(self, actor: Actor, item_id: str) -> None:
        if self._trial is not None:
            both = await compare(actor, self._trial.id, UUID(item_id), self._names)
            _show_both(self._page, self._trial, both, self._names, self._items[item_id])


def _show_both(page: ConsolePage, trial: Trial, both: Compared, names: Names, item: ChangedItem) -> None:
    title = f"{money(both.amount)} · {both.payee or 'payee not known'}"
    with page.client, ui.dialog(value=True) as dialog, ui.card().classes("crc-ask crc-column crc-lab-both"):
        dialog.props["aria-label"] = f"Both explanations of {title}"
        Text(title, tag="h2")
        Text(f"{item.account} · people decided: {item.outcome or 'nothing yet'}", tag="p", classes="crc-soft")
        with Element("div").classes("crc-lab-sides"):
            _side(f"Version {trial.against}", both.was, both.now, both.was_rules, names)
            _side(f"Version {trial.version}", both.now, both.was, both.now_rules, names)
        Text("By the facts as they were when it came in, and by queues and lists as they are now.", classes="crc-soft")
        with Element("div").classes("crc-row"):
            ActionButton("Close", dialog.close)
            ui.link("Open the check", f"/review/{both.item_id}")
    dialog.on("hide", dialog.delete)


def _side(title: str, word: Judgement, other: Judgement, rules: tuple[RuleTried, ...], names: Names) -> None:
    beside = dict(lines_of(other, names))
    rows = [
        node("tr", node("th", label, scope="row"),
             node("td", said, data_differs="true" if said != beside[label] else None))
        for label, said in lines_of(word, names)
    ]  # fmt: skip
    first = sorted(rules, key=lambda one: not one.fired)
    fired = sum(one.fired for one in rules)
    told = [node("h4", f"Rules that fire: {fired} of {len(rules)} in effect"), *(rule_node(one) for one in first)]
    with Element("section") as section:
        section.props["aria-label"] = title
        section.props["tabindex"] = "0"
        Text(title, tag="h3")
        Still().classes("crc-trial").show([node("table", node("tbody", *rows)), *told])
