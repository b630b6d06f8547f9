"""A draft tried on a check: what it says beside the active policy, and why."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from console.access.permissions import NotAllowed
from console.policy.checking import usable_parts
from console.policy.drafting import make_draft, open_draft
from console.policy.sentences import NOT_KNOWN, Names
from console.policy.trial import NoFacts, try_on
from tests.factories import import_items, item_ids, make_bank, x9_item

Run = Callable[[Coroutine[Any, Any, Any]], Any]
NAMES = Names({"special_review": "Special review"})


def rule(key: str, when: dict[str, Any], *then: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": key, "name": key, "when": when, "then": list(then), **more}


LARGE = rule("large", {"field": "amount", "op": "greater_or_equal", "value": "40.00"}, {"do": "require_dual_control"},
             {"do": "route_to", "queue": "special_review"})  # fmt: skip
KNOWN = rule("known", {"all": [{"field": "average_90", "op": "greater", "value": "1.00"},
                               {"field": "account_number", "op": "is_present"}]}, {"do": "require_note"})  # fmt: skip
TRANSIT = rule("transit", LARGE["when"], {"do": "blind"}, scope={"item_types": ["on_us"]})
OFF = rule("off", LARGE["when"], {"do": "blind"}, enabled=False)
UNFINISHED = rule("unfinished", {"field": "amount", "op": "less"}, {"do": "blind"})


def test_a_draft_says_otherwise_than_the_active_policy_and_why(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "45.00", "061000146", "12345678")])
        (item_id,) = await item_ids(bank)
        opened = await open_draft(bank.supervisor, await make_draft(bank.supervisor))
        document = deepcopy(opened.document) | {"rules": [LARGE, KNOWN, TRANSIT, OFF, UNFINISHED]}
        trial = await try_on(bank.supervisor, item_id, usable_parts(document), NAMES)
        assert (trial.active_word.two_people, trial.active_word.queue) == (False, "standard")
        assert (trial.word.two_people, trial.word.queue) == (True, "special_review")
        assert trial.left_out == ("unfinished",)
        large, known, transit = trial.rules
        assert large.fired
        assert [(one.asks, one.found, one.truth) for one in large.conditions] == [
            ("Amount is at least 40.00", "45.00", True)
        ]
        assert not known.fired and known.truth is None
        assert [(one.found, one.truth) for one in known.conditions] == [(NOT_KNOWN, None), ("•••• 5678", True)]
        assert transit.truth is True and not transit.in_scope and not transit.fired

    run(story())


def test_thresholds_that_are_none_yet_are_the_active_ones(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await import_items(bank, tmp_path, [x9_item(1, "45.00", "061000146")])
        (item_id,) = await item_ids(bank)
        opened = await open_draft(bank.supervisor, await make_draft(bank.supervisor))
        document = deepcopy(opened.document)
        document["thresholds"]["dual_control_amount"] = "4o"
        trial = await try_on(bank.supervisor, item_id, usable_parts(document), NAMES)
        assert trial.left_out == ("its thresholds",)
        assert trial.word == trial.active_word
        for who in (bank.reviewer, bank.administrator):
            with pytest.raises(NotAllowed):
                await try_on(who, item_id, usable_parts(document), NAMES)
        with pytest.raises(NoFacts):
            await try_on(bank.supervisor, uuid4(), document, NAMES)

    run(story())
