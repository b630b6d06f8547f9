"""How a transaction begins: as which role, in which institution, and within which limits."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from uuid import UUID

from psycopg import sql

APP_ROLE = "console_app"
STATEMENT_TIMEOUT_MS = 5_000
LOCK_TIMEOUT_MS = 2_000
# A process that is stopped, or lost with its machine, keeps what it has locked no longer than this: by the time its
# pages are elsewhere, others can go on. Between two statements nothing takes so long; whoever waits there for a store,
# another server or a thread at work has a longer statement timeout too, or says so (`engine.wait_outside`).
IDLE_TIMEOUT_MS = 10_000
PATIENT_IDLE_TIMEOUT_MS = 60_000

# The settings come here and not when the connection is opened, because PgBouncer passes on no such options.
_SETTINGS: Final = sql.SQL(
    "select set_config('role', {role}, true),"
    " set_config('console.institution_id', {institution}, true),"
    " set_config('statement_timeout', {timeout}, true), set_config('lock_timeout', {lock}, true),"
    " set_config('timezone', 'UTC', true), set_config('idle_in_transaction_session_timeout', {idle}, true),"
    " set_config('transaction_read_only', {read_only}, true), set_config('plan_cache_mode', {plans}, true){by_index}"
)
# A plan that is made once must not be one for tables that are still small: rows are found by an index, one by one. A
# bitmap would also visit all that is dead, which a scan of the index itself marks for those that come after.
_BY_INDEX: Final = (
    ", set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),"
    " set_config('random_page_cost', '1.1', true)"
)


def beginning(
    institution_id: UUID | None,
    statement_timeout_ms: int,
    *,
    snapshot: bool = False,
    read_only: bool = False,
    plans_once: bool = False,
) -> str:
    """The statements that begin a transaction: one message, where SQLAlchemy's own BEGIN would be a round trip of its
    own. Such a message takes no parameters."""
    isolation = " isolation level repeatable read" if snapshot else ""
    return f"begin{isolation}; {settings(institution_id, statement_timeout_ms, read_only, plans_once)}"


@lru_cache
def settings(
    institution_id: UUID | None,
    statement_timeout_ms: int,
    read_only: bool = False,
    plans_once: bool = False,
    plans_each: bool = False,
) -> str:
    """The statement that makes the transaction in which it runs one of the console's."""
    plans = "force_generic_plan" if plans_once else "force_custom_plan" if plans_each else "auto"
    idle = IDLE_TIMEOUT_MS if statement_timeout_ms <= STATEMENT_TIMEOUT_MS else PATIENT_IDLE_TIMEOUT_MS
    return _SETTINGS.format(
        role=sql.Literal(APP_ROLE),
        institution=sql.Literal(str(institution_id or "")),
        timeout=sql.Literal(str(statement_timeout_ms)),
        lock=sql.Literal(str(LOCK_TIMEOUT_MS)),
        idle=sql.Literal(str(idle)),
        read_only=sql.Literal("on" if read_only else "off"),
        plans=sql.Literal(plans),
        by_index=sql.SQL(_BY_INDEX if plans_once else ""),
    ).as_string()
