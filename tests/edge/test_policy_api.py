"""The policy as programs read it."""

from __future__ import annotations

from collections.abc import Callable

from console.settings import Settings
from tests.edge.api import bearer, program, tokens
from tests.edge.site import enrol
from tests.factories import make_bank, set_thresholds


def test_the_active_version_and_those_before(run: Callable, console: Settings) -> None:
    async def story() -> None:
        bank = await make_bank()
        await enrol(bank.auditor)
        await enrol(bank.reviewer)
        await set_thresholds(bank, dual_control_amount="7500.00")
        async with program(console) as client:
            own = bearer((await tokens(client, "auditor"))["access_token"])
            active = (await client.get("policy", headers=own)).json()
            assert (active["number"], active["status"], active["based_on"]) == (2, "active", 1)
            assert active["document"]["thresholds"]["dual_control_amount"] == "7500.00"
            listed = (await client.get("policy/versions", headers=own)).json()
            assert [(one["number"], one["status"]) for one in listed["versions"]] == [(2, "active"), (1, "retired")]
            assert listed["next"] is None and "document" not in listed["versions"][0]
            first = (await client.get("policy/versions/1", headers=own)).json()
            assert first["retired_at"] == active["activated_at"]
            assert first["document"]["thresholds"]["dual_control_amount"] == "5000.00"
            assert (await client.get("policy/versions/9", headers=own)).status_code == 404
            assert (await client.get("policy/versions/0", headers=own)).status_code == 422
            other = bearer((await tokens(client, "reviewer"))["access_token"])
            assert (await client.get("policy", headers=other)).status_code == 403
            assert (await client.get("policy")).status_code == 401

    run(story())
