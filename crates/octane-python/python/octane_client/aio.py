"""The same client to await: every method of :class:`octane_client.Client`, with the same name and parameters.

A cancelled call is dropped at once. If an upload is cancelled while results are read, nothing is stored; after that it can be resumed:
its ID is in each event of ``on_progress``, and ``client.uploads.list()`` lists it, if uploads are stored.
"""

from __future__ import annotations

from octane_client import _upload
from octane_client._connect import BaseClient
from octane_client._entities import LinkOutcome, Module, Run, Story, Suite, SuiteRun
from octane_client._operations import Connected, Core, Response, one_story, target
from octane_client._report import Event, Problems, Report, Upload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import timedelta, tzinfo
    from types import TracebackType
    from typing import Any

    from octane_client._ids import EntityLike

__all__ = ["AsyncClient", "Client"]


class AsyncClient(BaseClient):
    """A client of one workspace, whose methods are awaited. Its parameters are those of :class:`octane_client.Client`."""

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
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

    async def upload(
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
        """Uploads results; see :meth:`octane_client.Client.upload`. Another thread reads them; a generator is first read to its end by
        this one."""
        # All parameters, by their names.
        options = dict(locals())
        del options["self"]
        return await _upload.upload(self._core, **options)

    async def sign_in(self) -> None:
        """Signs in now. Every other call signs in by itself; this one shows whether it works."""
        await self._core.sign_in()

    async def api(
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
        return await self._core.api(method, path, json, data, content_type)


class Modules:
    """Application modules: a tree with one root."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    async def find(self, name: str, *, parent: EntityLike | None = None) -> Module | None:
        """The module of this name, directly below ``parent`` if one is given; or at this path, such as ``Shop/Checkout``."""
        return await self._core.find_module(name, parent)

    async def get(self, id: EntityLike) -> Module:
        """The module with this ID."""
        return await self._core.get_module(id)

    async def root(self) -> Module:
        """The root."""
        return await self._core.root_module()

    async def list(self, *, parent: EntityLike | None = None) -> list[Module]:
        """All modules, or those directly below ``parent``, by ID."""
        return await self._core.list_modules(parent)

    async def create(self, name: str, *, parent: EntityLike | None = None) -> Module:
        """Creates a module below ``parent``, or below the root."""
        return await self._core.create_module(name, parent)

    async def ensure(self, path: str) -> Module:
        """The module at this path, such as ``Shop/Checkout``; creates what is missing. Safe if many do so at once."""
        return await self._core.ensure_module(path)


class Suites:
    """Test suites."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    async def find(self, name: str, *, module: EntityLike | None = None) -> Suite | None:
        """The suite of this name, in ``module`` if one is given."""
        return await self._core.find_suite(name, module)

    async def get(self, id: EntityLike) -> Suite:
        """The suite with this ID."""
        return await self._core.get_suite(id)

    async def list(self, *, module: EntityLike | None = None) -> list[Suite]:
        """All suites, or those of ``module``, by ID."""
        return await self._core.list_suites(module)

    async def create(self, name: str, *, module: EntityLike | None = None) -> Suite:
        """Creates a suite."""
        return await self._core.create_suite(name, module)

    async def ensure(self, name: str, *, module: EntityLike | None = None) -> Suite:
        """The suite of this name in ``module``; created if it does not exist. Safe if many do so at once."""
        return await self._core.ensure_suite(name, module)


class AsyncConnectedSuiteRun(Connected):
    """A suite run whose runs can be listed and linked."""

    __slots__ = ()

    async def runs(self, *, skip: int = 0) -> list[Run]:
        """Its automated runs by ID, without the first ``skip``."""
        return await self._core.list_runs(self.id, skip)

    async def link(
        self, story: EntityLike | None = None, *, jira: str | Iterable[str] | None = None, skip: int = 0
    ) -> list[LinkOutcome]:
        """Links its runs, without the first ``skip``, to a story, or to the stories of Jira keys. Links are only added."""
        runs = await self.runs(skip=skip)
        return [await self._core.link(each, runs) for each in await self._stories(story, jira)]

    async def unlink(
        self, story: EntityLike | None = None, *, jira: str | Iterable[str] | None = None, skip: int = 0
    ) -> list[LinkOutcome]:
        """Removes the links of its runs, without the first ``skip``, to these stories."""
        runs = await self.runs(skip=skip)
        return [await self._core.unlink(each, runs) for each in await self._stories(story, jira)]

    async def _stories(self, story: EntityLike | None, jira: str | Iterable[str] | None) -> list[EntityLike]:
        stories, keys = target(story, jira)
        if keys:
            found = await self._core.resolve(keys)
            stories.extend(one_story(found, key) for key in keys)
        return stories


class SuiteRuns:
    """Suite runs: one execution of a suite each."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    async def __getitem__(self, name: str) -> AsyncConnectedSuiteRun:
        """The suite run of this name; an error if there is none, or one in several suites."""
        return self._connect(await self._core.named_suite_run(name))

    async def find(self, name: str, *, suite: EntityLike | None = None) -> AsyncConnectedSuiteRun | None:
        """The suite run of this name in ``suite``, the newest of several; without a suite there may be only one."""
        found = await self._core.find_suite_run(name, suite)
        return None if found is None else self._connect(found)

    async def get(self, id: EntityLike) -> AsyncConnectedSuiteRun:
        """The suite run with this ID."""
        return self._connect(await self._core.get_suite_run(id))

    async def list(self, *, suite: EntityLike | None = None) -> list[AsyncConnectedSuiteRun]:
        """All suite runs, or those of ``suite``, by ID."""
        return [self._connect(found) for found in await self._core.list_suite_runs(suite)]

    async def create(self, name: str, *, suite: EntityLike, release: EntityLike | None = None) -> AsyncConnectedSuiteRun:
        """Creates a planned suite run of ``suite`` in ``release``, or in the workspace's default release. Octane plans a run for each
        test that is a member of the suite."""
        return self._connect(await self._core.create_suite_run(name, suite, release))

    async def ensure(self, name: str, *, suite: EntityLike, release: EntityLike | None = None) -> AsyncConnectedSuiteRun:
        """The suite run of this name in ``suite``, the newest of several; created if it does not exist. Safe if many do so at once."""
        return self._connect(await self._core.ensure_suite_run(name, suite, release))

    def _connect(self, suite_run: SuiteRun) -> AsyncConnectedSuiteRun:
        return AsyncConnectedSuiteRun._connect(suite_run, self._core)


class Runs:
    """Automated runs: one result of one test each."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self, suite_run: EntityLike, *, skip: int = 0) -> list[Run]:
        """The runs of a suite run by ID, without the first ``skip``."""
        return await self._core.list_runs(suite_run, skip)

    async def get(self, id: EntityLike) -> Run:
        """The run with this ID."""
        return await self._core.get_run(id)

    async def link(self, story: EntityLike, runs: EntityLike | Iterable[EntityLike]) -> LinkOutcome:
        """Links runs (or their tests) to a story. Links are only added."""
        return await self._core.link(story, runs)

    async def unlink(self, story: EntityLike, runs: EntityLike | Iterable[EntityLike]) -> LinkOutcome:
        """Removes the links of runs (or their tests) to a story, and no others."""
        return await self._core.unlink(story, runs)


class Stories:
    """Backlog items, by Jira keys."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    async def resolve(self, keys: Iterable[str]) -> dict[str, list[Story]]:
        """The backlog items of each Jira key: none, one, or several."""
        return await self._core.resolve(keys)

    async def field(self) -> str:
        """The field that holds Jira keys."""
        return await self._core.jira_field()


class Uploads:
    """Uploads that are stored on this machine, in the folder ``spool``."""

    __slots__ = ("_core",)

    def __init__(self, core: Core) -> None:
        self._core = core

    async def list(self) -> list[Upload]:
        """All of them, the newest first."""
        return await self._core.list_uploads()

    async def get(self, id: str) -> Upload:
        """How far one is."""
        return await self._core.get_upload(id)

    async def problems(self, id: str) -> Problems:
        """What is not as it should be in one."""
        return await self._core.upload_problems(id)

    async def resume(
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
        return await _upload.resume(
            self._core, id, wait=wait, resend_missing=resend_missing, on_progress=on_progress
        )

    async def delete(self, id: str) -> None:
        """Deletes one, whatever state it is in; results that are not in Octane are lost."""
        await self._core.delete_upload(id)


Client = AsyncClient
