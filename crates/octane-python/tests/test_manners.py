"""Manners of a native library: signals, threads, forks, the end of the interpreter, panics, logging."""

from __future__ import annotations

import logging
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import octane_client as octane
import pytest
from octane_client import Client, _core
from octane_client.testing import Sandbox

# Far below how long the calls would take, and far above what a busy machine needs.
SOON = 2.0

ROWS = [{"name": f"test_{number}", "status": "passed"} for number in range(1200)]


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = octane.__path__[0].rpartition("octane_client")[0]
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)


@pytest.fixture
def interrupt() -> Iterator[Callable[[float], None]]:
    """Sends Ctrl-C to this process after a time."""
    timers: list[threading.Timer] = []

    def start(seconds: float) -> None:
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        timers.append(timer)

    yield start
    for timer in timers:
        timer.cancel()
        timer.join()


def test_ctrl_c_ends_a_call(sandbox: Sandbox, client: Client, interrupt: Callable[[float], None]) -> None:
    client.sign_in()
    sandbox.fail_next(kind="delay", delay="30s")
    start = time.monotonic()
    interrupt(0.2)
    with pytest.raises(KeyboardInterrupt):
        client.modules.root()
    assert time.monotonic() - start < SOON


def test_ctrl_c_ends_an_upload_in_good_order_and_resuming_it_is_exact(
    sandbox: Sandbox, tmp_path: pathlib.Path, interrupt: Callable[[float], None]
) -> None:
    def at_the_second_batch(event: octane.Event) -> None:
        if event.kind == "accepted":
            interrupt(0.0)

    with sandbox.client(spool=tmp_path, concurrency=1) as client:
        sandbox.delay_ingestion(30, times=1)
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt) as raised:
            client.upload(
                ROWS, suite="Nightly", suite_run="nightly-1", batches_in_flight=1, on_progress=at_the_second_batch
            )
        assert time.monotonic() - start < 4 + SOON
        (stored,) = client.uploads.list()
        assert stored.id in raised.value.__notes__[0]
        assert stored.counts.pending > 0
        sandbox.advance(30)
        report = client.uploads.resume(stored.id)
        assert report.ok and report.counts.ingested == len(ROWS) == report.counts.runs
    names = [run.name for run in sandbox.runs]
    assert len(names) == len(set(names)) == len(ROWS)


def test_a_second_ctrl_c_ends_an_upload_at_once(
    sandbox: Sandbox, client: Client, interrupt: Callable[[float], None]
) -> None:
    client.sign_in()
    client.suites.ensure("Nightly")
    sandbox.fail_next(kind="delay", delay="30s", path="*/test-results*", times=10)
    interrupted: list[float] = []

    def twice(number: int, frame: object) -> None:
        interrupted.append(time.monotonic())
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, twice)
    try:
        interrupt(0.4)
        interrupt(0.8)
        with pytest.raises(KeyboardInterrupt):
            client.upload(ROWS, suite="Nightly", suite_run="nightly-1")
        assert len(interrupted) == 2 and time.monotonic() - interrupted[1] < SOON
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_call_in_a_pool_ends_when_the_main_thread_does() -> None:
    start = time.monotonic()
    ended = run(
        """
        from concurrent.futures import ThreadPoolExecutor
        from octane_client.testing import Sandbox

        sandbox = Sandbox()
        client = sandbox.client()
        client.sign_in()
        sandbox.fail_next(kind="delay", delay="30s", times=5)
        call = ThreadPoolExecutor(1).submit(client.modules.root)
        call.add_done_callback(lambda call: print(repr(call.exception())))
        """
    )
    assert ended.stdout.strip() == "Cancelled('the program ends')", ended.stderr
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("delay", ["30s", "0s"], ids=["waiting", "ending"])
def test_the_interpreter_ends_with_calls_in_flight(delay: str) -> None:
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
    """
    for _ in range(3):
        ended = run(code, delay)
        assert ended.returncode == 0, ended.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_clients_work_in_a_forked_process(sandbox: Sandbox) -> None:
    ended = run(
        """
        import asyncio, os, sys, time, warnings
        from octane_client.testing import Sandbox

        warnings.simplefilter("ignore", DeprecationWarning)
        sandbox = Sandbox()
        client = sandbox.client()
        client.modules.root()
        child = os.fork()
        if child == 0:
            start = time.monotonic()
            old = client.modules.root().name
            new = sandbox.client().modules.root().name
            awaited = asyncio.run(sandbox.async_client().modules.root()).name
            with Sandbox() as own:
                fourth = own.client().modules.root().name
            print(len({old, new, awaited, fourth}), time.monotonic() - start < 5, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print(client.modules.root().name)
        """
    )
    assert ended.stdout.splitlines() == ["1 True", "Application Modules"], ended.stderr


def test_threads_share_a_client(client: Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        roots = list(pool.map(lambda _: client.modules.root(), range(100)))
    assert len(set(roots)) == 1


def test_a_panic_is_an_exception_that_handlers_catch(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(octane.InternalError, match="on purpose") as raised:
        _core.panic_on_purpose().wait()
    assert isinstance(raised.value, Exception)
    assert "report it" in str(raised.value.hint)
    assert capfd.readouterr().err == ""


def test_a_task_runs_once(client: Client) -> None:
    task = client._core.client.root_module()
    task.wait()
    with pytest.raises(RuntimeError, match="started before"):
        task.wait()


def records(caplog: pytest.LogCaptureFixture, name: str) -> list[logging.LogRecord]:
    """The records of a logger; they arrive by a thread of their own."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = [record for record in caplog.records if record.name == name]
        if found:
            return found
        time.sleep(0.01)
    return []


def test_uploads_and_requests_are_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "octane"):
        report = client.upload(ROWS[:3], suite="Nightly", suite_run="nightly-1")
        assert records(caplog, "octane.http")
        uploads = records(caplog, "octane")
    assert {getattr(record, "upload_id", None) for record in uploads} == {report.upload_id}
    assert any(getattr(record, "batch", None) == 1 for record in uploads)
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "sandbox-secret" not in text and "LWSSO_COOKIE_KEY=" not in text


def test_nothing_is_logged_by_default() -> None:
    ended = run(
        """
        import logging
        from octane_client.testing import Sandbox

        with Sandbox() as sandbox, sandbox.client() as client:
            sandbox.fail_next(status=503, times=1)
            client.modules.root()
            client.upload([{"name": "a", "status": "passed", "colour": "red"}], suite="S", suite_run="r")
        """
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_logging_handler_that_fails_does_not_end_anything(client: Client, capfd: Any) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("the disk is full")

    logger = logging.getLogger("octane")
    handler = Broken()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        client.modules.root()
        client.modules.root()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
