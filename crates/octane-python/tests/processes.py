"""Python processes, for tests of what a process does as a whole."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import textwrap

import octane_client


def pythons() -> list[str]:
    """This Python, and one of every other version that is installed and supported: the extension is the same for all."""
    found = {sys.version_info[1]: sys.executable}
    home = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    for minor in range(10, 20):
        path = shutil.which(f"python3.{minor}")
        candidates = [*sorted(home.glob(f"versions/3.{minor}.*/bin/python3")), *([path] if path else [])]
        for candidate in map(str, candidates):
            if minor not in found and _is_usable(candidate, minor):
                found[minor] = candidate
    return [found[minor] for minor in sorted(found)]


def _is_usable(python: str, minor: int) -> bool:
    """Whether it is CPython of this version with a GIL; a shim of pyenv may lead to none."""
    code = (
        "import sys, sysconfig; "
        "print(sys.implementation.name, sys.version_info[1], sysconfig.get_config_var('Py_GIL_DISABLED') or 0)"
    )
    ended = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return ended.stdout.split() == ["cpython", str(minor), "0"]


def run_python(python: str, code: str, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Runs ``code`` with the package that is tested."""
    package = octane_client.__path__[0].rpartition("octane_client")[0]
    environment = {**os.environ, "PYTHONPATH": package, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)
