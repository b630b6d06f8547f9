"""What is said of a built-in flag that another version of the policy raises on a check that came in before: the facts
were kept, what the intake knew beside them was not. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from console.policy.compile import fields_of
from console.policy.fields import FIELDS
from console.policy.flag_conditions import flag_conditions
from console.policy.model import Thresholds
from console.policy.sentences import Names, value_words
from console.policy.values import as_json
from console.review.flag_names import FLAG_NAMES
from console.review.flags import FlagFound

_NAMES = Names()


def describe_anew(codes: Iterable[str], facts: Mapping[str, Any], thresholds: Thresholds) -> list[FlagFound]:
    """The flags with these codes, each with the facts that raise it under these thresholds."""
    conditions = flag_conditions(thresholds)
    return [
        FlagFound(
            code,
            FLAG_NAMES[code],
            "Found when open checks were judged anew by another version of the policy.",
            {
                "fields": [_field(name, facts.get(name)) for name in sorted(fields_of([conditions[code]]))],
                "region": None,
            },
        )
        for code in codes
    ]


def _field(name: str, value: Any) -> dict[str, str]:
    field = FIELDS[name]
    if value is None:
        return {"label": field.label, "value": "not known"}
    if isinstance(value, frozenset):
        return {"label": field.label, "value": ", ".join(sorted(value)) or "none"}
    return {"label": field.label, "value": value_words(field, as_json(value), _NAMES)}
