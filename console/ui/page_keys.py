"""A person's own keys, as the pages of that person show them and listen to them."""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from nicegui import Client

from console.ui.keys import Key, with_own

_own: WeakKeyDictionary[Client, Mapping[str, str]] = WeakKeyDictionary()


def use_keys(client: Client, own: Mapping[str, str]) -> None:
    """Show and hear these keys, by action, on a page in place of the registry's own."""
    _own[client] = dict(own)


def mine(client: Client, key: Key) -> Key:
    """The key as the person of this page has it."""
    return with_own(key, _own.get(client, {}))
