"""``python -m octane_client`` and ``octane-client``: the program ``octane`` of this package."""

from __future__ import annotations

import os
import sys
import sysconfig


def program() -> str:
    """The path of the program that was installed with this package."""
    name = "octane.exe" if os.name == "nt" else "octane"
    tried = []
    for folder in _folders():
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
        tried.append(path)
    raise FileNotFoundError(f"the program `octane` is not installed; looked for {', '.join(tried)}")


def _folders() -> list[str]:
    """Where an installer may have put it: a virtual environment, ``--user``, ``--prefix``, ``--target``."""
    user = {"nt": "nt_user"}.get(os.name, "osx_framework_user" if sys.platform == "darwin" and sys._framework else "posix_user")
    package = os.path.dirname(os.path.abspath(__file__))
    site = os.path.dirname(package)
    folders = [
        sysconfig.get_path("scripts"),
        sysconfig.get_path("scripts", scheme=user),
        os.path.join(site, "bin"),
        # prefix/lib/python3.11/site-packages
        os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(site))), "bin"),
    ]
    return list(dict.fromkeys(folders))


def main() -> int:
    """Runs the program in place of this one, where that is possible."""
    try:
        path = program()
    except FileNotFoundError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    arguments = [path, *sys.argv[1:]]
    if os.name != "nt":
        sys.stdout.flush()
        os.execv(path, arguments)
    import subprocess

    return subprocess.run(arguments, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
