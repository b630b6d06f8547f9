"""Two people on the large ones: stories through the services, and what PostgreSQL refuses by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from console.access.permissions import GRANTS, NotAllowed, Permission, within_limit
from console.actor import Actor, Bounds
from console.audit.verify import verify_all
from console.images.store import open_store
from console.policy.judgement import Judge, Terms
from console.policy.model import PolicyDocument, Thresholds
from console.review.choices import Choice
from console.review.claims import claim, claim_next
from console.review.committing import commit_pending
from console.review.decisions import confirm, decide, send_back
from console.review.errors import (
    AlreadyShown,
    AmountChanged,
    AnswerStands,
    ChooseFirst,
    HeldByOther,
    ImagesUnavailable,
    IncompleteChoice,
    NotYours,
    OverLimit,
    SamePerson,
    SideNotViewed,
    StaleItem,
    UnansweredFlag,
)
from console.review.evidence import LEAST_VIEWED_MS, Seen
from console.review.flag_answers import Answer, answer_flag
from console.review.giving_back import release
from console.review.leaving import deactivate
from console.review.opening import Standing, open_item
from console.review.opinions import record_opinion
from console.review.states import Act, Status
from console.review.submission import Stage, Submission, second_signature
from console.review.timeline import read_timeline
from console.review.undo import submit
from console.settings import settings
from db.engine import transaction
from db.models import CheckItem, Decision, Evidence, Flag, Notice, SecondOpinion, User
from tests.conftest import Database
from tests.factories import Bank, claimed, import_items, item_ids, look, make_bank, set_thresholds, view_of, x9_item
from tests.review.racer import patiently
from tests.review.test_undo import let_time_pass

RETURN = Choice(Act.RETURN, ("customer:Y",), "the ink of the amount is darker")


async def recommended(folder: Path, amount: str = "6100.04", **thresholds: object) -> tuple[Bank, UUID]:
    """A bank whose reviewer recommends to return a check of this amount."""
    bank = await make_bank()
    if thresholds:
        await set_thresholds(bank, **thresholds)
    await import_items(bank, folder, [x9_item(1, amount, "021000021")])
    (item,) = await item_ids(bank)
    _, seen = await claimed(bank.reviewer, item)
    assert (await decide(bank.reviewer, item, RETURN, seen)).status is Status.PENDING_APPROVAL
    return bank, item


async def last_decision(bank: Bank) -> Decision:
    async with transaction(bank.system) as session:
        query = select(Decision).order_by(Decision.sequence.desc()).limit(1)
        return (await session.execute(query)).scalar_one()


async def change_amount(bank: Bank, item: UUID, amount: str) -> None:
    async with transaction(bank.system) as session:
        row = await session.get_one(CheckItem, item)
        row.amount = Decimal(amount)
        row.version += 1


@given(st.decimals("0.00", "99999.99", places=2), st.decimals("0.00", "99999.99", places=2))
def test_from_the_threshold_on_and_not_below(threshold: Decimal, amount: Decimal) -> None:
    document = PolicyDocument(
        thresholds=Thresholds(dual_control_amount=threshold, high_priority_amount=threshold, sla_hours=Decimal(4))
    )
    word = Judge(Terms(document, date(2026, 11, 20))).judge({"amount": amount, "item_type": "on_us"})
    assert word.two_people is (amount >= threshold)


def test_sent_back_to_the_maker_with_the_reason_and_a_notice(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path)
        _, seen = await claimed(bank.approver, item)
        await send_back(bank.approver, item, seen, "The words say less.")
        view = await view_of(bank.reviewer, item)
        assert view.status is Status.NEW and view.assigned is not None
        assert view.assigned.user_id == bank.reviewer.user_id
        assert view.steps[-1].note == "The words say less."
        async with transaction(bank.system) as session:
            notice = (await session.execute(select(Notice).where(Notice.kind == "sent_back"))).scalar_one()
        assert notice.user_id == bank.reviewer.user_id
        assert notice.values == {"by": "Approver", "text": "The words say less."}
        # Nobody else is given it; its maker is.
        assert await claim_next(bank.second_reviewer) is None
        held = await claim_next(bank.reviewer)
        assert held is not None and held.item_id == item
        _, seen = await look(bank.reviewer, item)
        again = await decide(bank.reviewer, item, Choice(Act.REJECT, note="agreed"), seen)
        assert again.status is Status.PENDING_APPROVAL
        assert (await view_of(bank.system, item)).assigned is None
        assert (await verify_all()).ok

    run(story())


def test_those_who_may_sign_are_told_once_and_not_what_is_recommended(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path, "26000.00")
        async with transaction(bank.system) as session:
            notices = list(await session.scalars(select(Notice).where(Notice.kind == "approval_waiting")))
        # Above the approver's limit.
        assert [(one.user_id, one.item_id, one.values) for one in notices] == [
            (bank.supervisor.user_id, item, {"by": "Reviewer"})
        ]

    run(story())


def test_sent_back_after_the_maker_left_it_waits_for_anybody(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path)
        await deactivate(bank.administrator, bank.reviewer.user_id, "left the bank")
        _, seen = await claimed(bank.approver, item)
        await send_back(bank.approver, item, seen, "Look again.")
        assert (await view_of(bank.system, item)).assigned is None
        held = await claim_next(bank.second_reviewer)
        assert held is not None and held.item_id == item

    run(story())


def test_blind_nothing_of_the_recommendation_is_read_until_the_own_choice_is_on_record(
    run: Callable, tmp_path: Path
) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path, blind_second_review=True)
        opened = await open_item(bank.approver, item)
        assert opened.standing is Standing.CHOOSE_FIRST
        seen_by_approver = repr(opened) + repr(await read_timeline(bank.approver, item))
        for secret in ("customer:Y", "the ink of the amount", "'return'", "recommended return", "chose to return"):
            assert secret not in seen_by_approver
        assert opened.view.first_signature is not None
        assert opened.view.first_signature.actor_name == "Reviewer"
        # Who cannot sign, and who signed, read it.
        for person in (bank.reviewer, bank.auditor):
            assert "the ink of the amount" in repr((await open_item(person, item, take=False)).view)
        assert "the ink" not in repr((await open_item(bank.supervisor, item, take=False)).view)

        _, seen = await look(bank.approver, item)
        for early in (confirm(bank.approver, item, seen), send_back(bank.approver, item, seen, "no")):
            with pytest.raises(ChooseFirst):
                await early
        for act, reasons in ((Act.HOLD, ()), (Act.RETURN, ()), (Act.RETURN, ("customer:V",))):
            with pytest.raises(IncompleteChoice):
                await record_opinion(bank.approver, item, act, reasons, seen)
        with pytest.raises(NotYours):
            await record_opinion(bank.supervisor, item, Act.PAY, (), seen)
        await record_opinion(bank.approver, item, Act.PAY, (), seen)

        opened = await open_item(bank.approver, item)
        assert opened.standing is Standing.CONFIRM
        assert opened.view.first_signature is not None and opened.view.first_signature.action == "return"
        assert [(one.who, one.act) for one in opened.view.opinions] == [("Approver", "pay")]
        assert "the ink of the amount" in repr(await read_timeline(bank.approver, item))
        with pytest.raises(StaleItem):  # what was seen while blind is not what is decided on
            await confirm(bank.approver, item, seen)
        _, seen = await look(bank.approver, item)
        with pytest.raises(AlreadyShown):
            await record_opinion(bank.approver, item, Act.REJECT, (), seen)
        await confirm(bank.approver, item, seen, "convinced")
        decision = await last_decision(bank)
        assert decision.details["opinion"]["act"] == "pay" and decision.details["opinion"]["agrees"] is False
        async with transaction(bank.system) as session:
            snapshot = select(Evidence.snapshot).where(Evidence.decision_id == decision.id)
            assert '"opinions":[{"act":"pay"' in (await session.execute(snapshot)).scalar_one()
        assert (await verify_all()).ok

    run(story())


def test_blind_agreement_is_kept_and_every_second_person_says_their_own(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path, blind_second_review=True)
        _, seen = await claimed(bank.approver, item)
        await record_opinion(bank.approver, item, Act.PAY, (), seen)
        await release(bank.approver, item)
        # The other's choice does not unveil it, and is not shown either.
        opened = await open_item(bank.supervisor, item)
        assert opened.standing is Standing.CHOOSE_FIRST and opened.view.opinions == ()
        _, seen = await look(bank.supervisor, item)
        await record_opinion(bank.supervisor, item, Act.RETURN, ("customer:Y",), seen)
        _, seen = await look(bank.supervisor, item)
        await confirm(bank.supervisor, item, seen)
        assert (await last_decision(bank)).details["opinion"]["agrees"] is True

    run(story())


def test_the_amount_raised_above_the_second_persons_limit(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path)
        _, seen = await claimed(bank.approver, item)
        await change_amount(bank, item, "25000.01")
        with pytest.raises(StaleItem):
            await confirm(bank.approver, item, seen)
        _, seen = await look(bank.approver, item)
        with pytest.raises(OverLimit):
            await confirm(bank.approver, item, seen)
        # Within a limit it is still not what the first person signed.
        await release(bank.approver, item)
        _, seen = await claimed(bank.supervisor, item)
        with pytest.raises(AmountChanged, match=r"6,100\.04 when this was recommended, and is 25,000\.01 now"):
            await confirm(bank.supervisor, item, seen)
        assert (await send_back(bank.supervisor, item, seen, "other amount")).status is Status.NEW

    run(story())


def test_raised_while_the_confirmation_waits_for_its_commit(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path)
        _, seen = await claimed(bank.approver, item)
        await submit(bank.approver, item, second_signature(agree=True, note=""), seen)
        await change_amount(bank, item, "25000.01")
        await let_time_pass(bank)
        committed = await commit_pending(bank.institution_id, item)
        assert committed is not None and committed.refused
        view = await view_of(bank.approver, item)
        assert view.status is Status.PENDING_APPROVAL and view.holder is not None

    run(story())


def test_a_policy_activated_in_between(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path)
        _, seen = await claimed(bank.approver, item)
        await set_thresholds(bank, blind_second_review=True)
        with pytest.raises(StaleItem):
            await confirm(bank.approver, item, seen)
        _, seen = await look(bank.approver, item)
        with pytest.raises(ChooseFirst):
            await confirm(bank.approver, item, seen)
        # One that wants fewer people does not undo that two were asked.
        await set_thresholds(bank, blind_second_review=False, dual_control_amount="90000.00")
        _, seen = await look(bank.approver, item)
        assert (await confirm(bank.approver, item, seen)).status is Status.RETURNED
        assert (await last_decision(bank)).policy_version_id == (await view_of(bank.approver, item)).policy_id

    run(story())


def test_an_unanswered_flag_in_between(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path)
        flag_id, first_id = uuid4(), uuid4()
        async with transaction(bank.system) as session:
            for one, code, by in ((flag_id, "late", None), (first_id, "early", bank.reviewer.user_id)):
                session.add(
                    Flag(id=one, institution_id=bank.institution_id, item_id=item, code=code, title=code.title(),
                         explanation="x", evidence={}, source="model", answer="confirmed" if by else None,
                         answered_by=by)
                )  # fmt: skip
        _, seen = await claimed(bank.approver, item)
        with pytest.raises(UnansweredFlag) as refused:
            await confirm(bank.approver, item, seen)
        assert refused.value.flag_id == flag_id
        with pytest.raises(AnswerStands):
            await answer_flag(bank.approver, first_id, Answer.CANNOT_TELL)
        await answer_flag(bank.approver, flag_id, Answer.CONFIRMED)
        await answer_flag(bank.approver, flag_id, Answer.CANNOT_TELL)  # one's own may change
        _, seen = await look(bank.approver, item)
        assert (await confirm(bank.approver, item, seen)).status is Status.RETURNED

    run(story())


def test_neither_the_maker_nor_who_lacks_role_or_limit(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path)
        _, seen = await look(bank.reviewer, item)
        for actor in (bank.reviewer, bank.second_reviewer, bank.auditor, bank.administrator, bank.system):
            with pytest.raises(NotAllowed):
                await confirm(actor, item, seen)
            with pytest.raises(NotAllowed):
                await submit(actor, item, second_signature(agree=True, note=""), seen)
        # Whatever else the maker may do by now: it is the same person.
        promoted = replace(bank.reviewer, roles=bank.supervisor.roles)
        assert (await open_item(promoted, item)).standing is Standing.LOOK
        async with transaction(bank.system) as session:
            await session.execute(update(User).where(User.id == bank.approver.user_id).values(amount_limit=Decimal(50)))
        await claim(promoted, item)
        _, seen = await look(promoted, item)
        with pytest.raises(SamePerson):
            await confirm(promoted, item, seen)
        await release(promoted, item)
        # The limit was lowered after the session began: the database knows, whatever the session says.
        _, seen = await claimed(bank.approver, item)
        with pytest.raises(Exception, match="lacks the role or the amount limit"):
            await confirm(bank.approver, item, seen)
        assert (await view_of(bank.system, item)).status is Status.PENDING_APPROVAL

    run(story())


def test_two_approvers_at_once(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank, item = await recommended(tmp_path)
        taken = await asyncio.gather(
            *(patiently(partial(claim, person, item)) for person in (bank.approver, bank.supervisor)),
            return_exceptions=True,
        )
        assert [isinstance(one, HeldByOther) for one in taken].count(True) == 1
        signers: list[tuple[Actor, Seen]] = []
        for person in (bank.approver, bank.supervisor):
            signers.append((person, (await look(person, item))[1]))
        done = await asyncio.gather(
            *(patiently(partial(confirm, one, item, seen)) for one, seen in signers), return_exceptions=True
        )
        assert sorted(isinstance(one, BaseException) for one in done) == [False, True], done
        assert (await view_of(bank.system, item)).status is Status.RETURNED

    run(story())


# --- both sides -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("viewed", "side"),
    [
        ({"front": 900}, "back"),
        ({"back": 900}, "front"),
        ({}, "front"),
        ({"front": 900, "back": 0}, "back"),
        # For a frame or two: on screen, and seen by nobody.
        ({"front": 900, "back": LEAST_VIEWED_MS - 1}, "back"),
        ({"front": 16, "back": 900}, "front"),
    ],
)
def test_a_side_that_was_not_on_screen(run: Callable, tmp_path: Path, viewed: dict[str, int], side: str) -> None:
    async def story() -> None:
        bank = await make_bank()
        await set_thresholds(bank, view_both_sides=True)
        await import_items(bank, tmp_path, [x9_item(1, "100.00", "021000021")])
        (item,) = await item_ids(bank)
        _, seen = await claimed(bank.reviewer, item)
        unseen = replace(seen, viewed_ms=viewed)
        pay = Submission(Stage.DECIDE, Choice(Act.PAY))
        with pytest.raises(SideNotViewed) as refused:
            await submit(bank.reviewer, item, pay, unseen)
        assert refused.value.side == side
        # What ends no review needs no look at both sides.
        asked = await submit(
            bank.reviewer, item, Submission(Stage.DECIDE, Choice(Act.ASK, note="Whose?", asks_team="branch")), unseen
        )
        assert asked.status is Status.NEEDS_INFO

    run(story())


def test_a_side_counts_once_it_was_long_enough_on_screen_to_be_seen(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await set_thresholds(bank, view_both_sides=True)
        await import_items(bank, tmp_path, [x9_item(1, "100.00", "021000021")])
        (item,) = await item_ids(bank)
        _, seen = await claimed(bank.reviewer, item)
        just = replace(seen, viewed_ms={"front": LEAST_VIEWED_MS, "back": LEAST_VIEWED_MS})
        assert (await decide(bank.reviewer, item, Choice(Act.PAY), just)).status is Status.APPROVED

    run(story())


def test_a_check_without_images_has_no_side_to_look_at(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await set_thresholds(bank, view_both_sides=True)
        await import_items(bank, tmp_path, [x9_item(1, "100.00", "021000021", images=False)])
        (item,) = await item_ids(bank)
        view, seen = await claimed(bank.reviewer, item)
        assert view.images == ()
        for flag in view.flags:
            await answer_flag(bank.reviewer, flag.id, Answer.CONFIRMED)
        _, seen = await look(bank.reviewer, item)
        assert (await decide(bank.reviewer, item, Choice(Act.PAY), replace(seen, viewed_ms={}))).status

    run(story())


def test_images_that_cannot_be_shown_have_their_own_words(run: Callable, tmp_path: Path) -> None:
    async def story() -> None:
        bank = await make_bank()
        await set_thresholds(bank, view_both_sides=True)
        await import_items(bank, tmp_path, [x9_item(1, "100.00", "021000021")])
        (item,) = await item_ids(bank)
        _, seen = await claimed(bank.reviewer, item)
        away = settings().model_copy(update={"object_store_endpoint": "http://127.0.0.1:9"})
        open_store(away)
        with pytest.raises(ImagesUnavailable):
            await submit(bank.reviewer, item, Submission(Stage.DECIDE, Choice(Act.PAY)), replace(seen, viewed_ms={}))
        assert (await view_of(bank.reviewer, item)).status is Status.IN_REVIEW

    run(story())


# --- PostgreSQL by itself -------------------------------------------------------------------------------------------

SIGN = """
    insert into decision (id, institution_id, item_id, sequence, stage, action, actor_id, confirms_id, reasons,
        note, details, policy_version_id, from_status, to_status, item_version)
    select gen_random_uuid(), institution_id, item_id, 2, %(stage)s, action, %(actor)s, id, reasons, '',
        '{}', policy_version_id, 'pending_approval', 'returned', item_version + 1
    from decision where stage = 'recommendation'
