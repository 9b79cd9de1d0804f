"""What both clients have in common."""

from __future__ import annotations

from octane_client import _core, _settings
from octane_client._operations import Core
from octane_client.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from octane_client._settings import Credentials, Path, Rate, Seconds, Secret
    from typing_extensions import Self

__all__ = ["BaseClient"]


class BaseClient:
    """A connection to one workspace. The parameters are described by :class:`octane_client.Client`."""

    def __init__(
        self,
        url: str | None = None,
        *,
        client_id: str | None = None,
        secret: Secret | str | None = None,
        username: str | None = None,
        password: Secret | str | None = None,
        credentials: Credentials | None = None,
        space: int | str | None = None,
        workspace: int | str | None = None,
        spool: Path | None = None,
        jira_field: str | None = None,
        link_field: str | None = None,
        on_ambiguous: str = "first",
        rate: Rate | None = None,
        concurrency: int | None = None,
        retries: int | None = None,
        deadline: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        connect_timeout: Seconds | None = None,
        ca_files: Path | Sequence[Path] | None = None,
        client_cert: Path | None = None,
        client_key: Path | None = None,
        proxy: Secret | str | None = None,
        no_proxy: str | None = None,
        user_agent: str | None = None,
    ) -> None:
        if on_ambiguous not in ("first", "fail"):
            raise InputError(f"`{on_ambiguous}` is not a valid `on_ambiguous`; use `first` or `fail`")
        endpoint = _settings.endpoint(
            url=url,
            space=space,
            workspace=workspace,
            rate=rate,
            concurrency=concurrency,
            retries=retries,
            deadline=deadline,
            attempt_timeout=attempt_timeout,
            connect_timeout=connect_timeout,
            ca_files=ca_files,
            client_cert=client_cert,
            client_key=client_key,
            proxy=proxy,
            no_proxy=no_proxy,
            user_agent=user_agent,
        )
        provide = _settings.credentials(client_id, secret, username, password, credentials)
        client = _core.Client(
            endpoint, provide, _settings.text(jira_field, "jira_field"), _settings.text(link_field, "link_field"), on_ambiguous
        )
        self._core = Core(client, _settings.spool_folder(spool))

    @classmethod
    def from_env(cls, **settings: Any) -> Self:
        """A client by the environment variables of the program ``octane``: ``OCTANE_URL``, ``OCTANE_CLIENT_ID`` and
        ``OCTANE_CLIENT_SECRET`` (or ``OCTANE_USERNAME`` and ``OCTANE_PASSWORD``), ``OCTANE_SHARED_SPACE``,
        ``OCTANE_WORKSPACE`` and ``OCTANE_SPOOL``, and those for certificates and proxies (``OCTANE_CA_CERT``, ``OCTANE_CLIENT_CERT``,
        ``OCTANE_CLIENT_KEY``, ``OCTANE_PROXY``, ``OCTANE_NO_PROXY``). ``settings`` override them; a ``url`` that names space and
        workspace overrides those of the environment, too.
        """
        return cls(**_settings.from_env(settings))

    def close(self) -> None:
        """Makes further calls fail. Sends nothing."""
        self._core.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._core.address}>"
