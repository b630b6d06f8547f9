"""Which queue takes a check in by its own criteria. Plain data, no I/O; this is the one place where they are read.

Queues are asked in their order, and the first that wants the check has it. Where none does, the policy's word stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from console.policy.conditions import AnyNode
from console.policy.fields import FLAG_CODES
from console.policy.model import Dollars
from console.policy.values import folded

Code = Annotated[str, Field(pattern="^[a-z0-9_]{1,60}$")]
_NODE: Final[TypeAdapter[AnyNode]] = TypeAdapter(AnyNode)
_NEVER: Final = {"field": "amount", "op": "is_missing"}
AccountType = Annotated[str, Field(min_length=1, max_length=60)]


class InvalidCriteria(Exception):
    """Criteria that cannot be; the message says what is wrong with them."""


class Criteria(BaseModel):
    """What a queue takes in: everything that is said must hold, and what is not said does not matter.

    Amounts are dollars, both ends included. `flags`: the check carries at least one of these. `account_types`: the
    customer's account is of one of these types.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount_from: Dollars | None = None
    amount_to: Dollars | None = None
    item_types: frozenset[Literal["on_us", "transit"]] = frozenset()
    flags: Annotated[frozenset[Code], Field(max_length=60)] = frozenset()
    account_types: Annotated[frozenset[AccountType], Field(max_length=20)] = frozenset()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.amount_from is not None and self.amount_to is not None and self.amount_from > self.amount_to:
            raise ValueError("The amount begins above its end.")
        if (
            self.amount_from is None
            and self.amount_to is None
            and not (self.item_types or self.flags or self.account_types)
        ):
            raise ValueError("Say at least one thing: criteria that say nothing would take in every check.")
        return self

    def wants(self, facts: Facts) -> bool:
        """Whether a check of these facts is one of those."""
        return (
            (self.amount_from is None or facts.amount >= self.amount_from)
            and (self.amount_to is None or facts.amount <= self.amount_to)
            and (not self.item_types or facts.item_type in self.item_types)
            and (not self.flags or not self.flags.isdisjoint(facts.flags))
            and (not self.account_types or self._is_of_type(facts.account_type))
        )

    def _is_of_type(self, account_type: str | None) -> bool:
        return account_type is not None and folded(account_type) in map(folded, self.account_types)

    @cached_property
    def node(self) -> AnyNode:
        """The same criteria as a condition over the field catalogue, for both engines."""
        parts: list[dict[str, Any]] = []
        if self.amount_from is not None:
            parts.append({"field": "amount", "op": "greater_or_equal", "value": str(self.amount_from)})
        if self.amount_to is not None:
            parts.append({"field": "amount", "op": "less_or_equal", "value": str(self.amount_to)})
        if self.item_types:
            parts.append({"field": "item_type", "op": "in", "value": sorted(self.item_types)})
        if self.account_types:
            parts.append({"field": "account_type", "op": "in", "value": sorted(self.account_types)})
        if self.flags:
            known = sorted(self.flags.intersection(FLAG_CODES))
            # A flag that there is not is on no check.
            parts.append({"field": "flags", "op": "has_any", "value": known} if known else _NEVER)
        return _NODE.validate_python({"all": parts})

    def as_json(self) -> dict[str, Any]:
        """As it is kept and audited: only what is said, lists in order."""
        values = self.model_dump(mode="json", exclude_defaults=True)
        return {name: sorted(value) if isinstance(value, list) else value for name, value in values.items()}


@dataclass(frozen=True)
class Facts:
    """What criteria are compared with. `amount` in dollars; `account_type` None: the account is not known."""

    amount: Decimal
    item_type: str
    flags: frozenset[str]
    account_type: str | None


@dataclass(frozen=True)
class Route:
    """A queue, by its key, and what it takes in."""

    queue: str
    criteria: Criteria


def route(routes: Iterable[Route], facts: Facts) -> str | None:
    """The key of the first queue whose criteria want the check; None: nobody's do."""
    return next((one.queue for one in routes if one.criteria.wants(facts)), None)


def criteria_of(values: dict[str, Any] | None) -> Criteria | None:
    """Criteria from plain values; None: there are none. Raises InvalidCriteria."""
    if values is None:
        return None
    try:
        return Criteria.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = " ".join(str(part).replace("_", " ") for part in first["loc"][:1])
        what = first["msg"].removeprefix("Value error, ")
        raise InvalidCriteria(f"{where.capitalize()}: {what}" if where else what) from error
