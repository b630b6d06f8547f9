"""Where things lie in a ``DATA_DIR``, the credentials made there once, and who may use it at a time."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any


class DamagedDataDirError(Exception):
    """A file the services need in DATA_DIR cannot be read; the message names it and what to do."""


@dataclass(frozen=True)
class Layout:
    """The folders and files of one ``DATA_DIR``."""

    data_dir: Path

    @property
    def postgres(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def valkey(self) -> Path:
        return self.data_dir / "valkey"

    @property
    def objects(self) -> Path:
        return self.data_dir / "objects"

    @property
    def run(self) -> Path:
        return self.data_dir / "run"

    @property
    def log(self) -> Path:
        return self.data_dir / "log"

    @property
    def lock_file(self) -> Path:
        return self.run / "lock"

    @property
    def run_file(self) -> Path:
        """What runs now: see `run_record`."""
        return self.run / "services.json"

    def make(self) -> None:
        """Make the folders that every start needs. Only the owner may look inside."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        for folder in (self.run, self.log):
            folder.mkdir(mode=0o700, exist_ok=True)

    def fresh_log(self, name: str) -> Path:
        """An empty log for ``name``; the log of the start before is kept beside it as ``….1``."""
        path = self.log / f"{name}.log"
        if path.exists():
            path.replace(self.log / f"{name}.log.1")
        return path


@dataclass(frozen=True)
class Credentials:
    """Passwords of one ``DATA_DIR``'s services, made at its first start."""

    postgres_superuser: str
    postgres_owner: str
    postgres_login: str
    valkey: str
    object_store_access_key: str
    object_store_secret_key: str
    object_store_internal: str
    """Signs what the parts of the object store tell each other."""

    @classmethod
    def of(cls, layout: Layout) -> Credentials:
        """The credentials of ``layout``, made and stored (mode 0600) when there are none yet.

        Raises:
            DamagedDataDirError: the file is there and unreadable; new credentials would not open old data.
        """
        path = layout.data_dir / "credentials.json"
        if not path.exists():
            made = cls(**{field.name: secrets.token_hex(24) for field in fields(cls)})
            write_private(path, asdict(made))
        try:
            return cls(**json.loads(path.read_text()))
        except (ValueError, TypeError) as fault:
            raise DamagedDataDirError(f"{path} is damaged ({fault}); restore it or use another DATA_DIR.") from fault


def write_private(path: Path, content: Any) -> None:
    """Write ``content`` (JSON, or text as it is) to ``path`` whole or not at all, readable by the owner only."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(content if isinstance(content, str) else json.dumps(content, indent=1))
    draft.replace(path)


def try_lock(layout: Layout) -> int | None:
    """Take the right to run services in ``layout``: an open handle to keep, None when another has it.

    The kernel gives it back when the last holder of the handle is gone, so no crash leaves it taken.
    """
    handle = os.open(layout.lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as fault:
        os.close(handle)
        if fault.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return None
    return handle


def is_locked(layout: Layout) -> bool:
    """True when some process runs services in ``layout`` (or is starting or stopping them)."""
    if not layout.lock_file.exists():
        return False
    handle = os.open(layout.lock_file, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