"""


def sign(database: Database, bank: Bank, actor: UUID | None, stage: str = "confirmation") -> None:
    """Try the second signature in SQL, as the application's own role, and take it back."""
    with psycopg.connect(database.url) as connection:
        connection.execute("select set_config('console.institution_id', %s, false)", (str(bank.institution_id),))
        connection.execute(SIGN, {"stage": stage, "actor": actor})
        connection.rollback()


def test_the_database_refuses_who_may_not_sign(run: Callable, database: Database, tmp_path: Path) -> None:
    bank, _ = run(recommended(tmp_path, "25000.00"))
    sign(database, bank, bank.approver.user_id)
    sign(database, bank, bank.supervisor.user_id)
    refused = pytest.raises(psycopg.errors.CheckViolation)
    for person in (bank.reviewer, bank.second_reviewer, bank.administrator, bank.auditor):
        for stage in ("confirmation", "sent_back"):
            with refused:
                sign(database, bank, person.user_id, stage)
    owner = psycopg.connect(database.owner_url, autocommit=True)
    owner.execute("update check_item set amount = 25000.01, version = version + 1")
    with refused:
        sign(database, bank, bank.approver.user_id)
    sign(database, bank, bank.approver.user_id, "sent_back")
    sign(database, bank, bank.supervisor.user_id)
    # A person's own bounds bind whatever role they hold; so do queues, types and being there at all.
    for change in (
        "amount_limit = 25000.00",
        "queues = '[\"standard\"]'",
        "item_types = '[\"on_us\"]'",
        "active = false",
    ):
        owner.execute(f"update app_user set {change} where id = %s", (bank.supervisor.user_id,))
        with refused:
            sign(database, bank, bank.supervisor.user_id)
        owner.execute(
            "update app_user set amount_limit = null, queues = null, item_types = null, active = true where id = %s",
            (bank.supervisor.user_id,),
        )
    sign(database, bank, bank.supervisor.user_id)
    owner.close()


