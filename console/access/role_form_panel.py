"""The form in which a custom role is edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from nicegui import ui
from nicegui.element import Element

from console.access.access_form_panel import Boxes, ReachForm
from console.access.custom_roles import MAXIMUM_NAME, Definition
from console.access.permission_words import MEANINGS
from console.access.permissions import ADMINISTERING, DECIDING, Permission
from console.actor import Grant
from console.ui.pieces import Text

_POWERS = {"Deciding": DECIDING, "Administering": ADMINISTERING}
_THE_REST = frozenset(Permission) - DECIDING - ADMINISTERING


class RoleForm:
    """Name, permissions, limit, queues and item types of a role."""

    def __init__(self, definition: Definition, queues: Mapping[str, str]) -> None:
        grant = definition.grant
        self._name = ui.input("Name", value=definition.name).props(f"dense outlined maxlength={MAXIMUM_NAME}")
        Text("Nobody holds a permission to decide and one to administer.", tag="p", classes="crc-soft")
        with Element("div").classes("crc-columns"):
            with Element("div").classes("crc-column"):
                self._groups = [_boxes(name, group, grant) for name, group in _POWERS.items()]
            self._groups.append(_boxes("Reading and the rest", _THE_REST, grant))
        self._unlimited = ui.checkbox("Decides without limit", value=grant.amount_limit is None).props("dense")
        shown = replace(grant, amount_limit=grant.amount_limit or Decimal(0))
        self._reach = ReachForm(shown, queues, limit_label="Amount limit, unless without limit")

    def definition(self) -> Definition:
        """What was chosen. Raises InvalidPerson where the limit is no amount."""
        reach = self._reach
        permissions = frozenset().union(*(group.chosen for group in self._groups))
        limit = None if self._unlimited.value else reach.limit or Decimal(0)
        return Definition(self._name.value or "", Grant(permissions, limit, reach.queues, reach.item_types))


def _boxes(name: str, group: Iterable[Permission], grant: Grant) -> Boxes:
    chosen = frozenset(group)
    options = {one.value: f"{one.value}: {MEANINGS[one]}" for one in Permission if one in chosen}
    return Boxes(name, options, grant.permissions)
