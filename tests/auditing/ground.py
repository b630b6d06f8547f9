"""What the tests of the audit trail have in common: the console by itself, and hands that pass every guard."""

from __future__ import annotations

import psycopg

from tests.conftest import Database


def tamper(database: Database, statement: str) -> None:
    """Past every guard, as somebody with the database's files could."""
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(statement)
