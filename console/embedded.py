"""Everything on one machine: what `main.py up` runs on top of the embedded services, and what it tells people."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from console.intake.demo.users import USERS_NAME, demo_folder, read_users
from console.settings import settings
from deploy.embedded.layout import Layout
from deploy.embedded.up import Console, run_up

MAIN = Path(__file__).resolve().parents[1] / "main.py"
PREPARED_NAME = "prepared"
_SERVICES = {"DATABASE_URL": "postgresql", "REDIS_URL": "valkey", "OBJECT_STORE_ENDPOINT": "seaweedfs"}


def instance_environment(folder: Path) -> dict[str, str]:
    """What an embedded instance sets beside its services' addresses, kept in its folder.

    A demo unless DEMO_MODE says otherwise; a SECRET_KEY made at the first start.
    """
    return {
        "DATA_DIR": str(folder),
        "SECRET_KEY": _secret_key(folder),
        "DEMO_MODE": "true",
        "EMBEDDED_SERVICES": ",".join(name for variable, name in _SERVICES.items() if variable not in os.environ),
    }


def run_everything(folder: Path, port: int | None) -> int:
    """Start services, migrate, seed the demo at the first start, run web and jobs until told to stop."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ.update({name: value for name, value in instance_environment(folder).items() if name not in os.environ})
    console = Console(
        prepare=lambda environ: _prepare(folder, environ),
        web=lambda chosen: [sys.executable, str(MAIN), "serve", "--await-services", "--port", str(chosen)],
        worker=[sys.executable, str(MAIN), "worker"],
        banner=lambda address: _banner(folder, address),
    )
    return run_up(folder, console, port=port)


def _secret_key(folder: Path) -> str:
    path = folder / "secret_key"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partly = path.with_suffix(".part")
        with os.fdopen(os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secrets.token_hex(48))
        partly.rename(path)
    return path.read_text()


def _prepare(folder: Path, environ: Mapping[str, str]) -> None:
    """Migrate, and make what a first start needs."""
    os.environ.update(environ)
    settings.cache_clear()
    current = settings()
    state = _prepared_state(folder)
    if state and _is_prepared(folder, state):
        return
    from db.migrations.run import current as revision
    from db.migrations.run import head, upgrade

    if revision(current.owner_url) != head(current.owner_url):
        upgrade(current.owner_url)
    asyncio.run(_first_start(folder))
    if state:
        (folder / PREPARED_NAME).write_text(state)


def _is_prepared(folder: Path, state: str) -> bool:
    """Whether an earlier start did all this. Doing it weighs seconds to import; a second start shall be quick."""
    if settings().demo_mode and not read_users(folder):
        return False
    marker = folder / PREPARED_NAME
    return marker.is_file() and marker.read_text() == state


def _prepared_state(folder: Path) -> str:
    """What a start prepares for: this database cluster, these migrations, a demo or not. "" where the database is
    external, which is asked at each start."""
    if "postgresql" not in settings().embedded_services.split(","):
        return ""
    migrations = sorted((MAIN.parent / "db" / "migrations" / "versions").glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in migrations)).hexdigest()
    cluster = next(Layout(folder).postgres.rglob("PG_VERSION")).stat().st_mtime_ns
    return f"{cluster} {digest} {'demo' if settings().demo_mode else 'empty'}"


async def _first_start(folder: Path) -> None:
    from console.institution import institution_ids
    from console.policy import create_default_policy
    from console.resources import resources

    current = settings()
    async with resources(current):
        if not current.demo_mode:
            if not await institution_ids():
                await create_default_policy(current)
            return
        if read_users(folder):
            return
        from console.intake.demo.seed import seed_demo

        print("Drawing the demo bank: 250 checks, 40 accounts, 18 months of history …", file=sys.stderr)  # noqa: T201
        await seed_demo(current, folder)


def _banner(folder: Path, address: str) -> Iterator[str]:
    """The address, and in two lines more how to sign in."""
    users = read_users(folder) if settings().demo_mode else []
    yield f"Check Review Console: {address}"
    if not users:
        yield "Make a person who can sign in: python3 main.py create-user NAME --role administrator"
        return
    first, *others = users
    in_folder = "" if folder == MAIN.parent / "var" else f" --data-dir {shlex.quote(str(folder))}"
    names = ", ".join(user.username for user in others)
    yield f"Sign in as {first.username}, password {first.password}"
    yield (
        f"Code from: python3 main.py totp {first.username}{in_folder}"
        f" (passwords of {names}: {demo_folder(folder) / USERS_NAME})"
    )
