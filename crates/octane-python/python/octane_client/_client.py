"""The client."""

from __future__ import annotations

from octane_client import _core, _settings, _upload
from octane_client._entities import LinkOutcome, Module, Run, Story, Suite, SuiteRun
from octane_client._operations import Connected, Core, Response, one_story, target
from octane_client._report import Event, Problems, Report, Upload
from octane_client.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import timedelta, tzinfo
    from types import TracebackType
    from typing import Any

    from octane_client._ids import EntityLike
    from octane_client._settings import Credentials, Path, Seconds, Secret

__all__ = ["Client"]


def connect(
    url: str | None,
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
    rate: int | None = None,
    concurrency: int | None = None,
    retries: int | None = None,
    deadline: Seconds | None = None,
    attempt_timeout: Seconds | None = None,
    connect_timeout: Seconds | None = None,
    ca_files: Path | Sequence[Path] | None = None,
    proxy: Secret | str | None = None,
    no_proxy: str | None = None,
    user_agent: str | None = None,
) -> Core:
    """What both clients are made of."""
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
        proxy=proxy,
        no_proxy=no_proxy,
        user_agent=user_agent,
    )
    provide = _settings.credentials(client_id, secret, username, password, credentials)
    client = _core.Client(endpoint, provide, jira_field, link_field, on_ambiguous)
    return Core(client, _settings.spool_folder(spool))


class Client:
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
    :param rate: requests per second, 10 by default; Octane recommends fewer than 20.
    :param concurrency: concurrent requests, 4 by default.
    :param retries: retries per request, 4 by default.
    :param deadline: seconds for a request with its retries, 300 by default.
    :param attempt_timeout: seconds for one attempt, 120 by default.
    :param connect_timeout: seconds for connecting, 10 by default.
    :param ca_files: files of certificates (PEM) to trust in addition to those of the system.
    :param proxy: the proxy's URL, or ``"direct"``; by default as in the environment.
    """

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
        rate: int | None = None,
        concurrency: int | None = None,
        retries: int | None = None,
        deadline: Seconds | None = None,
        attempt_timeout: Seconds | None = None,
        connect_timeout: Seconds | None = None,
        ca_files: Path | Sequence[Path] | None = None,
        proxy: Secret | str | None = None,
        no_proxy: str | None = None,
        user_agent: str | None = None,
    ) -> None:
        self._core = connect(
            url,
            client_id=client_id,
            secret=secret,
            username=username,
            password=password,
            credentials=credentials,
            space=space,
            workspace=workspace,
            spool=spool,
            jira_field=jira_field,
            link_field=link_field,
            on_ambiguous=on_ambiguous,
            rate=rate,
            concurrency=concurrency,
            retries=retries,
            deadline=deadline,
            attempt_timeout=attempt_timeout,
            connect_timeout=connect_timeout,
            ca_files=ca_files,
            proxy=proxy,
            no_proxy=no_proxy,
            user_agent=user_agent,
        )

    @classmethod
    def from_env(cls, **settings: Any) -> Client:
        """A client by the environment variables of the program ``octane``: ``OCTANE_URL``, ``OCTANE_CLIENT_ID`` and
        ``OCTANE_CLIENT_SECRET`` (or ``OCTANE_USERNAME`` and ``OCTANE_PASSWORD``), ``OCTANE_SHARED_SPACE``,
        ``OCTANE_WORKSPACE`` and ``OCTANE_SPOOL``. ``settings`` override them.
        """
        return cls(**_settings.from_env(settings))

    def close(self) -> None:
        """Makes further calls fail. Sends nothing."""
        self._core.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        url, space, workspace = self._core.client.address()
        return f"<Client {url} {space}/{workspace}>"

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
        :param dialect: the format of the payload, ``"standard"`` or ``"evidence"``.
        :param release: the release by name or ID, or ``"default"``.
        :param tags: the environment, such as ``{"OS": "Linux"}``.
        :param fields: test fields, such as ``{"Test_Level": "System Test"}``.
        :param batch_size: results per batch, 500 by default.
        :param skip_errors: let Octane ignore unknown references instead of rejecting their runs.
        :param force_new: upload again what Octane has received before.
        :raises SchemaError: rows cannot be used; all of them are in ``rows``. Nothing was sent.
        """
        return _upload.upload(
            self._core,
            results,
            suite=suite,
            suite_run=suite_run,
            module=module,
            columns=columns,
            create=create,
            create_similar=create_similar,
            jira=jira,
            jira_from=jira_from,
            require_all_jira_keys=require_all_jira_keys,
            wait=wait,
            on_progress=on_progress,
            timezone=timezone,
            duration_unit=duration_unit,
            status_map=status_map,
            extra=extra,
            skip_invalid=skip_invalid,
            allow_empty=allow_empty,
            format=format,
            encoding=encoding,
            suite_path=suite_path,
            reruns=reruns,
            dialect=dialect,
            testing_tool_type=testing_tool_type,
            release=release,
            milestone=milestone,
            program=program,
            backlog_items=backlog_items,
            tags=tags,
            fields=fields,
            batch_size=batch_size,
            batch_bytes=batch_bytes,
            batches_in_flight=batches_in_flight,
            long_names=long_names,
            skip_errors=skip_errors,
            force_new=force_new,
        ).wait()

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


