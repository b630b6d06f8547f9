"""The commands of `main.py`. Exit status 0 only on success; `--json` prints one JSON document on standard output."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from console.settings import Settings, SettingsError, effective, settings

ROOT = Path(__file__).resolve().parents[1]
Result = TypeVar("Result")

app = typer.Typer(
    help="Check Review Console: where a bank's staff review suspicious paper checks. "
    "Without a command: `up`. `test [pytest arguments]` runs the tests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", envvar="DATA_DIR", help="Folder of the embedded services. Default: var")
]


def fail(message: str) -> typer.Exit:
    """An error on standard error and exit status 1."""
    typer.echo(f"main.py: {message}", err=True)
    return typer.Exit(1)


def say(message: str) -> None:
    typer.echo(message, err=True)


@contextmanager
def services(data_dir: Path | None = None, *, database_only: bool = False) -> Iterator[Settings]:
    """The settings with every service reachable, or the database at least.

    What the environment names is used as it is. What it does not name is the embedded instance in DATA_DIR: a
    running one is joined, else it is started for the time of the command.
    """
    current = _settings()
    if not _uses_embedded(current) or (database_only and current.database_url.get_secret_value()):
        yield current
        return
    from deploy.embedded.services import ServicesFailedError, attach_or_start

    folder = _folder(current, data_dir)
    try:
        with attach_or_start(folder) as endpoints:
            use_embedded(folder, endpoints.environ())
            yield _settings()
    except ServicesFailedError as error:
        raise fail(str(error)) from None


def use_embedded(folder: Path, environ: dict[str, str]) -> None:
    """Put the services' addresses, and what this instance keeps in its folder, into the environment."""
    from console.embedded import instance_environment

    for name, value in (environ | instance_environment(folder)).items():
        os.environ.setdefault(name, value)
    settings.cache_clear()


def _folder(current: Settings, data_dir: Path | None) -> Path:
    return (data_dir or Path(current.data_dir)).absolute()


def _settings() -> Settings:
    settings.cache_clear()
    try:
        return settings()
    except SettingsError as error:
        raise fail(str(error)) from None


def _run(current: Settings, work: Coroutine[Any, Any, Result]) -> Result:
    """Run `work` with everything open; what is not there is an error in one sentence."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from console.access.sessions import SessionServiceUnavailable
    from console.resources import ServiceMissing, resources

    async def inside() -> Result:
        async with resources(current):
            return await work

    try:
        return asyncio.run(inside())
    except (ServiceMissing, SessionServiceUnavailable) as error:
        raise fail(str(error)) from None
    except OperationalError as error:
        raise fail(f"the database cannot be reached: {error.orig}") from None
    except ProgrammingError as error:
        raise fail(f"the database is not up to date, run `main.py migrate`: {error.orig}") from None
    finally:
        work.close()


@app.command()
def up(
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="Port; default: the setting PORT, else 8000 or a free one.")] = None,
) -> None:
    """Start everything on this machine: services, web and jobs. Ctrl+C stops it all."""
    from console.embedded import run_everything

    current = _settings()
    if current.environment.value == "production":
        raise fail("`up` uses embedded services, which production refuses. Use `serve` and `worker`.")
    if port is None and "port" in current.model_fields_set:
        port = current.port
    raise typer.Exit(run_everything(_folder(current, data_dir), port))


@app.command()
def serve(
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="Port; default: the setting PORT.")] = None,
    await_services: Annotated[bool, typer.Option(hidden=True, help="Read the services' variables from stdin.")] = False,
) -> None:
    """Serve the pages (web only)."""
    if port is not None:
        os.environ["PORT"] = str(port)
    _settings()  # a fault in them is told at once
    _import_pages()
    if await_services:
        os.environ.update(_told_services())
    with services(data_dir) as current:
        from console.app import serve as serve_pages

        serve_pages(current)


def _import_pages() -> None:
    """Import all that is served. What is imported stays: looking for garbage in it takes a tenth of the time."""
    gc.disable()
    import console.app  # noqa: F401

    gc.freeze()
    gc.enable()


def _told_services() -> dict[str, str]:
    """The services' variables, as `up` writes them to our input once it has started them."""
    line = sys.stdin.readline()
    if not line:
        raise fail("whoever started this ended before its services were there.")
    told: dict[str, str] = json.loads(line)
    return told


@app.command()
def worker(data_dir: DataDir = None) -> None:
    """Run the scheduled jobs (no web)."""
    with services(data_dir) as current:
        from console.log import configure_logging
        from jobs.scheduler import run_worker

        configure_logging(current)
        asyncio.run(run_worker(current))


