"""The draft tried on a check that is chosen: recent ones, or by serial, amount, payee or account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.access.permissions import Permission, may
from console.actor import Actor
from console.policy.editor_state import EditorState
from console.policy.judgement import Judgement
from console.policy.sentences import Names
from console.policy.trial import RuleTried, Trial, try_on
from console.review.queue import QueueRow, list_items
from console.review.queue_filter import Filter, Sort
from console.review.queue_search import MAX_SEARCH
from console.review.states import FINAL_STATUSES
from console.ui.format import money
from console.ui.page import ConsolePage
from console.ui.pieces import Text
from console.ui.still import Node, Still, node

_SHOWN: Final = 8
_MARKS: Final = {True: ("check_circle", "holds", "ok"), False: ("cancel", "does not hold", "breach"),
                 None: ("help", "missing", "warning")}  # fmt: skip


class TrialPanel:
    """The column of the trial. `open_rule()` is the rule whose reasons are shown first."""

    def __init__(
        self, page: ConsolePage, state: EditorState, names: Names, *, open_rule: Callable[[], str | None]
    ) -> None:
        self._page, self._state, self._names, self._open_rule = page, state, names, open_rule
        self._rows: dict[str, QueueRow] = {}
        self._item: UUID | None = None
        self._trial: Trial | None = None
        self._all = False
        with Element("section").classes("crc-panel crc-policy-column") as section:
            section.props["aria-label"] = "Test on a check"
            with Element("div").classes("crc-panel-head"):
                Text("Test on a check", tag="h2")
            with Element("div").classes("crc-policy-scroll"):
                if not may(page.actor, Permission.ITEM_READ) or not may(page.actor, Permission.QUEUE_READ):
                    Text("Your role does not open checks, so there is none to test on.", tag="p", classes="crc-soft")
                    return
                self._search = ui.input(placeholder="Serial, amount, payee or account …")
                self._search.on_value_change(lambda _: page.run(self._find))
                self._search.props(
                    f"dense outlined clearable debounce=300 data-focus=policy_try maxlength={MAX_SEARCH}"
                )
                self._search.props["aria-label"] = "Search a check by serial, amount, payee or account"
                self._found = Still(on_act=page.handler(self._choose)).classes("crc-policy-found")
                self._result = Still(on_act=self._toggle).classes("crc-trial")
                self._result.props["aria-live"] = "polite"

    async def begin(self, actor: Actor) -> None:
        """Offer the checks that came in last."""
        if hasattr(self, "_search"):
            await self._find(actor)

    async def show(self, actor: Actor) -> None:
        """Try the draft as it is now on the check that was chosen."""
        if self._item is not None:
            self._trial = await try_on(actor, self._item, self._state.usable, self._names)
            self._draw()

    @property
    def trying(self) -> bool:
        """Whether a check is chosen."""
        return self._item is not None

    def look_again(self) -> None:
        """Another rule is open: its reasons come first."""
        if self._trial is not None:
            self._draw()

    # --- choosing --------------------------------------------------------------------------------------------------

    async def _find(self, actor: Actor) -> None:
        search = str(self._search.value or "")
        chosen = [Filter(search=search)]
        if search.strip():
            chosen += [Filter(search=search, status=status) for status in sorted(FINAL_STATUSES)]
        rows: list[QueueRow] = []
        for one in chosen:
            if len(rows) < _SHOWN:
                page = await list_items(actor, one, sort=Sort.RECEIVED, descending=True, limit=_SHOWN - len(rows))
                rows += page.rows
        if search == str(self._search.value or ""):
            self._rows = {str(row.id): row for row in rows}
            self._draw_found()

    async def _choose(self, actor: Actor, item_id: str) -> None:
        self._item = UUID(item_id)
        self._draw_found()
        await self.show(actor)

    def _draw_found(self) -> None:
        if not self._rows:
            words = "No check fits this." if self._search.value else "No check waits. Search one that is decided."
            self._found.show([node("p", words, class_="crc-soft")])
            return
        heading = "Found" if self._search.value else "Came in last"
        self._found.show([node("h3", heading), node("ul", *[self._line(row) for row in self._rows.values()])])

    def _line(self, row: QueueRow) -> Node:
        pressed = "true" if row.id == self._item else "false"
        what = f"{row.serial or 'no serial'} · {row.account}"
        return node(
            "li",
            node(
                "button",
                node("strong", money(row.amount)),
                " ",
                node("span", what, class_="crc-soft"),
                type="button", data_act=str(row.id), aria_pressed=pressed,
            ),
        )  # fmt: skip

    # --- what came of it -------------------------------------------------------------------------------------------

    def _toggle(self, _: str) -> None:
        self._all = not self._all
        self._draw()

    def _draw(self) -> None:
        trial = self._trial
        if trial is None:
            return
        opened = self._open_rule()
        first = [one for one in trial.rules if one.id == opened or one.fired]
        first.sort(key=lambda one: one.id != opened)
        rest = [one for one in trial.rules if one not in first]
        self._result.show(
            [
                node("h3", f"{money(trial.amount)} · {trial.payee or 'payee not known'}"),
                _words(trial, self._names),
                *([node("p", f"Left out until they are valid: {', '.join(trial.left_out)}.", class_="crc-soft")]
                  if trial.left_out else []),
                node("h3", f"Rules that fire: {sum(one.fired for one in trial.rules)} of {len(trial.rules)} in effect"),
                *[rule_node(one) for one in first],
                *([node("button", f"{'Hide' if self._all else 'Show'} the {len(rest)} that do not fire", type="button",
                        class_="crc-link", data_act="all", aria_expanded="true" if self._all else "false")]
                  if rest else []),
                *([rule_node(one) for one in rest] if self._all else []),
            ]
        )  # fmt: skip


def _words(trial: Trial, names: Names) -> Node:
    """What the draft and the active policy say, line by line."""
    now, draft = (dict(lines_of(one, names)) for one in (trial.active_word, trial.word))
    rows = [
        node(
            "tr",
            node("th", label, scope="row"),
            node("td", now[label]),
            node("td", draft[label], data_differs="true" if draft[label] != now[label] else None),
        )
        for label in draft
    ]
    head = node("tr", node("td"), node("th", "active", scope="col"), node("th", "draft", scope="col"))
    return node("table", node("thead", head), node("tbody", *rows))


def lines_of(word: Judgement, names: Names) -> list[tuple[str, str]]:
    """A judgement as lines of a label and what is said."""
    flags = [names.flags.get(code, code.replace("_", " ")) for code in word.flags]
    flags += [action.title for action, _ in word.added]
    asked = [name for name, on in (("reason", word.reason_required), ("note", word.note_required)) if on]
    hours = word.policy_hours if word.rule_hours is None else word.rule_hours
    return [
        ("Review", "yes" if word.needs_review else "none"),
        ("People", ("two, unseen" if word.blind else "two") if word.two_people else "one"),
        ("Queue", names.queues.get(word.queue, word.queue.replace("_", " "))),
        ("Priority", word.priority.name.lower()),
        ("Risk", word.risk_level.name.lower()),
        ("SLA", f"{hours.normalize():f} h" + ("" if word.rule_hours is None else ", by a rule")),
        ("Required", " and ".join(asked) or "nothing more"),
        ("Flags", ", ".join(flags) or "none"),
    ]


def rule_node(one: RuleTried) -> Node:
    """A rule, and what each of its conditions asked and found."""
    if not one.in_scope:
        verdict, tone = "not for such checks", None
    elif one.truth is None:
        verdict, tone = "does not fire: something is missing", "warning"
    else:
        verdict, tone = ("fires", "ok") if one.truth else ("does not fire", None)
    lines = [_condition(found.asks, found.found, found.truth) for found in one.conditions]
    head = node("div", node("h4", one.name), node("span", verdict, class_="crc-tag", data_tone=tone))
    return node("section", head, node("ul", *lines), class_="crc-tried", aria_label=f"{one.name}: {verdict}")


def _condition(asks: str, found: str, truth: bool | None) -> Node:
    sign, words, tone = _MARKS[truth]
    mark = node("i", sign, class_="q-icon material-icons-outlined", aria_hidden="true")
    said = node("span", f"{words}: ", class_="crc-unseen")
    return node("li", mark, node("span", said, asks, ". ", node("strong", f"Found: {found}")), data_tone=tone)
