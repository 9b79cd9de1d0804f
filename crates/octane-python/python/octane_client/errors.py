"""The exceptions of this package: one tree, with data on each, which can be pickled.

The hint, what to do about it, is in ``hint`` and in the notes that a traceback shows.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from octane_client._report import Report

__all__ = [
    "Ambiguous",
    "ApiError",
    "AuthError",
    "Cancelled",
    "ConfigError",
    "ConnectError",
    "DeadlineExceeded",
    "InputError",
    "InternalError",
    "NotFound",
    "OctaneError",
    "PartialUploadError",
    "PermissionDenied",
    "ProxyError",
    "RateLimited",
    "Rejected",
    "ReportParseError",
    "SchemaError",
    "ServerError",
    "SpoolError",
    "TlsError",
    "TransportError",
]


class OctaneError(Exception):
    """Whatever this package raises on its own account."""

    message: str
    """What happened."""
    hint: str | None = None
    """What to do about it."""

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(message)
        self.message = message
        for name, value in data.items():
            setattr(self, name, value)
        if self.hint:
            # `add_note` does not exist before Python 3.11.
            self.__notes__: list[str] = [f"hint: {self.hint}"]

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.message, self.__dict__)


class ConfigError(OctaneError, ValueError):
    """A setting is missing, contradictory or not valid."""


class InputError(OctaneError, ValueError):
    """The results, or something else that was given, cannot be used."""


class SchemaError(InputError):
    """Rows cannot be used. Nothing was sent."""

    rows: Sequence[Mapping[str, Any]] = ()
    """All bad cells: ``file`` (or what the table is), ``number`` (of the row, from 1), ``row`` (what it is called: its label in
    the index of a frame, else its number), ``column``, ``value``, ``message`` and ``hint``."""


class ReportParseError(InputError):
    """A report file cannot be read."""

    file: str | None = None
    line: int | None = None


class SpoolError(OctaneError, OSError):
    """Uploads cannot be stored on this machine, or a stored one cannot be used."""


class TransportError(OctaneError, OSError):
    """There was no response, or not a complete one, after all retries."""

    method: str | None = None
    url: str | None = None
    attempts: int = 0


class ConnectError(TransportError, ConnectionError):
    """The server cannot be reached."""


class TlsError(TransportError):
    """TLS failed, mostly because the certificate is not trusted."""


class ProxyError(TransportError):
    """The proxy cannot be reached, or rejects the user."""


class DeadlineExceeded(TransportError, TimeoutError):
    """It took too long."""


class ApiError(OctaneError):
    """The server has responded, and not with success."""

    status: int | None = None
    """The HTTP status; ``None`` where a search has found nothing."""
    code: str | None = None
    """The server's code, such as ``platform.unknown_field``."""
    correlation_id: str | None = None
    """By this the server's administrator finds the request."""
    method: str | None = None
    url: str | None = None
    retry_after: float | None = None
    """How many seconds the server asked to wait."""
    attempts: int = 0
    details: Mapping[str, Any] | None = None
    """What the server said, in full."""


class AuthError(ApiError):
    """Not signed in: the credentials are missing, wrong or expired."""


class PermissionDenied(ApiError):
    """The API key may not do this."""


class NotFound(ApiError):
    """There is no such entity."""


class Ambiguous(ApiError):
    """Several entities have the name."""

    candidates: Sequence[str] = ()
    """Their IDs."""


class Rejected(ApiError):
    """The server understood the request and does not accept it."""


class RateLimited(ApiError):
    """There were too many requests."""


class ServerError(ApiError):
    """The server failed."""


class PartialUploadError(OctaneError):
    """An upload did not succeed completely."""

    report: Report
    """What was done, and what was not."""


class Cancelled(OctaneError):
    """It was ended before it was done."""


class InternalError(OctaneError, RuntimeError):
    """A bug of this package."""


def _restore(kind: type[OctaneError], message: str, state: dict[str, Any]) -> OctaneError:
    error = kind(message)
    error.__dict__.update(state)
    return error


def _new(kind: str, message: str, hint: str | None, data: dict[str, Any]) -> OctaneError:
    """Makes an exception; called by the native part."""
    error: OctaneError = globals()[kind](message, hint=hint, **data)
    return error
