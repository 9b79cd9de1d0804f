"""What is uploaded, in the form in which the native part reads it.

============================================  =====================================================
given                                         read as
============================================  =====================================================
a path, a list of paths                       report files, directories and globs
pandas, polars, pyarrow, DuckDB, anything     its columns in Arrow, without copying them
with ``__arrow_c_stream__``
a polars LazyFrame                            its columns in Arrow, batch by batch as they are computed
columns of objects that Arrow cannot hold,    Python objects, a few rows at a time
pandas without pyarrow
rows: dictionaries, dataclasses, named        Python objects, a few rows at a time
tuples, objects with attributes
a generator of rows                           a list of them
a dictionary of columns                       Python objects, a few rows at a time
============================================  =====================================================

Of a frame, the columns that mean something are selected first. A frame as a whole often cannot be exported, because of a column
that is not needed.
"""

from __future__ import annotations

import os

from collections.abc import Mapping

from octane_client import _core
from octane_client.errors import InputError, SchemaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    Fetch = Callable[[int, int, list[int]], list[list[Any]]]
    Used = Callable[[str, list[str]], list[tuple[int, str]]]


def source(results: Any, used: Used) -> dict[str, Any]:
    """The source of an upload. ``used(name, header)`` says which columns are needed, and for which field."""
    if isinstance(results, (str, os.PathLike)):
        return {"files": [os.fspath(results)]}
    if isinstance(results, (bytes, bytearray)):
        raise InputError("results cannot be bytes", hint="give a path, a table or rows")
    root = _root(results)
    if root == "pandas" and hasattr(results, "iloc") and hasattr(results, "columns"):
        return _pandas(results, used)
    if root == "polars" and hasattr(results, "select") and hasattr(results, "collect_schema"):
        return _polars(results, used)
    if root in ("duckdb", "_duckdb") and hasattr(results, "columns"):
        return _duckdb(results, used)
    if root in ("pandas", "polars"):
        raise InputError(
            f"a {type(results).__name__} of {root} has no columns that could be read",
            hint="give a data frame, or the list of dictionaries that `to_list()` of a Series of them returns",
        )
    if hasattr(results, "__arrow_c_stream__"):
        return _arrow(type(results).__name__, results, used)
    if hasattr(results, "keys") and hasattr(results, "__getitem__"):
        return _columns(results)
    if hasattr(results, "read"):
        raise InputError("results cannot be an open file", hint="give its path")
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


def _root(value: Any) -> str | None:
    """The package of frames that a value's type or one of its bases comes from, by its name: nothing is imported."""
    roots = (kind.__module__.partition(".")[0] for kind in type(value).__mro__)
    return next((root for root in roots if root in ("pandas", "polars", "duckdb", "_duckdb")), None)


def _names(names: Iterable[Any]) -> list[str]:
    """The names of columns as texts. Of several columns with one name, those that mean something are an error later."""
    return [name if isinstance(name, str) else str(name) for name in names]


def _nothing(start: int, stop: int, indexes: list[int]) -> list[list[Any]]:
    raise AssertionError("all columns are in the frame")


def _arrow(name: str, results: Any, used: Used) -> dict[str, Any]:
    frame = _core.Frame.read(results, lambda header: [index for index, _ in used(name, header)])
    return {"name": name, "header": frame.header, "rows": frame.rows, "frame": frame, "fetch": _nothing}


def _pandas(results: Any, used: Used) -> dict[str, Any]:
    name, header = "DataFrame", _names(results.columns)

    def fetch(start: int, stop: int, indexes: list[int]) -> list[list[Any]]:
        part = results.iloc[start:stop]
        return [part.iloc[:, index].tolist() for index in indexes]

    def label(row: int) -> str | None:
        return str(results.index[row])

    needed = used(name, header)

    def export(start: int, stop: int) -> _core.Frame | None:
        # A part at a time, since columns of objects are converted for it.
        return _pandas_in_arrow(results.iloc[start:stop], needed)

    return {"name": name, "header": header, "rows": len(results), "export": export, "fetch": fetch, "label": label}


def _pandas_in_arrow(results: Any, used: list[tuple[int, str]]) -> _core.Frame | None:
    """The columns that Arrow can hold without changing what they mean."""
    if not hasattr(results, "__arrow_c_stream__"):
        return None
    dtypes = list(results.dtypes)
    # A start that is an object may have a time zone in one row and none in the next; Arrow would silently drop it from all.
    indexes = [index for index, field in used if field != "started" or dtypes[index] != object]
    try:
        return _export(results, indexes)
    except SchemaError:
        raise
    except Exception:
        # pyarrow is missing, or a column has values of several types.
        return _export(results, [index for index in indexes if _is_exportable(results, index)])


def _is_exportable(results: Any, index: int) -> bool:
    try:
        _export(results, [index])
    except Exception:
        return False
    return True


def _export(results: Any, indexes: list[int]) -> _core.Frame | None:
    if not indexes:
        return None
    # Without its index, which would become columns; and with other names, which may be anything.
    part = results.iloc[:, indexes].reset_index(drop=True)
    part.columns = [str(index) for index in indexes]
    return _core.Frame.read_as(part, indexes, _names(results.columns))


