"""The options of an upload."""

from __future__ import annotations

from octane_client import _core, _frame
from octane_client._call import Call, same
from octane_client._ids import entity_id
from octane_client._report import Event, Report
from octane_client.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import timedelta, tzinfo
    from typing import Any

    from octane_client._ids import EntityLike
    from octane_client._operations import Core

WAIT_DEFAULT = 15 * 60.0

# As in `inspect`, which takes long to import.
CO_COROUTINE = 0x80


def upload(
    core: Core,
    results: Any,
    *,
    suite: EntityLike,
    suite_run: str,
    module: EntityLike | None = None,
    columns: Mapping[str, str | None] | None = None,
    create: str = "missing",
    create_similar: bool = False,
    jira: str = "auto",
    jira_from: Sequence[str] = (),
    require_all_jira_keys: bool = False,
    unlink_stale: bool = False,
    wait: bool | float | timedelta = True,
    on_progress: Callable[[Event], object] | None = None,
    timezone: str | tzinfo | None = None,
    duration_unit: str | None = None,
    status_map: Mapping[str, str] | None = None,
    extra: str = "warn",
    skip_invalid: bool = False,
    allow_empty: bool = False,
    format: str | None = None,
    encoding: str | None = None,
    suite_path: str | None = None,
    reruns: str = "last",
    gherkin: str = "scenarios",
    dialect: str = "standard",
    testing_tool_type: str | None = None,
    release: int | str | None = None,
    milestone: EntityLike | None = None,
    program: EntityLike | None = None,
    backlog_items: Iterable[EntityLike] = (),
    tags: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    fields: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    batch_size: int | None = None,
    batch_bytes: int | None = None,
    batches_in_flight: int | None = None,
    long_names: str = "shorten",
    skip_errors: bool = False,
    force_new: bool = False,
    _started: int | None = None,
    _payload: bytes | None = None,
    _render: bool = False,
) -> Call[Report]:
    options = {
        "suite": _entity(suite, "suite"),
        "suite_run": str(suite_run),
        "module": None if module is None else _entity(module, "module"),
        "create_missing": _one_of("create", create, ("missing", "never")) == "missing",
        "create_similar": create_similar,
        "dialect": _one_of("dialect", dialect, ("standard", "evidence")),
        "testing_tool_type": testing_tool_type,
        "release": release,
        "milestone": None if milestone is None else entity_id(milestone, "milestone ID"),
        "program": None if program is None else entity_id(program, "program ID"),
        "backlog_items": [entity_id(item, "backlog item ID") for item in backlog_items],
        "tags": _pairs(tags),
        "fields": _pairs(fields),
        "suite_path": suite_path,
        "long_names": _one_of("long_names", long_names, ("shorten", "refuse")),
        "reruns": reruns,
        "gherkin": _one_of("gherkin", gherkin, ("scenarios", "features")),
        "batch_results": batch_size,
        "batch_bytes": batch_bytes,
        "batches_in_flight": batches_in_flight,
        "skip_errors": skip_errors,
        "force_new": force_new,
        "link": _one_of("jira", jira, ("auto", "off")) == "auto",
        "require_all_jira_keys": require_all_jira_keys,
        "unlink_stale": unlink_stale,
        "wait": wait_seconds(wait),
        "format": format,
        "encoding": encoding,
        "columns": [(str(column), field) for column, field in (columns or {}).items()],
        "status_map": [(str(word), status) for word, status in (status_map or {}).items()],
        "time_zone": None if timezone is None else _zone(timezone),
        "duration_unit": duration_unit,
        "jira_from": [jira_from] if isinstance(jira_from, str) else list(jira_from),
        "extra": _one_of("extra", extra, ("warn", "forbid", "ignore")),
        "skip_invalid": skip_invalid,
        "allow_empty": allow_empty,
        "started": _started,
    }
    if _payload is None:
        source = _frame.source(results, lambda name, header: _core.used_columns(name, header, options))
    else:
        source = {"payload": _payload}
    if _render:
        # For the benchmark of what frames cost.
        return Call(_core.render(source, options), same)
    task = _core.upload(core.client, source, options, core.spool)
    return Call(task, Report, event_handler(on_progress))


def resume(
    core: Core,
    id: str,
    *,
    wait: bool | float | timedelta = True,
    resend_missing: bool = False,
    on_progress: Callable[[Event], object] | None = None,
) -> Call[Report]:
    task = _core.resume(core.client, core.stored(id), core.spool, wait_seconds(wait), resend_missing)
    return Call(task, Report, event_handler(on_progress))


def event_handler(on_progress: Callable[[Event], object] | None) -> Callable[[Any], object]:
    """Makes events of what the native part reports."""
    if on_progress is None:
        return lambda event: None
    if getattr(getattr(on_progress, "__code__", None), "co_flags", 0) & CO_COROUTINE:
        raise InputError(
            "`on_progress` is a coroutine function, which nothing would await",
            hint="give a plain function; it may create a task",
        )
    return lambda event: on_progress(Event(**event))


def wait_seconds(wait: bool | float | timedelta) -> float:
    """How long to wait for ingestion."""
    if isinstance(wait, bool):
        return WAIT_DEFAULT if wait else 0.0
    seconds = wait if isinstance(wait, (int, float)) else wait.total_seconds()
    if seconds >= 0:
        return float(seconds)
    raise InputError(f"`wait` must be True, False, a number of seconds or a timedelta, got {wait!r}")


def _one_of(name: str, value: str, words: Sequence[str]) -> str:
    if value not in words:
        raise InputError(f"`{value}` is not a valid `{name}`; use {' or '.join(f'`{word}`' for word in words)}")
    return value


def _entity(value: Any, what: str) -> int | str:
    """An ID, or a text that may be a name."""
    return value if isinstance(value, str) else entity_id(value, f"{what} ID")


def _pairs(pairs: Any) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in (pairs.items() if hasattr(pairs, "items") else pairs)]


def _zone(zone: Any) -> str:
    """The name of a time zone, or its offset: a text, a ``zoneinfo.ZoneInfo``, one of pytz, or a ``datetime.timezone``."""
    if isinstance(zone, str):
        return zone
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    offset = None if name else zone.utcoffset(None)
    if offset is not None:
        minutes = round(offset.total_seconds() / 60)
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    if not name:
        raise InputError(f"the time zone {zone!r} has no name", hint='give a name, for example `timezone="Europe/Berlin"`')
    return str(name)
