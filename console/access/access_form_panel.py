"""Parts of the forms for people and roles: what they may be given, and how far it reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from nicegui import ui
from nicegui.element import Element

from console.access.change_words import ITEM_TYPE_NAMES, limit_words, role_words
from console.access.custom_roles import RoleRow
from console.access.held import Access, InvalidPerson
from console.actor import Bounds, Grant
from console.roles import Role
from console.ui.pieces import Text


class Boxes:
    """A group of check boxes with a heading; `chosen` are the keys of those that are on."""

    def __init__(self, name: str, options: Mapping[str, str], on: Iterable[str], *, enabled: bool = True) -> None:
        held = set(on)
        with Element("fieldset").classes("crc-boxes-group"):
            Text(name, tag="legend")
            self._boxes = {}
            for key, label in options.items():
                box = ui.checkbox(label, value=key in held).props("dense")
                box.set_enabled(enabled)
                self._boxes[key] = box

    @property
    def chosen(self) -> frozenset[str]:
        """The keys of the boxes that are on."""
        return frozenset(key for key, box in self._boxes.items() if box.value)


class ReachForm:
    """An amount limit, queues and item types. None of the boxes on means all of them."""

    def __init__(
        self, reach: Grant | Bounds, queues: Mapping[str, str], *, limit_label: str, enabled: bool = True
    ) -> None:
        shown = "" if reach.amount_limit is None else str(reach.amount_limit)
        self._limit = ui.input(limit_label, value=shown).props("dense outlined maxlength=18 inputmode=decimal")
        self._limit.classes("crc-limit")
        self._limit.set_enabled(enabled)
        self._queues = Boxes("Queues (none ticked: all)", queues, reach.queues or (), enabled=enabled)
        self._types = Boxes("Checks (none ticked: all)", ITEM_TYPE_NAMES, reach.item_types or (), enabled=enabled)

    @property
    def limit(self) -> Decimal | None:
        """The limit in dollars; None: empty. Raises InvalidPerson where it is no amount."""
        given = (self._limit.value or "").replace(",", "").replace("$", "").strip()
        try:
            return Decimal(given) if given else None
        except InvalidOperation:
            raise InvalidPerson("A limit is an amount in dollars and cents, zero or more.") from None

    @property
    def queues(self) -> frozenset[str] | None:
        """Keys of queues; None: all."""
        return self._queues.chosen or None

    @property
    def item_types(self) -> frozenset[str] | None:
        """Item types; None: all."""
        return self._types.chosen or None


class AccessForm:
    """Roles and a person's own limits."""

    def __init__(
        self, access: Access, custom: Sequence[RoleRow], queues: Mapping[str, str], *, enabled: bool = True
    ) -> None:
        built_in = {role.value: f"{role.value.title()}: {role_words(role)}" for role in Role}
        own = {row.key: f"{row.definition.name}: {limit_words(row.definition.grant.amount_limit)}" for row in custom}
        self._roles = Boxes("Roles", built_in | own, access.roles, enabled=enabled)
        Text("Own limits, inside those of the roles", tag="h3")
        self._reach = ReachForm(
            access.bounds, queues, limit_label="Amount limit (empty: as the roles have it)", enabled=enabled
        )

    def access(self) -> Access:
        """What was chosen. Raises InvalidPerson where the limit is no amount."""
        reach = self._reach
        return Access(self._roles.chosen, Bounds(reach.limit, reach.queues, reach.item_types))
