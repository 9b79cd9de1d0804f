"""The settings of a connection."""

from __future__ import annotations

import os
import stat

from octane_client import _core
from octane_client._given import count
from octane_client.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta
    from typing import Any, Literal, TypeAlias, Union

    Seconds: TypeAlias = Union[int, float, timedelta]
    Rate: TypeAlias = Union[int, Literal["off"]]
    Path: TypeAlias = Union[str, "os.PathLike[str]"]
    Credentials: TypeAlias = "Callable[[], tuple[str, str, str] | None]"

__all__ = ["Secret"]

RATE_MAX = 1000


class Secret:
    """A secret that is not shown: ``repr`` and ``str`` are ``***``.

    ``Secret("…")`` holds it; ``Secret.file(path)`` and ``Secret.env(name)`` say where it is, and it is read at each sign-in.
    """

    __slots__ = ("_read",)

    def __init__(self, text: str) -> None:
        self._read: Callable[[], str] = lambda: text

    @classmethod
    def _reading(cls, read: Callable[[], str]) -> Secret:
        secret = cls("")
        secret._read = read
        return secret

    @classmethod
    def file(cls, path: Path) -> Secret:
        """The content of a file, without spaces around it, and without the byte order mark that some editors write.

        A file that others can read is refused, except that a file of root may be readable by its group.
        """

        def read() -> str:
            try:
                with open(path, encoding="utf-8-sig") as file:
                    _check_access(path, os.fstat(file.fileno()))
                    text = file.read().strip()
            except OSError as error:
                raise _unreadable(path, str(error.strerror)) from None
            except UnicodeDecodeError:
                # The error itself has the secret in it.
                raise _unreadable(path, "it is not UTF-8") from None
            if not text:
                raise _unreadable(path, "it is empty")
            return text

        return cls._reading(read)

    @classmethod
    def env(cls, name: str) -> Secret:
        """The value of an environment variable."""

        def read() -> str:
            value = os.environ.get(name, "").strip()
            if not value:
                raise ConfigError(f"the environment variable {name} is not set")
            return value

        return cls._reading(read)

    def reveal(self) -> str:
        """The secret itself."""
        return self._read()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> Any:
        raise TypeError("a Secret cannot be pickled")


