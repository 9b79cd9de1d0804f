"""Uploads, entities and links, as the older module had them."""

from __future__ import annotations

from octane_client import _log, _upload
from octane_client._entities import LinkOutcome
from octane_client._given import optional, text, texts
from octane_client._ids import entity_id, optional_id
from octane_client._resources import Uploads
from octane_client.compat._endpoint import Connected, _flag, _mapping, _number, _wait
from octane_client.compat.shapes import Entity
from octane_client.errors import InputError, NotFound, PartialUploadError, Rejected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from octane_client._operations import Core
    from octane_client._report import Report


class OctaneClient(Connected):
    """Uploads results, and links them to stories.

    IDs may be numbers, texts, or the entities that earlier calls returned. Entities are dictionaries whose text is their ID; what
    does not exist is ``None``.

    :param config: settings; see :mod:`octane_client.compat.config`.
    :param spKConfig: credentials: an object with ``username`` and ``password``, a mapping, or a function that returns one of these.
    """

    def __init__(self, config: Any, spKConfig: Any = None) -> None:
        super().__init__(config, spKConfig, None)
        self.last_report: Report | None = None
        """What the last upload did; ``None`` if it has failed without a report."""

    @property
    def uploads(self) -> Uploads:
        """Uploads that are stored on this machine, as of :class:`octane_client.Client`."""
        return Uploads(self._core)

    def upload(self, results: Any, externalRunID: Any, applicationModuleID: Any, testSuiteID: Any, testSuitePath: Any) -> Any:
        """Uploads results in batches, waits until Octane has ingested them, and returns a :class:`octane_client.Report`.

        Durations that are numbers are milliseconds. If Octane does not accept everything, that is a
        :class:`octane_client.PartialUploadError`, so that no result is lost in silence. Each problem is logged, also that of a test
        whose run does not show all of its results.

        :param results: a data frame, a list of dictionaries or objects, or ready-made ``<test_run …>`` elements.
        :param externalRunID: the name of the suite run.
        """
        self.last_report = None
        try:
            report = self._upload(results, externalRunID, applicationModuleID, testSuiteID, testSuitePath)
        except InputError as error:
            _name_element(results, error)
            if error.hint and "=" in error.hint:
                # The hint names an option of `Client.upload`.
                error.hint += ", which is a setting in `config` here"
                error.__notes__ = [f"hint: {error.hint}"]
            raise
        self.last_report = report
        # Those of `report.warnings` are logged when they are found.
        for problem in report.problems:
            _log.warn(str(problem))
        try:
            report.raise_for_problems()
        except PartialUploadError as error:
            if report.outcome == "refused" and not error.hint and self._dialect == "evidence":
                error.hint = "if the server does not accept this form of payload, set `dialect` to `standard` in `config`"
                error.__notes__ = [f"hint: {error.hint}"]
            raise
        return self.shape("upload", report)

    @property
    def _dialect(self) -> str:
        return self._settings["dialect"] or "evidence"

    def _upload(self, results: Any, externalRunID: Any, moduleID: Any, suiteID: Any, suitePath: Any) -> Report:
        results = _listed(results)
        payload = _payload(results)
        settings = self._settings
        dialect = self._dialect
        release = settings["release"]
        call = _upload.upload(
            self._core,
            results,
            suite=entity_id(suiteID, "test suite ID"),
            suite_run=text(externalRunID, "externalRunID"),
            module=optional_id(moduleID, "application module ID"),
            suite_path=optional(text, suitePath, "testSuitePath"),
            create="never",
            jira="off",
            dialect=dialect,
            testing_tool_type=settings["testing_tool_type"],
            release=optional(text, release, "release"),
            reruns=settings["reruns"] or "last",
            duration_unit="ms",
            timezone=settings["timezone"],
            columns=_mapping(settings["columns"], "columns"),
            status_map=_mapping(settings["status_map"], "status_map"),
            skip_invalid=_flag(settings["skip_invalid"], "skip_invalid"),
            allow_empty=_flag(settings["allow_empty"], "allow_empty"),
            force_new=_flag(settings["force_new"], "force_new"),
            batch_size=_number(settings["batch_size"], "batch_size"),
            batches_in_flight=self._threads,
            wait=_wait(settings["wait"]),
            _started=_now() if dialect == "evidence" else None,
            _payload=payload,
        )
        return call.wait()

    def getSuiteRun(self, name: Any, suiteID: Any) -> Any:
        """The suite run of this name, the newest of several."""
        task = self._core.client.find_suite_run(text(name, "name"), optional_id(suiteID, "test suite ID"))
        return self.shape("getSuiteRun", self._ask(task))

    def getAutoRuns(self, name: Any, suiteRunID: Any, totalRunsUploaded: Any = 0) -> Any:
        """The automated runs of a suite run by ID, also those of features, without the first ``totalRunsUploaded``, which were uploaded before."""
        return self.shape("getAutoRuns", self._runs(name, suiteRunID, totalRunsUploaded))

    def _runs(self, name: Any, suiteRunID: Any, skip: Any, must_exist: bool = False) -> list[Entity]:
        if suiteRunID is None:
            suiteRunID = self._ask(self._core.client.find_suite_run(text(name, "name")))
        if suiteRunID is None:
            if must_exist:
                raise NotFound(f"suite run `{name}` does not exist", hint="`getSuiteRun` says when it does: uploads are ingested later")
            return []
        suiteRunID = entity_id(suiteRunID, "suite run ID")
        try:
            skip = max(0, int(skip or 0))
        except (TypeError, ValueError):
            raise InputError(f"`totalRunsUploaded` must be a number, got {skip!r}") from None
        runs: list[Entity] = self._ask(self._core.client.list_runs(suiteRunID, skip, must_exist))
        if skip and not runs:
            there = len(self._ask(self._core.client.list_runs(suiteRunID, 0)))
            _log.warn(
                f"`totalRunsUploaded` leaves out {skip} runs, and suite run {suiteRunID} has {there} in all, so none is left; count "
                "the runs that `updateAutoRuns` returns, not results: all results of a test are one run"
            )
        return runs

    def updateAutoRuns(
        self, octaneID: Any, name: Any, suiteRunID: Any, totalRunsUploaded: Any = 0, delink: Any = False
    ) -> Any:
        """Links the runs that :meth:`getAutoRuns` returns to a story, or removes these links and no others.

        Returns the runs. If some cannot be changed, that is a :class:`octane_client.Rejected`, and a suite run that does not exist
        is a :class:`octane_client.NotFound`.
        """
        stories = octaneID if isinstance(octaneID, (list, tuple)) else [octaneID]
        if not stories:
            _log.warn("`octaneID` is an empty list, so no run is linked or unlinked")
            return self.shape("updateAutoRuns", [])
        runs = self._runs(name, suiteRunID, totalRunsUploaded, must_exist=True)
        if not runs and not totalRunsUploaded:
            _log.warn(f"suite run {suiteRunID or name} has no runs, so none is linked or unlinked; uploads are ingested later")
        ids = [entity_id(run, "run ID") for run in runs]
        change = self._core.client.unlink if delink else self._core.client.link
        failed: list[Any] = []
        for story in stories:
            outcome = LinkOutcome._of(self._ask(change(entity_id(story, "story ID"), ids)))
            failed.extend(outcome.failed)
        if failed:
            what = "removed" if delink else "made"
            raise Rejected(
                f"{len(failed)} of {len(ids) * len(stories)} links could not be {what}; the first one: {failed[0]['message']}",
                details={"failed": failed},
            )
        return self.shape("updateAutoRuns", runs)

    def getApplicationModule(self, name: Any = None, parentID: Any = None, parentName: Any = None) -> Any:
        """The module of this name, below a parent if one is given. Without a name: a list of the parent's modules, or the root."""
        parent = optional_id(parentID, "application module ID")
        parent_name = optional(text, parentName, "parentName")
        client = self._core.client
        if name is not None:
            task = client.find_module(text(name, "name"), parent, parent_name)
        elif parent is None and parent_name is None:
            task = client.root_module()
        else:
            task = client.list_modules(parent, parent_name)
        return self.shape("getApplicationModule", self._ask(task))

    def createApplicationModule(self, name: Any, parentID: Any = None) -> Any:
        """Creates a module below a parent, or below the root. If there is one of this name, that one is returned."""
        client = self._core.client
        name = text(name, "name")
        parent = optional_id(parentID, "application module ID")
        try:
            module = self._ask(client.create_module(name, parent))
        except Rejected as error:
            if error.status != 409:
                raise
            if parent is None:
                parent = entity_id(self._ask(client.root_module()))
            module = self._ask(client.find_module(name, parent))
            if module is None:
                raise
        return self.shape("createApplicationModule", module)

    def getOctaneIds(self, jiras: Any) -> Any:
        """Jira keys and the IDs of their stories; ``None`` for a key that matches none, or several, which is logged."""
        keys = texts(jiras, "jiras")
        found = self._ask(self._core.client.resolve_jira(keys))
        ids: dict[str, str | None] = {}
        for key in keys:
            stories = found.get(key.strip(), [])
            ids[key] = str(stories[0]) if len(stories) == 1 else None
            if len(stories) > 1:
                _log.warn(f"Jira key {key} matches several backlog items: {', '.join(map(str, stories))}")
        return self.shape("getOctaneIds", ids)

    def createTestSuite(self, name: Any, applicationModuleID: Any) -> Any:
        """Creates a suite in a module. If there is one of this name in it, that one is returned."""
        task = self._core.client.ensure_suite(text(name, "name"), optional_id(applicationModuleID, "application module ID"))
        return self.shape("createTestSuite", self._ask(task))

    def getTestSuite(self, name: Any, applicationModuleID: Any = None) -> Any:
        """The suite of this name, in a module if one is given."""
        task = self._core.client.find_suite(text(name, "name"), optional_id(applicationModuleID, "application module ID"))
        return self.shape("getTestSuite", self._ask(task))

    def queryStoriesForJira(self, space_id: Any, workspace_id: Any, jira: Any) -> Any:
        """The stories, features and defects with this Jira key: a list."""
        core = self._in_workspace(space_id, workspace_id)
        key = text(jira, "jira").strip()
        return self.shape("queryStoriesForJira", self._ask(core.client.resolve_jira([key])).get(key, []))

    def _in_workspace(self, space_id: Any, workspace_id: Any) -> Core:
        url, space, workspace = self._core.client.address()
        wanted = optional_id(space_id, "shared space ID"), optional_id(workspace_id, "workspace ID")
        if wanted in ((space, workspace), (None, None), (space, None), (None, workspace)):
            return self._core
        return self._connect(url, wanted[0] or space, wanted[1] or workspace)

    def getOrCreateRootApplicationModuleID(self, module_name: Any) -> Any:
        """The ID of the module of this name directly below the root; created if it does not exist."""
        module = self._ask(self._core.client.ensure_root_module(text(module_name, "module_name")))
        return self.shape("getOrCreateRootApplicationModuleID", str(module))


