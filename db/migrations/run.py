"""Runs the chain from code, for `main.py migrate`, the first start and the tests."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

ROOT = Path(__file__).resolve().parents[2]


def config(owner_url: str) -> Config:
    """Alembic's configuration for the database at `owner_url` (the owner of the tables)."""
    alembic = Config(str(ROOT / "alembic.ini"))
    alembic.attributes["url"] = owner_url.replace("postgresql://", "postgresql+psycopg://", 1)
    return alembic


def upgrade(owner_url: str, revision: str = "head") -> None:
    """Bring the database up to `revision`."""
    command.upgrade(config(owner_url), revision)


def downgrade(owner_url: str, revision: str) -> None:
    """Take the database down to `revision`."""
    command.downgrade(config(owner_url), revision)


def head(owner_url: str) -> str | None:
    """The newest revision of the chain."""
    return ScriptDirectory.from_config(config(owner_url)).get_current_head()


def current(owner_url: str) -> str | None:
    """The revision at which the database stands; None before the first migration."""
    engine = create_engine(owner_url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        present = connection.execute(text("select to_regclass('public.alembic_version')")).scalar()
        row = connection.execute(text("select version_num from alembic_version")).first() if present else None
    engine.dispose()
    return str(row[0]) if row else None
