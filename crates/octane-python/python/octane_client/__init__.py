"""Upload automated test results to ALM Octane, and link them to the stories they cover.

    import octane_client as octane

    with octane.Client.from_env() as client:
        report = client.upload(results, suite="Nightly", suite_run="nightly-4711")
        report.raise_for_problems()

``octane_client.aio`` has the same to await, ``octane_client.testing`` a local Octane for tests, and
``octane_client.compat`` the classes of the older in-house module.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from octane_client._client import Client
    from octane_client._entities import LinkOutcome, Module, Run, Story, Suite, SuiteRun
    from octane_client._operations import Response
    from octane_client._report import Counts, Event, Problem, Problems, Report, Upload
    from octane_client._settings import Secret
    from octane_client.errors import (
        Ambiguous,
        ApiError,
        AuthError,
        Cancelled,
        ConfigError,
        ConnectError,
        DeadlineExceeded,
        InputError,
        InternalError,
        NotFound,
        OctaneError,
        PartialUploadError,
        PermissionDenied,
        ProxyError,
        RateLimited,
        Rejected,
        ReportParseError,
        SchemaError,
        ServerError,
        SpoolError,
        TlsError,
        TransportError,
    )

    __version__: str

__all__ = [
    "Ambiguous",
    "ApiError",
    "AuthError",
    "Cancelled",
    "Client",
    "ConfigError",
    "ConnectError",
    "Counts",
    "DeadlineExceeded",
    "Event",
    "InputError",
    "InternalError",
    "LinkOutcome",
    "Module",
    "NotFound",
    "OctaneError",
    "PartialUploadError",
    "PermissionDenied",
    "Problem",
    "Problems",
    "ProxyError",
    "RateLimited",
    "Rejected",
    "Report",
    "ReportParseError",
    "Response",
    "Run",
    "SchemaError",
    "Secret",
    "ServerError",
    "SpoolError",
    "Story",
    "Suite",
    "SuiteRun",
    "TlsError",
    "TransportError",
    "Upload",
    "__version__",
]

# Where names are. They are imported when they are first used: the pytest plugin is part of every session in its environment.
_HOMES = {
    "Client": "octane_client._client",
    "LinkOutcome": "octane_client._entities",
    "Module": "octane_client._entities",
    "Run": "octane_client._entities",
    "Story": "octane_client._entities",
    "Suite": "octane_client._entities",
    "SuiteRun": "octane_client._entities",
    "Response": "octane_client._operations",
    "Counts": "octane_client._report",
    "Event": "octane_client._report",
    "Problem": "octane_client._report",
    "Problems": "octane_client._report",
    "Report": "octane_client._report",
    "Upload": "octane_client._report",
    "Secret": "octane_client._settings",
    "Ambiguous": "octane_client.errors",
    "ApiError": "octane_client.errors",
    "AuthError": "octane_client.errors",
    "Cancelled": "octane_client.errors",
    "ConfigError": "octane_client.errors",
    "ConnectError": "octane_client.errors",
    "DeadlineExceeded": "octane_client.errors",
    "InputError": "octane_client.errors",
    "InternalError": "octane_client.errors",
    "NotFound": "octane_client.errors",
    "OctaneError": "octane_client.errors",
    "PartialUploadError": "octane_client.errors",
    "PermissionDenied": "octane_client.errors",
    "ProxyError": "octane_client.errors",
    "RateLimited": "octane_client.errors",
    "Rejected": "octane_client.errors",
    "ReportParseError": "octane_client.errors",
    "SchemaError": "octane_client.errors",
    "ServerError": "octane_client.errors",
    "SpoolError": "octane_client.errors",
    "TlsError": "octane_client.errors",
    "TransportError": "octane_client.errors",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is not None:
        value = getattr(import_module(home), name)
    elif name == "__version__":
        value = import_module("octane_client._core").version
    else:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
