"""What a change of access changes, in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from console.access.permissions import GRANTS
from console.actor import Bounds, Grant
from console.roles import Role

ONE_ADMINISTRATOR = (
    "There is one active administrator, so nobody can approve what waits. Create a second one on the server: "
    "main.py create-user NAME --role administrator."
)
ITEM_TYPE_NAMES = {"on_us": "on-us", "transit": "transit"}


def role_words(role: Role) -> str:
    """A line on what a built-in role is for."""
    limit = limit_words(GRANTS[role].amount_limit)
    return {
        Role.REVIEWER: f"decides checks {limit}",
        Role.APPROVER: f"decides and confirms {limit}",
        Role.SUPERVISOR: "decides without limit, takes files in, reviews access",
        Role.ADMINISTRATOR: "people, roles and security; decides nothing",
        Role.AUDITOR: "reads everything, changes nothing",
    }[role]


def limit_words(limit: Decimal | None) -> str:
    """An amount limit in dollars; None: no limit."""
    return "no limit" if limit is None else f"up to {limit:,.2f}"


def reach_words(reach: Grant | Bounds) -> str:
    """Queues and item types, where there is a limit on either."""
    return ", ".join(
        part
        for part in (
            "" if reach.queues is None else f"queues: {_listed(sorted(reach.queues))}",
            "" if reach.item_types is None else f"checks: {_listed(_types(sorted(reach.item_types)))}",
        )
        if part
    )


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The lines of a change, as `Access.as_json` and `Definition.as_json` made both sides."""
    lines = []
    for name, word in (("roles", "role"), ("permissions", "permission")):
        was, will = set(before.get(name, ())), set(after.get(name, ()))
        lines += [f"+ {word} {_plain(one)}" for one in sorted(will - was)]
        lines += [f"− {word} {_plain(one)}" for one in sorted(was - will)]
    for name, word in (("name", "name"), ("amount_limit", "limit"), ("queues", "queues"), ("item_types", "checks")):
        if before.get(name) != after.get(name):
            lines.append(f"{word}: {_value(name, before.get(name))} → {_value(name, after.get(name))}")
    return lines


def _value(name: str, value: Any) -> str:
    if name == "amount_limit":
        return "none of their own" if value is None else f"{Decimal(value):,.2f}"
    if name == "name":
        return str(value)
    if value is None:
        return "all"
    return _listed(_types(value) if name == "item_types" else value)


def _types(keys: list[str]) -> list[str]:
    return [ITEM_TYPE_NAMES.get(key, key) for key in keys]


def _listed(keys: list[str]) -> str:
    return ", ".join(_plain(key) for key in keys) or "none"


def _plain(key: str) -> str:
    return key.removeprefix("custom:").replace("_", " ")
