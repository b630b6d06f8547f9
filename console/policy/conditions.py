"""Conditions of rules: a tree of all, any and not over the field catalogue. Plain data, no I/O.

In JSON a node is `{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}`, or a condition
`{"field": "amount", "op": "greater_or_equal", "value": "7500.00"}`, without `value` where the operator wants none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    SerializerFunctionWrapHandler,
    Tag,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic import Field as Bounded
from pydantic_core import PydanticCustomError

from console.policy.fields import FIELDS, Field
from console.policy.operators import OPERATORS, WANTS, WORDS, FieldType, Operator, Wants
from console.policy.values import BadValue, Value, as_json, several, wanted_value

MAX_CHILDREN: Final = 50
MAX_DEPTH: Final = 8
MAX_CONDITIONS: Final = 100
ListKey = Annotated[str, Bounded(pattern="^[a-z0-9_-]{1,60}$")]


@dataclass(frozen=True)
class Multiple:
    """So many times the value of another field."""

    times: Any
    field: str


Wanted = Value | tuple[Value, ...] | Multiple | None


class Node(BaseModel):
    """What every node of the tree is."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


class AllOf(Node):
    """Holds where every part does."""

    all: Annotated[tuple[AnyNode, ...], Bounded(min_length=1, max_length=MAX_CHILDREN)]


class AnyOf(Node):
    """Holds where at least one part does."""

    any: Annotated[tuple[AnyNode, ...], Bounded(min_length=1, max_length=MAX_CHILDREN)]


class Not(Node):
    """Holds where its part does not; where that part is missing, so is this."""

    part: Annotated[AnyNode, Bounded(alias="not")]


class Condition(Node):
    """One field compared with a value. `value` is kept as JSON in its one canonical form."""

    field: str
    op: Operator
    value: Any = None

    @field_validator("field")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in FIELDS:
            raise PydanticCustomError("field", "There is no field “{name}”.", {"name": name[:60]})
        return name

    @model_validator(mode="after")
    def _fits(self) -> Self:
        field = FIELDS[self.field]
        if self.op not in OPERATORS[field.type]:
            kind = field.type.value.replace("_", " or ")
            raise _fault("op", f"“{field.label}” ({kind}) cannot be asked whether it {WORDS[self.op]}.")
        try:
            value = _canonical(field, self.op, self.value)
        except BadValue as error:
            raise _fault("value", str(error)) from error
        object.__setattr__(self, "value", value)
        return self

    @model_serializer(mode="wrap")
    def _stored(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        stored: dict[str, Any] = handler(self)
        if self.value is None:
            del stored["value"]
        return stored

    @cached_property
    def wanted(self) -> Wanted:
        """The value in Python's types: one, a tuple of several, a Multiple, a list's key, or None."""
        kind = FIELDS[self.field].type
        match WANTS[self.op]:
            case Wants.NOTHING:
                return None
            case Wants.ONE:
                return wanted_value(kind, self.value)
            case Wants.LIST:
                return str(self.value)
            case Wants.MULTIPLE:
                return Multiple(wanted_value(FieldType.NUMBER, self.value["times"]), self.value["field"])
            case _:
                return tuple(several(kind, self.value))


def _kind(value: object) -> str | None:
    """Which node a value is: by its keys, or by its class where it is one already."""
    if isinstance(value, Node):
        return {"AllOf": "#all", "AnyOf": "#any", "Not": "#not"}.get(type(value).__name__, "#condition")
    if not isinstance(value, dict):
        return None
    for key in ("all", "any", "not"):
        if key in value:
            return f"#{key}"
    return "#condition" if "field" in value else None


AnyNode = Annotated[
    Annotated[AllOf, Tag("#all")]
    | Annotated[AnyOf, Tag("#any")]
    | Annotated[Not, Tag("#not")]
    | Annotated[Condition, Tag("#condition")],
    Discriminator(
        _kind,
        custom_error_type="node",
        custom_error_message="Say what must hold: all, any, not, or a field with an operator.",
    ),
]
for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()


def conditions_of(node: AnyNode) -> Iterator[Condition]:
    """Every condition of a tree, in its order."""
    match node:
        case AllOf():
            parts: tuple[AnyNode, ...] = node.all
        case AnyOf():
            parts = node.any
        case Not():
            parts = (node.part,)
        case _:
            yield node
            return
    for part in parts:
        yield from conditions_of(part)


def check_shape(value: object) -> None:
    """Bound a tree's depth and size before anything recurses into it. Raises PydanticCustomError."""
    level, found = [value], 0
    for _ in range(MAX_DEPTH + 1):
        deeper: list[object] = []
        for one in level:
            if isinstance(one, Node):
                one = one.model_dump(mode="json")
            if not isinstance(one, dict):
                continue
            parts = [one[key] for key in ("all", "any", "not") if key in one]
            found += not parts
            for part in parts:
                deeper += part if isinstance(part, (list, tuple)) else [part]
        if found > MAX_CONDITIONS or len(deeper) > MAX_DEPTH * MAX_CONDITIONS:
            raise PydanticCustomError("size", f"A rule can have {MAX_CONDITIONS} conditions at the most.")
        if not deeper:
            return
        level = deeper
    raise PydanticCustomError("depth", f"Conditions can be {MAX_DEPTH} deep at the most.")


def _fault(where: str, message: str) -> PydanticCustomError:
    return PydanticCustomError("condition", "{message}", {"message": message, "where": where})


def _canonical(field: Field, op: Operator, value: Any) -> Any:
    """The value as it is stored. Raises BadValue."""
    wants = WANTS[op]
    if wants is Wants.NOTHING:
        if value is not None:
            raise BadValue(f"Nothing is compared with: “{WORDS[op]}” stands alone.")
        return None
    if value is None:
        raise BadValue("Say with what it is compared.")
    match wants:
        case Wants.LIST:
            return _list_key(value)
        case Wants.MULTIPLE:
            return _multiple(field, value)
        case Wants.ONE:
            return as_json(_chosen(field, [wanted_value(field.type, value)])[0])
        case Wants.RANGE:
            low, high = several(field.type, value, exactly=2)
            if low > high:  # type: ignore[operator]  # both of the field's one ordered type
                raise BadValue("It begins above its end.")
            return [as_json(low), as_json(high)]
        case _:
            found = _chosen(field, list(dict.fromkeys(several(field.type, value))))
            return [as_json(one) for one in found]


def _chosen(field: Field, values: list[Value]) -> list[Value]:
    for value in values:
        if field.choices and value not in field.choices:
            raise BadValue(f"“{field.label}” can be: {', '.join(field.choices)}.")
    return values


def _list_key(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 60 or not value.isascii() or "\x00" in value:
        raise BadValue("Name the list by its key.")
    return value


def _multiple(field: Field, value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != {"times", "field"}:
        raise BadValue("Say how many times which field: times and field.")
    other = FIELDS.get(str(value["field"]))
    if other is None or not other.numeric:
        raise BadValue("Compare with a multiple of a field that is a number.")
    if other.name == field.name:
        raise BadValue("Compare with another field: this is the same one.")
    if other.type is not field.type and FieldType.MONEY in {other.type, field.type}:
        raise BadValue(f"“{field.label}” and “{other.label}” have different units.")
    times = wanted_value(FieldType.NUMBER, value["times"])
    return {"times": as_json(times), "field": other.name}