def _polars(results: Any, used: Used) -> dict[str, Any]:
    import polars

    name = type(results).__name__
    schema = results.collect_schema()
    header, dtypes = list(schema.names()), list(schema.dtypes())
    needed = used(name, header)
    readable = {index: _in_arrow(polars, dtypes[index]) for index, _ in needed}
    indexes = [index for index, dtype in readable.items() if dtype is not None]
    casts = {header[index]: dtype for index, dtype in readable.items() if dtype not in (None, dtypes[index])}
    part = results.select([header[index] for index, _ in needed])
    if hasattr(part, "collect"):
        if indexes and len(indexes) == len(needed) and hasattr(part, "collect_batches"):
            lazy = part.cast(casts)

            def frames() -> Iterator[_core.Frame]:
                for batch in lazy.collect_batches():
                    yield _core.Frame.read_as(batch, indexes, header)

            return {"name": name, "header": header, "rows": None, "frames": _Computed(frames), "fetch": _nothing}
        part = part.collect()
    exported = None
    if indexes:
        exported = _core.Frame.read_as(part.select([header[index] for index in indexes]).cast(casts), indexes, header)

    def fetch(start: int, stop: int, indexes: list[int]) -> list[list[Any]]:
        rows = part.slice(start, stop - start)
        return [rows.get_column(header[index]).to_list() for index in indexes]

    return {"name": name, "header": header, "rows": part.height, "frame": exported, "fetch": fetch}


class _Computed:
    """The frames of a lazy frame. What is read more than once has several results of some tests, and they are arranged by their
    numbers; computed again, they may be in another order. So the second computation is kept."""

    def __init__(self, compute: Callable[[], Iterator[_core.Frame]]) -> None:
        self._compute = compute
        self._is_again = False
        self._kept: list[_core.Frame] | None = None

    def __call__(self) -> Iterator[_core.Frame]:
        if self._kept is None and self._is_again:
            self._kept = list(self._compute())
        self._is_again = True
        return self._compute() if self._kept is None else iter(self._kept)


def _in_arrow(polars: Any, dtype: Any) -> Any:
    """The type as which Arrow can hold a column of this type; ``None`` if it cannot."""
    # Arrow has no such numbers; what is an object in Python is only its address there; and no column is a struct.
    if dtype in (polars.Object, polars.Struct, getattr(polars, "Int128", polars.Object), getattr(polars, "UInt128", polars.Object)):
        return None
    # What is without any value has no type, which the reader of streams does not understand.
    if dtype == polars.Null:
        return polars.String
    inner = getattr(dtype, "inner", None)
    if inner is None:
        return dtype
    inner = _in_arrow(polars, inner)
    # The inner type of an array of arrays is an array.
    return None if inner is None else polars.List(inner) if dtype == polars.List else polars.Array(inner, dtype.size)


def _duckdb(results: Any, used: Used) -> dict[str, Any]:
    import duckdb

    name, header = "relation", list(results.columns)
    indexes = [index for index, _ in used(name, header)]
    part = results.select(*(duckdb.ColumnExpression(header[index]) for index in indexes))
    exported = _core.Frame.read_as(part, indexes, header)
    return {"name": name, "header": header, "rows": exported.rows, "frame": exported, "fetch": _nothing}


def _columns(columns: Mapping[Any, Any]) -> dict[str, Any]:
    header = _names(columns.keys())
    for name, column in zip(header, columns.values()):
        if isinstance(column, (str, bytes)) or not hasattr(column, "__iter__"):
            raise InputError(f"column `{name}` is not a list of values, but {column!r:.80}", hint="give a list of rows: `[{...}]`")
        if isinstance(column, (set, frozenset, Mapping)):
            hint = "give lists, such as those of `frame.to_dict(\"list\")`"
            raise InputError(f"column `{name}` is a {type(column).__name__}, whose values are not in the order of rows", hint=hint)
    values = [_values(column) for column in columns.values()]
    lengths = {len(column) for column in values}
    if len(lengths) > 1:
        found = ", ".join(f"`{name}` {len(column)}" for name, column in zip(header, values))
        raise InputError(f"the columns have different lengths: {found}")

    def fetch(start: int, stop: int, indexes: list[int]) -> list[list[Any]]:
        return [values[index][start:stop] for index in indexes]

    return {"name": "table", "header": header, "rows": lengths.pop() if lengths else 0, "fetch": fetch}


def _values(column: Any) -> list[Any]:
    # Of times in nanoseconds, `tolist` of numpy makes plain numbers.
    is_time = getattr(getattr(column, "dtype", None), "kind", None) in ("m", "M")
    values: list[Any] = column.tolist() if hasattr(column, "tolist") and not is_time else list(column)
    return values


def _rows(rows: Sequence[Any]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    getters: dict[type, Callable[[Any], Mapping[str, Any]]] = {}
    for number, row in enumerate(rows, 1):
        kind = type(row)
        if kind not in getters:
            getters[kind] = _getter(row, number)
        for name in getters[kind](row):
            names.setdefault(name if isinstance(name, str) else str(name), name)
    # Without any row there is nothing to find columns in.
    header = list(names) or ["name", "status"]
    keys = list(names.values())

    def fetch(start: int, stop: int, indexes: list[int]) -> list[list[Any]]:
        part = [getters[type(row)](row) for row in rows[start:stop]]
        return [[row.get(keys[index]) for row in part] for index in indexes]

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
    slots = [slot for base in type(row).__mro__ for slot in getattr(base, "__slots__", ())]
    if slots:
        return lambda row: {name: getattr(row, name) for name in slots if hasattr(row, name)}
    raise InputError(
        f"row {number} is of type `{type(row).__name__}`, which has no fields",
        hint="give dictionaries, dataclasses or other objects with attributes",
    )
