"""What every command needs: its options, the services it uses, and one sentence where something is not there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from console.settings import Settings, SettingsError, settings

Result = TypeVar("Result")

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
    current = current_settings()
    if not uses_embedded(current) or (database_only and current.database_url.get_secret_value()):
        yield current
        return
    from deploy.embedded.services import ServicesFailedError, attach_or_start

    folder = folder_of(current, data_dir)
    try:
        with attach_or_start(folder) as endpoints:
            use_embedded(folder, endpoints.environ())
            yield current_settings()
    except ServicesFailedError as error:
        raise fail(str(error)) from None


def use_embedded(folder: Path, environ: dict[str, str]) -> None:
    """Put the services' addresses, and what this instance keeps in its folder, into the environment."""
    from console.embedded import instance_environment

    for name, value in (environ | instance_environment(folder)).items():
        os.environ.setdefault(name, value)
    settings.cache_clear()


def folder_of(current: Settings, data_dir: Path | None) -> Path:
    """Where the embedded services of this instance are kept."""
    return (data_dir or Path(current.data_dir)).absolute()


def current_settings() -> Settings:
    """The settings as the environment has them now; faults in them end the command."""
    settings.cache_clear()
    try:
        return settings()
    except SettingsError as error:
        raise fail(str(error)) from None


def run(current: Settings, work: Coroutine[Any, Any, Result]) -> Result:
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


def uses_embedded(current: Settings) -> bool:
    """Whether a service that the environment does not name is the embedded one."""
    named = (current.database_url.get_secret_value(), current.redis_url.get_secret_value())
    return not (all(named) and current.object_store_endpoint)
