"""The examples run against the sandbox."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
from octane_client.testing import Sandbox

from plugin import plugin

EXAMPLES = pathlib.Path(__file__).parents[3] / "examples" / "python"


def run(sandbox: Sandbox, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **sandbox.env, "OCTANE_SPOOL": "off", "NO_PROXY": "127.0.0.1"}
    return subprocess.run(
        [sys.executable, *command], cwd=EXAMPLES, env=environment, capture_output=True, text=True, timeout=120
    )


# What each prints, and the runs that it makes.
SCRIPTS = {
    "rows.py": ("ended as success: 2 of 2 ingested", ["pays by card", "pays by invoice"]),
    "dataframe.py": ("3 results are in Octane: http", ["adds tax", "rounds", "ships"]),
    "several_suites.py": ("ended as success: 2 of 2 ingested", ["adds tax", "pays", "refunds"]),
    "older_module.py": ("2 runs, linked to 2 stories", ["adds tax", "rounds"]),
}
FRAMES = {"dataframe.py"}


@pytest.mark.parametrize(
    "script", [pytest.param(name, marks=pytest.mark.frames if name in FRAMES else ()) for name in SCRIPTS]
)
def test_an_example_runs(sandbox: Sandbox, script: str) -> None:
    printed, runs = SCRIPTS[script]
    ended = run(sandbox, script)
    assert ended.returncode == 0 and printed in ended.stdout, ended.stdout + ended.stderr
    assert sorted(found.name for found in sandbox.runs) == runs


def test_the_example_of_tests_passes(sandbox: Sandbox) -> None:
    ended = run(sandbox, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugin(), "--octane", "test_with_sandbox.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "ended as success: 3 of 3 ingested" in ended.stdout
    assert len(sandbox.runs) == 3


def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*SCRIPTS, "test_with_sandbox.py"}
