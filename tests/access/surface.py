"""What of the console can be reached, found by looking: service operations, routes and pages.

``python -m tests.access.surface`` prints the routes of the whole application as JSON: a process of its own, because
NiceGUI's pages are the process's.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
import types
import typing
from collections.abc import AsyncIterable, AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from pydantic import BaseModel

import console
from console.actor import Actor
from console.review.draft import Draft

# The table itself, and what keeps refusals: they are asked by services and do nothing for anybody.
NOT_SERVICES = {"console.access.permissions", "console.access.refusals"}


@lru_cache(maxsize=1)
def operations() -> dict[str, Callable[..., Any]]:
    """Public functions of the console whose first parameter is the actor, by module and name."""
    found = {}
    for module in pkgutil.walk_packages(console.__path__, "console."):
        if module.name in NOT_SERVICES or module.name.endswith(("_page", "_panel")):
            continue
        for name, member in vars(importlib.import_module(module.name)).items():
            if not name.startswith("_") and inspect.isfunction(member) and member.__module__ == module.name:
                first = next(iter(inspect.signature(member).parameters.values()), None)
                if first is not None and first.name == "actor" and first.annotation in {"Actor", Actor}:
                    found[f"{module.name.removeprefix('console.')}.{name}"] = member
    return found


@cache
def parameters(operation: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    """What the operation is told besides the actor, its annotations evaluated."""
    return tuple(inspect.signature(operation, eval_str=True).parameters.values())[1:]


def arguments(operation: Callable[..., Any]) -> dict[str, Any]:
    """Harmless values for what the operation must be given besides the actor: ids of nothing, short texts."""
    given = {}
    for parameter in parameters(operation):
        named = parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
        if named and parameter.default is parameter.empty:
            given[parameter.name] = example(parameter.annotation)
    return given


def example(kind: Any) -> Any:
    """A harmless value of this type. Raises TypeError for a type that is not known here."""
    simple: dict[Any, Any] = {
        UUID: uuid4(), str: "nothing in particular", int: 1, bool: False, bytes: b"nothing", Decimal: Decimal(1),
        Path: Path("/nonexistent/file"), date: date(2026, 11, 20), datetime: datetime.now(UTC), time: time(15),
        type(None): None, ZoneInfo: ZoneInfo("America/New_York"), Draft: Draft(note="nothing in particular"),
    }  # fmt: skip
    if kind in simple:
        return simple[kind]
    origin = typing.get_origin(kind)
    if origin in {typing.Union, types.UnionType}:
        kinds = typing.get_args(kind)
        return None if type(None) in kinds else example(kinds[0])
    if origin in {Sequence, Collection, Iterable, tuple, list}:
        return ()
    if origin in {AbstractSet, frozenset, set}:
        return frozenset()
    if origin is typing.Literal:
        return typing.get_args(kind)[0]
    if origin in {dict, Mapping}:
        return {}
    if origin is AsyncIterable:
        return _nothing()
    if origin is Callable:
        return _find_nothing
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        needed = [one for one in dataclasses.fields(kind) if one.init and _is_needed(one)]
        return kind(**{one.name: example(hints[one.name]) for one in needed})
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind(**{n: example(one.annotation) for n, one in kind.model_fields.items() if one.is_required()})
    raise TypeError(f"no example of {kind} is known here: add one")


def _is_needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def _find_nothing(*_: object) -> None:
    raise LookupError("there is nothing")


def routes(of: Iterable[Any], prefix: str = "") -> Iterator[str]:
    """Method and path of every route below these, mounted applications and included routers too."""
    for route in of:
        if router := getattr(route, "original_router", None):
            yield from routes(router.routes, prefix + route.include_context.prefix)
        elif inner := getattr(route, "routes", None):
            yield from routes(inner, prefix + route.path)
        else:
            for method in sorted(getattr(route, "methods", None) or {"ANY"}):
                yield f"{method} {prefix}{route.path}"


def _main() -> None:
    from console.app import create_app
    from console.settings import settings

    print(json.dumps(sorted(routes(create_app(settings()).routes))))


if __name__ == "__main__":
    _main()