def _now() -> int:
    """One start for all results of an upload that have none: the payload requires it."""
    import time

    return time.time_ns() // 1_000_000


def _listed(results: Any) -> Any:
    """A list of what a generator or a column of a frame has; anything else as it is."""
    if hasattr(results, "__next__"):
        return list(results)
    if hasattr(results, "tolist") and not hasattr(results, "columns"):
        return results.tolist()
    return results


def _payload(results: Any) -> bytes | None:
    """The payload of ready-made elements; ``None`` if ``results`` are something else."""
    if isinstance(results, str):
        results = [results]
    if not isinstance(results, (list, tuple)) or not results:
        return None
    is_element = [_is_element(result) for result in results]
    if not any(is_element):
        return None
    if not all(is_element):
        place = is_element.index(False) + 1
        raise InputError(f"result {place} is not a `<test_run>` element, but others are", hint="give results of one kind")
    return f"<test_result><test_runs>{''.join(map(_closed, results))}</test_runs></test_result>".encode()


def _is_element(result: Any) -> bool:
    return isinstance(result, str) and result.lstrip().startswith("<test_run")


def _name_element(results: Any, error: InputError) -> None:
    """Says which of ready-made elements is not XML: the place in the payload means nothing to the caller."""
    from xml.parsers.expat import ExpatError, ParserCreate

    if not isinstance(results, (list, tuple)):
        return
    for number, result in enumerate(results, 1):
        if not _is_element(result):
            return
        try:
            ParserCreate().Parse(f"<test_runs>{_closed(result)}</test_runs>", True)
        except ExpatError:
            error.message = f"result {number}: {error.message.rpartition(': ')[2]}: `{result}`"
            error.hint = "escape `&`, `<` and `\"` in values"
            error.__notes__ = [f"hint: {error.hint}"]
            return


def _closed(element: str) -> str:
    """The element with its end; the template has none."""
    element = element.strip()
    if element.endswith("</test_run>") or element.endswith("/>"):
        return element
    return f"{element}</test_run>"
