"""Raw requests, as the older module made them."""

from __future__ import annotations

import os
import time

from octane_client import _core
from octane_client._call import Call, same
from octane_client._connect import BaseClient
from octane_client._given import text
from octane_client.compat import config as _config
from octane_client.compat import credentials as _credentials
from octane_client.compat.shapes import Cookies, entities
from octane_client.errors import ApiError, ConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from octane_client._operations import Core

THREADS_DEFAULT = 4

SESSION_CHECK_SECONDS = 60.0
"""How long after a response a session may be handed out without another request that shows whether it has expired."""


class Connected:
    """What both older classes have: settings, credentials, and a connection."""

    KEYS: Mapping[str, tuple[str, ...]] = _config.KEYS
    """The names of each setting. A subclass may add its own; settings that it does not name keep theirs."""

    def __init__(self, config: Any, spKConfig: Any, threads: int | None) -> None:
        self._keys = {**_config.KEYS, **self.KEYS}
        settings = _config.read(config, self._keys)
        self._settings = {name: settings.get(name) for name in self._keys}
        self._credential_type: str | None = settings.get("credential_type")
        if self._credential_type not in (None, "api_key", "user"):
            raise ConfigError(f"`credential_type` must be `api_key` or `user`, got `{self._credential_type}`")
        self._own_credentials = _own_credentials(settings)
        self._spKConfig = spKConfig
        self._threads = threads or _number(settings.get("threads"), "threads") or THREADS_DEFAULT
        environment = {"url": "OCTANE_URL", "space": "OCTANE_SHARED_SPACE", "workspace": "OCTANE_WORKSPACE"}
        place = {name: settings.get(name) for name in environment}
        if place["space"] or place["workspace"] or (place["url"] and _core.names_workspace(str(place["url"]))):
            # Those of the environment belong together, and maybe to another URL.
            del environment["space"], environment["workspace"]
        place.update((name, place[name] or os.environ.get(variable)) for name, variable in environment.items())
        self._core = self._connect(**place)

    def _connect(self, url: Any, space: Any, workspace: Any) -> Core:
        settings = self._settings
        client = BaseClient(
            None if url is None else text(url, "url"),
            space=space,
            workspace=workspace,
            credentials=self._provide,
            spool=settings["spool"],
            jira_field=settings["jira_field"],
            link_field=settings["link_field"],
            rate=_number(settings["rate"], "rate"),
            concurrency=self._threads,
            retries=_number(settings["retries"], "retries"),
            deadline=_seconds(settings["timeout"], "timeout"),
            ca_files=settings["ca_files"],
            proxy=settings["proxy"],
            no_proxy=settings["no_proxy"],
        )
        return client._core

    def credentials(self, spKConfig: Any) -> tuple[str, str, str] | None:
        """The credentials in ``spKConfig``: ``("api_key", id, secret)`` or ``("user", name, password)``. Called at each sign-in;
        what it returns is not kept. A subclass may ask a vault instead.
        """
        return _credentials.read(spKConfig, self._keys, self._credential_type)

    def shape(self, method: str, value: Any) -> Any:
        """What the method of this name returns. A subclass may return what its callers are used to."""
        return value

    def _provide(self) -> tuple[str, str, str]:
        given = self.credentials(self._spKConfig)
        if given is None and self._own_credentials is not None:
            given = _credentials.read(self._own_credentials, self._keys, self._credential_type)
        if given is None:
            names = ("OCTANE_CLIENT_ID", "OCTANE_CLIENT_SECRET")
            name, secret = (os.environ.get(name, "").strip() for name in names)
            if name and secret:
                given = ("api_key", name, secret)
        if given is None:
            raise ConfigError("no credentials given", hint="give `spKConfig`, or set them in `config`")
        return given

    @property
    def username(self) -> str:
        """The user name or client ID; read now, and not kept."""
        return self._provide()[1]

    @property
    def password(self) -> str:
        """The password or client secret; read now, and not kept."""
        return self._provide()[2]

    def _ask(self, task: _core.Task) -> Any:
        return entities(Call(task, same).wait())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._core.address}>"


