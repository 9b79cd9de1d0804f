"""Settings from whatever ``config`` is.

``config`` may be a dictionary (flat or with sections), a ``ConfigParser`` or one of its sections, an object with attributes or a
method ``get``, or the path of a file of TOML, JSON or INI. Names are compared without regard to case, ``_``, ``-`` and spaces.
"""

from __future__ import annotations

import os

from octane_client import _log
from octane_client.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

KEYS: dict[str, tuple[str, ...]] = {
    "url": ("url", "server", "server_url", "base_url", "octane_url", "octane_base_url", "octane_server", "host", "endpoint", "address"),
    "space": ("space", "space_id", "shared_space", "shared_space_id", "octane_shared_space", "octane_shared_space_id", "sharedspaceid"),
    "workspace": ("workspace", "workspace_id", "octane_workspace", "octane_workspace_id"),
    "client_id": ("client_id", "octane_client_id", "api_client_id", "api_key", "key_id"),
    "secret": ("client_secret", "secret", "octane_client_secret", "api_client_secret", "api_secret", "key_secret"),
    "username": ("username", "user", "user_name", "octane_username", "octane_user", "login"),
    "password": ("password", "octane_password", "passwd"),
    "release": ("release", "release_name", "octane_release"),
    "testing_tool_type": ("testing_tool_type", "tool", "tool_type"),
    "batch_size": ("batch_size", "batch", "upload_batch_size", "chunk_size"),
    "threads": ("threads", "thread_count", "max_workers", "workers", "concurrency"),
    "rate": ("rate", "requests_per_second"),
    "retries": ("retries", "max_retries", "retry_count"),
    "timeout": ("timeout", "request_timeout", "deadline"),
    "ca_files": ("ca_file", "ca_files", "ca_bundle", "ca_cert", "ssl_cert_file"),
    "proxy": ("proxy", "proxy_url", "https_proxy"),
    "no_proxy": ("no_proxy",),
    "jira_field": ("jira_field", "jira_key_field", "jira_udf"),
    "link_field": ("link_field",),
    "spool": ("spool", "spool_dir", "spool_folder"),
    "wait": ("wait", "ingestion_timeout", "wait_timeout"),
    "dialect": ("dialect", "payload"),
    "reruns": ("reruns",),
    "timezone": ("timezone", "time_zone", "tz"),
    "columns": ("columns", "column_names", "column_map"),
    "status_map": ("status_map", "status_mapping"),
    "skip_invalid": ("skip_invalid",),
    "allow_empty": ("allow_empty",),
    "credential_type": ("credential_type", "credentials_type", "auth_type"),
}
"""The names of each setting."""

SECTIONS = ("octane", "alm", "alm_octane", "almoctane", "upload", "server", "connection", "credentials", "default")
"""Sections whose settings are used; those of others, such as a mail server's, are not."""

# To check certificates cannot be switched off, so these must not be passed over in silence.
_INSECURE = ("verify", "verify_ssl", "disable_ssl", "ssl_verify")


def fold(name: object) -> str:
    """The name without case, ``_``, ``-`` and spaces."""
    return "".join(char for char in str(name).lower() if char not in "_- .")


