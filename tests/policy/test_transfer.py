"""Documents as JSON and YAML: out and in again they are the same, and nothing but plain data comes in."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from console.access.permissions import NotAllowed
from console.policy.document_text import MAX_TEXT, TextFormat, UnreadableText, read_text, write_text
from console.policy.errors import VersionNotFound
from console.policy.faults import InvalidDocument, read_document
from console.policy.transfer import export_version, import_draft
from console.policy.versions import active_policy
from db.engine import transaction
from db.models import AuditEntry, PolicyVersion
from tests.factories import make_bank

words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
tricky = ["7500.00", "2026-12-01", "no", "on", "0x1F", "1e3", "1:30", "~", "=", "<<", "- a", "#x", "null", "010"]
values = st.recursive(
    st.one_of(words, st.booleans(), st.none(), st.integers(-(10**12), 10**12), st.sampled_from(tricky)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(words, values, min_size=1, max_size=4), st.sampled_from(list(TextFormat)))
@settings(max_examples=60, deadline=None)
def test_out_and_in_again(document: dict, form: TextFormat) -> None:
    assert read_text(write_text(document, form)) == document


def test_an_amount_is_read_as_it_is_written() -> None:
    assert read_text("amount: 7500.00\nday: 2026-12-01\nold: 010\n") == {
        "amount": "7500.00", "day": "2026-12-01", "old": 10,
    }  # fmt: skip
    assert read_text('{"amount": 7500.10, "whole": 3}') == {"amount": "7500.10", "whole": 3}


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (" ", "Nothing"),
        ('{"a": 1,}', "Line 1, column"),
        ('{"a": 1, "a": 2}', "twice"),
        ("a: 1\na: 2\n", "twice"),
        ("1: 2\n", "A name is wanted"),
        ("a: [1\n", "Line 2"),
        (BOMB, "anchors"),
        ("a: !!python/object/apply:os.system [id]\n", "could not determine a constructor"),
        ("a: \x01\n", "no text has"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "deeper"),
        ("a: " + "[" * 100_000 + "]" * 100_000, "deeper"),
        ("a" * (MAX_TEXT + 1), "longer"),
    ],
)
def test_what_is_not_read(text: str, why: str) -> None:
    with pytest.raises(UnreadableText, match=why):
        read_text(text)


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_whatever_comes_is_plain_data_or_refused_in_words(text: str) -> None:
    for one in (text, "{" + text):
        try:
            json.dumps(read_text(one))
        except UnreadableText as error:
            assert str(error)


def test_a_version_goes_out_and_comes_in_as_a_draft(run: Callable) -> None:
    async def story() -> None:
        bank = await make_bank()
        async with transaction(bank.system) as session:
            active = await active_policy(session)
        for form in TextFormat:
            file = await export_version(bank.auditor, active.id, form)
            assert file.name == f"policy-version-1.{form}"
            assert read_document(read_text(file.content.decode())) == active.document
            with pytest.raises(NotAllowed):
                await import_draft(bank.auditor, file.content.decode())
            text = file.content.decode().replace("5000.00", "6500.00")
            made = await import_draft(bank.supervisor, text, "from the\x00 bank.yaml")
            async with transaction(bank.system) as session:
                row = (await session.scalars(select(PolicyVersion).where(PolicyVersion.id == made))).one()
                last = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(1)
                entry = (await session.scalars(last)).one()
            assert (row.status, row.based_on) == ("draft", active.id)
            assert row.document["thresholds"]["dual_control_amount"] == "6500.00"
            assert (entry.action, (entry.after or {})["file"]) == ("policy.drafted", "from the bank.yaml")
        with pytest.raises(VersionNotFound):
            await export_version(bank.auditor, bank.institution_id, TextFormat.JSON)

    run(story())


def test_faults_are_named_by_their_path(run: Callable) -> None:
    text = """
thresholds: {dual_control_amount: 5000.00, high_priority_amount: 10000.00, sla_hours: 4}
rules:
  - id: r-1
    name: New account
    when: {all: [{field: amount, op: greater, value: a lot}]}
    then: [{do: fly}]
"""

    async def story() -> None:
        bank = await make_bank()
        with pytest.raises(InvalidDocument) as refused:
            await import_draft(bank.supervisor, text)
        found = [one.where for one in refused.value.faults]
        assert "rules › New account › when › all › 1 › value" in found and "rules › New account › then › 1" in found

    run(story())
