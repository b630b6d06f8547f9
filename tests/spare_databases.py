"""Databases for test after test: emptied when one is done, because making another costs hundreds of files.

A database is only taken again where nobody is connected to it any more and all but its rows is as it was at first:
tables, columns, constraints, triggers, policies, functions, settings, and what migrations had put into it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

import psycopg

# A process that was told to end may take a moment until its connection is gone.
_GONE_WITHIN_SECONDS: Final = 1.0
# Rows that were taken out leave their room behind.
_USES: Final = 60

_SHAPE: Final = """
    with ours as (select oid from pg_namespace where nspname !~ '^(pg_|information_schema)'),
    relation as (select * from pg_class where relnamespace in (select oid from ours)),
    line(words) as (
        select concat_ws('|', 'relation', oid, relname, relkind, relowner, relpersistence, relrowsecurity,
            relforcerowsecurity, relacl, reloptions, pg_get_expr(relpartbound, oid)) from relation
        union all select concat_ws('|', 'column', attrelid, attnum, attname, atttypid, attnotnull, attisdropped, attacl)
            from pg_attribute where attrelid in (select oid from relation)
        union all select concat_ws('|', 'trigger', tgrelid, tgname, tgenabled, tgtype, tgfoid)
            from pg_trigger where tgrelid in (select oid from relation)
        union all select concat_ws('|', 'constraint', conrelid, conname, convalidated, pg_get_constraintdef(oid))
            from pg_constraint where connamespace in (select oid from ours)
        union all select concat_ws('|', 'policy', polrelid, polname, polcmd, polroles,
            pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) from pg_policy
        union all select concat_ws('|', 'function', oid, proname, proowner, proacl, prosrc)
            from pg_proc where pronamespace in (select oid from ours)
        union all select concat_ws('|', 'index', indexrelid, indisvalid, indisunique)
            from pg_index where indrelid in (select oid from relation)
        union all select concat_ws('|', 'parent', inhrelid, inhparent, inhdetachpending) from pg_inherits
        union all select concat_ws('|', 'setting', setrole, setconfig) from pg_db_role_setting
            where setdatabase = (select oid from pg_database where datname = current_database())
        union all select concat_ws('|', 'planned with', starelid) from pg_statistic
            where starelid in (select oid from relation)
        union all select concat_ws('|', 'extension', extname, extversion) from pg_extension
        union all select concat_ws('|', 'default', adrelid, adnum, pg_get_expr(adbin, adrelid)) from pg_attrdef
        union all select concat_ws('|', 'schema', nspname, nspacl) from pg_namespace where oid in (select oid from ours)
    )
    select md5(string_agg(words, E'\\n' order by words)) from line
"""
# As many catalogue rows, by the same transactions, are the same rows: a change makes another version of one, by a later
# transaction. Then the shape need not be spelled out, which takes ten times as long. What migrations make has numbers
# from 16384 on.
_VERSIONS: Final = """
    with version(made_by) as (
        select xmin from pg_class where oid >= 16384
        union all select xmin from pg_attribute where attrelid >= 16384
        union all select xmin from pg_trigger
        union all select xmin from pg_constraint where oid >= 16384
        union all select xmin from pg_policy
        union all select xmin from pg_proc where oid >= 16384
        union all select xmin from pg_index where indexrelid >= 16384
        union all select xmin from pg_inherits
        union all select xmin from pg_db_role_setting
            where setdatabase = (select oid from pg_database where datname = current_database())
        union all select xmin from pg_statistic where starelid >= 16384
        union all select xmin from pg_extension
        union all select xmin from pg_attrdef
        union all select xmin from pg_namespace where nspname !~ '^(pg_|information_schema)'
    )
    select concat_ws(' ', count(*), sum(made_by::text::bigint)) from version
"""
_SEQUENCES: Final = """
    select format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value), last_value is not null
    from pg_sequences order by 1
"""
_OTHERS: Final = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
# As a superuser past the guards of what is append-only. A few pages are emptied faster row by row than as files.
_EMPTY: Final = """
    do $$
    declare one record;
    begin
        for one in
            select c.oid::regclass as name, pg_relation_size(c.oid) as size
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema)' and pg_relation_size(c.oid) > 0
                and not c.oid::regclass::text = any (string_to_array(current_setting('tests.kept'), ','))
        loop
            if one.size > 131072 then
                execute format('truncate %s cascade', one.name);
            else
                execute format('delete from %s', one.name);
            end if;
        end loop;
    end $$
"""
_NOT_EMPTY: Final = """
    select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema)' and pg_relation_size(c.oid) > 0 order by 1
"""


@dataclass(frozen=True)
class AtFirst:
    """A database that was just made."""

    shape: str
    versions: str
    """Of the rows of the catalogue that say so."""
    kept: dict[str, str]
    """What is in the tables that are not empty, as a sum of their rows."""
    sequences: list[tuple[str, int, bool]]

    @classmethod
    def of(cls, superuser_url: str) -> AtFirst:
        """Of this database."""
        with psycopg.connect(superuser_url, autocommit=True) as connection:
            kept = {name: _sum(connection, name) for (name,) in connection.execute(_NOT_EMPTY).fetchall()}
            return cls(_shape(connection), _versions(connection), kept, connection.execute(_SEQUENCES).fetchall())


@dataclass
class SpareDatabases:
    """Names of databases that are as at first, each with how often it was used."""

    spare: list[tuple[str, int]] = field(default_factory=list)
    _at_first: AtFirst | None = None

    def made(self, superuser_url: str) -> None:
        """A database was just made: they are all alike, and the first one is looked at."""
        self._at_first = self._at_first or AtFirst.of(superuser_url)

    def give_back(self, name: str, superuser_url: str, uses: int) -> None:
        """Empty a database whose test is over, and keep it where it is as at first then."""
        if self._at_first is not None and uses < _USES and _emptied(superuser_url, self._at_first):
            self.spare.append((name, uses))


def _emptied(superuser_url: str, at_first: AtFirst) -> bool:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        if not _alone(connection):
            return False
        # What was changed and put back is as at first, though in other versions.
        if _versions(connection) != at_first.versions and _shape(connection) != at_first.shape:
            return False
        if any(_sum(connection, name) != rows for name, rows in at_first.kept.items()):
            return False
        connection.execute("set session_replication_role = replica")
        connection.execute("select set_config('tests.kept', %s, false)", [",".join(at_first.kept)])
        connection.execute(_EMPTY)
        for was, now in zip(at_first.sequences, connection.execute(_SEQUENCES).fetchall(), strict=True):
            if was != now:
                connection.execute("select setval(%s::regclass, %s, %s)", was)
        return True


def _alone(connection: psycopg.Connection) -> bool:
    until = time.monotonic() + _GONE_WITHIN_SECONDS
    while True:
        found = connection.execute(_OTHERS).fetchone()
        if found == (0,):
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.02)


def _shape(connection: psycopg.Connection) -> str:
    found = connection.execute(_SHAPE).fetchone()
    return str(found and found[0])


def _versions(connection: psycopg.Connection) -> str:
    found = connection.execute(_VERSIONS).fetchone()
    return str(found and found[0])


def _sum(connection: psycopg.Connection, table: str) -> str:
    # The name comes from the catalogue, quoted where it needs to be.
    found = connection.execute(f"select md5(string_agg(t::text, E'\\n' order by t::text)) from {table} t").fetchone()
    return str(found and found[0])
