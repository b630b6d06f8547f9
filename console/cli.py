"""The commands of `main.py`. Exit status 0 only on success; `--json` prints one JSON document on standard output."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from console.cli_access import app as access_commands
from console.cli_services import (
    AsJson,
    DataDir,
    current_settings,
    fail,
    folder_of,
    run,
    services,
    use_embedded,
    uses_embedded,
)
from console.heap import share_one_heap
from console.settings import effective

app = typer.Typer(
    help="Check Review Console: where a bank's staff review suspicious paper checks. "
    "Without a command: `up`. `test [pytest arguments]` runs the tests.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def up(
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="Port; default: the setting PORT, else 8000 or a free one.")] = None,
) -> None:
    """Start everything on this machine: services, web and jobs. Ctrl+C stops it all."""
    from console.embedded import run_everything

    current = current_settings()
    if current.environment.value == "production":
        raise fail("`up` uses embedded services, which production refuses. Use `serve` and `worker`.")
    if port is None and "port" in current.model_fields_set:
        port = current.port
    raise typer.Exit(run_everything(folder_of(current, data_dir), port))


@app.command()
def serve(
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="Port; default: the setting PORT.")] = None,
    await_services: Annotated[bool, typer.Option(hidden=True, help="Read the services' variables from stdin.")] = False,
) -> None:
    """Serve the pages (web only)."""
    if port is not None:
        os.environ["PORT"] = str(port)
    current_settings()  # a fault in them is told at once
    share_one_heap()
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
        from jobs.worker import run_worker

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
            reports = run(current, import_paths(files, tell))
        except (StoreUnavailable, NoActivePolicy, OSError) as error:
            raise fail(str(error)) from None
    if any(report.status == "refused" for report in reports):
        raise typer.Exit(1)


app.add_typer(access_commands)


@app.command()
def verify(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Verify the audit and evidence chains of every institution."""
    with services(data_dir) as current:
        from console.audit.verify import verify_all

        found = run(current, verify_all())
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    elif found.first_fault is None:
        typer.echo(f"Verified {found.entries:,} audit entries and {found.decisions:,} decisions: all as written.")
    else:
        fault = found.first_fault
        typer.echo(f"FAULT in {fault.table} {fault.id}: {fault.problem}. Keep this database as it is and investigate.")
    if not found.ok:
        raise typer.Exit(1)


@app.command("verify-seals")
def verify_seals(
    data_dir: DataDir = None,
    accept: Annotated[
        str, typer.Option(help="The restore by which the database lost what was sealed: put on record.")
    ] = "",
) -> None:
    """Hold the audit trail against the seals that lie outside of the database."""
    with services(data_dir) as current:
        from console.images.store import StoreUnavailable
        from console.operations.audit_seals import compare_seals

        try:
            found = run(current, compare_seals(accept))
        except StoreUnavailable as error:
            raise fail(str(error)) from None
    for one in found.faults:
        typer.echo(f"FAULT in {one}. Keep this database as it is and investigate; after a restore see --accept.")
    typer.echo(f"Held {found.seals:,} seals against the audit trail; {found.accepted:,} are of what a restore lost.")
    if found.faults:
        raise typer.Exit(1)


@app.command("verify-archive")
def verify_archive(files: list[Path], data_dir: DataDir = None) -> None:
    """Verify archived months of the audit trail, and that the chain in the database goes on from them."""
    with services(data_dir, database_only=True) as current:
        from console.audit.archive import ArchiveFault, read_archive
        from console.audit.verify import is_anchored

        bad = False
        for path in files:
            try:
                found = read_archive(path)
            except ArchiveFault as fault:
                typer.echo(f"FAULT in {path}: {fault}.")
                bad = True
                continue
            anchored = run(current, is_anchored(found))
            rest = "the chain goes on from it" if anchored else "FAULT: no anchor of this database names it"
            typer.echo(f"{path}: {found.month:%b %Y}, {found.entries:,} entries as written, {rest}.")
            bad = bad or not anchored
    if bad:
        raise typer.Exit(1)


@app.command("restore-images")
def restore_images(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Bring back images that were deleted or written over, from the versions that the object store keeps."""
    with services(data_dir) as current:
        from console.images.restoring import restore_images as restore
        from console.images.store import StoreUnavailable

        try:
            found = run(current, restore())
        except StoreUnavailable as error:
            raise fail(str(error)) from None
    if as_json:
        typer.echo(json.dumps({"images": found.images, "restored": found.restored, "lost": found.lost}))
    else:
        typer.echo(f"Looked at {found.images:,} images and brought back {len(found.restored):,}.")
        for one in found.lost:
            typer.echo(f"LOST {one}: no version of it is what it was. Its row and its evidence stay.")
    if found.lost:
        raise typer.Exit(1)


@app.command("note-backup")
def note_backup(
    detail: Annotated[str, typer.Argument(help="What was backed up and where to, in a line.")],
    data_dir: DataDir = None,
) -> None:
    """Note that a backup has ended well, for the Operations page and the alert on backups that are too old."""
    with services(data_dir, database_only=True) as current:
        from console.operations.checks import note_backup as note

        run(current, note(None, detail[:200]))


@app.command("settings")
def show_settings(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every effective setting, its source, secrets masked. Those of the embedded instance while it runs."""
    given = {name.upper() for name in os.environ}
    sources = {} if data_dir is None or "DATA_DIR" in given else {"DATA_DIR": "command line"}
    if data_dir is not None:
        os.environ["DATA_DIR"] = str(data_dir)
    current = current_settings()
    if uses_embedded(current):
        from deploy.embedded.services import attach

        folder = folder_of(current, data_dir)
        if endpoints := attach(folder):
            use_embedded(folder, endpoints.environ())
            known = {name.upper() for name in os.environ}
            sources = dict.fromkeys(known - given, "embedded services") | sources
            current = current_settings()
    rows = effective(current, sources)
    if as_json:
        said = [{"name": r.name, "value": r.value, "source": r.source, "note": r.note} for r in rows]
        typer.echo(
            json.dumps([{name: words for name, words in one.items() if name != "note" or words} for one in said])
        )
        return
    width = max(len(row.name) for row in rows)
    for row in rows:
        typer.echo(f"{row.name:<{width}}  {row.value or '—'}  ({row.source})" + (f"  {row.note}" if row.note else ""))


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
