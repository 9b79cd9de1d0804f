"""What is uploaded, in the form in which the native part reads it.

============================================  =====================================================
given                                         read as
============================================  =====================================================
a path, a list of paths                       report files, directories and globs
a frame of pandas                             columns, a few rows at a time
rows: dictionaries, dataclasses, named        columns, a few rows at a time
tuples, objects with attributes
a generator of rows                           a list of them
a dictionary of columns                       columns
============================================  =====================================================
"""

from __future__ import annotations

import os

from octane_client.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    Fetch = Callable[[int, int, list[int]], list[list[Any]]]


def source(results: Any, used: Callable[[str, list[str]], list[int]]) -> dict[str, Any]:
    """The source of an upload. ``used(name, header)`` says which columns have a meaning."""
    if isinstance(results, (str, os.PathLike)):
        return {"files": [os.fspath(results)]}
    if isinstance(results, (bytes, bytearray)):
        raise InputError("results cannot be bytes", hint="give a path, a table or rows")
    if _is_pandas(results):
        return _pandas(results)
    if hasattr(results, "keys") and hasattr(results, "__getitem__") and not hasattr(results, "__arrow_c_stream__"):
        return _columns(results)
    if not hasattr(results, "__iter__"):
        raise InputError(
            f"results of type `{type(results).__name__}` cannot be read",
            hint="give a data frame, rows, or paths of report files",
        )
    # A generator, a list, a tuple, a deque: they are read several times.
    rows = results if isinstance(results, (list, tuple)) else list(results)
    if rows and all(isinstance(row, (str, os.PathLike)) for row in rows):
        return {"files": [os.fspath(row) for row in rows]}
    return _rows(rows)


def _is_pandas(results: Any) -> bool:
    return _root(results) == "pandas" and hasattr(results, "iloc") and hasattr(results, "columns")


def _root(value: Any) -> str:
    """The package of the type of a value, told by its name: nothing is imported to find out."""
    return type(value).__module__.partition(".")[0]


def header_of(names: Iterable[Any]) -> list[str]:
    """The names of columns as texts."""
    header = [name if isinstance(name, str) else str(name) for name in names]
    seen: set[str] = set()
    for name in header:
        if name in seen:
            raise InputError(f"several columns are called `{name}`", hint="rename or drop all but one")
        seen.add(name)
    return header


def _pandas(frame: Any) -> dict[str, Any]:
    header = header_of(frame.columns)

    def fetch(start: int, stop: int, indexes: list[int]) -> list[list[Any]]:
        part = frame.iloc[start:stop]
        return [part.iloc[:, index].tolist() for index in indexes]

    return {
        "name": "DataFrame",
        "header": header,
        "rows": len(frame),
        "fetch": fetch,
        "label": _pandas_label(frame),
    }


def _pandas_label(frame: Any) -> Callable[[int], str | None]:
    """What a row is called: its index, which need not be its position."""

    def label(row: int) -> str | None:
        return str(frame.index[row])

    return label


def _columns(columns: Mapping[Any, Any]) -> dict[str, Any]:
    header = header_of(columns.keys())
    values = [column.tolist() if hasattr(column, "tolist") else list(column) for column in columns.values()]
    lengths = {len(column) for column in values}
    if len(lengths) > 1:
        raise InputError("the columns have different lengths")

    def fetch(start: int, stop: int, indexes: list[int]) -> list[list[Any]]:
        return [values[index][start:stop] for index in indexes]

    return {"name": "table", "header": header, "rows": lengths.pop() if lengths else 0, "fetch": fetch}


def _rows(rows: Sequence[Any]) -> dict[str, Any]:
    names: dict[str, None] = {}
    getters: dict[type, Callable[[Any], Mapping[str, Any]]] = {}
    for number, row in enumerate(rows, 1):
        kind = type(row)
        if kind not in getters:
            getters[kind] = _getter(row, number)
        for name in getters[kind](row):
            names[name if isinstance(name, str) else str(name)] = None
    # Without any row there is nothing to find columns in.
    header = list(names) or ["name", "status"]

    def fetch(start: int, stop: int, indexes: list[int]) -> list[list[Any]]:
        part = [getters[type(row)](row) for row in rows[start:stop]]
        return [[row.get(header[index]) for row in part] for index in indexes]

    return {"name": "rows", "header": header, "rows": len(rows), "fetch": fetch}


def _getter(row: Any, number: int) -> Callable[[Any], Mapping[str, Any]]:
    """How to look at the fields of rows of this type."""
    if hasattr(row, "keys") and hasattr(row, "get"):
        return lambda row: row
    if hasattr(row, "keys") and hasattr(row, "__getitem__"):
        return lambda row: {name: row[name] for name in row.keys()}
    if hasattr(row, "_asdict"):
        return lambda row: row._asdict()
    fields = getattr(row, "__dataclass_fields__", None) or getattr(row, "__attrs_attrs__", None)
    if fields is not None:
        names = [field if isinstance(field, str) else field.name for field in fields]
        return lambda row: {name: getattr(row, name) for name in names}
    if hasattr(row, "__dict__") and vars(row):
        return vars
    raise InputError(
        f"row {number} is of type `{type(row).__name__}`, which has no fields",
        hint="give dictionaries, dataclasses or other objects with attributes",
    )
