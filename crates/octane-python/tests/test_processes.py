"""The end of the interpreter, pools of threads, forks, and test processes of xdist."""

from __future__ import annotations

import os
import pathlib
import sys
import time

import pytest
from octane_client.testing import Sandbox

from plugin import plugin
from processes import pythons, run_python

pytest_plugins = ["pytester"]

PYTHONS = pytest.mark.parametrize("python", pythons(), ids=lambda python: "-".join(pathlib.Path(python).parts[-3::2]))

# How often the interpreter ends with calls in flight; a crash comes and goes.
ROUNDS = int(os.environ.get("OCTANE_EXIT_ROUNDS", "3"))

can_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")


@PYTHONS
@pytest.mark.parametrize("delay", ["30s", "0s"], ids=["waiting", "ending"])
def test_the_interpreter_ends_with_300_calls_in_flight(python: str, delay: str) -> None:
    code = """
        import asyncio, sys
        from octane_client.testing import Sandbox

        sandbox = Sandbox()
        client = sandbox.async_client(concurrency=50)

        async def main():
            await client.sign_in()
            sandbox.fail_next(kind="delay", delay=sys.argv[1], times=1000)
            calls = [asyncio.ensure_future(client.modules.root()) for _ in range(300)]
            await asyncio.sleep(0.05)
            return calls

        calls = asyncio.new_event_loop().run_until_complete(main())
        print(sum(not call.done() for call in calls))
    """
    for number in range(ROUNDS):
        ended = run_python(python, code, delay)
        assert ended.returncode == 0, (number, ended.returncode, ended.stderr)
        # Otherwise nothing was tried.
        assert int(ended.stdout) > 0


@PYTHONS
def test_the_interpreter_ends_while_python_code_runs_for_a_call(python: str) -> None:
    code = """
        import asyncio, time
        from octane_client.aio import AsyncClient

        def credentials():
            time.sleep(4)

        client = AsyncClient("http://127.0.0.1:9/ui/?p=1001/1002", credentials=credentials, spool="off", proxy="direct")

        async def main():
            calls = [asyncio.ensure_future(client.modules.root()) for _ in range(5)]
            await asyncio.sleep(0.2)
            return calls

        calls = asyncio.new_event_loop().run_until_complete(main())
        print(sum(not call.done() for call in calls))
    """
    ended = run_python(python, code)
    assert (ended.returncode, ended.stdout.strip()) == (0, "5"), ended.stderr


# The main thread ends once the other one is amid its work.
POOL = """
    import sys, threading, time
    from concurrent.futures import ThreadPoolExecutor
    from octane_client import Client

    client = Client.from_env(rate=1000)
    client.sign_in()
    is_amid = threading.Event()

    def finish(work):
        pool = ThreadPoolExecutor(1)
        work = pool.submit(work)
        is_amid.wait()
        begin = time.monotonic()
        work.add_done_callback(lambda work: print(repr(work.exception()), time.monotonic() - begin))
"""


