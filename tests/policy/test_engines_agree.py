"""One meaning, two engines: whatever the rules and whatever the items, Python and SQL say the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Boolean, Connection, create_engine, insert, literal, select, text
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import JSONB

from console.policy.actions import Priority, RiskLevel
from console.policy.compile import Columns, fact, fields_of, truth_of
from console.policy.conditions import AnyNode
from console.policy.faults import read_document, read_rule
from console.policy.judgement import Judge, Judgement, Terms
from console.policy.judgement_sql import judgement_sql, side_by_side
from console.policy.kept import facts_as_json, facts_as_text, facts_from_json
from console.policy.outcomes_sql import OUTCOMES
from console.policy.questions import evaluator
from console.policy.routing import Criteria, Route
from tests.conftest import Database
from tests.policy import drawn

ITEMS = 60
DAY = date(2026, 11, 20)
_TABLE = sql_table("drawn_item", sql_column("item_id"), sql_column("facts", JSONB), sql_column("in_queue"))
# A seed shrinks badly and draws fast: what fails is named by its seed, and drawn again from it.
SEEDS = st.integers(0, 2**40)


@pytest.fixture(scope="module")
def connection(module_database: Database) -> Iterator[Connection]:
    engine = create_engine(module_database.superuser_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        connection.execute(text("create temporary table drawn_item (item_id int, facts jsonb, in_queue text)"))
        yield connection
    engine.dispose()


def _store(connection: Connection, items: list[dict[str, object]], queues: list[str | None]) -> None:
    connection.execute(text("truncate drawn_item"))
    rows = [
        {"item_id": at, "facts": facts_as_json(one), "in_queue": queue}
        for at, (one, queue) in enumerate(zip(items, queues, strict=True))
    ]
    connection.execute(insert(_TABLE), rows)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
@example(10_000_188)  # a flag, and nothing else, inside a `not`
def test_conditions(connection: Connection, seed: int) -> None:
    """Twenty trees of conditions over sixty items: true, false and missing alike."""
    rng = Random(seed)
    items, lists = [drawn.item(rng) for _ in range(ITEMS)], drawn.lists(rng)
    _store(connection, items, [None] * ITEMS)
    nodes: list[AnyNode] = [_node(rng) for _ in range(20)]
    flags = frozenset(rng.sample(("velocity", "serial_gap"), rng.randrange(3)))
    names = list(fields_of(nodes))
    given_ = select(_TABLE.c.item_id, *(fact(_TABLE.c.facts, name).label(name) for name in names)).subquery()
    raised = {code: literal(code in flags, Boolean) for code in ("velocity", "serial_gap")}
    columns = Columns(given_.c, raised)
    found = connection.execute(
        select(*(truth_of(node, columns, lists).label(f"c{at}") for at, node in enumerate(nodes))).order_by(
            given_.c.item_id
        )
    ).all()
    tests = [evaluator(node, lists) for node in nodes]
    for facts, row in zip(items, found, strict=True):
        known = {**facts, "flags": flags}
        assert [test(known) for test in tests] == list(row), seed


def _node(rng: Random) -> AnyNode:
    return read_rule({"id": "r", "name": "r", "when": drawn.node(rng), "then": [{"do": "blind"}]}).when


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
@example(78)  # two rules add one flag, and only the later one fires
def test_judgements(connection: Connection, seed: int) -> None:
    """Whole policies, thresholds' flags and queues' criteria included: every outcome of every item."""
    rng = Random(seed)
    items = [drawn.item(rng) for _ in range(ITEMS)]
    queues = [rng.choice([None, *drawn.QUEUES]) for _ in range(ITEMS)]
    _store(connection, items, queues)
    terms = _terms(rng)
    query = judgement_sql(terms, _TABLE, keep=("item_id",), queue="in_queue")
    rows = {row["item_id"]: row for row in connection.execute(query).mappings()}
    judge = Judge(terms)
    for at, (facts, queue) in enumerate(zip(items, queues, strict=True)):
        word = judge.judge(facts, queue)
        assert {name: rows[at][name] for name in OUTCOMES} == _outcomes(word), (seed, at)
        explanation = judge.explain(facts, queue)
        assert explanation.word == word
        assert tuple(one.rule for one in explanation.rules if one.fired) == word.fired


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_two_policies_side_by_side(connection: Connection, seed: int) -> None:
    """They have much in common, as a draft and the active version have: what they share is asked once, and each says
    what it says alone."""
    rng = Random(seed)
    items = [drawn.item(rng) for _ in range(ITEMS)]
    _store(connection, items, [None] * ITEMS)
    was = _terms(rng)
    now = _changed(rng, was)
    found = side_by_side((was, now), _TABLE, ("item_id",))
    columns = [
        found.words[at].columns[name].label(f"{at}_{name}") for at in range(2) for name in OUTCOMES if name != "fired"
    ]
    rows = connection.execute(select(found.kept["item_id"].label("at"), found.amount.label("amount"), *columns))
    said = {row["at"]: row for row in rows.mappings()}
    for side, terms in enumerate((was, now)):
        judge = Judge(terms)
        for at, facts in enumerate(items):
            wanted = {name: value for name, value in _outcomes(judge.judge(facts)).items() if name != "fired"}
            assert {name: said[at][f"{side}_{name}"] for name in wanted} == wanted, (seed, side, at)
            assert said[at]["amount"] == facts["amount"]


def _changed(rng: Random, was: Terms) -> Terms:
    """The same policy with some thresholds and rules of another, its rules in another order, or its lists otherwise."""
    old, other = was.document.model_dump(mode="json"), drawn.document(rng)
    for name in rng.sample(sorted(other["thresholds"]), rng.randrange(4)):
        old["thresholds"][name] = other["thresholds"][name]
    added = [{**rule, "id": f"n-{at}"} for at, rule in enumerate(other["rules"])]
    again = [{**rule, "id": f"a-{at}", "scope": {}} for at, rule in enumerate(old["rules"]) if rng.random() < 0.3]
    old["rules"] = rng.sample([*old["rules"], *again, *added], rng.randrange(len(old["rules"]) + 2 if added else 1))
    lists = was.lists if rng.random() < 0.7 else drawn.lists(rng)
    return Terms(read_document(old), DAY, lists, was.routes, was.queues)


def _terms(rng: Random) -> Terms:
    routes = tuple(
        Route(queue, Criteria(amount_from=Decimal(rng.choice(["0", "500"])), item_types=frozenset({"on_us"}),
                              flags=frozenset(rng.sample(["velocity", "serial_zero", "unheard_of"], rng.randrange(3))),
                              account_types=frozenset(rng.sample(["Personal", "Épargne"], rng.randrange(2)))))
        for queue in rng.sample(["fraud", "elsewhere"], rng.randrange(3))
    )  # fmt: skip
    queues = rng.choice([None, frozenset({"standard", "high_priority", "fraud"})])
    return Terms(read_document(drawn.document(rng)), DAY, drawn.lists(rng), routes, queues)


def _outcomes(word: Judgement) -> dict[str, object]:
    return {
        "needs_review": word.needs_review,
        "queue": word.queue,
        "priority": word.priority,
        "risk_level": word.risk_level,
        "rule_hours": word.rule_hours,
        "two_people": word.two_people,
        "blind": word.blind,
        "reason_required": word.reason_required,
        "note_required": word.note_required,
        "flags": list(word.flags),
        "added": [action.code for action, _ in word.added],
        "fired": [rule.id for rule in word.fired],
    }


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_facts_come_back_as_they_were_kept(seed: int) -> None:
    facts = drawn.item(Random(seed))
    assert facts_from_json(json.loads(json.dumps(facts_as_json(facts)))) == facts
    assert json.loads(facts_as_text(facts)) == facts_as_json(facts)


def test_levels_are_ordered_alike() -> None:
    """The SQL reads risk levels by the priorities' numbers."""
    assert {one.name: int(one) for one in Priority} == {one.name: int(one) for one in RiskLevel}
