"""What methods of the older classes return."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Members = dict[str, Any]
    Texts = dict[str, str]
else:
    Members = Texts = dict


class Entity(Members):
    """An entity as the server sends it. Its text is its ID, so that it fits wherever an ID does: in a template, in a URL, in a
    later call.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return str(self.get("id", ""))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


class Cookies(Texts):
    """Cookies by name, as ``requests`` takes them. Its text is the header ``Cookie``; neither is shown by ``repr``."""

    __slots__ = ()

    def __str__(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.items())

    def __repr__(self) -> str:
        return f"Cookies({', '.join(self)})"

    @classmethod
    def parse(cls, header: str) -> Cookies:
        """The cookies in a header."""
        pairs = (part.partition("=") for part in header.split(";") if part.strip())
        return cls((name.strip(), value.strip()) for name, _, value in pairs)


def entities(value: Any) -> Any:
    """Dictionaries with an ID as entities, also in lists and as values."""
    if isinstance(value, list):
        return [entities(item) for item in value]
    if isinstance(value, dict) and not isinstance(value, Entity):
        if "id" in value and "type" in value:
            return Entity(value)
        return {key: entities(item) for key, item in value.items()}
    return value