def read(config: Any, keys: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The settings in ``config`` by their own names.

    Unknown names are logged, and two different values of one setting are an error.
    """
    meanings = {fold(alias): setting for setting, aliases in keys.items() for alias in (*aliases, setting)}
    found: dict[str, tuple[str, Any]] = {}
    unknown: list[str] = []
    for name, value in _items(config, meanings):
        folded = fold(name.rpartition("/")[2])
        if value is None or value == "":
            continue
        if folded in map(fold, _INSECURE):
            _check_secure(name, folded, value)
            continue
        setting = meanings.get(folded)
        if setting is None:
            unknown.append(name)
            continue
        if setting in found and str(found[setting][1]) != str(value):
            first = found[setting][0]
            raise ConfigError(f"`{first}` and `{name}` both set `{setting}`, to different values", hint="keep one of them")
        found.setdefault(setting, (name, value))
    if unknown:
        _log.warn(f"settings that are not known and have no effect: {', '.join(sorted(unknown))}")
    return {setting: value for setting, (_, value) in found.items()}


def _check_secure(name: str, folded: str, value: Any) -> None:
    text = str(value).strip().lower()
    is_off = text in ("false", "0", "no", "off") if folded != "disablessl" else text in ("true", "1", "yes", "on")
    if is_off:
        raise ConfigError(
            f"`{name}` switches off the check of certificates, which is not supported",
            hint="name your company's certificates: `ca_file`, or the environment variable SSL_CERT_DIR",
        )


def _items(config: Any, meanings: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Names and values; a name in a section is ``section/name``."""
    if config is None:
        return
    if isinstance(config, (str, os.PathLike)):
        config = _file(os.fspath(config))
    if hasattr(config, "sections") and hasattr(config, "items") and hasattr(config, "defaults"):
        # Raw: a secret may contain `%`.
        for name, value in config.defaults().items():
            yield name, value
        for section in config.sections():
            if fold(section) in map(fold, SECTIONS):
                for name, value in config.items(section, raw=True):
                    yield f"{section}/{name}", value
        return
    if hasattr(config, "keys") and hasattr(config, "__getitem__"):
        pairs = [(str(name), raw(config, name)) for name in config.keys()]
    elif hasattr(config, "_asdict"):
        pairs = list(config._asdict().items())
    else:
        names = [name for name in dir(config) if not name.startswith("_")]
        pairs = [(name, getattr(config, name)) for name in names]
        pairs = [(name, value) for name, value in pairs if not callable(value)]
        if not pairs and callable(getattr(config, "get", None)):
            # It cannot say which settings it has, so it is asked for each.
            pairs = [(name, value) for name, value in ((name, _asked(config, name)) for name in _aliases()) if value]
    for name, value in pairs:
        is_section = hasattr(value, "keys") or (hasattr(value, "__dict__") and not isinstance(value, (str, type)))
        if is_section and fold(name) not in meanings:
            if fold(name) in map(fold, SECTIONS):
                for inner, inner_value in _items(value, meanings):
                    yield f"{name}/{inner}", inner_value
        elif is_section and fold(name) in map(fold, SECTIONS) and hasattr(value, "keys"):
            # `server` may be an address or a section.
            for inner, inner_value in _items(value, meanings):
                yield f"{name}/{inner}", inner_value
        else:
            yield name, value


def raw(mapping: Any, name: Any) -> Any:
    """The value as it was written, also in a section of a ``ConfigParser``: a secret may contain ``%``."""
    if hasattr(mapping, "parser") and hasattr(mapping, "name"):
        return mapping.parser.get(mapping.name, name, raw=True)
    return mapping[name]


def _aliases() -> list[str]:
    return list(dict.fromkeys(alias for aliases in KEYS.values() for alias in aliases))


def _asked(config: Any, name: str) -> Any:
    try:
        return config.get(name)
    except (KeyError, AttributeError, ValueError):
        return None


def _file(path: str) -> Any:
    """What a configuration file has."""
    extension = os.path.splitext(path)[1].lower()
    try:
        if extension == ".toml":
            try:
                import tomllib
            except ImportError:
                raise ConfigError(f"`{path}`: TOML needs Python 3.11", hint="use JSON or INI") from None
            with open(path, "rb") as toml:
                return tomllib.load(toml)
        if extension == ".json":
            import json

            with open(path, encoding="utf-8") as text:
                return json.load(text)
        import configparser

        parser = configparser.ConfigParser(interpolation=None)
        with open(path, encoding="utf-8") as ini:
            parser.read_file(ini)
        return parser
    except OSError as error:
        raise ConfigError(f"cannot read the configuration `{path}`: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"`{path}`: {error}") from None
