"""The environment `main.py` makes: real ones, small, from wheels written here."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy.environment import Environment, EnvironmentFailedError, Stamp
from tests.embedded.conftest import ROOT


def wheel(folder: Path, name: str, value: int) -> Path:
    """A package ``name`` with one module that says ``value``."""
    info = f"{name}-1.{value}.dist-info"
    contents = {
        f"{name}.py": f"VALUE = {value}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.{value}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    path = folder / f"{name}-1.{value}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in contents.items():
            archive.writestr(inside, text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def line(package: Path, digest: str | None = None) -> str:
    """The line of a lock that lists ``package``."""
    digest = digest or hashlib.sha256(package.read_bytes()).hexdigest()
    return f"{package.name.split('-')[0]} @ {package.as_uri()} --hash=sha256:{digest}\n"


class House:
    """A repository's locks and the environment made from them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.locks = folder / "lock"
        self.locks.mkdir()
        self.said: list[str] = []
        self.environment = Environment(folder / ".venv", self.locks, self.said.append)
        self.write("embedded", line(wheel(folder, "crc_tiny", 1)))
        self.write("test", line(wheel(folder, "crc_tiny", 1)) + line(wheel(folder, "crc_extra", 1)))

    def write(self, lock: str, text: str) -> None:
        (self.locks / f"{lock}.txt").write_text(text)

    def imports(self, module: str) -> str:
        """What ``module`` says inside the environment, "" when it is not there."""
        program = f"import {module}; print({module}.VALUE)"
        result = subprocess.run([self.environment.python, "-c", program], capture_output=True, text=True)
        return result.stdout.strip()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_made_once_it_follows_its_lock_and_never_gets_narrower(house: House) -> None:
    assert house.environment.ensure("embedded") is True
    assert len(house.said) == 2
    assert house.environment.ensure("embedded") is False
    assert len(house.said) == 2
    assert (house.imports("crc_tiny"), house.imports("crc_extra")) == ("1", "")
    assert not house.environment.is_current_interpreter()
    assert house.environment.ensure("test") is True
    assert house.imports("crc_extra") == "1"
    assert house.environment.ensure("embedded") is False
    house.write("test", line(wheel(house.folder, "crc_tiny", 2)) + line(wheel(house.folder, "crc_extra", 2)))
    assert house.environment.ensure("embedded") is True
    assert (house.imports("crc_tiny"), house.imports("crc_extra")) == ("2", "2")


def test_a_broken_environment_is_made_anew(house: House) -> None:
    house.environment.ensure("embedded")
    house.environment.python.unlink()
    house.environment.python.symlink_to("/nonexistent/python")
    assert house.environment.ensure("embedded") is True
    assert house.imports("crc_tiny") == "1"


def test_a_half_made_environment_is_finished(house: House) -> None:
    """Killed between making and filling: a folder with an interpreter, without a stamp or packages."""
    house.write("core", "")
    house.environment.ensure("core")
    (house.environment.folder / "check-review-lock.json").unlink()
    assert house.environment.ensure("embedded") is True
    assert house.imports("crc_tiny") == "1"


def test_what_has_another_hash_is_not_installed(house: House) -> None:
    house.write("embedded", line(wheel(house.folder, "crc_tiny", 1), digest="0" * 64))
    with pytest.raises(EnvironmentFailedError, match=r"installing with (pip|uv) failed"):
        house.environment.ensure("embedded")
    assert house.imports("crc_tiny") == ""
    assert house.environment.satisfies("embedded") is False


def test_two_starts_at_once_make_it_once(house: House) -> None:
    program = (
        "import sys; from pathlib import Path; from deploy.environment import Environment\n"
        "folder = Path(sys.argv[1])\n"
        "Environment(folder / '.venv', folder / 'lock', lambda step: print(step, flush=True)).ensure('embedded')\n"
    )
    command = [sys.executable, "-c", program, str(house.folder)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) for _ in range(2)]
    said = [start.communicate()[0] for start in starts]
    assert [start.returncode for start in starts] == [0, 0]
    assert "".join(said).count("Installing the requirements") == 1
    assert house.imports("crc_tiny") == "1"


def test_a_stamp_that_makes_no_sense_counts_as_none(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp.json"
    assert Stamp.read(stamp) is None
    for text in ("", "{", "[]", "{}", '{"lock": "other", "digest": "", "python": ""}'):
        stamp.write_text(text)
        assert Stamp.read(stamp) is None
    Stamp("test", "abc", "3.11").write(stamp)
    assert Stamp.read(stamp) == Stamp("test", "abc", "3.11")