class Modules:
    """Application modules: a tree with one root."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    def find(self, name: str, *, parent: EntityLike | None = None) -> Module | None:
        """The module of this name, directly below ``parent`` if one is given; or at this path, such as ``Shop/Checkout``."""
        return self._core.find_module(name, parent).wait()

    def get(self, id: EntityLike) -> Module:
        """The module with this ID."""
        return self._core.get_module(id).wait()

    def root(self) -> Module:
        """The root."""
        return self._core.root_module().wait()

    def list(self, *, parent: EntityLike | None = None) -> list[Module]:
        """All modules, or those directly below ``parent``, by ID."""
        return self._core.list_modules(parent).wait()

    def create(self, name: str, *, parent: EntityLike | None = None) -> Module:
        """Creates a module below ``parent``, or below the root."""
        return self._core.create_module(name, parent).wait()

    def ensure(self, path: str) -> Module:
        """The module at this path, such as ``Shop/Checkout``; creates what is missing. Safe if many do so at once."""
        return self._core.ensure_module(path).wait()


class Suites:
    """Test suites."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    def find(self, name: str, *, module: EntityLike | None = None) -> Suite | None:
        """The suite of this name, in ``module`` if one is given."""
        return self._core.find_suite(name, module).wait()

    def get(self, id: EntityLike) -> Suite:
        """The suite with this ID."""
        return self._core.get_suite(id).wait()

    def list(self, *, module: EntityLike | None = None) -> list[Suite]:
        """All suites, or those of ``module``, by ID."""
        return self._core.list_suites(module).wait()

    def create(self, name: str, *, module: EntityLike | None = None) -> Suite:
        """Creates a suite."""
        return self._core.create_suite(name, module).wait()

    def ensure(self, name: str, *, module: EntityLike | None = None) -> Suite:
        """The suite of this name in ``module``; created if it does not exist. Safe if many do so at once."""
        return self._core.ensure_suite(name, module).wait()


class ConnectedSuiteRun(Connected):
    """A suite run whose runs can be listed and linked."""

    __slots__ = ()

    def runs(self, *, skip: int = 0) -> list[Run]:
        """Its automated runs by ID, without the first ``skip``."""
        return self._core.list_runs(self.id, skip).wait()

    def link(
        self, story: EntityLike | None = None, *, jira: str | Iterable[str] | None = None, skip: int = 0
    ) -> list[LinkOutcome]:
        """Links its runs, without the first ``skip``, to a story, or to the stories of Jira keys. Links are only added."""
        runs = self.runs(skip=skip)
        return [self._core.link(each, runs).wait() for each in self._stories(story, jira)]

    def unlink(
        self, story: EntityLike | None = None, *, jira: str | Iterable[str] | None = None, skip: int = 0
    ) -> list[LinkOutcome]:
        """Removes the links of its runs, without the first ``skip``, to these stories."""
        runs = self.runs(skip=skip)
        return [self._core.unlink(each, runs).wait() for each in self._stories(story, jira)]

    def _stories(self, story: EntityLike | None, jira: str | Iterable[str] | None) -> list[EntityLike]:
        stories, keys = target(story, jira)
        if keys:
            found = self._core.resolve(keys).wait()
            stories.extend(one_story(found, key) for key in keys)
        return stories