def test_the_database_knows_custom_roles(run: Callable, database: Database, tmp_path: Path) -> None:
    bank, _ = run(recommended(tmp_path, "6100.04"))
    person = bank.second_reviewer.user_id
    owner = psycopg.connect(database.owner_url, autocommit=True)
    role = uuid4()
    owner.execute(
        "insert into custom_role (id, institution_id, key, name, copied_from, permissions, amount_limit)"
        " values (%s, %s, 'custom:signs', 'Signs', 'approver', '[\"item:approve\"]', 6100.03)",
        (role, bank.institution_id),
    )
    owner.execute(
        "insert into user_role (user_id, institution_id, role, custom_role_id) values (%s, %s, 'custom:signs', %s)",
        (person, bank.institution_id, role),
    )
    with pytest.raises(psycopg.errors.CheckViolation):
        sign(database, bank, person)
    for change, may in (
        ("amount_limit = 6100.04", True),
        ("amount_limit = null", False),
        ("unlimited = true", True),
        ("item_types = '[\"on_us\"]'", False),
        ("item_types = null, permissions = '[\"item:decide\"]'", False),
    ):
        owner.execute(f"update custom_role set {change} where id = %s", (role,))
        if may:
            sign(database, bank, person)
        else:
            with pytest.raises(psycopg.errors.CheckViolation):
                sign(database, bank, person)
    owner.close()


