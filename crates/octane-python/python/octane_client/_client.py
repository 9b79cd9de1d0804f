"""The client."""

from __future__ import annotations

from octane_client import _upload
from octane_client._connect import BaseClient
from octane_client._operations import Response
from octane_client._report import Event, Report
from octane_client._resources import Modules, Runs, Stories, SuiteRuns, Suites, Uploads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import timedelta, tzinfo
    from types import TracebackType
    from typing import Any

    from octane_client._ids import EntityLike

__all__ = ["Client"]


class Client(BaseClient):
    """A client of one workspace. Its methods block; they release the GIL, and Ctrl-C ends them.

    It can be shared by threads, and by a process and those that it forks.

    :param url: the server's URL, also one copied from the browser, which has space and workspace in it.
    :param client_id: of the API key, with ``secret``.
    :param secret: a text, or a :class:`Secret` that says where it is.
    :param username: of a person, with ``password``, where the server allows that.
    :param credentials: a function that is called at each sign-in, and returns ``("api_key", id, secret)`` or
        ``("user", name, password)``.
    :param space: the shared space, unless the URL has it.
    :param workspace: the workspace, unless the URL has it.
    :param spool: the folder in which uploads are stored until they are finished; the default is that of the program
        ``octane``, and ``"off"`` stores nothing beyond the process.
    :param jira_field: the field of stories that holds Jira keys; found by itself if there is only one.
    :param link_field: the field that links runs or tests to stories.
    :param on_ambiguous: of several modules or suites of one name, use the ``"first"``, or ``"fail"``.
    :param rate: requests per second, 10 by default; Octane recommends fewer than 20. ``"off"`` sets no limit, for a server that no
        one else uses.
    :param concurrency: concurrent requests, 4 by default.
    :param retries: retries per request, 4 by default.
    :param deadline: seconds for a request with its retries, 300 by default.
    :param attempt_timeout: seconds for one attempt, 120 by default.
    :param connect_timeout: seconds for connecting, 10 by default.
    :param ca_files: files of certificates (PEM), or directories of such files, to trust in addition to those of the system.
    :param proxy: the proxy's URL, or ``"direct"``; by default as in the environment.
    """

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def modules(self) -> Modules:
        """Application modules."""
        return Modules(self._core)

    @property
    def suites(self) -> Suites:
        """Test suites."""
        return Suites(self._core)

    @property
    def suite_runs(self) -> SuiteRuns:
        """Suite runs."""
        return SuiteRuns(self._core)

    @property
    def runs(self) -> Runs:
        """Automated runs."""
        return Runs(self._core)

    @property
    def stories(self) -> Stories:
        """Backlog items, by Jira keys."""
        return Stories(self._core)

    @property
    def uploads(self) -> Uploads:
        """Uploads that are stored on this machine."""
        return Uploads(self._core)

    def upload(
        self,
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
    ) -> Report:
        """Uploads results, waits until Octane has ingested them, and links them to the stories of their Jira keys.

        Nothing is sent before all results are read, so whatever is invalid is found while nothing has happened.

        :param results: a data frame (pandas, polars, pyarrow, DuckDB, anything with ``__arrow_c_stream__``), rows (dictionaries,
            dataclasses, a generator), a dictionary of columns, or paths of report files.
        :param suite: the test suite by name or ID.
        :param suite_run: the name of the suite run.
        :param module: the application module by path, such as ``"Shop/Checkout"``, or ID.
        :param columns: what columns mean where their names do not say it: ``{"Test Name": "name", "Owner": None}``.
        :param create: create a ``"missing"`` suite and module, or ``"never"``.
        :param create_similar: create them even if the name of an existing one looks like it.
        :param jira: link runs to the stories of their Jira keys (``"auto"``), or not (``"off"``).
        :param jira_from: where else keys are: ``"property"``, ``"property:NAME"``, ``"tag"``, ``"name"``.
        :param require_all_jira_keys: whether the upload is incomplete if a key matches no story, or several.
        :param unlink_stale: afterwards, remove the links of these runs, or of their tests, to stories whose Jira keys are not theirs
            any more. Runs whose results have no key, and those whose keys are in doubt, keep all links; links to stories without a
            Jira key stay.
        :param wait: wait for ingestion: ``True`` (15 minutes), ``False``, or a number of seconds.
        :param on_progress: called with each :class:`Event`; if it raises, the upload stops, and the exception is raised here.
        :param timezone: the time zone of start times that have none.
        :param duration_unit: the unit of durations that are numbers, ``"s"`` or ``"ms"``.
        :param status_map: words for a status: ``{"warning": "failed"}``.
        :param extra: what to do about columns without a meaning: ``"warn"``, ``"ignore"`` or ``"forbid"``.
        :param skip_invalid: leave out rows and files that cannot be used; they are counted and reported.
        :param allow_empty: do not fail if there are no results.
        :param format: the format of report files; found by itself.
        :param suite_path: module and package of tests that have none: ``"Shop/Checkout/Payment"``.
        :param reruns: which of several results of one test counts: ``"last"``, ``"worst"`` or ``"all"``.
        :param gherkin: what a scenario of Cucumber becomes: a test of its own (``"scenarios"``), or a part of the Gherkin test of its
            feature (``"features"``).
        :param dialect: the format of the payload, ``"standard"`` or ``"evidence"``.
        :param release: the release by name or ID, or ``"default"``.
        :param tags: the environment, such as ``{"OS": "Linux"}``.
        :param fields: test fields, such as ``{"Test_Level": "System Test"}``.
        :param batch_size: results per batch, 500 by default.
        :param skip_errors: let Octane ignore unknown references instead of rejecting their runs.
        :param force_new: upload again what Octane has received before.
        :raises SchemaError: rows cannot be used; all of them are in ``rows``. Nothing was sent.
        """
        # All parameters, by their names.
        options = dict(locals())
        del options["self"]
        return _upload.upload(self._core, **options).wait()

    def sign_in(self) -> None:
        """Signs in now. Every other call signs in by itself; this one shows whether it works."""
        self._core.sign_in().wait()

    def api(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        data: str | bytes | None = None,
        content_type: str | None = None,
    ) -> Response:
        """Makes any request, and returns the response whatever its status.

        :param path: relative to the workspace (``"defects?limit=1"``), or absolute on the server (``"/admin/…"``).
        """
        return self._core.api(method, path, json, data, content_type).wait()
