"""Where on the check one looks because of a flag."""

from typing import Any
from uuid import UUID

import pytest

from console.review.flag_places import place_of
from console.review.item_view import FlagShown
from console.ui.check_viewer import USUAL_ZONES


def flag(region: str | None, *labels: str) -> FlagShown:
    evidence: dict[str, Any] = {"fields": [{"label": label, "value": "1"} for label in labels], "region": region}
    return FlagShown(UUID(int=1), "code", "Title", "why", evidence, "rule", None, None, None)


@pytest.mark.parametrize(
    ("shown", "place"),
    [
        (flag("micr", "serial", "last serial"), "micr"),
        (flag(None, "amount", "usual check"), "amount_figures"),
        (flag(None, "serial", "amount"), "micr"),
        (flag(None, "payee", "issued to"), "payee"),
        (flag(None, "issued on"), "date"),
        (flag(None, "checks in 7 days", "week before"), None),
        (flag(None), None),
    ],
)
def test_a_flag_is_about_the_part_where_its_value_is_written(shown: FlagShown, place: str | None) -> None:
    assert place_of(shown) == place
    assert place is None or place in {zone.key for zone in USUAL_ZONES}
