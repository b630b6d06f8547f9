"""The local S3 store for check images: SeaweedFS, all parts in one process."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.embedded.layout import Credentials, Layout, write_private
from deploy.embedded.ports import LOOPBACK, free_ports, is_free
from deploy.embedded.processes import Server

BUCKET = "check-images"

_SOCKETS = Path("/tmp")  # noqa: S108 - where SeaweedFS puts its sockets, whatever TMPDIR says
_PARTS = ("master", "volume", "filer", "s3", "admin")
_NAMES = {name for part in _PARTS for name in (part, f"{part}-grpc")}
_KEEPER_MAY = ("Admin", "Read", "Write", "List", "Tagging")
# Put objects with their lock, put them under legal hold, read and list them, and delete what neither holds; nothing
# about buckets.
_CONSOLE_MAY = tuple(
    f"{action}:{BUCKET}"
    for action in (
        "Read", "Write", "List", "GetBucketObjectLockConfiguration", "GetObjectRetention", "PutObjectRetention",
        "GetObjectLegalHold", "PutObjectLegalHold",
    )
)  # fmt: skip
_ADMIN_GRPC_OFFSET = 10_000
"""SeaweedFS's own workers look for the admin part's gRPC at its port plus this, whatever was chosen."""


class ObjectStore:
    """SeaweedFS's S3 on a loopback port, credentials required, with the bucket `BUCKET`.

    Its inner parts listen on loopback ports too; they want a signed token from whoever asks for content, so
    that nothing is readable but through S3 with its keys.
    """

    name = "object-store"

    def __init__(self, layout: Layout, credentials: Credentials) -> None:
        self._layout = layout
        self._credentials = credentials
        self._program = _packaged_program()
        self._ports: dict[str, int] = {}

    def prepare(self) -> None:
        """Make its folder and the list of who may enter."""
        self._layout.objects.mkdir(mode=0o700, exist_ok=True)
        write_private(self._identities, {"identities": self.identities()})

    def identities(self) -> list[dict[str, Any]]:
        """Who may enter, and to do what."""
        made = self._credentials
        console = identity("console", made.object_store_access_key, made.object_store_secret_key, _CONSOLE_MAY)
        return [console, identity("keeper", *self.keeper_keys(), _KEEPER_MAY)]

    def keeper_keys(self) -> tuple[str, str]:
        """Access and secret key of whoever makes buckets. The console is not told them."""
        secret = hashlib.sha256(f"keeper of {self._credentials.object_store_internal}".encode()).hexdigest()
        return "keeper", secret

    def server(self) -> Server:
        """The server on the ports of the last start where they are free, else on new ones; none is left to
        its defaults. The master keeps its state under its port's number: the same port spares it an election."""
        self._ports = self._last_ports() or _choose_ports()
        write_private(self._layout.objects / "ports.json", self._ports)
        for state in self._layout.objects.glob("m[0-9]*"):
            if state.name != f"m{self._ports['master']}":
                shutil.rmtree(state)
        # It keeps the last start's options here and would take up those that are not given again.
        (self._layout.objects / "mini.options").unlink(missing_ok=True)
        return Server(
            name=self.name,
            command=[str(self._program), "-logtostderr=true", "mini", *self._options()],
            environ=self._environ(),
            cwd=self._layout.objects,
            log=self._layout.fresh_log(self.name),
            stop_signal=signal.SIGTERM,
            # When an idle client keeps a connection, its own shutdown can take 30 s; it survives a kill
            # (files are appended to, the index is a journal), which a test shows.
            orphan_signal=signal.SIGKILL,
            grace=3.0,
            sockets=self._sockets(),
        )

    def is_ready(self) -> bool:
        """Asks S3's own health page."""
        connection = http.client.HTTPConnection(LOOPBACK, self._ports["s3"], timeout=0.5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def furnish(self) -> None:
        """Make the bucket, with object lock, unless an earlier start has."""
        note = self._layout.objects / "bucket-made"
        if note.exists():
            return
        from minio import Minio  # here: half a second that only the first start needs

        access_key, secret_key = self.keeper_keys()
        client = Minio(self._address, access_key=access_key, secret_key=secret_key, secure=False)
        if not client.bucket_exists(BUCKET):
            client.make_bucket(BUCKET, object_lock=True)
        note.touch()

    def endpoints(self) -> Mapping[str, str]:
        """The address, the keys and the bucket."""
        return {
            "object_store_endpoint": f"http://{self._address}",
            "object_store_access_key": self._credentials.object_store_access_key,
            "object_store_secret_key": self._credentials.object_store_secret_key,
            "object_store_bucket": BUCKET,
        }

    @property
    def _address(self) -> str:
        return f"{LOOPBACK}:{self._ports['s3']}"

    @property
    def _identities(self) -> Path:
        return self._layout.run / "object-store-identities.json"

    def _options(self) -> list[str]:
        ports = [f"-{part}.port={self._ports[part]}" for part in _PARTS]
        grpc_ports = [f"-{part}.port.grpc={self._ports[part + '-grpc']}" for part in _PARTS]
        off = ["-master.telemetry=false", "-admin.ui=false", "-webdav=false", "-s3.iam=false"]
        off += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false"]
        off += ["-s3.allowDeleteBucketNotEmpty=false", "-filer.disableDirListing", "-filer.exposeDirectoryData=false"]
        bound = [f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}", "-volume.preStopSeconds=0"]
        where = [f"-dir={self._layout.objects}", f"-s3.config={self._identities}"]
        return [*where, *bound, *ports, *grpc_ports, *off]

    def _last_ports(self) -> dict[str, int]:
        """The ports of the last start if each is still free, else none."""
        try:
            ports: dict[str, int] = json.loads((self._layout.objects / "ports.json").read_text())
        except (OSError, ValueError):
            return {}
        return ports if set(ports) == _NAMES and all(is_free(port) for port in ports.values()) else {}

    def _environ(self) -> dict[str, str]:
        """Keys with which its parts sign requests to each other; a home of its own, so that no settings of
        another SeaweedFS on this machine are taken up."""
        secret = self._credentials.object_store_internal
        signing = ("JWT_SIGNING_KEY", "JWT_SIGNING_READ_KEY", "JWT_FILER_SIGNING_KEY", "JWT_FILER_SIGNING_READ_KEY")
        keys = {f"WEED_{name}": f"{secret}{number}" for number, name in enumerate(signing)}
        return keys | {"PATH": os.environ.get("PATH", ""), "HOME": str(self._layout.objects)}

    def _sockets(self) -> list[Path]:
        grpc = [_SOCKETS / f"seaweedfs-{part}-grpc-{self._ports[part + '-grpc']}.sock" for part in _PARTS]
        return [*grpc, *(_SOCKETS / f"seaweedfs-{part}-{self._ports[part]}.sock" for part in ("filer", "s3"))]


def identity(name: str, access_key: str, secret_key: str, actions: Sequence[str]) -> dict[str, Any]:
    """Somebody of the store's own list, as it is written there."""
    keys = [{"accessKey": access_key, "secretKey": secret_key}]
    return {"name": name, "credentials": keys, "actions": list(actions)}


def _choose_ports() -> dict[str, int]:
    names = sorted(_NAMES - {"admin", "admin-grpc"})
    # The admin part's second port is its first plus 10,000, so both must be free and below the ephemeral range.
    while True:
        (admin,) = free_ports(1, highest=22_000)
        if not is_free(admin + _ADMIN_GRPC_OFFSET):
            continue
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        if not {admin, admin + _ADMIN_GRPC_OFFSET} & set(ports.values()):
            return ports | {"admin": admin, "admin-grpc": admin + _ADMIN_GRPC_OFFSET}


def _packaged_program() -> Path:
    program = shutil.which("weed", path=str(Path(sys.executable).parent))
    if program is None:
        raise FileNotFoundError("the object store's program (weed) is not installed in this environment")
    return Path(program)
