"""Entities of Octane, as values."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["LinkOutcome", "Module", "Run", "Story", "Suite", "SuiteRun"]


def _id(value: Any) -> int | None:
    """The ID in a reference, if there is one."""
    return None if value is None else int(value["id"])


class Record:
    """A value with named fields, which cannot be changed."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        fields = [name for name in cls.__dict__.get("__slots__", ()) if not name.startswith("_")]
        cls._fields = (*cls._fields, *fields)

    def __init__(self, **fields: Any) -> None:
        for name in self._fields:
            object.__setattr__(self, name, fields[name])

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"`{name}` cannot be changed")

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._fields)
        return f"{type(self).__name__}({fields})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self._fields)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self._fields)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), {name: getattr(self, name) for name in self._fields})

    def to_dict(self) -> dict[str, Any]:
        """The fields by their names."""
        return {name: getattr(self, name) for name in self._fields}


def _restore(kind: type[Record], fields: dict[str, Any]) -> Record:
    return kind(**fields)


class Module(Record):
    """An application module: a node in the tree that suites and tests belong to."""

    __slots__ = ("id", "name", "parent_id")
    id: int
    name: str
    parent_id: int | None
    """``None`` for the root."""

    @classmethod
    def _of(cls, entity: Mapping[str, Any]) -> Module:
        return cls(id=int(entity["id"]), name=entity["name"], parent_id=_id(entity["parent"]))


class Suite(Record):
    """A test suite."""

    __slots__ = ("id", "module_ids", "name")
    id: int
    name: str
    module_ids: tuple[int, ...]
    """The modules it belongs to."""

    @classmethod
    def _of(cls, entity: Mapping[str, Any]) -> Suite:
        areas = (entity.get("product_areas") or {}).get("data") or ()
        return cls(
            id=int(entity["id"]), name=entity["name"], module_ids=tuple(int(area["id"]) for area in areas)
        )


class Run(Record):
    """An automated run: one result of one test."""

    __slots__ = ("class_name", "id", "module", "name", "package", "started", "status", "test_id", "test_name")
    id: int
    name: str
    test_name: str | None
    module: str | None
    package: str | None
    class_name: str | None
    status: str | None
    """``passed``, ``failed``, ``skipped``, ``planned``, or what the server says."""
    started: str | None
    """ISO 8601, in UTC."""
    test_id: int | None

    @classmethod
    def _of(cls, entity: Mapping[str, Any]) -> Run:
        status = entity["native_status"]
        return cls(
            id=int(entity["id"]),
            name=entity["name"],
            test_name=entity["test_name"],
            module=entity["component"],
            package=entity["package"],
            class_name=entity["class_name"],
            status=None if status is None else str(status["id"]).rpartition(".")[2],
            started=entity["started"],
            test_id=_id(entity["test"]),
        )


class Story(Record):
    """A backlog item that a Jira key stands for: a story, a feature or a defect."""

    __slots__ = ("id", "name", "subtype")
    id: int
    name: str
    subtype: str

    @classmethod
    def _of(cls, entity: Mapping[str, Any]) -> Story:
        return cls(id=int(entity["id"]), name=entity["name"], subtype=entity["subtype"])


class SuiteRun(Record):
    """One execution of a test suite."""

    __slots__ = ("id", "name", "suite_id", "url")
    id: int
    name: str
    suite_id: int | None
    url: str | None
    """Its page in Octane."""

    @classmethod
    def _of(cls, entity: Mapping[str, Any], url: str | None) -> SuiteRun:
        return cls(id=int(entity["id"]), name=entity["name"], suite_id=_id(entity["test"]), url=url)


class LinkOutcome(Record):
    """What linking or unlinking changed."""

    __slots__ = ("changed", "failed", "level", "unchanged")
    level: str
    """``runs``, or ``tests`` where runs cannot be linked."""
    changed: int
    unchanged: int
    failed: tuple[Mapping[str, Any], ...]
    """Those that could not be changed: ``id`` and ``message``."""

    @classmethod
    def _of(cls, outcome: Mapping[str, Any]) -> LinkOutcome:
        return cls(**{**outcome, "failed": tuple(outcome["failed"])})
