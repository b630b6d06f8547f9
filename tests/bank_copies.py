"""A bank for each test at the cost of its rows: the first of a process is made by the services, the others are copied
from it with ids of their own.

What the services recorded about making it is not copied: in a copied bank the audit trail begins with the test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
from psycopg import sql

from console.settings import Settings

# Where the superuser's way into the test's database is found.
SUPERUSER_URL: Final = "CRC_TEST_SUPERUSER_URL"
# Addresses and keys, of which no row of a new bank tells.
_ELSEWHERE: Final = frozenset({"secret_key", "previous_secret_key", "public_origin", "port", "data_dir"})
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TABLES: Final = """
    select c.relname, array_agg(a.attname order by a.attnum)
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
        and c.relname <> 'alembic_version' and c.relname not like 'audit%'
    group by c.relname
"""


@dataclass(frozen=True)
class BankRows:
    """The rows of a bank that was just made: for each table its columns, and the rows as COPY writes them."""

    tables: Mapping[str, tuple[tuple[str, ...], str]]

    def copied(self) -> Mapping[UUID, UUID] | None:
        """Copy the bank into the test's database; which id each of its ids has become. None where there is a bank."""
        ids: dict[str, str] = {}
        with psycopg.connect(os.environ[SUPERUSER_URL]) as connection:
            if _has_bank(connection):
                return None
            # They are as the console wrote them; its guards have seen them.
            connection.execute("set session_replication_role = replica")
            for name, (columns, rows) in self.tables.items():
                into = sql.SQL("copy {} ({}) from stdin").format(sql.Identifier(name), _listed(columns))
                with connection.cursor() as cursor, cursor.copy(into) as copy:
                    copy.write(_UUID.sub(lambda found: ids.setdefault(found[0], str(uuid4())), rows))
            # Every bank's chain has begun: that the bank was made is its first entry.
            connection.execute("insert into audit_head (institution_id, sequence) select id, 0 from institution")
        return {UUID(old): UUID(new) for old, new in ids.items()}


def filled() -> frozenset[str] | None:
    """The tables in which something is before a bank is made: what migrations put there. None where a bank is there
    already, or the test's database cannot be looked into."""
    if SUPERUSER_URL not in os.environ:
        return None
    with psycopg.connect(os.environ[SUPERUSER_URL]) as connection:
        if _has_bank(connection):
            return None
        return frozenset(name for name, columns in _tables(connection) if _copied_out(connection, name, columns))


def read_rows(before: frozenset[str]) -> BankRows:
    """The rows in the test's database, in which a bank was made and nothing else has happened since `filled`."""
    with psycopg.connect(os.environ[SUPERUSER_URL]) as connection:
        rows = {
            name: (tuple(columns), _copied_out(connection, name, columns))
            for name, columns in _tables(connection)
            if name not in before
        }
    return BankRows({name: held for name, held in rows.items() if held[1]})


def kind_of(settings: Settings) -> str:
    """What a new bank depends on: banks made under settings of the same kind are alike."""
    given: dict[str, Any] = settings.model_dump(exclude=set(_ELSEWHERE))
    return repr({name: value for name, value in given.items() if not name.endswith("_url") and "store_" not in name})


def _has_bank(connection: psycopg.Connection) -> bool:
    return connection.execute("select 1 from institution limit 1").fetchone() is not None


def _tables(connection: psycopg.Connection) -> list[tuple[str, list[str]]]:
    return connection.execute(_TABLES).fetchall()


def _copied_out(connection: psycopg.Connection, table: str, columns: list[str]) -> str:
    out = sql.SQL("copy (select {} from {}) to stdout").format(_listed(columns), sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(out) as copy:
        return b"".join(bytes(part) for part in copy).decode()


def _listed(columns: tuple[str, ...] | list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
