"""Arguments as people give them: checked, with their names in messages."""

from __future__ import annotations

from octane_client.errors import InputError, OctaneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    T = TypeVar("T")


def optional(check: Callable[[Any, str], T], value: Any, name: str) -> T | None:
    """What was given; ``None`` is nothing."""
    return None if value is None else check(value, name)


def text(value: Any, name: str) -> str:
    """A text, or the text of a number, a UUID, a date and the like. What stands for nothing would become a name such as ``nan``."""
    if isinstance(value, str):
        return str.__str__(value)
    is_number = hasattr(value, "__float__") and not isinstance(value, bool)
    own: Any = type(value).__str__
    has_text = is_number or own is not object.__str__
    # NaN and NaT differ from themselves; whether NA does cannot be asked.
    if not has_text or hasattr(value, "__len__") or type(value).__name__ == "NAType" or value != value:
        raise InputError(f"`{name}` must be a text, got {value!r}")
    return str(value)


def texts(values: Any, name: str) -> list[str]:
    """Texts, or a single one."""
    if isinstance(values, str):
        return [values]
    if not hasattr(values, "__iter__"):
        raise InputError(f"`{name}` must be texts, got {values!r}", hint="give a text, or a list of them")
    return [text(value, name) for value in values]


def count(value: Any, name: str, least: int = 0, error: type[OctaneError] = InputError) -> int:
    """A whole number."""
    number = value.__index__() if hasattr(value, "__index__") and not isinstance(value, bool) else -1
    if not least <= number < 2**31:
        raise error(f"`{name}` must be a whole number, {least} or more, got {value!r}")
    return int(number)


def positive(value: Any, name: str) -> int:
    """A whole number that is not 0."""
    return count(value, name, 1)


def flag(value: Any, name: str) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise InputError(f"`{name}` must be True or False, got {value!r}")
    return value


def one_of(value: Any, name: str, words: tuple[str, ...]) -> str:
    """One of these words."""
    if value not in words:
        raise InputError(f"`{value}` is not a valid `{name}`; use {' or '.join(f'`{word}`' for word in words)}")
    return str(value)


def mapping(value: Any, name: str) -> list[tuple[str, Any]]:
    """The keys of a mapping, as texts, and their values; ``None`` has none."""
    if value is None:
        return []
    if not hasattr(value, "items"):
        raise InputError(f"`{name}` must be a mapping, got {value!r}", hint=f'for example `{name}={{"…": "…"}}`')
    return [(str(key), item) for key, item in value.items()]


def pairs(value: Any, name: str) -> list[tuple[str, str]]:
    """The pairs of texts in a mapping or a list of pairs."""
    items = value.items() if hasattr(value, "items") else value
    items = list(items) if hasattr(items, "__iter__") and not isinstance(items, str) else [items]
    for item in items:
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            raise InputError(
                f"`{name}` must be a mapping or pairs of texts, got {value!r}", hint=f'for example `{name}={{"…": "…"}}`'
            )
    return [(text(key, name), text(item, name)) for key, item in items]
