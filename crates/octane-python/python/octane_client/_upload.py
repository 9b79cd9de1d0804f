"""The options of an upload."""

from __future__ import annotations

from octane_client import _core, _frame, _settings
from octane_client._call import Call, same
from octane_client._given import flag, mapping, one_of, optional, pairs, positive, text, texts
from octane_client._ids import entity_id, entity_ids, optional_id
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
    backlog_items: EntityLike | Iterable[EntityLike] = (),
    tags: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    fields: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    batch_size: int | None = None,
    batch_bytes: int | None = None,
    batches_in_flight: int | None = None,
    long_names: str = "shorten",
    skip_errors: bool = False,
    force_new: bool = False,
    _started: int | None = None,
    _are_attempts: bool = False,
    _payload: bytes | None = None,
    _render: bool = False,
) -> Call[Report]:
    options = {
        "suite": _entity(suite, "suite"),
        "suite_run": text(suite_run, "suite_run"),
        "module": None if module is None else _entity(module, "module"),
        "create_missing": one_of(create, "create", ("missing", "never")) == "missing",
        "create_similar": flag(create_similar, "create_similar"),
        "dialect": one_of(dialect, "dialect", ("standard", "evidence")),
        "testing_tool_type": optional(text, testing_tool_type, "testing_tool_type"),
        "release": None if release is None else _entity(release, "release"),
        "milestone": optional_id(milestone, "milestone ID"),
        "program": optional_id(program, "program ID"),
        "backlog_items": entity_ids(backlog_items, "backlog item ID"),
        "tags": pairs(tags, "tags"),
        "fields": pairs(fields, "fields"),
        "suite_path": optional(text, suite_path, "suite_path"),
        "long_names": one_of(long_names, "long_names", ("shorten", "refuse")),
        "reruns": one_of(reruns, "reruns", ("last", "worst", "all")),
        "gherkin": one_of(gherkin, "gherkin", ("scenarios", "features")),
        "batch_results": optional(positive, batch_size, "batch_size"),
        "batch_bytes": optional(positive, batch_bytes, "batch_bytes"),
        "batches_in_flight": optional(positive, batches_in_flight, "batches_in_flight"),
        "skip_errors": flag(skip_errors, "skip_errors"),
        "force_new": flag(force_new, "force_new"),
        "link": one_of(jira, "jira", ("auto", "off")) == "auto",
        "require_all_jira_keys": flag(require_all_jira_keys, "require_all_jira_keys"),
        "unlink_stale": flag(unlink_stale, "unlink_stale"),
        "wait": wait_seconds(wait),
        "format": optional(text, format, "format"),
        "encoding": optional(text, encoding, "encoding"),
        "columns": [(column, optional(text, field, "columns")) for column, field in mapping(columns, "columns")],
        "status_map": [(word, text(status, "status_map")) for word, status in mapping(status_map, "status_map")],
        "time_zone": optional(_zone, timezone, "timezone"),
        "duration_unit": None if duration_unit is None else one_of(duration_unit, "duration_unit", ("ms", "s")),
        "jira_from": texts(jira_from, "jira_from"),
        "extra": one_of(extra, "extra", ("warn", "forbid", "ignore")),
        "skip_invalid": flag(skip_invalid, "skip_invalid"),
        "allow_empty": flag(allow_empty, "allow_empty"),
        "started": _started,
        "are_attempts": _are_attempts,
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
    task = _core.resume(core.client, core.stored(id), core.spool, wait_seconds(wait), flag(resend_missing, "resend_missing"))
    return Call(task, Report, event_handler(on_progress))


def event_handler(on_progress: Callable[[Event], object] | None) -> Callable[[Any], object]:
    """Makes events of what the native part reports."""
    if on_progress is None:
        return lambda event: None
    if not callable(on_progress):
        raise InputError(f"`on_progress` must be a function, got {on_progress!r}")
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
    seconds = _settings.as_seconds(wait)
    if isinstance(seconds, (int, float)) and 0 <= seconds < 1e9:
        return float(seconds)
    raise InputError(f"`wait` must be True, False, a number of seconds or a timedelta, got {wait!r}")


def _entity(value: Any, what: str) -> int | str:
    """An ID, or a text that may be a name."""
    return value if isinstance(value, str) else entity_id(value, f"{what} ID")


def _zone(zone: Any, argument: str) -> str:
    """The name of a time zone, or its offset: a text, a ``zoneinfo.ZoneInfo``, one of pytz, or a ``datetime.timezone``."""
    if isinstance(zone, str):
        return zone
    if not hasattr(zone, "utcoffset"):
        raise InputError(f"`{argument}` must be a name, an offset or a tzinfo, got {zone!r}", hint='for example "Europe/Berlin"')
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    offset = None if name else zone.utcoffset(None)
    if offset is not None:
        minutes = round(offset.total_seconds() / 60)
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    if not name:
        raise InputError(f"the time zone {zone!r} has no name", hint='give a name, for example `timezone="Europe/Berlin"`')
    return str(name)
