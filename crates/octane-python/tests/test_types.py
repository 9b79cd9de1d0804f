"""Types: mypy, pyright and stubtest find nothing in the package, its examples, and code that uses it."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import octane_client
import pytest

pytestmark = pytest.mark.types

HERE = pathlib.Path(__file__).parent
CRATE = HERE.parent
EXAMPLES = CRATE.parents[1] / "examples" / "python"
# The staged package, which has the extension, or the one in this folder.
PACKAGE = pathlib.Path(octane_client.__file__).parent
SUBJECTS = [PACKAGE, EXAMPLES, HERE / "typed_use.py"]


COMPLETENESS = ["--ignoreexternal", "--verifytypes", "octane_client"]


def run(*command: object) -> str:
    # Both checkers are to find the package that this process has found.
    environment = {**os.environ, "MYPYPATH": str(PACKAGE.parent)}
    words = [str(word) for word in command]
    ended = subprocess.run(words, cwd=CRATE, env=environment, capture_output=True, text=True, timeout=300)
    output = f"{ended.stdout}\n{ended.stderr}"
    assert ended.returncode == 0, output
    return output


def test_mypy_finds_nothing(tmp_path: pathlib.Path) -> None:
    output = run(sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, *SUBJECTS)
    assert "no issues found" in output


def test_pyright_finds_nothing() -> None:
    output = run(sys.executable, "-m", "pyright", "--pythonpath", sys.executable, *SUBJECTS)
    assert "0 errors, 0 warnings" in output


def test_every_public_type_is_known() -> None:
    """What a checker has to infer, another one may infer differently."""
    output = run(sys.executable, "-m", "pyright", "--pythonpath", sys.executable, *COMPLETENESS)
    assert "Type completeness score: 100%" in output


def test_the_stub_says_what_the_extension_has(tmp_path: pathlib.Path) -> None:
    output = run(sys.executable, "-m", "mypy.stubtest", "octane_client._core", "--mypy-config-file", "pyproject.toml")
    assert "no issues found" in output


def test_a_wrong_use_is_found(tmp_path: pathlib.Path) -> None:
    """Types that accept everything would pass all of the above."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from octane_client import Client\n"
        "with Client.from_env() as client:\n"
        "    client.upload([], suite='S', suite_run=1)\n"
        "    client.modules.find('Shop').id\n"
        "    report: int = client.upload([], suite='S', suite_run='r')\n"
    )
    with pytest.raises(AssertionError) as raised:
        run(sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", wrong)
    output = str(raised.value)
    assert all(f"wrong.py:{line}: error" in output for line in (3, 4, 5)), output
    assert "Found 3 errors" in output
