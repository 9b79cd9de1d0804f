"""The wheel: what is in it, for which systems it is, and that it works without anything else."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import zipfile

import pytest

WHEEL = os.environ.get("OCTANE_WHEEL")
pytestmark = pytest.mark.skipif(WHEEL is None, reason="OCTANE_WHEEL names no wheel")


@pytest.fixture(scope="module")
def wheel() -> zipfile.ZipFile:
    assert WHEEL is not None
    return zipfile.ZipFile(WHEEL)


def glibc(binary: bytes) -> tuple[int, ...]:
    """The highest version of glibc of which a binary wants a symbol: their names are in its table of texts."""
    versions = re.findall(rb"GLIBC_(\d+(?:\.\d+)+)\0", binary)
    return max(tuple(map(int, version.split(b"."))) for version in versions)


def test_it_has_the_program_the_extension_and_the_types(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    (record,) = (name for name in names if name.endswith(".dist-info/RECORD"))
    recorded = {line.split(",")[0] for line in wheel.read(record).decode().splitlines()}
    assert names == recorded
    scripts = {name.rpartition("/")[2] for name in names if ".data/scripts/" in name}
    assert scripts in ({"octane"}, {"octane.exe"})
    for name in ("_core.pyi", "py.typed", "compat/__init__.py", "_pytest.py"):
        assert f"octane_client/{name}" in names
    assert any(name.startswith("octane_client/_core.") and name.endswith((".so", ".pyd")) for name in names)
    licences = {name.rpartition("/")[2] for name in names if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE-APACHE", "LICENSE-MIT"}
    assert not any("__pycache__" in name or "/tests/" in name for name in names)


def test_it_is_for_all_versions_of_python_from_3_10(wheel: zipfile.ZipFile) -> None:
    assert WHEEL is not None
    assert "-cp310-abi3-" in pathlib.Path(WHEEL).name
    (entry_points,) = (name for name in wheel.namelist() if name.endswith(".dist-info/entry_points.txt"))
    text = wheel.read(entry_points).decode()
    assert "octane-client=octane_client.__main__:main" in text.replace(" ", "")
    assert "octane=octane_client._pytest" in text.replace(" ", "")


@pytest.mark.skipif(sys.platform != "linux", reason="glibc is on Linux")
def test_program_and_extension_want_no_newer_glibc_than_the_name_says(wheel: zipfile.ZipFile) -> None:
    assert WHEEL is not None
    found = re.search(r"manylinux_(\d+)_(\d+)", pathlib.Path(WHEEL).name)
    if found is None:
        pytest.skip("a wheel for this machine alone")
    newest = tuple(map(int, found.groups()))
    binaries = [name for name in wheel.namelist() if name.endswith((".so", "/octane"))]
    assert len(binaries) == 2
    for name in binaries:
        assert glibc(wheel.read(name)) <= newest, name


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """An environment with the wheel and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    bin = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = [str(bin / "python"), "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, str(WHEEL)], check=True)
    return bin


def run(*command: str | pathlib.Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_it_installs_the_program_under_its_names(installed: pathlib.Path) -> None:
    version = run(installed / "octane", "--version")
    assert version.startswith("octane ")
    assert run(installed / "octane-client", "--version") == version
    assert run(installed / "python", "-m", "octane_client", "--version") == version


def test_it_works_without_anything_else(installed: pathlib.Path) -> None:
    code = """
from octane_client.testing import Sandbox
with Sandbox() as sandbox, sandbox.client() as client:
    report = client.upload([{"name": "a", "status": "passed"}], suite="S", suite_run="r", module="M")
    print(report.raise_for_problems().counts.ingested)
"""
    assert run(installed / "python", "-c", code).strip() == "1"