class OctaneEndPoint(Connected):
    """Raw requests to Octane.

    :param config: settings; see :mod:`octane_client.compat.config`.
    :param spKConfig: credentials: an object with ``username`` and ``password``, a mapping, or a function that returns one of these.
    :param responseQueue: gets ``(status, data)`` of each finished request.
    :param clientThreadPool: its size is the number of concurrent requests, if it has one, else 4; responses are put into the queue
        by it. It is never waited for.
    """

    def __init__(self, config: Any, spKConfig: Any = None, responseQueue: Any = None, clientThreadPool: Any = None) -> None:
        size = getattr(clientThreadPool, "_max_workers", None)
        super().__init__(config, spKConfig, size if isinstance(size, int) and size > 0 else None)
        self.responseQueue = responseQueue
        self.clientThreadPool = clientThreadPool
        self._answered_at: float | None = None

    def _getCookie(self) -> Cookies:
        """The cookies of the session, after signing in if there is none, or if it has expired."""
        answered_at = self._answered_at
        is_old = answered_at is not None and time.monotonic() - answered_at > SESSION_CHECK_SECONDS
        header = Call(self._core.client.cookie(is_old), same).wait()
        self._answered_at = time.monotonic()
        cookies: Cookies = self.shape("_getCookie", Cookies.parse(header))
        return cookies

    def _restCall(self, method: str, api: str, dataType: str = "json", data: Any = None) -> tuple[int, Any]:
        """Makes a request: ``(status, data)``. An HTTP error is a status; only no response at all is an exception.

        :param api: relative to the workspace (``"defects"``), absolute on the server, or a URL.
        :param dataType: what ``data`` is, ``"json"`` or ``"xml"``. In a GET, it is the query.
        """
        method = method.upper()
        path, content_type, body = text(api, "api"), None, None
        if data is not None and method in ("GET", "HEAD"):
            path = _with_query(path, data)
        elif data is not None:
            content_type, body = _body(dataType, data)
        try:
            status, received, content = Call(self._core.client.call(method, path, content_type, body), same).wait()
            if status != 401:
                self._answered_at = time.monotonic()
            decoded = _decoded(received, content)
        except ApiError as error:
            # Signing in has failed.
            if error.status is None:
                raise
            status, decoded = error.status, error.details or {"description": error.message}
        answer: tuple[int, Any] = self.shape("_restCall", (status, decoded))
        self._tell(answer)
        return answer

    def _tell(self, answer: tuple[int, Any]) -> None:
        put = None if self.responseQueue is None else self.responseQueue.put
        if put is None:
            return
        if self.clientThreadPool is None:
            put(answer)
            return
        try:
            putting = self.clientThreadPool.submit(put, answer)
        except RuntimeError:
            # The pool was shut down.
            put(answer)
            return

        def settled(future: Any) -> None:
            # A pool of processes cannot put anything into a queue of this one; a pool that is shut down may drop what waits.
            if future.cancelled() or future.exception() is not None:
                put(answer)

        if hasattr(putting, "add_done_callback"):
            putting.add_done_callback(settled)

    def post(self, endpoint: str, data: Any, dataType: str = "json") -> tuple[int, Any]:
        """Makes a POST request: ``(status, data)``."""
        return self._restCall("POST", endpoint, dataType, data)

    def put(self, endpoint: str, data: Any) -> tuple[int, Any]:
        """Makes a PUT request: ``(status, data)``."""
        return self._restCall("PUT", endpoint, data=data)

    def get(self, endpoint: str, data: Any = None) -> tuple[int, Any]:
        """Makes a GET request with the query ``data``: ``(status, data)``."""
        return self._restCall("GET", endpoint, data=data)


def _own_credentials(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    own = {name: settings[name] for name in ("client_id", "secret", "username", "password") if settings.get(name)}
    return own or None


def _number(value: Any, name: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    try:
        return int(str(value).strip())
    except ValueError:
        raise ConfigError(f"`{name}` must be a whole number, got `{value}`") from None


def _seconds(value: Any, name: str) -> float | None:
    try:
        # True is a number, too.
        return None if value is None else float(str(value))
    except ValueError:
        raise ConfigError(f"`{name}` must be a number of seconds, got `{value}`") from None


def _flag(value: Any, name: str) -> bool:
    word = _config.WORDS.get("0" if value is None else str(value).strip().lower())
    if word is None:
        raise ConfigError(f"`{name}` must be `true` or `false`, got `{value}`")
    return word


def _wait(value: Any) -> bool | float:
    """Whether to wait for ingestion, or for how many seconds."""
    word = str(value).strip().lower()
    if value is None or (word in _config.WORDS and not word.isdigit()):
        return _config.WORDS.get(word, True)
    try:
        return float(word)
    except ValueError:
        raise ConfigError(f"`wait` must be `true`, `false` or a number of seconds, got `{value}`") from None


def _mapping(value: Any, name: str) -> dict[str, Any] | None:
    if value is None:
        return None
    if not hasattr(value, "keys"):
        raise ConfigError(f"`{name}` must be a mapping, got `{value}`")
    return {str(key): value[key] for key in value.keys()}


def _with_query(path: str, query: Any) -> str:
    if hasattr(query, "items"):
        from urllib.parse import urlencode

        query = urlencode({name: value for name, value in query.items() if value is not None}, doseq=True)
    return f"{path}{'&' if '?' in path else '?'}{query}"


def _body(kind: str, data: Any) -> tuple[str, bytes]:
    if kind == "json":
        if isinstance(data, (bytes, bytearray)):
            return "application/json", bytes(data)
        if not isinstance(data, str):
            import json

            # An entity that an earlier call returned is a dictionary.
            data = json.dumps(data)
        return "application/json", data.encode()
    if kind == "xml":
        if isinstance(data, (bytes, bytearray)):
            return "application/xml", bytes(data)
        return "application/xml", str(data).encode()
    raise ConfigError(f"`{kind}` is not a valid `dataType`; use `json` or `xml`")


def _decoded(content_type: str, content: bytes) -> Any:
    if not content.strip():
        return None
    if "json" in content_type:
        import json

        try:
            return json.loads(content)
        except ValueError:
            pass
    return content.decode("utf-8", "replace")
