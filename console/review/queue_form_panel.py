"""The form in which a queue is set: hours, how much one may hold, what it takes in, who works in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from nicegui import ui
from nicegui.element import Element

from console.access.access_form_panel import Boxes
from console.access.change_words import ITEM_TYPE_NAMES
from console.policy.routing import Criteria, criteria_of
from console.review.errors import InvalidQueue
from console.review.flag_names import FLAG_NAMES
from console.review.queue_settings import MAXIMUM_NAME, Candidate, Definition, Member
from console.review.queue_view import dollars
from console.ui.pieces import ActionButton, Text

_TOO_LARGE = 1_000_000
_WORK = {"read": "reads", "decide": "decides", "sign": "second signature", "both": "decides, second signature"}


class QueueForm:
    """The fields of a queue; for the approvals only those that a view has, and with `own` only those that do not reach
    into other queues."""

    def __init__(
        self,
        definition: Definition,
        people: Sequence[Candidate],
        types: Sequence[str],
        *,
        is_view: bool = False,
        own: bool = False,
    ) -> None:
        self._is_view, self._own, self._types, self._now = is_view, own, types, definition
        self._name = ui.input("Name", value=definition.name).props(f"dense outlined maxlength={MAXIMUM_NAME}")
        with Element("div").classes("crc-queue-numbers"):
            if not own:
                self._position = _number("Place among the queues", definition.position)
            self._most = _number("Most checks held by one person (empty: any)", definition.max_claims)
            if not is_view:
                self._hours = _number("SLA hours (empty: the policy's)", definition.sla_hours)
                self._warning = _number("Warning, minutes before (empty: the policy's)", definition.warning_minutes)
        if is_view:
            Text(
                "Recommendations stay in the queues they came from, whose hours and criteria hold. Members here are "
                "the people who give second signatures.",
                tag="p",
                classes="crc-soft",
            )
        elif not own:
            self._draw_criteria(definition.criteria)
        self._members = MembersForm(definition.members, people)

    def definition(self) -> Definition:
        """What was set. Raises InvalidQueue, InvalidCriteria."""
        name, position = self._name.value or "", self._now.position
        if not self._own:
            position = _whole(self._position, "The place") or 1
        most, members = _whole(self._most, "The most of checks"), self._members.members()
        if self._is_view:
            return Definition(name, position, max_claims=most, members=members)
        return Definition(
            name,
            position,
            _decimal(self._hours, "SLA hours"),
            _whole(self._warning, "The warning"),
            most,
            self._now.criteria if self._own else self._criteria(),
            members,
        )

    def _draw_criteria(self, criteria: Criteria | None) -> None:
        kept = criteria or Criteria.model_construct()
        Text("What comes here by itself", tag="h3")
        Text(
            "Checks that come in, when all of this holds. Queues are asked in their order; where none wants a check, "
            "the policy names its queue. Leave everything empty for a queue that takes only what the policy names.",
            tag="p",
            classes="crc-soft",
        )
        with Element("div").classes("crc-queue-numbers"):
            self._from = _number("Amount from", kept.amount_from)
            self._to = _number("Amount to", kept.amount_to)
        self._item_types = Boxes("Checks (none ticked: all)", ITEM_TYPE_NAMES, kept.item_types)
        known = dict.fromkeys([*self._types, *sorted(kept.account_types)])
        self._account_types = Boxes("Accounts (none ticked: all)", {one: one for one in known}, kept.account_types)
        self._flags = ui.select(
            FLAG_NAMES, label="With any of these flags", multiple=True, value=sorted(kept.flags & FLAG_NAMES.keys())
        ).props("dense outlined use-chips")

    def _criteria(self) -> Criteria | None:
        given: dict[str, Any] = {
            "amount_from": _amount(self._from, "The amount to begin with"),
            "amount_to": _amount(self._to, "The amount to end with"),
            "item_types": self._item_types.chosen,
            "flags": frozenset(self._flags.value or ()),
            "account_types": self._account_types.chosen,
        }
        said = {name: value for name, value in given.items() if value is not None and value != frozenset()}
        return criteria_of(said or None)


class MembersForm:
    """Who works in a queue, and at what. Nobody listed: everybody whose role reaches it."""

    def __init__(self, members: Sequence[Member], people: Sequence[Candidate]) -> None:
        self._names: Mapping[UUID, str] = {one.user_id: one.name for one in people} | {
            one.user_id: one.name for one in members
        }
        self._work: dict[UUID, ui.select] = {}
        Text("Who works here", tag="h3")
        Text(
            "Nobody listed: everybody whose role reaches the queue. Members narrow what roles grant, never widen it.",
            tag="p",
            classes="crc-soft",
        )
        self._rows = Element("div").classes("crc-column crc-members")
        with self._rows:
            for one in members:
                self._add(one.user_id, _work_of(one))
        with Element("div").classes("crc-row"):
            options = {str(one.user_id): one.name for one in people}
            self._new = ui.select(options, label="Add somebody", with_input=True).props("dense outlined")
            self._new.classes("crc-grows")
            ActionButton("Add", self._add_chosen, icon_name="person_add")

    def members(self) -> tuple[Member, ...]:
        """Who was listed."""
        work = {user_id: select.value for user_id, select in self._work.items()}
        return tuple(
            Member(user_id, decides=value in {"decide", "both"}, signs=value in {"sign", "both"})
            for user_id, value in work.items()
        )

    def _add_chosen(self) -> None:
        if self._new.value is not None and (user_id := UUID(self._new.value)) not in self._work:
            with self._rows:
                self._add(user_id, "decide")
        self._new.set_value(None)

    def _add(self, user_id: UUID, work: str) -> None:
        name = self._names[user_id]
        with Element("div").classes("crc-row") as row:
            Text(name, classes="crc-grows")
            select = ui.select(_WORK, value=work).props("dense outlined")
            select.props["aria-label"] = f"What {name} does here"
            gone = ActionButton("", lambda: self._remove(user_id, row), kind="quiet", icon_name="close")
            gone.props["aria-label"] = f"Take {name} off the list"
        self._work[user_id] = select

    def _remove(self, user_id: UUID, row: Element) -> None:
        del self._work[user_id]
        row.delete()


def _work_of(member: Member) -> str:
    return {(True, True): "both", (True, False): "decide", (False, True): "sign"}.get(
        (member.decides, member.signs), "read"
    )


def _number(label: str, value: Decimal | int | None) -> ui.input:
    shown = "" if value is None else f"{value:,.2f}".removesuffix(".00")
    return ui.input(label, value=shown).props("dense outlined inputmode=decimal maxlength=18")


def _decimal(field: ui.input, name: str) -> Decimal | None:
    given = (field.value or "").replace(",", "").strip()
    try:
        return Decimal(given) if given else None
    except InvalidOperation:
        raise InvalidQueue(f"{name}: “{given}” is no number.") from None


def _whole(field: ui.input, name: str) -> int | None:
    given = _decimal(field, name)
    # Compared before it is written out: “1e999999999” is short to type, and has a thousand million digits.
    small = given is not None and given.is_finite() and -_TOO_LARGE < given < _TOO_LARGE
    if given is not None and not (small and given == given.to_integral_value()):
        raise InvalidQueue(f"{name}: give a whole number.")
    return None if given is None else int(given)


def _amount(field: ui.input, name: str) -> Decimal | None:
    try:
        return dollars(field.value or "")
    except ValueError:
        raise InvalidQueue(f"{name}: give dollars and cents, such as 1,250.00.") from None
