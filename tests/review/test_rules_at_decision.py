"""What the policy's rules ask is asked at the moment of decision, and what they found is kept with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from console.policy.list_values import ListKind
from console.policy.lists import create_list
from console.review.approvals import list_approvals
from console.review.choices import Choice
from console.review.decisions import confirm, decide
from console.review.errors import ChooseFirst, IncompleteChoice
from console.review.opening import Standing, open_item
from console.review.opinions import record_opinion
from console.review.overrides import Override, OverrideCategory
from console.review.queue_changes import close_queue
from console.review.queue_settings import InvalidQueue, read_queues
from console.review.states import Act
from db.engine import transaction
from db.models import CheckItem, Evidence
from tests.factories import Bank, claimed, fill_list, import_items, item_ids, look, make_bank, set_rules, x9_item

TRANSIT = "061000146"
EVERY = {"field": "amount", "op": "less", "value": "1000.00"}


async def _bank(folder: Path, *rules: dict[str, Any]) -> tuple[Bank, UUID]:
    bank = await make_bank()
    await set_rules(bank, *rules)
    await import_items(bank, folder, [x9_item(1, "100.00", TRANSIT)])
    [item] = await item_ids(bank)
    return bank, item


def test_a_rule_asks_for_two_people_and_for_a_blind_second_one(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await _bank(tmp_path, {"when": EVERY, "then": [{"do": "require_dual_control"}, {"do": "blind"}]})
        assert (await open_item(bank.reviewer, item)).two_people
        _, seen = await look(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.RETURN, ("customer:I",), "No endorsement."), seen)
        [row] = (await list_approvals(bank.approver)).rows
        assert (row.act, row.reasons) == ("", ())
        opened = await open_item(bank.approver, item)
        assert opened.standing is Standing.CHOOSE_FIRST
        assert opened.view.first_signature is not None and opened.view.first_signature.note == ""
        _, seen = await look(bank.approver, item)
        with pytest.raises(ChooseFirst):
            await confirm(bank.approver, item, seen)
        await record_opinion(bank.approver, item, Act.RETURN, ("customer:I",), seen)
        _, seen = await look(bank.approver, item)
        await confirm(bank.approver, item, seen)
        async with transaction(bank.system) as session:
            assert (await session.get_one(CheckItem, item)).status == "returned"

    run(story())


def test_a_rule_asks_for_a_reason_and_a_note(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await _bank(tmp_path, {"when": EVERY, "then": [{"do": "require_reason"}, {"do": "require_note"}]})
        _, seen = await claimed(bank.reviewer, item)
        why = Override(OverrideCategory.CUSTOMER_CONTACTED, "They wrote it themselves.")
        with pytest.raises(IncompleteChoice, match="A rule of the policy asks for a reason") as refused:
            await decide(bank.reviewer, item, Choice(Act.PAY, note="Called."), seen)
        assert refused.value.field == "override"
        with pytest.raises(IncompleteChoice, match="a rule of the policy asks for one") as refused:
            await decide(bank.reviewer, item, Choice(Act.PAY, override=why), seen)
        assert refused.value.field == "note"
        await decide(bank.reviewer, item, Choice(Act.PAY, note="Called.", override=why), seen)

    run(story())


def test_evidence_keeps_which_rules_fired_and_why_and_of_which_version_a_list_was(
    run: Callable, tmp_path: Path
) -> None:
    async def story() -> None:
        bank = await make_bank()
        watched = await create_list(bank.supervisor, "Watched banks", ListKind.ROUTING, "", "for the tests")
        await fill_list(bank, watched, ListKind.ROUTING, TRANSIT)
        await set_rules(
            bank,
            {"when": {"field": "routing", "op": "in_list", "value": "watched_banks"}, "then": [{"do": "require_note"}]},
            {"when": {"field": "balance", "op": "less", "value": "5.00"}, "then": [{"do": "blind"}]},
        )
        await import_items(bank, tmp_path, [x9_item(1, "100.00", TRANSIT)])
        [item] = await item_ids(bank)
        _, seen = await claimed(bank.reviewer, item)
        await decide(bank.reviewer, item, Choice(Act.PAY, note="Known."), seen)
        async with transaction(bank.system) as session:
            shown = json.loads((await session.scalars(select(Evidence.snapshot))).one())["shown"]
        assert shown["policy_number"] == 2
        fired, other = shown["rules"]
        assert (fired["name"], fired["fired"], fired["does"]) == ("Rule 1", True, ["note required"])
        assert fired["because"] == [f"routing number is on the list watched banks: it is “{TRANSIT}”"]
        assert (other["fired"], other["because"]) == (False, ["balance is less than 5.00: it is not known"])
        [[key, version]] = shown["lists"]
        assert key == "watched_banks" and version >= 1

    run(story())


def test_a_queue_to_which_a_rule_routes_cannot_be_closed(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        route = {"when": EVERY, "then": [{"do": "route_to", "queue": "special_review"}]}
        bank, item = await _bank(tmp_path, route)
        async with transaction(bank.system) as session:
            queue_id = (await session.get_one(CheckItem, item)).queue_id
        [queue] = [one for one in await read_queues(bank.supervisor) if one.id == queue_id]
        assert queue.key == "special_review"
        with pytest.raises(InvalidQueue, match="A rule of the policy names Special review"):
            await close_queue(bank.supervisor, queue_id, queue.version, "Nobody works there.")

    run(story())
