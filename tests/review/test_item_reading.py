"""A view is made once of what was read, for as long as somebody has it before them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from console.review import item_reading
from console.review.item_reading import load_view
from console.review.notes import add_note
from db.engine import transaction
from tests.factories import import_items, item_ids, make_bank, x9_item


def test_a_view_is_made_again_only_where_the_check_has_changed_and_goes_with_who_has_it(
    run: Callable, tmp_path: Path
) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "4532.00", "061000146", "123456789")])
        (item,) = await item_ids(bank)

        async def look() -> item_reading.ItemView:
            async with transaction(bank.reviewer) as session:
                return await load_view(session, item, looking=bank.reviewer)

        first, second = await look(), await look()
        assert second == first
        assert second.shown is first.shown  # the text itself, and not one that reads the same
        await add_note(bank.reviewer, item, "Seen.")
        third = await look()
        assert third.digest != first.digest
        assert (await look()).shown is third.shown

        assert item in item_reading._made
        del first, second, third
        gc.collect()
        assert item not in item_reading._made

    run(story())
