"""What a workspace consists of: modules, suites, suite runs, runs, stories, and the uploads to it."""

from __future__ import annotations

from octane_client import _upload
from octane_client._entities import LinkOutcome, Module, Run, Story, Suite, SuiteRun
from octane_client._operations import Connected, Core, one_story, target
from octane_client._report import Event, Problems, Report, Upload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import timedelta

    from octane_client._ids import EntityLike

__all__ = ["ConnectedSuiteRun", "Modules", "Runs", "Stories", "SuiteRuns", "Suites", "Uploads"]


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

    def create(self, name: str, *, suite: EntityLike, release: EntityLike | None = None) -> ConnectedSuiteRun:
        """Creates a planned suite run of ``suite`` in ``release``, or in the workspace's default release. Octane plans a run for each
        test that is a member of the suite."""
        return self._connect(self._core.create_suite_run(name, suite, release).wait())

    def ensure(self, name: str, *, suite: EntityLike, release: EntityLike | None = None) -> ConnectedSuiteRun:
        """The suite run of this name in ``suite``, the newest of several; created if it does not exist. Safe if many do so at once."""
        return self._connect(self._core.ensure_suite_run(name, suite, release).wait())

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

    def link(self, story: EntityLike, runs: EntityLike | Iterable[EntityLike]) -> LinkOutcome:
        """Links runs (or their tests) to a story. Links are only added."""
        return self._core.link(story, runs).wait()

    def unlink(self, story: EntityLike, runs: EntityLike | Iterable[EntityLike]) -> LinkOutcome:
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
