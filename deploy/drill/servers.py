"""The servers of the drill: each a process that can be lost with all that it keeps."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from deploy.embedded.layout import Credentials, Layout
from deploy.embedded.object_store import ObjectStore, identity
from deploy.embedded.ports import free_ports
from deploy.embedded.postgres import DATABASE, SUPERUSER, Postgres
from deploy.embedded.processes import Server, spawn, stop
from deploy.embedded.service import Service
from deploy.embedded.services import Endpoints
from deploy.embedded.unprivileged import find_way
from deploy.embedded.valkey import Valkey

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAMS: Final = Path("/usr/lib/postgresql/15/bin")
STANZA: Final = "check-review"
BACKUPS: Final = "check-review-backups"
BACKUP_DAYS: Final = 30
# As in deploy/compose.yaml: what is not archived is lost with the machine, so no segment waits longer.
ARCHIVE_SECONDS: Final = 30
ARCHIVING: Final = {
    "archive_mode": "on",
    "archive_timeout": str(ARCHIVE_SECONDS),
    "archive_command": "pgbackrest archive-push %p",
}
_READY_SECONDS: Final = 60


class ServerFailedError(Exception):
    """A server, or a command beside one, failed; the message says what it said."""


class SecuredStore(ObjectStore):
    """The object store with TLS on a second port, which is all that pgBackRest speaks."""

    https = 0

    def prepare(self) -> None:
        super().prepare()
        folder = self._layout.objects
        if not (folder / "tls.pem").exists():
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                 "-keyout", "tls.key", "-out", "tls.pem"],
                cwd=folder, check=True, capture_output=True,
            )  # fmt: skip

    def server(self) -> Server:
        (self.https,) = free_ports(1)
        return super().server()

    def identities(self) -> list[dict[str, Any]]:
        """As in deploy/minio/backup.json: who takes backups works with their objects alone."""
        may = [f"{action}:{BACKUPS}" for action in ("Read", "Write", "List")]
        return [*super().identities(), identity("backup", "backup", self._credentials.object_store_internal, may)]

    def furnish(self) -> None:
        """The images' bucket, and one for backups whose objects cannot be deleted for as long as backups are kept."""
        super().furnish()
        from minio.commonconfig import COMPLIANCE
        from minio.objectlockconfig import DAYS, ObjectLockConfig

        client = self.client()
        if not client.bucket_exists(BACKUPS):
            client.make_bucket(BACKUPS, object_lock=True)
            client.set_object_lock_config(BACKUPS, ObjectLockConfig(COMPLIANCE, BACKUP_DAYS, DAYS))

    def client(self) -> Any:
        """A client with all the rights that there are."""
        from minio import Minio

        access_key, secret_key = self.keeper_keys()
        return Minio(self._address, access_key=access_key, secret_key=secret_key, secure=False)

    def repository(self) -> dict[str, str]:
        """What pgBackRest is told of it."""
        return {
            "PGBACKREST_REPO1_S3_ENDPOINT": "localhost",
            "PGBACKREST_REPO1_STORAGE_PORT": str(self.https),
            "PGBACKREST_REPO1_STORAGE_CA_FILE": str(self._layout.objects / "tls.pem"),
            "PGBACKREST_REPO1_S3_BUCKET": BACKUPS,
            "PGBACKREST_REPO1_S3_REGION": "us-east-1",
            "PGBACKREST_REPO1_S3_KEY": "backup",
            "PGBACKREST_REPO1_S3_KEY_SECRET": self._credentials.object_store_internal,
        }

    def _options(self) -> list[str]:
        folder = self._layout.objects
        tls = [f"-s3.cert.file={folder / 'tls.pem'}", f"-s3.key.file={folder / 'tls.key'}"]
        return [*super()._options(), f"-s3.port.https={self.https}", *tls]