def test_the_database_holds_the_codes_limits(database: Database) -> None:
    with psycopg.connect(database.owner_url) as owner:
        rows = {row[0]: (row[1], row[2]) for row in owner.execute("select role, signs, amount_limit from role_limit")}
    signing = {role for role, grant in GRANTS.items() if Permission.ITEM_APPROVE in grant.permissions}
    limits = {role.value: (role in signing, grant.amount_limit) for role, grant in GRANTS.items()}
    assert {role: limit for role, limit in rows.items() if limit[0]} == {
        role: limit for role, limit in limits.items() if limit[0]
    }
    assert {role: limit[0] for role, limit in rows.items()} == {role: limit[0] for role, limit in limits.items()}
    with psycopg.connect(database.url) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("update role_limit set signs = true")


def test_an_opinion_is_append_only_and_anothers(run: Callable, database: Database, tmp_path: Path) -> None:
    async def story() -> Bank:
        bank, item = await recommended(tmp_path, blind_second_review=True)
        _, seen = await claimed(bank.approver, item)
        await record_opinion(bank.approver, item, Act.PAY, (), seen)
        async with transaction(bank.system) as session:
            assert (await session.execute(select(SecondOpinion.act))).scalar_one() == "pay"
        return bank

    bank = run(story())
    with psycopg.connect(database.url) as app:
        app.execute("select set_config('console.institution_id', %s, false)", (str(bank.institution_id),))
        app.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("update second_opinion set act = 'return'")
        app.rollback()
        again = (
            "insert into second_opinion (id, institution_id, item_id, recommendation_id, user_id, act, reasons)"
            " select gen_random_uuid(), institution_id, item_id, recommendation_id, %s, 'return', '[]'"
            " from second_opinion"
        )
        with pytest.raises(psycopg.errors.UniqueViolation):
            app.execute(again, (bank.approver.user_id,))
        app.rollback()
        app.execute("select set_config('console.institution_id', %s, false)", (str(bank.institution_id),))
        with pytest.raises(psycopg.errors.CheckViolation):
            app.execute(again, (bank.reviewer.user_id,))  # the maker


amounts = st.decimals("0.01", "30000.00", places=2)


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(amount=amounts, own=st.none() | amounts)
def test_code_and_database_agree_on_who_may_sign(
    signing: tuple[Database, Bank, UUID], amount: Decimal, own: Decimal | None
) -> None:
    database, bank, item = signing
    actor = replace(bank.approver, bounds=Bounds(amount_limit=own))
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("update app_user set amount_limit = %s where id = %s", (own, actor.user_id))
        row = connection.execute("select may_sign(%s, %s, %s)", (actor.user_id, item, amount)).fetchone()
    assert row == (within_limit(actor, amount, None, Permission.ITEM_APPROVE),)


@pytest.fixture
def signing(run: Callable, database: Database, tmp_path: Path) -> tuple[Database, Bank, UUID]:
    bank, item = run(recommended(tmp_path))
    return database, bank, item
