"""IDs as people give them."""

from __future__ import annotations

from octane_client.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias, Union

    from octane_client._entities import Module, Run, Story, Suite, SuiteRun

    EntityLike: TypeAlias = Union[int, str, "dict[str, Any]", Module, Suite, SuiteRun, Run, Story]


def entity_id(value: Any, what: str = "ID") -> int:
    """The ID: a number, its text, an entity with an attribute or a key ``id``."""
    given = value
    if hasattr(value, "keys"):
        value = value.get("id")
    elif not isinstance(value, (int, str)):
        value = getattr(value, "id", value)
    number = -1
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and text.isdigit() and len(text) < 20:
            number = int(text)
    elif hasattr(value, "__index__") and not isinstance(value, bool):
        # Also an integer of numpy.
        number = int(value.__index__())
    if 0 <= number < 2**63:
        return number
    raise InputError(f"`{given}` is not a valid {what}", hint="give a number, its text, or an entity with an `id`")


def entity_ids(values: Any, what: str = "ID") -> list[int]:
    """The IDs of several, or of a single one."""
    is_one = isinstance(values, str) or hasattr(values, "keys") or not hasattr(values, "__iter__")
    return [entity_id(value, what) for value in ([values] if is_one else values)]


def optional_id(value: Any, what: str = "ID") -> int | None:
    """The same; ``None`` is none."""
    return None if value is None else entity_id(value, what)
