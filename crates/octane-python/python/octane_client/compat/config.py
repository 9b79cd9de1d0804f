"""Settings from whatever ``config`` is.

``config`` may be a dictionary (flat or with sections), a ``ConfigParser`` or one of its sections, an object with attributes or a
method ``get``, or the path of a file of TOML, JSON or INI. Names are compared without regard to case, ``_``, ``-`` and spaces.
In a ``ConfigParser`` and in an INI file, ``%%`` and ``%(name)s`` mean what they do there; other values with ``%`` are as written.
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
    "force_new": ("force_new",),
    "credential_type": ("credential_type", "credentials_type", "auth_type"),
}
"""The names of each setting."""

DEFAULT = "DEFAULT"

SECTIONS = ("octane", "alm", "alm_octane", "almoctane", "upload", "server", "connection", "credentials", "default")
"""Sections whose settings are used; those of others, such as a mail server's, are not."""

# To check certificates cannot be switched off, so these must not be passed over in silence. Those that do not say whether to check
# may name certificates, as `verify` of `requests` does.
_VERIFY = ("verify", "verifyssl", "sslverify")
_DISABLE = "disablessl"

WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def fold(name: object) -> str:
    """The name without case, ``_``, ``-`` and spaces."""
    return "".join(char for char in str(name).lower() if char not in "_- .")


_SECTIONS = frozenset(map(fold, SECTIONS))


def is_ours(section: object) -> bool:
    """Whether the settings of a section are used."""
    return fold(section) in _SECTIONS


def read(config: Any, keys: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The settings in ``config`` by their own names.

    Unknown names are logged, and two different values of one setting are an error, unless one is that of the default section.
    """
    meanings = {fold(alias): setting for setting, aliases in keys.items() for alias in (*aliases, setting)}
    found: dict[str, tuple[str, Any]] = {}
    unknown: list[str] = []
    pairs = list(_items(config, keys, meanings))
    defaults = {name.partition("/")[2]: value for name, value in pairs if _is_default(name)}
    # The sections of a `ConfigParser` have what is in its default section as well.
    own = [(name, value) for name, value in pairs if (name.partition("/")[2], value) not in defaults.items()]
    for name, value in own + [(f"{DEFAULT}/{name}", value) for name, value in defaults.items()]:
        folded = fold(name.rpartition("/")[2])
        if value is None or value == "":
            continue
        if folded in (*_VERIFY, _DISABLE) and _says_whether_to_check(name, folded, value):
            continue
        setting = "ca_files" if folded in _VERIFY else meanings.get(folded)
        if setting is None:
            unknown.append(name)
            continue
        if setting in found and str(found[setting][1]) != str(value):
            first = found[setting][0]
            if _is_default(name) and not _is_default(first):
                continue
            raise ConfigError(f"`{first}` and `{name}` both set `{setting}`, to different values", hint="keep one of them")
        found.setdefault(setting, (name, value))
    if unknown:
        _log.warn(f"settings that are not known and have no effect: {', '.join(sorted(unknown))}")
    return {setting: value for setting, (_, value) in found.items()}


def _is_default(name: str) -> bool:
    section, slash, _ = name.partition("/")
    return bool(slash) and fold(section) == fold(DEFAULT)


def _says_whether_to_check(name: str, folded: str, value: Any) -> bool:
    word = WORDS.get(str(value).strip().lower())
    if word is (folded == _DISABLE):
        raise ConfigError(
            f"`{name}` switches off the check of certificates, which is not supported",
            hint="name your company's certificates: `ca_file`, or the environment variable SSL_CERT_DIR",
        )
    return word is not None


def _items(config: Any, keys: Mapping[str, tuple[str, ...]], meanings: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Names and values; a name in a section is ``section/name``."""
    if config is None:
        return
    if isinstance(config, (str, os.PathLike)):
        config = _file(os.fspath(config))
    if hasattr(config, "sections") and hasattr(config, "default_section"):
        # A `ConfigParser`: its other sections are foreign, also those that are called like a setting.
        sections = {name: config[name] for name in config.sections() if is_ours(name)}
        config = {**sections, DEFAULT: config[config.default_section]}
    if hasattr(config, "keys") and hasattr(config, "__getitem__"):
        pairs = [(str(name), member(config, name)) for name in config.keys()]
    elif hasattr(config, "_asdict"):
        pairs = list(config._asdict().items())
    else:
        names = [name for name in dir(config) if not name.startswith("_")]
        pairs = [(name, getattr(config, name)) for name in names]
        pairs = [(name, value) for name, value in pairs if not callable(value)]
        if not pairs and callable(getattr(config, "get", None)):
            # It cannot say which settings it has, so it is asked for each.
            asked = dict.fromkeys(alias for setting, aliases in keys.items() for alias in (*aliases, setting))
            pairs = [(name, _asked(config, name)) for name in asked]
    for name, value in pairs:
        is_section = hasattr(value, "keys") or (hasattr(value, "__dict__") and not isinstance(value, (str, type)))
        if is_section and fold(name) not in meanings:
            if is_ours(name):
                for inner, inner_value in _items(value, keys, meanings):
                    yield f"{name}/{inner}", inner_value
        elif is_section and is_ours(name) and hasattr(value, "keys"):
            # `server` may be an address or a section.
            for inner, inner_value in _items(value, keys, meanings):
                yield f"{name}/{inner}", inner_value
        else:
            yield name, value


def _value(parser: Any, section: str, name: str) -> Any:
    from configparser import InterpolationError

    try:
        return parser.get(section, name)
    except InterpolationError:
        # A secret may contain `%`.
        return parser.get(section, name, raw=True)


def member(mapping: Any, name: Any) -> Any:
    """The value of a key, also of one in a section of a ``ConfigParser``."""
    if hasattr(mapping, "parser") and hasattr(mapping, "name"):
        return _value(mapping.parser, mapping.name, name)
    return mapping[name]


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
            with open(path, encoding="utf-8-sig") as toml:
                return tomllib.loads(toml.read())
        if extension == ".json":
            import json

            with open(path, encoding="utf-8-sig") as text:
                return json.load(text)
        import configparser

        parser = configparser.ConfigParser()
        with open(path, encoding="utf-8-sig") as ini:
            parser.read_file(ini)
        return parser
    except OSError as error:
        raise ConfigError(f"cannot read the configuration `{path}`: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"`{path}`: {error}") from None