@app.command()
def migrate(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Bring the database up to date, as the owner of its tables."""
    with services(data_dir, database_only=True) as current:
        from db.migrations.run import current as revision
        from db.migrations.run import upgrade

        before = revision(current.owner_url)
        upgrade(current.owner_url)
        after = revision(current.owner_url)
    if as_json:
        typer.echo(json.dumps({"before": before, "after": after}))
    else:
        typer.echo(f"The database is at {after}" + ("." if before == after else f", was at {before or 'nothing'}."))


@app.command("import")
def import_files(files: list[Path], data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Import X9.37 / X9.100-187 files. With --json: one object per file and line."""
    missing = [str(path) for path in files if not path.is_file()]
    if missing:
        raise fail(f"no such file: {', '.join(missing)}. Nothing was imported.")
    with services(data_dir) as current:
        from console.images.store import StoreUnavailable
        from console.intake.command import import_paths
        from console.intake.report import ImportReport
        from console.policy.versions import NoActivePolicy

        def tell(report: ImportReport) -> None:
            typer.echo(json.dumps(report.as_json()) if as_json else report.as_text())

        try:
            reports = _run(current, import_paths(files, tell))
        except (StoreUnavailable, NoActivePolicy, OSError) as error:
            raise fail(str(error)) from None
    if any(report.status == "refused" for report in reports):
        raise typer.Exit(1)


@app.command("create-user")
def create_user(
    username: str,
    role: Annotated[list[str], typer.Option("--role", help="reviewer, approver, supervisor, administrator, auditor")],
    name: Annotated[str | None, typer.Option(help="Name to show; default: the username.")] = None,
    password_stdin: Annotated[bool, typer.Option(help="Read the password from standard input.")] = False,
    one_time_password: Annotated[
        bool, typer.Option(help="Make a password, print it once, and have it changed at the first sign-in.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Create a person, who sets up TOTP at the first sign-in. The password is asked for, never an argument."""
    from console.roles import Role

    known = {one.value for one in Role}
    if unknown := sorted(set(role) - known):
        raise fail(f"no such role: {', '.join(unknown)}. The roles are {', '.join(sorted(known))}.")
    if password_stdin and one_time_password:
        raise fail("take one of --password-stdin and --one-time-password.")
    password = _asked_password(password_stdin, one_time_password)
    from console.access.passwords import WeakPassword

    with services(data_dir) as current:
        from console.access.held import InvalidPerson
        from console.access.people import create_first_institution_user

        work = create_first_institution_user(
            current, username, name or username, password, {Role(r) for r in role}, one_time=one_time_password
        )
        try:
            user_id = _run(current, work)
        except (InvalidPerson, WeakPassword) as error:
            raise fail(str(error)) from None
    said = {"id": str(user_id), "username": username, "roles": sorted(role)}
    if one_time_password:
        said["one_time_password"] = password
    if as_json:
        typer.echo(json.dumps(said))
        return
    if one_time_password:
        typer.echo(f"One-time password, shown this once, good for 72 hours: {password}")
    typer.echo(f"Created {username}. At the first sign-in they set up TOTP.")


def _asked_password(from_stdin: bool, one_time: bool) -> str:
    """The password of a new person: made, read or asked for. It is weighed before any service is started."""
    from console.access.passwords import WeakPassword, check_new
    from console.access.passwords import one_time as make

    if one_time:
        return make()
    password = (
        sys.stdin.readline().rstrip("\n")
        if from_stdin
        else str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    )
    try:
        check_new(password)
    except WeakPassword as error:
        raise fail(str(error)) from None
    return password


@app.command("rotate-key")
def rotate_key(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Encrypt every stored secret with the SECRET_KEY of now, after it was changed. Safe to run again."""
    with services(data_dir) as current:
        from console.access.key_rotation import SecretUnreadable, rotate

        try:
            done = _run(current, rotate())
        except SecretUnreadable as error:
            raise fail(str(error)) from None
    if as_json:
        typer.echo(
            json.dumps({"institutions": done.institutions, "secrets": done.secrets, "reencrypted": done.reencrypted})
        )
        return
    typer.echo(f"Encrypted {done.reencrypted:,} of {done.secrets:,} secrets anew; the others were already.")


@app.command()
def totp(user: str, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Print a demo user's current TOTP code (demo mode only)."""
    with services(data_dir) as current:
        if not current.demo_mode:
            raise fail("`totp` works in demo mode only: elsewhere a code comes from the person's own device.")
        from console.access.demo_people import current_demo_code

        code = _run(current, current_demo_code(user))
    if code is None:
        raise fail(f"there is no user {user} with TOTP set up.")
    typer.echo(json.dumps({"user": user, "code": code}) if as_json else code)


@app.command()
def verify(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Verify the audit and evidence chains of every institution."""
    with services(data_dir) as current:
        from console.audit.verify import verify_all

        found = _run(current, verify_all())
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    elif found.first_fault is None:
        typer.echo(f"Verified {found.entries:,} audit entries and {found.decisions:,} decisions: all as written.")
    else:
        fault = found.first_fault
        typer.echo(f"FAULT in {fault.table} {fault.id}: {fault.problem}. Keep this database as it is and investigate.")
    if not found.ok:
        raise typer.Exit(1)


@app.command("settings")
def show_settings(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every effective setting, its source, secrets masked. Those of the embedded instance while it runs."""
    given = {name.upper() for name in os.environ}
    sources = {} if data_dir is None or "DATA_DIR" in given else {"DATA_DIR": "command line"}
    if data_dir is not None:
        os.environ["DATA_DIR"] = str(data_dir)
    current = _settings()
    if _uses_embedded(current):
        from deploy.embedded.services import attach

        folder = _folder(current, data_dir)
        if endpoints := attach(folder):
            use_embedded(folder, endpoints.environ())
            known = {name.upper() for name in os.environ}
            sources = dict.fromkeys(known - given, "embedded services") | sources
            current = _settings()
    rows = effective(current, sources)
    if as_json:
        typer.echo(json.dumps([{"name": r.name, "value": r.value, "source": r.source} for r in rows]))
        return
    width = max(len(row.name) for row in rows)
    for row in rows:
        typer.echo(f"{row.name:<{width}}  {row.value or '—'}  ({row.source})")


def _uses_embedded(current: Settings) -> bool:
    named = (current.database_url.get_secret_value(), current.redis_url.get_secret_value())
    return not (all(named) and current.object_store_endpoint)


@app.command()
def bench(
    only: Annotated[list[str] | None, typer.Option(help="Name of a bench, may be given again; default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure on this machine, each figure beside its floor in the same run. Takes some minutes."""
    from tests.bench.run import UnknownBench, run_benches

    try:
        typer.echo(run_benches(only or [], as_json=as_json))
    except UnknownBench as error:
        raise fail(str(error)) from None
