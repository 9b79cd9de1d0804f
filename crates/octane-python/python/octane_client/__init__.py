"""Upload automated test results to ALM Octane, and link them to the stories they cover.

    import octane_client as octane

    with octane.Client.from_env() as client:
        report = client.upload(results, suite="Nightly", suite_run="nightly-4711")
        report.raise_for_problems()

``octane_client.aio`` has the same to await, ``octane_client.testing`` a local Octane for tests, and
``octane_client.compat`` the classes of the older in-house module.
"""

from __future__ import annotations

from octane_client._client import Client
from octane_client._core import version as __version__
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
