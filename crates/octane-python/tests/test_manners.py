"""Manners of a native library: signals, threads, panics, logging."""

from __future__ import annotations

import logging
import os
import pathlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import octane_client as octane
import pytest
from octane_client import Client, _core
from octane_client.testing import Sandbox

from processes import run_python

# Far below how long the calls would take, and far above what a busy machine needs.
SOON = 2.0

ROWS = [{"name": f"test_{number}", "status": "passed"} for number in range(1200)]


class Interrupt:
    """Sends Ctrl-C to this process, and knows when."""

    def __init__(self) -> None:
        self._timers: list[threading.Timer] = []
        self._sent = 0.0

    def after(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._send)
        timer.start()
        self._timers.append(timer)

    def _send(self) -> None:
        self._sent = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)

    @property
    def elapsed(self) -> float:
        """Seconds since the last one."""
        return time.monotonic() - self._sent

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
            timer.join()


@pytest.fixture
def interrupt() -> Iterator[Interrupt]:
    # Python installs it only if the process that started it did not ignore the signal, as shells do in the background.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt = Interrupt()
    yield interrupt
    interrupt.stop()
    signal.signal(signal.SIGINT, before)


def names(sandbox: Sandbox) -> list[str]:
    return sorted(run.name for run in sandbox.runs)


def test_ctrl_c_ends_a_call_within_a_fifth_of_a_second(
    sandbox: Sandbox, client: Client, interrupt: Interrupt
) -> None:
    client.sign_in()
    waits = []
    # A machine that is busy may be late now and then.
    while len(waits) < 10 and min(waits, default=1.0) > 0.2:
        sandbox.fail_next(kind="delay", delay="30s")
        interrupt.after(0.1)
        with pytest.raises(KeyboardInterrupt):
            client.modules.root()
        waits.append(interrupt.elapsed)
    assert min(waits) <= 0.2, waits
    assert max(waits) < SOON, waits


@pytest.mark.parametrize("fault", [None, "delay", "task-slow"], ids=["sending", "no answer", "ingestion"])
def test_ctrl_c_ends_an_upload_within_four_seconds_and_resuming_it_is_exact(
    sandbox: Sandbox, tmp_path: pathlib.Path, interrupt: Interrupt, fault: str | None
) -> None:
    accepted: list[octane.Event] = []

    def at_the_third_batch(event: octane.Event) -> None:
        if event.kind != "accepted":
            return
        accepted.append(event)
        if len(accepted) == 3:
            if fault == "delay":
                sandbox.fail_next(kind="delay", delay="60s", path="*/test-results")
            interrupt.after(0.5 if fault else 0.0)

    with sandbox.client(spool=tmp_path) as client:
        if fault == "task-slow":
            sandbox.delay_ingestion(30, times=12)
        with pytest.raises(KeyboardInterrupt) as raised:
            client.upload(
                ROWS,
                suite="Nightly",
                suite_run="nightly-1",
                batch_size=100,
                batches_in_flight=1 if fault == "delay" else 4,
                on_progress=at_the_third_batch,
            )
        took = interrupt.elapsed
        assert took < 4.0
        # What is in flight may end in good order.
        assert fault != "delay" or took > 2.0
        (stored,) = client.uploads.list()
        assert raised.value.__notes__ == [f'to continue: client.uploads.resume("{stored.id}")']
        assert stored.counts.pending > 0
        sandbox.clear_faults()
        sandbox.advance(30)
        report = client.uploads.resume(stored.id)
        assert report.ok and report.counts.ingested == len(ROWS) == report.counts.runs
    assert names(sandbox) == sorted(row["name"] for row in ROWS)


def test_a_second_ctrl_c_ends_an_upload_at_once(sandbox: Sandbox, client: Client, interrupt: Interrupt) -> None:
    client.sign_in()
    client.suites.ensure("Nightly")
    sandbox.fail_next(kind="delay", delay="30s", path="*/test-results*", times=10)
    interrupts = 0

    def count(number: int, frame: object) -> None:
        nonlocal interrupts
        interrupts += 1
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, count)
    try:
        interrupt.after(0.4)
        interrupt.after(0.8)
        with pytest.raises(KeyboardInterrupt):
            client.upload(ROWS, suite="Nightly", suite_run="nightly-1")
        assert interrupts == 2 and interrupt.elapsed < SOON
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("error", [LookupError("stop it"), SystemExit(3)], ids=["exception", "exit"])
def test_progress_that_raises_amid_an_upload_stops_it_and_resuming_it_is_exact(
    sandbox: Sandbox, tmp_path: pathlib.Path, error: BaseException
) -> None:
    kinds: list[str] = []

    def refuse(event: octane.Event) -> None:
        kinds.append(event.kind)
        if kinds.count("accepted") == 3:
            raise error

    with sandbox.client(spool=tmp_path) as client:
        with pytest.raises(type(error)) as raised:
            client.upload(ROWS, suite="Nightly", suite_run="nightly-1", batch_size=100, on_progress=refuse)
        assert raised.value is error
        # It is not called again once it has raised.
        assert kinds.count("accepted") == 3
        (stored,) = client.uploads.list()
        assert stored.counts.pending > 0
        report = client.uploads.resume(stored.id)
        assert report.ok and report.counts.ingested == len(ROWS)
    assert names(sandbox) == sorted(row["name"] for row in ROWS)


def test_what_is_not_stored_cannot_be_continued(client: Client) -> None:
    def refuse(event: octane.Event) -> None:
        raise LookupError("stop it")

    with pytest.raises(LookupError) as raised:
        client.upload(ROWS[:3], suite="Nightly", suite_run="nightly-1", on_progress=refuse)
    assert not hasattr(raised.value, "__notes__")


def test_threads_share_a_client(client: Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        roots = list(pool.map(lambda _: client.modules.root(), range(100)))
    assert len(set(roots)) == 1


@pytest.mark.parametrize("is_here", [True, False], ids=["in this thread", "in a task"])
def test_a_panic_is_an_exception_that_handlers_catch(capfd: pytest.CaptureFixture[str], is_here: bool) -> None:
    with pytest.raises(octane.InternalError, match="on purpose") as raised:
        _core.panic_on_purpose(is_here).wait()
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


def test_each_logger_may_have_a_level_of_its_own(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "octane.sandbox"), sandbox.client() as client:
        client.modules.root()
        sandbox.reset()
        assert records(caplog, "octane.sandbox")
    assert {record.name for record in caplog.records} == {"octane.sandbox"}


def test_nothing_is_logged_by_default() -> None:
    ended = run_python(
        sys.executable,
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


def test_an_upload_works_under_a_debugger(client: Client) -> None:
    def trace(frame: Any, event: str, argument: Any) -> Any:
        # A debugger looks at local variables, which refills the dictionary of the frame.
        assert frame.f_locals is not None
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        report = client.upload(ROWS[:1], suite="Nightly", suite_run="traced", create="missing")
    finally:
        sys.settrace(before)
    assert report.ok
