"""What a choice needs: reasons by what we are to the item, altered or forged, holds. Rules alone, without I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.review.choices import MAX_REASONS, Choice, check_complete, check_reasons
from console.review.clocks import add_banking_days, is_banking_day
from console.review.errors import IncompleteChoice
from console.review.holds import (
    HOLD_RULES,
    REGULAR_DAYS,
    Deposit,
    Hold,
    HoldReason,
    amount_delayed,
    check_hold,
    doubt,
    large_deposit_threshold,
    needs_note,
    notice_lines,
    offered_days,
)
from console.review.liability import Finding, Liability, Original, consequence, finding_of, is_asked
from console.review.reasons import COMMON, REASONS, ReasonClass, Side, matching, reasons_for, side_of
from console.review.states import Act
from console.review.submission import Stage, Submission, submission_from

TODAY = date(2026, 11, 25)  # a Wednesday; Thursday is Thanksgiving
DEPOSIT = Deposit(Decimal("9000.00"), TODAY, None, None, seen_before=False, must_decide_by=None)
KEYS = sorted(REASONS)
liabilities = st.builds(Liability, st.sampled_from(Original), st.sampled_from(Finding))


def lacks(field: str, work: object) -> None:
    with pytest.raises(IncompleteChoice) as refused:
        work()  # type: ignore[operator]
    assert refused.value.field == field


# --- return reasons -------------------------------------------------------------------------------------------------


def test_letters_mean_different_things_in_each_class() -> None:
    assert REASONS["customer:Q"].text != REASONS["administrative:Q"].text
    assert REASONS["customer:I"].text != REASONS["administrative:I"].text
    assert "customer:V" not in REASONS and "administrative:V" in REASONS
    assert len(REASONS) == 29 + 12


def test_what_may_be_said_follows_from_what_we_are_to_the_item() -> None:
    assert side_of("check", "on_us") is Side.PAYING
    assert side_of("check", "transit") is Side.DEPOSITARY
    assert side_of("return", "transit") is side_of("return", "on_us") is Side.RETURNED
    assert set(reasons_for(Side.PAYING)) == set(REASONS.values())
    deposited = {reason.key for reason in reasons_for(Side.DEPOSITARY)}
    # Only the paying bank knows funds, stops, the account and the drawer's signature.
    assert not deposited & {f"customer:{code}" for code in "ABCDEFLQRSZ"}
    assert {"customer:N", "customer:I", "customer:Y"} <= deposited
    assert all(REASONS[key].reason_class is ReasonClass.CUSTOMER for key in deposited)
    assert all(one.reason_class is ReasonClass.ADMINISTRATIVE for one in reasons_for(Side.RETURNED))


@given(st.sampled_from(Side), st.lists(st.sampled_from(KEYS), max_size=MAX_REASONS))
def test_a_reason_of_another_side_is_refused_by_the_service(side: Side, keys: list[str]) -> None:
    fits = all(side in REASONS[key].sides for key in keys)
    choice = Choice(Act.RETURN, tuple(keys))
    if fits:
        check_reasons(choice, side)
    else:
        lacks("reasons", lambda: check_reasons(choice, side))


@pytest.mark.parametrize("side", Side)
def test_nine_common_reasons_stand_on_the_keys_of_each_side(side: Side) -> None:
    assert len(COMMON[side]) == len(set(COMMON[side])) == 9
    assert set(COMMON[side]) <= set(reasons_for(side))


@given(st.sampled_from(Side), st.text(max_size=12))
def test_the_search_finds_only_what_may_be_said(side: Side, text: str) -> None:
    assert set(matching(text, side)) <= set(reasons_for(side))


def test_a_code_is_found_before_words_that_hold_it() -> None:
    assert matching("l", Side.PAYING)[0].key == "customer:L"
    assert [one.key for one in matching("stop pay", Side.PAYING)] == ["customer:C"]
    assert matching("stop pay", Side.DEPOSITARY) == []


# --- altered or forged ----------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(KEYS), min_size=1, max_size=MAX_REASONS), st.none() | liabilities)
def test_the_prompt_is_answered_exactly_where_n_l_or_z_is_chosen(keys: list[str], liability: Liability | None) -> None:
    asked = bool({"customer:N", "customer:L", "customer:Z"} & set(keys))
    assert is_asked(keys) is asked
    choice = Choice(Act.RETURN, tuple(keys), liability=liability)
    forged_alone = asked and "customer:N" not in keys
    if asked != (liability is not None) or (forged_alone and liability and liability.finding is Finding.ALTERED):
        lacks("liability", lambda: check_complete(choice))
    else:
        check_complete(choice)
        assert ("liability" in choice.details()) is asked


def test_l_and_z_say_forged_and_n_says_either() -> None:
    assert finding_of(["customer:L"]) is finding_of(["customer:Z", "customer:A"]) is Finding.FORGED
    assert finding_of(["customer:N"]) is finding_of(["customer:N", "customer:L"]) is finding_of(["customer:A"]) is None


def test_the_answer_says_who_bears_the_loss() -> None:
    said = {
        (side, liability.original, liability.finding): consequence(side, liability)
        for side in (Side.PAYING, Side.DEPOSITARY)
        for liability in (Liability(one, two) for one in Original for two in Finding)
    }
    altered_and_gone = said[Side.PAYING, Original.GONE, Finding.ALTERED]
    assert "Presumed altered" in altered_and_gone and "the depositary bank" in altered_and_gone
    assert "our bank" in said[Side.PAYING, Original.GONE, Finding.FORGED]
    assert "our bank" in said[Side.DEPOSITARY, Original.GONE, Finding.ALTERED]
    # With the original at hand nothing is presumed (229.38(i)).
    assert not any("Presumed" in words for (_, original, _), words in said.items() if original is Original.AVAILABLE)


# --- holds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "on, amount",
    [("2019-01-01", "5000"), ("2020-07-01", "5525"), ("2025-06-30", "5525"), ("2025-07-01", "6725")],
)  # fmt: skip
def test_the_threshold_is_the_one_of_the_day(on: str, amount: str) -> None:
    assert large_deposit_threshold(date.fromisoformat(on)) == Decimal(amount)


@given(st.dates(TODAY - timedelta(days=5), TODAY + timedelta(days=60)))
def test_a_hold_ends_on_a_banking_day_after_today(day: date) -> None:
    hold = Hold(day, HoldReason.REASONABLE_CAUSE, "12345678")
    if day > TODAY and is_banking_day(day):
        check_hold(hold, DEPOSIT, TODAY, "the maker's bank says it is counterfeit")
        assert day in offered_days(TODAY, DEPOSIT, 60)
    else:
        lacks("release_on", lambda: check_hold(hold, DEPOSIT, TODAY, "explained"))
        assert day not in offered_days(TODAY, DEPOSIT, 60)


@given(st.integers(1, 30))
def test_within_the_regular_schedule_no_exception_is_needed(days: int) -> None:
    hold = Hold(add_banking_days(TODAY, days))
    if days <= REGULAR_DAYS:
        check_hold(hold, DEPOSIT, TODAY, "")
    else:
        lacks("hold_reason", lambda: check_hold(hold, DEPOSIT, TODAY, "a note does not replace an exception"))


@given(st.sampled_from(HoldReason), st.integers(1, 30), st.booleans())
def test_an_exception_is_shown_by_what_the_bank_knows_or_explained(
    reason: HoldReason, days: int, explained: bool
) -> None:
    shown = Deposit(
        Decimal("9000.00"), TODAY, TODAY - timedelta(days=12), overdrafts=8, seen_before=True, must_decide_by=None
    )
    hold = Hold(add_banking_days(TODAY, days), reason, "12345678")
    note = "the branch explains it" if explained else "  "
    longer = days > HOLD_RULES[reason].days
    for deposit in (shown, DEPOSIT):
        needed = longer or needs_note(reason, deposit)
        if needed and not explained:
            lacks("note", lambda deposit=deposit: check_hold(hold, deposit, TODAY, note))
        else:
            check_hold(hold, deposit, TODAY, note)
    assert bool(doubt(reason, shown)) is (reason in {HoldReason.REASONABLE_CAUSE, HoldReason.EMERGENCY})


def test_an_account_of_thirty_days_is_new_no_more() -> None:
    hold = Hold(add_banking_days(TODAY, 5), HoldReason.NEW_ACCOUNT, "12345678")
    young = replace(DEPOSIT, opened_on=TODAY - timedelta(days=29))
    old = replace(DEPOSIT, opened_on=TODAY - timedelta(days=30))
    check_hold(hold, young, TODAY, "")
    # What the bank knows to be untrue no note makes true.
    lacks("hold_reason", lambda: check_hold(hold, old, TODAY, "they said it is new"))


def test_a_check_drawn_on_us_is_not_held_beyond_its_deadline() -> None:
    ours = replace(DEPOSIT, must_decide_by=TODAY + timedelta(days=2))
    check_hold(Hold(TODAY + timedelta(days=2)), ours, TODAY, "")
    lacks("release_on", lambda: check_hold(Hold(add_banking_days(TODAY, 2)), ours, TODAY, ""))
    assert offered_days(TODAY, ours) == (TODAY + timedelta(days=2),)


@pytest.mark.parametrize("account", ["", "123", "12 34", "١٢٣٤٥", "1" * 21, "12345678\n"])
def test_the_notice_needs_the_deposit_account(account: str) -> None:
    hold = Hold(add_banking_days(TODAY, 5), HoldReason.LARGE_DEPOSIT, account)
    lacks("account", lambda: check_hold(hold, DEPOSIT, TODAY, "explained"))


@given(st.decimals(Decimal("0.01"), Decimal("99999.99"), places=2))
def test_of_a_large_deposit_only_what_exceeds_the_threshold_is_delayed(amount: Decimal) -> None:
    deposit = replace(DEPOSIT, amount=amount)
    delayed = amount_delayed(HoldReason.LARGE_DEPOSIT, deposit)
    assert delayed == (amount - Decimal(6725) if amount > 6725 else amount)
    assert amount_delayed(HoldReason.REDEPOSITED, deposit) == amount


@pytest.mark.parametrize("reason", HoldReason)
def test_the_notice_says_what_the_rule_demands(reason: HoldReason) -> None:
    hold = Hold(date(2026, 12, 4), reason, "0012345678")
    lines = dict(notice_lines(hold, DEPOSIT, bank="First Bank", holder="Jo Doe", note="They lied.", today=TODAY))
    assert lines["Account"] == "ending in 5678"
    assert lines["Date of deposit"] == "Wednesday 25 November 2026"
    assert lines["Amount delayed"] == ("$2,275.00" if reason is HoldReason.LARGE_DEPOSIT else "$9,000.00")
    assert HOLD_RULES[reason].cite in lines["Reason"]
    assert lines["Available for withdrawal"] == "on Friday 4 December 2026"
    assert ("They lied." in lines["Reason"]) is (reason in {HoldReason.REASONABLE_CAUSE, HoldReason.EMERGENCY})
    assert ("Fees" in lines) is (reason is HoldReason.REASONABLE_CAUSE)
    assert "0012345678" not in str(lines)


def test_a_decision_keeps_of_an_account_its_last_digits_alone() -> None:
    held = Choice(Act.HOLD, release_on=TODAY, hold_reason=HoldReason.EMERGENCY, deposit_account="0012345678")
    assert held.details() == {"release_on": "2026-11-25", "hold_reason": "emergency", "account_ending": "5678"}


# --- a choice as a whole --------------------------------------------------------------------------------------------


def test_a_question_is_for_one_person_or_a_team() -> None:
    both = Choice(Act.ASK, note="Known?", asks=uuid4(), asks_team="branch")
    lacks("asks", lambda: check_complete(both))
    lacks("asks", lambda: check_complete(Choice(Act.ASK, note="Known?", asks_team="x" * 61)))
    lacks("note", lambda: check_complete(Choice(Act.ASK, asks_team="branch")))
    check_complete(Choice(Act.ASK, note="Known?", asks_team="branch"))


@given(
    st.builds(
        Choice,
        act=st.sampled_from(Act),
        reasons=st.lists(st.sampled_from(KEYS), max_size=3).map(tuple),
        note=st.text(max_size=20),
        release_on=st.none() | st.dates(),
        queue=st.none() | st.just("escalation"),
        liability=st.none() | liabilities,
        hold_reason=st.none() | st.sampled_from(HoldReason),
        deposit_account=st.text("0123456789", max_size=20),
        asks=st.none() | st.uuids(),
        asks_team=st.text(max_size=20),
    )
)
def test_a_choice_that_waits_for_its_commit_comes_back_as_it_was(choice: Choice) -> None:
    submission = Submission(Stage.DECIDE, choice)
    assert submission_from("decide", submission.choice_as_json()) == submission
