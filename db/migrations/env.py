"""Runs the migration chain as the owner of the tables."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from console.settings import read_settings
from db.models import Base


def run() -> None:
    url = context.config.attributes.get("url") or read_settings().owner_url
    if not url:
        raise SystemExit("Set DATABASE_OWNER_URL (or DATABASE_URL) to the database to migrate.")
    engine = create_engine(url)
    with engine.connect() as connection:
        # One migration at a time over all replicas that start together.
        connection.exec_driver_sql("select pg_advisory_lock(hashtext('console migrations'))")
        connection.commit()
        context.configure(
            connection=connection, target_metadata=Base.metadata, compare_type=True, compare_server_default=True
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


run()
