"""The pytest plugin."""

from __future__ import annotations

import subprocess
import sys

import octane_client
import pytest
from octane_client.testing import Sandbox

from plugin import plugin

pytest_plugins = ["pytester"]

TESTS = """
import pytest

@pytest.mark.jira("SHOP-101", "SHOP-102")
def test_pays():
    pass

class TestCard:
    @pytest.mark.parametrize("currency", ["EUR", "a::b"])
    def test_refunds(self, currency):
        assert currency == "EUR", "no such money"

    @pytest.mark.skip(reason="not yet")
    def test_ships(self):
        pass

@pytest.fixture
def broken():
    yield
    raise RuntimeError("cannot clean up")

def test_with_a_broken_fixture(broken):
    pass
"""

ARGUMENTS = ("-p", "no:cacheprovider", "--octane", "--octane-suite", "Nightly", "--octane-suite-run", "nightly-1")


@pytest.fixture
def environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    for name, value in {**sandbox.env, "OCTANE_SPOOL": "off", "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    return sandbox


def test_the_results_of_a_session_are_uploaded(environment: Sandbox, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_shop=TESTS)
    ended = pytester.runpytest_subprocess(*plugin(), *ARGUMENTS)
    assert ended.ret == pytest.ExitCode.TESTS_FAILED
    ended.stdout.fnmatch_lines(["*= ALM Octane =*", "upload u-* ended as success: 5 of 5 ingested*"])
    runs = {run.name: run for run in environment.runs}
    assert {name: run.status for name, run in runs.items()} == {
        "test_pays": "passed",
        "test_refunds[EUR]": "passed",
        "test_refunds[a::b]": "failed",
        "test_ships": "skipped",
        "test_with_a_broken_fixture": "failed",
    }
    assert runs["test_refunds[EUR]"].class_name == "test_shop.TestCard"


def test_a_module_that_cannot_be_imported_is_a_failed_result(
    environment: Sandbox, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(test_broken="import nothing_like_it", test_fine="def test_fine(): pass")
    pytester.runpytest_subprocess(*plugin(), *ARGUMENTS, "--continue-on-collection-errors")
    names = {run.name for run in environment.runs}
    assert names == {"test_broken.py (collection)", "test_fine"}


STOPS = """
import pytest

def test_passes():
    pass

@pytest.fixture
def room():
    yield
    {teardown}

@pytest.fixture
def early():
    {setup}

def test_stops(early, room):
    {call}

def test_never_starts():
    pass
"""


EXIT = "pytest.exit('the environment is broken', returncode=0)"
INTERRUPT = "raise KeyboardInterrupt"


@pytest.mark.parametrize(
    ("phase", "stop"), [("setup", EXIT), ("call", EXIT), ("call", INTERRUPT), ("teardown", INTERRUPT)]
)
@pytest.mark.parametrize("processes", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_what_was_interrupted_has_failed(
    environment: Sandbox, pytester: pytest.Pytester, phase: str, stop: str, processes: tuple[str, ...]
) -> None:
    if processes:
        pytest.importorskip("xdist")
    phases = {"setup": "pass", "call": "pass", "teardown": "pass", phase: stop}
    pytester.makepyfile(test_shop=STOPS.format(**phases))
    pytester.runpytest_subprocess(*plugin(), *ARGUMENTS, *processes)
    statuses = {run.name: run.status for run in environment.runs}
    assert statuses.pop("test_passes") == "passed"
    assert statuses.pop("test_stops") == "failed"
    # With xdist, another process may begin the next one.
    assert not statuses or processes


@pytest.mark.parametrize("option", ["--setup-only", "--setup-plan", "--collect-only"])
def test_what_was_not_called_is_not_uploaded(environment: Sandbox, pytester: pytest.Pytester, option: str) -> None:
    pytester.makepyfile(test_shop="def test_fails(): assert False")
    ended = pytester.runpytest_subprocess(*plugin(), *ARGUMENTS, option)
    ended.stdout.fnmatch_lines(["no results to upload"])
    assert environment.runs == []


def test_a_subtest_that_passes_says_nothing_about_its_test(environment: Sandbox, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_skips_a_part(subtests):
            with subtests.test("a"):
                pytest.skip("not yet")

        def test_fails_in_a_part(subtests):
            with subtests.test("a"):
                assert False

        def test_stops(subtests):
            with subtests.test("a"):
                pass
            pytest.exit("the environment is broken", returncode=0)
        """
    )
    pytester.runpytest_subprocess(*plugin(), *ARGUMENTS)
    assert {run.name: run.status for run in environment.runs} == {
        "test_skips_a_part": "passed",
        "test_fails_in_a_part": "failed",
        "test_stops": "failed",
    }


def test_the_time_of_subtests_is_a_part_of_that_of_their_test(environment: Sandbox, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_parts(subtests):
            with subtests.test("a"):
                pass
        """
    )
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(report):
            report.duration = 5.0 if report.when == "call" else 0.0
        """
    )
    pytester.runpytest_subprocess(*plugin(), *ARGUMENTS)
    (run,) = environment.entities("automated_runs", fields="duration")
    assert run["duration"] == 5000


def test_a_session_whose_results_do_not_arrive_is_not_green(
    environment: Sandbox, pytester: pytest.Pytester
) -> None:
    environment.fail_next(status=400, path="*/test-results", times=1000)
    pytester.makepyfile(test_fine="def test_fine(): pass")
    ended = pytester.runpytest_subprocess(*plugin(), *ARGUMENTS)
    ended.stdout.fnmatch_lines(["upload u-* ended as refused: 0 of 1 ingested, 1 rejected*"])
    assert ended.ret == pytest.ExitCode.TESTS_FAILED


def test_without_a_server_the_session_says_so(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCTANE_URL", raising=False)
    monkeypatch.delenv("OCTANE_CLIENT_ID", raising=False)
    monkeypatch.delenv("OCTANE_USERNAME", raising=False)
    pytester.makepyfile(test_fine="def test_fine(): pass")
    ended = pytester.runpytest_subprocess(*plugin(), *ARGUMENTS)
    ended.stdout.fnmatch_lines(["not uploaded: not set in the environment: OCTANE_URL, *"])
    assert ended.ret == pytest.ExitCode.TESTS_FAILED


def test_the_results_of_all_processes_of_xdist_are_uploaded_once(
    environment: Sandbox, pytester: pytest.Pytester
) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile(test_many="import pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_n(n): pass")
    ended = pytester.runpytest_subprocess(*plugin(), *ARGUMENTS, "-n", "2")
    assert ended.ret == pytest.ExitCode.OK
    ended.stdout.fnmatch_lines(["upload u-* ended as success: 20 of 20 ingested*"])


def test_an_attempt_that_failed_does_not_disappear(environment: Sandbox, pytester: pytest.Pytester) -> None:
    # What pytest-rerunfailures reports: each attempt but the last one has the outcome `rerun`.
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            if report.when == "call" and report.failed and item.name in ("test_recovers", "test_fails"):
                report.outcome = "rerun"
                item.ihook.pytest_runtest_logreport(report=report)
                report = pytest.TestReport.from_item_and_call(item, call)
                if item.name == "test_recovers":
                    report.outcome, report.longrepr = "passed", None
            return report
        """
    )
    pytester.makepyfile(
        """
        def test_recovers(): assert False, "the first attempt"
        def test_fails(): assert False
        def test_passes(): pass
        """
    )
    ended = pytester.runpytest_subprocess(*plugin(), *ARGUMENTS)
    assert {run.name: run.status for run in environment.runs} == {
        "test_recovers": "passed",
        "test_fails": "failed",
        "test_passes": "passed",
    }
    ended.stdout.fnmatch_lines(["*.test_recovers: 1 of 2 results failed; the run shows `passed`"])


def test_properties_and_markers_of_keys_may_be_anything(environment: Sandbox, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_records(record_property): record_property("jira", ["SHOP-101", 7])

        @pytest.mark.jira("no key")
        def test_fails(): assert 0
        """
    )
    ended = pytester.runpytest_subprocess(*plugin(), *ARGUMENTS)
    assert ended.ret == pytest.ExitCode.TESTS_FAILED
    ended.stdout.fnmatch_lines(["upload u-* ended as success: 2 of 2 ingested*", "*no key*"])
    pytester.makepyfile("import pytest\n@pytest.mark.jira(key='SHOP-101')\ndef test_a(): pass")
    ended = pytester.runpytest_subprocess(*plugin(), *ARGUMENTS)
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines(["*test_a: give the keys of the marker `jira`*"])


@pytest.mark.parametrize("processes", [(), ("-n", "1")])
def test_what_failed_is_the_message(
    environment: Sandbox, pytester: pytest.Pytester, processes: tuple[str, ...]
) -> None:
    if processes:
        pytest.importorskip("xdist")
    pytester.makepyfile("import pytest\n@pytest.mark.xfail(strict=True, reason='bug 7')\ndef test_a(): pass")
    pytester.runpytest_subprocess(*plugin(), *ARGUMENTS, *processes)
    (run,) = environment.entities("automated_runs", fields="error_message")
    assert run["error_message"] == "[XPASS(strict)] bug 7"


def test_the_fixture_is_a_server(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it(octane_server):
            with octane_server.client() as client:
                assert client.modules.root().name == "Application Modules"
        """
    )
    pytester.runpytest_subprocess(*plugin(), "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_loading_the_plugin_loads_nothing_else() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import octane_client._pytest;"
        "print(sorted(name for name in set(sys.modules) - before))"
    )
    path = {"PYTHONPATH": str(octane_client.__path__[0].rpartition("octane_client")[0])}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=path, check=True)
    assert ended.stdout.strip() == "['octane_client', 'octane_client._pytest']"


def test_importing_the_package_loads_no_slow_module() -> None:
    code = "import sys; from octane_client import Client; print(sorted({'typing', 'asyncio', 'logging', 'json'} & set(sys.modules)))"
    path = {"PYTHONPATH": str(octane_client.__path__[0].rpartition("octane_client")[0])}
    ended = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, env=path, check=True)
    assert ended.stdout.strip() == "[]"
