"""A local Octane for tests: no server, no licence, no network beyond this machine."""

from __future__ import annotations

from octane_client import _core, _log
from octane_client._client import Client
from octane_client._entities import Run
from octane_client._settings import as_seconds
from octane_client._settings import seconds as _seconds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

    from octane_client._settings import Seconds
    from octane_client.aio import AsyncClient

__all__ = ["Sandbox"]


class Sandbox:
    """A small Octane that runs in this process, on a free port of this machine.

    It has sample data: modules, suites, and stories with Jira keys such as ``SHOP-101``. Stop it with :meth:`stop`, or use it in
    a ``with`` statement. The fixture ``octane_server`` of the pytest plugin is one.

    :param settings: what a settings file of ``octane sandbox`` has, as nested dictionaries.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        _log.refresh()
        self._sandbox: _core.Sandbox = _core.Sandbox.start(dict(settings or {})).wait()

    @property
    def url(self) -> str:
        """The URL of its workspace, as from a browser."""
        return f"{self._sandbox.url}/ui/?p=1001/1002"

    @property
    def client_id(self) -> str:
        """The client ID of its API key."""
        return self._sandbox.client_id

    @property
    def client_secret(self) -> str:
        """The client secret of its API key."""
        return self._sandbox.client_secret

    @property
    def env(self) -> dict[str, str]:
        """The environment variables with which ``Client.from_env()`` and the program ``octane`` find it."""
        return {
            "OCTANE_URL": self.url,
            "OCTANE_CLIENT_ID": self.client_id,
            "OCTANE_CLIENT_SECRET": self.client_secret,
        }

    def client(self, **settings: Any) -> Client:
        """A client of it. Uploads are stored nowhere beyond the process unless ``spool`` is given, and there is no pause
        between requests unless ``rate`` is.
        """
        return Client(**self._connection(settings))

    def async_client(self, **settings: Any) -> AsyncClient:
        """The same as :meth:`client`, to await."""
        from octane_client.aio import AsyncClient

        return AsyncClient(**self._connection(settings))

    def _connection(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "url": self.url,
            "client_id": self.client_id,
            "secret": self.client_secret,
            "spool": "off",
            "rate": 1000,
            "proxy": "direct",
            **settings,
        }

    @property
    def runs(self) -> list[Run]:
        """All automated runs that it holds, also those of features, by ID."""
        common, place = "name,test,test_name,native_status,started", ("component", "package", "class_name")
        found = self.entities("automated_runs", fields=",".join((common, *place)))
        # The run of a feature has none of these.
        features = self.entities("gherkin_automated_runs", fields=common)
        found.extend({**dict.fromkeys(place), **feature} for feature in features)
        return sorted(map(Run._of, found), key=lambda run: run.id)

    def entities(self, collection: str, *, fields: str | None = None) -> list[dict[str, Any]]:
        """All entities of a collection, such as ``"test_suites"`` or ``"automated_runs"``, by ID."""
        found: list[dict[str, Any]] = []
        with self.client() as client:
            while True:
                path = f"{collection}?order_by=id&limit=1000&offset={len(found)}"
                response = client.api("GET", path if fields is None else f"{path}&fields={fields}")
                if not response.ok:
                    raise ValueError(f"`{collection}`: {response.text}")
                page = response.json()["data"]
                found.extend(page)
                if len(page) < 1000:
                    return found

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The latest thousand requests that it has received, the oldest first: ``method``, ``path``, ``query``, ``headers``,
        ``body_bytes``, ``body_digest`` (SHA-256), ``status`` and ``fault``. Secrets are masked.
        """
        return self._sandbox.requests()

    def clear_requests(self) -> None:
        """Forgets the requests so far."""
        self._sandbox.clear_requests()

    def fail_next(
        self,
        *,
        status: int | None = None,
        times: int = 1,
        path: str | None = None,
        method: str | None = None,
        kind: str | None = None,
        **members: Any,
    ) -> None:
        """Makes the next matching requests fail, with this status or in another way.

        :param path: a pattern; ``*`` matches anything.
        :param kind: such as ``"reset-before"`` or ``"task-failed"``; all kinds are in the documentation of the sandbox.
        :param members: further members of the fault.
        """
        fault: dict[str, Any] = {"kind": kind or "status", "times": times, **members}
        optional = {"status": status, "path": path, "method": method}
        fault.update((name, value) for name, value in optional.items() if value is not None)
        self._sandbox.fail_next({name.replace("_", "-"): value for name, value in fault.items()})

    def delay_ingestion(self, time: Seconds, *, times: int = 1) -> None:
        """Makes it work on the next payloads only after this time."""
        self._sandbox.fail_next({"kind": "task-slow", "delay": _seconds(time, "time"), "times": times})

    def clear_faults(self) -> None:
        """Forgets what was to fail."""
        self._sandbox.clear_faults()

    def expire_sessions(self) -> int:
        """Ends all sessions, as if they were too old; returns how many there were."""
        return self._sandbox.expire_sessions()

    def advance(self, time: Seconds) -> None:
        """Moves its clock ahead."""
        self._sandbox.advance(as_seconds(time))

    def reset(self) -> None:
        """Restores the initial data, and forgets requests and faults."""
        self._sandbox.reset().wait()

    def stop(self) -> None:
        """Stops it; its data is gone."""
        self._sandbox.stop().wait()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Sandbox {self.url}>"