def _check_access(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    allowed = stat.S_IRGRP if status.st_uid == 0 else 0
    is_exposed = mode & (stat.S_IRWXG | stat.S_IRWXO) & ~allowed
    if os.name == "posix" and stat.S_ISREG(status.st_mode) and is_exposed:
        raise _unreadable(path, f"other users can access it (mode {mode:04o}); make it readable by you alone (mode 0600)")


def _unreadable(path: Path, reason: str) -> ConfigError:
    return ConfigError(f"cannot read the secret from `{os.fsdecode(path)}`: {reason}")


def reveal(secret: Any) -> str:
    """The text of a ``Secret``, of a text, of bytes, or of an object such as pydantic's ``SecretStr``."""
    if isinstance(secret, Secret):
        return secret.reveal()
    if hasattr(secret, "get_secret_value"):
        return reveal(secret.get_secret_value())
    if isinstance(secret, (bytes, bytearray)):
        try:
            return secret.decode()
        except UnicodeDecodeError:
            raise ConfigError("the secret is not a text in UTF-8") from None
    return str(secret)


def credentials(
    client_id: str | None,
    secret: Any,
    username: str | None,
    password: Any,
    provide: Credentials | None,
) -> Credentials:
    """What is asked at each sign-in."""
    given = [bool(client_id or secret), bool(username or password), provide is not None]
    if sum(given) > 1:
        raise ConfigError(
            "several kinds of credentials were given",
            hint="give `client_id` and `secret`, or `username` and `password`, or `credentials`",
        )
    if provide is not None:
        return provide
    if client_id and secret:
        return lambda: ("api_key", client_id, reveal(secret))
    if username and password:
        return lambda: ("user", username, reveal(password))
    if client_id:
        raise ConfigError("a client ID was given without its secret", hint="give `secret=`")
    if secret:
        raise ConfigError("a secret was given without its client ID", hint="give `client_id=`")
    if username or password:
        raise ConfigError("`username` and `password` belong together", hint="give both")
    raise ConfigError(
        "no credentials given",
        hint="give `client_id=` and `secret=` of an API key, or use `from_env`, which reads the environment",
    )


def as_seconds(value: Any) -> Any:
    """The seconds of a timedelta; anything else as it is."""
    return value.total_seconds() if hasattr(value, "total_seconds") else value


def seconds(value: Seconds, name: str) -> str:
    """A length of time for the native part."""
    number = as_seconds(value)
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not 0 <= number < 1e9:
        raise ConfigError(f"`{name}` must be a number of seconds or a timedelta, got {value!r}")
    return f"{round(number * 1000)}ms"


def text(value: Any, name: str) -> str | None:
    """A text, or nothing."""
    if value is None or isinstance(value, str):
        return value or None
    raise ConfigError(f"`{name}` must be a text, got {value!r}")


def path(value: Any, name: str) -> str:
    """A path as a text."""
    try:
        return os.fsdecode(value)
    except TypeError:
        raise ConfigError(f"`{name}` must be a path, got {value!r}") from None


def endpoint(
    *,
    url: str | None,
    space: int | str | None,
    workspace: int | str | None,
    rate: Rate | None,
    concurrency: int | None,
    retries: int | None,
    deadline: Seconds | None,
    attempt_timeout: Seconds | None,
    connect_timeout: Seconds | None,
    ca_files: Path | Sequence[Path] | None,
    client_cert: Path | None,
    client_key: Path | None,
    proxy: Any,
    no_proxy: str | None,
    user_agent: str | None,
) -> dict[str, Any]:
    """The settings of the native endpoint."""
    if rate is not None and rate != "off" and (isinstance(rate, bool) or rate not in range(1, RATE_MAX + 1)):
        raise ConfigError(f"`rate` must be a whole number from 1 to {RATE_MAX}, or `off`, got {rate!r}")
    times = {"deadline": deadline, "attempt_timeout": attempt_timeout, "connect_timeout": connect_timeout}
    files = list(ca_files or ()) if isinstance(ca_files, (list, tuple, type(None))) else [ca_files]
    paths = [path(file, "ca_files") for file in files]
    settings: dict[str, Any] = {
        "url": text(url, "url"),
        "space": number(space, "space"),
        "workspace": number(workspace, "workspace"),
        "requests_per_second": rate,
        "concurrency_max": None if concurrency is None else count(concurrency, "concurrency", 1, ConfigError),
        "attempts_max": None if retries is None else count(retries, "retries", 0, ConfigError) + 1,
        "ca_files": [file for file in paths if not os.path.isdir(file)],
        "ca_dirs": [folder for folder in paths if os.path.isdir(folder)],
        "client_cert": None if client_cert is None else path(client_cert, "client_cert"),
        "client_key": None if client_key is None else path(client_key, "client_key"),
        "proxy": None if proxy is None else reveal(proxy),
        "no_proxy": text(no_proxy, "no_proxy"),
        "user_agent": text(user_agent, "user_agent"),
        **{name: None if time is None else seconds(time, name) for name, time in times.items()},
    }
    given = {name: value for name, value in settings.items() if value is not None}
    if rate == "off":
        # Not a number, and not the default either.
        given["requests_per_second"] = None
    return given


def number(value: int | str | None, name: str) -> int | None:
    """A number that may be a text; an empty one is none, as CI systems set those."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str):
        return count(value, name, 0, ConfigError)
    try:
        return int(value)
    except ValueError:
        raise ConfigError(f"`{value}` is not a number ({name})") from None


KINDS = (("client_id", "secret"), ("username", "password"), ("credentials",))
"""The settings of each kind of credentials."""


def from_env(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in the environment variables, those of the program ``octane``, overridden by those that are given and not
    ``None``."""
    given = {name: value for name, value in given.items() if value is not None}
    names = {
        "url": "OCTANE_URL",
        "space": "OCTANE_SHARED_SPACE",
        "workspace": "OCTANE_WORKSPACE",
        "client_id": "OCTANE_CLIENT_ID",
        "spool": "OCTANE_SPOOL",
        "ca_files": "OCTANE_CA_CERT",
        "client_cert": "OCTANE_CLIENT_CERT",
        "client_key": "OCTANE_CLIENT_KEY",
        "proxy": "OCTANE_PROXY",
        "no_proxy": "OCTANE_NO_PROXY",
    }
    settings: dict[str, Any] = {key: os.environ.get(name, "").strip() or None for key, name in names.items()}
    if settings["client_id"] is None:
        settings["username"] = os.environ.get("OCTANE_USERNAME", "").strip() or None
        if settings["username"] is not None:
            settings["password"] = Secret.env("OCTANE_PASSWORD")
    else:
        settings["secret"] = Secret.env("OCTANE_CLIENT_SECRET")
    kinds = [kind for kind in KINDS if any(name in given for name in kind)]
    if kinds:
        # Credentials of another kind are overridden, too.
        others = [name for kind in KINDS if kind not in kinds for name in kind]
        settings = {name: value for name, value in settings.items() if name not in others}
    if "url" in given and _core.names_workspace(str(given["url"])):
        # Those of the environment belong to another URL.
        settings["space"] = settings["workspace"] = None
    settings.update(given)
    missing = [] if settings.get("url") else ["OCTANE_URL"]
    if all(settings.get(kind[0]) is None for kind in KINDS):
        missing += ["OCTANE_CLIENT_ID", "OCTANE_CLIENT_SECRET"]
    if missing:
        raise ConfigError(
            f"not set in the environment: {', '.join(missing)}",
            hint="set them, or give them to `from_env`; `octane sandbox` prints those of a local Octane",
        )
    return settings


def spool_folder(spool: Path | None) -> str | None:
    """Where uploads are stored: the given folder, or the one of the program ``octane``; ``None`` for ``off``."""
    if spool is not None:
        return None if spool == "off" else path(spool, "spool")
    if os.name == "nt":
        base = os.environ.get("APPDATA") or os.path.expanduser(r"~\AppData\Roaming")
    else:
        base = os.environ.get("XDG_STATE_HOME", "")
        # The specification ignores relative paths.
        if not os.path.isabs(base):
            base = os.path.expanduser("~/.local/state")
    return os.path.join(base, "octane-client", "uploads")
