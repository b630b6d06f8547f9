"""The commands about people and how they get in, for who works on the machine itself."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from console.cli_services import AsJson, DataDir, fail, run, services

app = typer.Typer()


@app.command("create-user")
def create_user(
    username: str,
    role: Annotated[list[str], typer.Option("--role", help="reviewer, approver, supervisor, administrator, auditor")],
    name: Annotated[str | None, typer.Option(help="Name to show; default: the username.")] = None,
    email: Annotated[str, typer.Option(help="Address for notices; default: none.")] = "",
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
            current,
            username,
            name or username,
            password,
            {Role(r) for r in role},
            email=email,
            one_time=one_time_password,
        )
        try:
            user_id = run(current, work)
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
            done = run(current, rotate())
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

        code = run(current, current_demo_code(user))
    if code is None:
        raise fail(f"there is no user {user} with TOTP set up.")
    typer.echo(json.dumps({"user": user, "code": code}) if as_json else code)


@app.command("clear-allowlist")
def clear_allowlist(
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")],
    subject: Annotated[str | None, typer.Option(help="Only these rules, as role:administrator; default: all.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Remove allowlist rules, for when they shut everybody out. Audited as done on this machine."""
    with services(data_dir) as current:
        from console.access.allowlist_rescue import clear_everywhere
        from console.access.allowlist_rules import RuleRefused
        from console.access.held import InvalidPerson

        try:
            removed = run(current, clear_everywhere(subject, reason))
        except (RuleRefused, InvalidPerson) as error:
            raise fail(str(error)) from None
    if as_json:
        typer.echo(json.dumps({"removed": removed}))
        return
    typer.echo(f"Removed {removed} rules. Every address passes for what they were about; set new ones on /allowlist.")