@PYTHONS
def test_a_call_in_a_pool_ends_when_ctrl_c_ends_the_main_thread(
    python: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fail_next(kind="delay", delay="50s", path="*/application_modules*", times=5)
    code = """
    def call():
        is_amid.set()
        client.modules.root()

    finish(call)
    raise KeyboardInterrupt
    """
    assert ended_early(python, code, sandbox, "off", monkeypatch) < 2


@PYTHONS
def test_an_upload_in_a_pool_ends_when_ctrl_c_ends_the_main_thread_and_resuming_it_is_exact(
    python: str, sandbox: Sandbox, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.delay_ingestion(30, times=10)
    code = """
    def upload():
        accepted = []

        def at_the_third_batch(event):
            accepted.append(event.kind == "accepted")
            if accepted.count(True) == 3:
                is_amid.set()

        rows = [{"name": f"test_{number}", "status": "passed"} for number in range(1000)]
        client.upload(rows, suite="Nightly", suite_run="r", batch_size=100, on_progress=at_the_third_batch)

    finish(upload)
    raise KeyboardInterrupt
    """
    assert ended_early(python, code, sandbox, str(tmp_path), monkeypatch) < 4
    sandbox.clear_faults()
    sandbox.advance(30)
    with sandbox.client(spool=tmp_path) as client:
        (stored,) = client.uploads.list()
        report = client.uploads.resume(stored.id)
    assert report.ok and report.counts.ingested == 1000
    assert len(sandbox.runs) == len({run.name for run in sandbox.runs}) == 1000


@PYTHONS
@pytest.mark.parametrize("end", ["", "raise ValueError"])
def test_uploads_in_a_pool_are_finished_when_the_program_ends(
    python: str, end: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**sandbox.env, "OCTANE_SPOOL": "off", "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    sandbox.fail_next(kind="delay", delay="1s", path="*/test-results")
    code = f"""
    def upload():
        is_amid.set()
        client.upload([{{"name": "a", "status": "failed"}}], suite="Nightly", suite_run="r")

    finish(upload)
    {end}
    """
    ended = run_python(python, POOL + code)
    assert ended.stdout.startswith("None "), ended.stderr
    assert [run.name for run in sandbox.runs] == ["a"]


def ended_early(python: str, code: str, sandbox: Sandbox, spool: str, monkeypatch: pytest.MonkeyPatch) -> float:
    """Runs what must be cancelled, and says how many seconds after the end of the main thread."""
    for name, value in {**sandbox.env, "OCTANE_SPOOL": spool, "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    ended = run_python(python, POOL + code)
    error, _, seconds = ended.stdout.strip().rpartition(" ")
    assert error == "Cancelled('the program ends')", ended.stderr
    return float(seconds)


FORK = """
    import asyncio, gc, os, sys, time, warnings
    from octane_client.testing import Sandbox

    warnings.simplefilter("ignore", DeprecationWarning)

    def fork(work):
        child = os.fork()
        if child == 0:
            try:
                work()
                os._exit(0)
            finally:
                os._exit(1)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        os.kill(child, 9)
        os.waitpid(child, 0)
        return "hangs"
"""


@can_fork
@PYTHONS
def test_clients_answer_within_five_seconds_in_a_forked_process(python: str) -> None:
    code = """
    sandbox = Sandbox()
    client = sandbox.client()
    async_client = sandbox.async_client()
    name = client.modules.root().name
    assert asyncio.run(async_client.modules.root()).name == name

    def old():
        assert client.modules.root().name == name

    def new():
        assert sandbox.client().modules.root().name == name

    def awaited():
        assert asyncio.run(async_client.modules.root()).name == name
        assert asyncio.run(sandbox.async_client().modules.root()).name == name

    def own_sandbox():
        with Sandbox() as own:
            assert own.client().modules.root().name == name

    def upload():
        rows = [{"name": "adds", "status": "passed"}]
        assert client.upload(rows, suite="Nightly", suite_run="r").ok

    def dropped():
        global client, async_client, sandbox
        del client, async_client, sandbox
        gc.collect()

    def grandchild():
        old()
        assert fork(old) == 0

    for work in (old, new, awaited, own_sandbox, upload, dropped, grandchild):
        print(work.__name__, fork(work))
    print(client.modules.root().name == name)
    """
    ended = run_python(python, FORK + code)
    works = ("old", "new", "awaited", "own_sandbox", "upload", "dropped", "grandchild")
    assert ended.stdout.splitlines() == [*(f"{work} 0" for work in works), "True"], ended.stderr


@can_fork
def test_a_fork_while_other_threads_log_does_not_hang() -> None:
    code = """
    import logging, threading

    logging.basicConfig(level=1, handlers=[logging.StreamHandler(open(os.devnull, "w"))])
    sandbox = Sandbox()
    client = sandbox.client()

    def work():
        while True:
            client.modules.root()

    for _ in range(3):
        threading.Thread(target=work, daemon=True).start()
    print({fork(client.modules.root) for _ in range(int(sys.argv[1]))}, flush=True)
    os._exit(0)
    """
    ended = run_python(sys.executable, FORK + code, os.environ.get("OCTANE_FORK_ROUNDS", "40"), timeout=300)
    assert ended.stdout.strip() == "{0}", ended.stderr


def test_the_processes_of_xdist_have_a_sandbox_each(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makeconftest(
        """
        import pytest
        from octane_client.testing import Sandbox

        @pytest.fixture(scope="session")
        def sandbox():
            with Sandbox() as sandbox:
                yield sandbox

        @pytest.fixture(scope="session")
        def client(sandbox):
            with sandbox.client() as client:
                yield client
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_uploads(client, sandbox, number):
            rows = [{"name": f"test_{number}", "status": "passed"}]
            assert client.upload(rows, suite="Nightly", suite_run=f"run {number}").ok
            assert f"test_{number}" in {run.name for run in sandbox.runs}
        """
    )
    begin = time.monotonic()
    ended = pytester.runpytest_subprocess(*plugin(), "-p", "no:cacheprovider", "-n", "2")
    ended.assert_outcomes(passed=12)
    assert time.monotonic() - begin < 60
