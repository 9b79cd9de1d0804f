"""The pytest plugin: the fixture ``octane_server``, the marker ``jira``, and the option ``--octane``.

It is loaded in every pytest session of its environment, so it imports nothing before it is used.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from octane_client import Report
    from octane_client.testing import Sandbox


@pytest.fixture
def octane_server() -> Iterator[Sandbox]:
    """A local Octane with sample data, for one test: see ``octane_client.testing.Sandbox``."""
    from octane_client.testing import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("octane", "upload of the results to ALM Octane")
    group.addoption(
        "--octane",
        action="store_true",
        help="upload the results of this session; OCTANE_URL, OCTANE_CLIENT_ID and OCTANE_CLIENT_SECRET say where to",
    )
    group.addoption("--octane-suite", metavar="NAME", help="test suite (default: the name of the root directory)")
    group.addoption("--octane-suite-run", metavar="NAME", help="suite run (default: `pytest` and the time)")
    group.addoption("--octane-module", metavar="PATH", help="application module, for example `Shop/Checkout`")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "jira(*keys): the keys of the Jira issues that a test covers")
    # With xdist, only the process that the user has started uploads.
    if config.getoption("--octane") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Uploader(config), "octane-uploader")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("jira"):
            if marker.kwargs or not marker.args:
                raise pytest.UsageError(f'{item.nodeid}: give the keys of the marker `jira`, as in `@pytest.mark.jira("SHOP-101")`')
            # Properties travel with a report, also from the processes of xdist.
            item.user_properties.extend(("jira", str(key)) for key in marker.args)


class Uploader:
    """Collects results, and uploads them at the end of the session."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results: dict[str, dict[str, Any]] = {}
        self._attempts: list[dict[str, Any]] = []
        self._open: set[str] = set()
        self._lines: list[str] = []
        self._report: Report | None = None

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._results.setdefault(nodeid, _result(nodeid))
        self._open.add(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        result = self._results.setdefault(report.nodeid, _result(report.nodeid))
        start = getattr(report, "start", None)
        if start is not None and result["started"] is None:
            result["started"] = round(start * 1000)
        # The report of a subtest has a context. What it says about the test is only a failure; its time is part of the test's.
        is_subtest = hasattr(report, "context")
        if not is_subtest:
            result["duration_s"] += report.duration
        for name, value in report.user_properties:
            if name == "jira":
                # A test may record anything.
                keys = value if isinstance(value, (list, tuple, set, frozenset)) else [value]
                result["jira"].update(str(key) for key in keys)
        if report.outcome not in ("passed", "failed", "skipped"):
            # An attempt that failed, which pytest-rerunfailures repeats.
            if result["status"] != "failed":
                result.update(_failure(report), status="failed")
            self._attempts.append(result)
            self._results[report.nodeid] = _result(report.nodeid)
            return
        if report.failed and result["status"] != "failed":
            result["status"] = "failed"
            result.update(_failure(report))
        elif report.skipped and result["status"] != "failed" and not is_subtest:
            result["status"] = "skipped"
        elif report.when == "call" and result["status"] is None and not is_subtest:
            result["status"] = "passed"
        if report.when == "teardown":
            self._open.discard(report.nodeid)
        else:
            self._open.add(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        # A module that cannot be imported has failed, and none of its tests is known.
        if report.failed:
            result = _result(report.nodeid)
            result.update(_failure(report), status="failed", name=f"{result['name']} (collection)")
            self._results[report.nodeid] = result

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        from octane_client import OctaneError

        for result in map(self._results.__getitem__, self._open):
            # Ctrl-C or `pytest.exit` came before the end of its teardown.
            if result["status"] != "failed":
                result.update(status="failed", error_message="the test did not end")
        # With `--setup-only` and `--setup-plan`, no test is called, and none has a status.
        self._results = {nodeid: result for nodeid, result in self._results.items() if result["status"] is not None}
        try:
            self._upload()
        except OctaneError as error:
            self._lines.append(f"not uploaded: {error}")
            if error.hint:
                self._lines.append(f"hint: {error.hint}")
        if self._report is not None and self._report.ok:
            return
        if self._results and not session.exitstatus:
            # A session whose results are not in Octane is not green.
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _upload(self) -> None:
        import datetime

        from octane_client import Client, _upload

        if not self._results:
            self._lines.append("no results to upload")
            return
        option = self._config.getoption
        now = datetime.datetime.now(datetime.timezone.utc)
        with Client.from_env() as client:
            self._report = report = _upload.upload(
                client._core,
                [*self._attempts, *self._results.values()],
                suite=option("--octane-suite") or self._config.rootpath.name,
                suite_run=option("--octane-suite-run") or f"pytest {now:%Y-%m-%dT%H:%M:%SZ}",
                module=option("--octane-module"),
                testing_tool_type="Pytest",
                _are_attempts=True,
            ).wait()
        self._lines.append(str(report))
        self._lines.extend(str(problem) for problem in [*report.problems, *report.warnings][:10])
        if report.url:
            self._lines.append(report.url)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section("ALM Octane")
        for line in self._lines:
            terminalreporter.line(line)


def _result(nodeid: str) -> dict[str, Any]:
    """A result of this test, which has no status yet: package, class and name as in JUnit reports of pytest."""
    path, _, rest = nodeid.partition("::")
    *folders, file = path.replace("\\", "/").split("/")
    *classes, name = rest.split("::") if rest else [file]
    if "[" in rest:
        # Parameters may contain `::`.
        before, bracket, parameters = rest.partition("[")
        *classes, name = before.split("::")
        name = f"{name}{bracket}{parameters}"
    return {
        "package": ".".join(folders),
        "class": ".".join([file.removesuffix(".py"), *classes]),
        "name": name,
        "status": None,
        "duration_s": 0.0,
        "started": None,
        "jira": set(),
    }


def _failure(report: pytest.TestReport | pytest.CollectReport) -> dict[str, str]:
    longrepr = report.longrepr
    crash = getattr(longrepr, "reprcrash", None)
    details = longrepr if isinstance(longrepr, str) else report.longreprtext
    if crash is not None:
        message = crash.message
    else:
        # The process of xdist comes first; what begins with `E` is what pytest has to say of an exception.
        lines = [line for line in details.splitlines() if line.strip() and not line.startswith("[gw")]
        errors = [line[1:].strip() for line in lines if line.startswith("E ")]
        message = (errors or lines or [details])[0]
    kind, colon, _ = message.partition(":")
    failure = {"error_message": message.partition("\n")[0], "error_details": details}
    if colon and kind.replace(".", "").replace("_", "").isalnum():
        failure["error_type"] = kind
    elif crash is not None:
        failure["error_type"] = "AssertionError"
    return failure