class ArchivedPostgres(Postgres):
    """PostgreSQL 15 that archives its WAL, with a socket for pgBackRest. `repository` is told to both."""

    def __init__(self, layout: Layout, credentials: Credentials, cipher: str, archive_seconds: int) -> None:
        super().__init__(layout, credentials, fast=False, bin_dir=PROGRAMS)
        self._archive_seconds = archive_seconds
        # A socket's path may have a hundred characters only.
        self.sockets = Path(tempfile.mkdtemp(prefix="crc-drill-"))
        self._cipher = cipher
        self.repository: dict[str, str] = {}

    def _first_statements(self) -> str:
        """Nothing: a bank's database team hands over a superuser; the rest is in `furnish`."""
        return "\n"

    def furnish(self) -> None:
        """The roles and the database, once, as deploy/README.md has them made."""
        made = self._credentials
        url = self._url(SUPERUSER, made.postgres_superuser).removesuffix(DATABASE) + "postgres"
        psql = [str(PROGRAMS / "psql"), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", url]
        databases = subprocess.run([*psql, "-c", "select datname from pg_database"], check=True, capture_output=True)
        if DATABASE in databases.stdout.decode().split():
            return
        passwords = {"owner": made.postgres_owner, "console": made.postgres_login, "backup": self.backup_password}
        told = [part for name, value in passwords.items() for part in ("-v", f"{name}_password={value}")]
        subprocess.run([*psql, *told, "-f", str(ROOT / "deploy/postgres/roles.sql")], check=True, capture_output=True)

    @property
    def backup_password(self) -> str:
        """Of the role that takes backups."""
        return self._credentials.object_store_internal

    @property
    def data(self) -> Path:
        return self._data

    def server(self) -> Server:
        made = super().server()
        settings = ARCHIVING | {"archive_timeout": str(self._archive_seconds)}
        settings |= {"unix_socket_directories": str(self.sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return replace(made, command=[*made.command, *options], environ={**made.environ, **self.tools()})

    def tools(self) -> dict[str, str]:
        """What pgBackRest, and the scripts in deploy/backup, read from the environment on this machine."""
        folder = self._layout.run
        password = folder / "pgpass"
        password.write_text(f"*:*:*:console_backup:{self.backup_password}\n")
        password.chmod(0o600)
        notes = self._layout.data_dir / "notes"
        notes.mkdir(exist_ok=True)
        return self.repository | {
            "PGBACKREST_CONFIG": str(ROOT / "deploy" / "backup" / "pgbackrest.conf"),
            "PGBACKREST_STANZA": STANZA,
            "PGBACKREST_REPO1_CIPHER_PASS": self._cipher,
            "PGBACKREST_PG1_PATH": str(self._data),
            "PGBACKREST_PG1_PORT": str(self._port),
            "PGBACKREST_PG1_SOCKET_PATH": str(self.sockets),
            "PGBACKREST_PG1_USER": "console_backup",
            "PGBACKREST_LOCK_PATH": str(folder / "pgbackrest-lock"),
            "PGBACKREST_SPOOL_PATH": str(folder / "pgbackrest-spool"),
            "PGPASSFILE": str(password),
            "PGDATA": str(self._data),
            "RESTORE_SOCKETS": str(self.sockets),
            "BACKUP_NOTES": str(notes),
            "PATH": f"{self._bin_dir}:{os.environ.get('PATH', '')}",
        }

    def run_tool(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> str:
        """Run a command as PostgreSQL's account; what it said. Raises ServerFailedError."""
        way = find_way()
        done = subprocess.run(
            [*way.prefix, *command],
            env={**self.tools(), **(environ or {})},
            cwd=self._data.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            user=way.account.uid if way.account else None,
            group=way.account.gid if way.account else None,
            extra_groups=[] if way.account else None,
        )
        if done.returncode != 0:
            raise ServerFailedError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-3000:]}")
        return done.stdout


@dataclass
class Servers:
    """The three, each of which may be lost with its data and started anew."""

    folder: Path
    archive_seconds: int = ARCHIVE_SECONDS
    running: dict[str, tuple[Server, subprocess.Popen[bytes]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.layout = Layout(self.folder)
        self.layout.make()
        made = Credentials.of(self.layout)
        self.store = SecuredStore(self.layout, made)
        self.valkey = Valkey(self.layout, made, fast=False)
        self.postgres = ArchivedPostgres(self.layout, made, made.object_store_internal, self.archive_seconds)

    def start(self, service: Service) -> None:
        """Start one, made where there is nothing of it yet, and wait until it is ready."""
        if service is self.postgres:
            self.postgres.repository = self.store.repository()
        service.prepare()
        server = service.server()
        process = spawn(server)
        self.running[service.name] = (server, process)
        deadline = time.monotonic() + _READY_SECONDS
        while not service.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerFailedError(f"{service.name} did not come up:\n{server.log.read_text()[-3000:]}")
            time.sleep(0.02)
        service.furnish()

    def lose(self, service: Service, data: Path) -> None:
        """kill -9, and everything that it kept is gone."""
        _, process = self.running.pop(service.name)
        process.kill()
        process.wait()
        shutil.rmtree(data)

    def endpoints(self) -> Endpoints:
        services: tuple[Service, ...] = (self.store, self.valkey, self.postgres)
        return Endpoints(**{name: value for service in services for name, value in service.endpoints().items()})

    def stop(self) -> None:
        stop([one for one in self.running.values() if one[1].poll() is None])
        shutil.rmtree(self.postgres.sockets, ignore_errors=True)