class SuiteRuns:
    """Suite runs: one execution of a suite each."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    def __getitem__(self, name: str) -> ConnectedSuiteRun:
        """The suite run of this name; an error if there is none, or one in several suites."""
        return self._connect(self._core.named_suite_run(name).wait())

    def find(self, name: str, *, suite: EntityLike | None = None) -> ConnectedSuiteRun | None:
        """The suite run of this name in ``suite``, the newest of several; without a suite there may be only one."""
        found = self._core.find_suite_run(name, suite).wait()
        return None if found is None else self._connect(found)

    def get(self, id: EntityLike) -> ConnectedSuiteRun:
        """The suite run with this ID."""
        return self._connect(self._core.get_suite_run(id).wait())

    def list(self, *, suite: EntityLike | None = None) -> list[ConnectedSuiteRun]:
        """All suite runs, or those of ``suite``, by ID."""
        return [self._connect(found) for found in self._core.list_suite_runs(suite).wait()]

    def _connect(self, suite_run: SuiteRun) -> ConnectedSuiteRun:
        return ConnectedSuiteRun._connect(suite_run, self._core)


class Runs:
    """Automated runs: one result of one test each."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    def list(self, suite_run: EntityLike, *, skip: int = 0) -> list[Run]:
        """The runs of a suite run by ID, without the first ``skip``."""
        return self._core.list_runs(suite_run, skip).wait()

    def get(self, id: EntityLike) -> Run:
        """The run with this ID."""
        return self._core.get_run(id).wait()

    def link(self, story: EntityLike, runs: Iterable[EntityLike]) -> LinkOutcome:
        """Links runs (or their tests) to a story. Links are only added."""
        return self._core.link(story, runs).wait()

    def unlink(self, story: EntityLike, runs: Iterable[EntityLike]) -> LinkOutcome:
        """Removes the links of runs (or their tests) to a story, and no others."""
        return self._core.unlink(story, runs).wait()


class Stories:
    """Backlog items, by Jira keys."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    def resolve(self, keys: Iterable[str]) -> dict[str, list[Story]]:
        """The backlog items of each Jira key: none, one, or several."""
        return self._core.resolve(keys).wait()

    def field(self) -> str:
        """The field that holds Jira keys."""
        return self._core.jira_field().wait()


class Uploads:
    """Uploads that are stored on this machine, in the folder ``spool``."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    def list(self) -> list[Upload]:
        """All of them, the newest first."""
        return self._core.list_uploads().wait()

    def get(self, id: str) -> Upload:
        """How far one is."""
        return self._core.get_upload(id).wait()

    def problems(self, id: str) -> Problems:
        """What is not as it should be in one."""
        return self._core.upload_problems(id).wait()

    def resume(
        self,
        id: str,
        *,
        wait: bool | float | timedelta = True,
        resend_missing: bool = False,
        on_progress: Callable[[Event], object] | None = None,
    ) -> Report:
        """Continues one: sends what was not sent, with the same bytes, and asks about what was not answered.

        :param resend_missing: send again what Octane had confirmed and has lost.
        """
        return _upload.resume(
            self._core, id, wait=wait, resend_missing=resend_missing, on_progress=on_progress
        ).wait()

    def delete(self, id: str) -> None:
        """Deletes one, whatever state it is in; results that are not in Octane are lost."""
        self._core.delete_upload(id).wait()
