"""Credentials from whatever ``spKConfig`` is."""

from __future__ import annotations

from octane_client._settings import reveal
from octane_client.compat.config import fold, is_ours, member
from octane_client.errors import ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def lookup(source: Any, names: Sequence[str]) -> Any:
    """The first of these names that ``source`` has: a key, an attribute, or a method without parameters."""
    is_mapping = hasattr(source, "keys") and hasattr(source, "__getitem__")
    own = list(source.keys()) if is_mapping else [name for name in dir(source) if not name.startswith("__")]
    # What is public may decrypt what is not.
    own.sort(key=lambda name: str(name).startswith("_"))
    for wanted in map(fold, names):
        for name in own:
            if fold(name) == wanted:
                value = member(source, name) if is_mapping else _attribute(source, name)
                if value:
                    return value
    return None


def _attribute(source: Any, name: str) -> Any:
    value = getattr(source, name)
    if not callable(value):
        return value
    # A method of this name signs in.
    return None if fold(name) == "login" else value()


def read(source: Any, keys: Mapping[str, tuple[str, ...]], kind: str | None = None) -> tuple[str, str, str] | None:
    """The credentials in ``source``: a mapping, an object with attributes, or a function that returns one of these, or a pair.

    Returns ``("api_key", id, secret)`` or ``("user", name, password)``; see :func:`kind_of`.
    """
    if source is None:
        return None
    if callable(source) and _pair(source, keys) is None:
        source = source()
    if isinstance(source, (tuple, list)):
        if len(source) != 2:
            raise ConfigError("the credentials must be a pair of a name and a secret")
        pair = ("username", source[0], source[1])
    else:
        found = _pair(source, keys)
        if found is None:
            raise ConfigError(
                "no user name and password, or client ID and secret, in the credentials",
                hint="give an object with `username` and `password`, a mapping, or a function that returns one",
            )
        pair = found
    setting, name, secret = pair
    name = reveal(name)
    return kind or kind_of(setting, name), name, reveal(secret)


def kind_of(setting: str, name: str) -> str:
    """What a name and a secret are.

    The older module signed in with client credentials, and called them user name and password. So they are an API key, unless the
    name is an address, as those of people are.
    """
    return "user" if setting == "username" and "@" in name else "api_key"


def _pair(source: Any, keys: Mapping[str, tuple[str, ...]]) -> tuple[str, Any, Any] | None:
    if hasattr(source, "sections") and hasattr(source, "items"):
        # A ``ConfigParser``.
        pairs = (_pair(source[name], keys) for name in source.sections() if is_ours(name))
        return next((pair for pair in pairs if pair is not None), None)
    for name, secret in (("client_id", "secret"), ("username", "password")):
        one, other = lookup(source, keys[name]), lookup(source, keys[secret])
        if one and other:
            return name, one, other
    return None
