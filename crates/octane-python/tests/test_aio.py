"""The client to await."""

from __future__ import annotations

import asyncio
import gc
import inspect
import pathlib
import threading
import time
import weakref
from typing import Any

import octane_client as octane
import pytest
from octane_client import Client, aio, _client
from octane_client.testing import Sandbox


def public(kind: type) -> dict[str, Any]:
    return {name: value for name, value in inspect.getmembers(kind) if not name.startswith("_")}


@pytest.mark.parametrize("name", ["Client", "Modules", "Suites", "SuiteRuns", "Runs", "Stories", "Uploads"])
def test_both_clients_have_the_same_methods_with_the_same_parameters(name: str) -> None:
    blocking, awaited = public(getattr(_client, name)), public(getattr(aio, name))
    assert set(blocking) == set(awaited)
    for method in blocking:
        if inspect.isfunction(blocking[method]):
            first, second = (inspect.signature(kind[method]) for kind in (blocking, awaited))
            assert list(first.parameters.values()) == list(second.parameters.values()), method


def test_every_method_can_be_awaited(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with sandbox.async_client() as client:
            await client.sign_in()
            module = await client.modules.ensure("Bookshop/Basket")
            assert await client.modules.get(module) == await client.modules.find("Bookshop/Basket") == module
            assert (await client.modules.root()).parent_id is None
            assert module in await client.modules.list()
            assert (await client.modules.create("Coupons", parent=module)).parent_id == module.id
            suite = await client.suites.ensure("Nightly", module=module)
            assert await client.suites.find("Nightly") == await client.suites.get(suite) == suite
            assert await client.suites.list(module=module) == [suite]
            rows = [{"name": "pays", "status": "passed"}]
            report = await client.upload(rows, suite="Nightly", suite_run="nightly-1")
            assert report.ok
            suite_run = await client.suite_runs["nightly-1"]
            assert await client.suite_runs.ensure("nightly-1", suite=suite) == suite_run
            assert suite_run == await client.suite_runs.get(suite_run) == await client.suite_runs.find("nightly-1", suite=suite)
            assert await client.suite_runs.list(suite=suite) == [suite_run]
            planned = await client.suite_runs.create("nightly-2", suite=suite)
            assert await client.suite_runs.list(suite=suite) == [suite_run, planned]
            (run,) = await suite_run.runs()
            assert await client.runs.list(suite_run) == [run] and await client.runs.get(run) == run
            (story,) = (await client.stories.resolve(["SHOP-101"]))["SHOP-101"]
            assert [outcome.changed for outcome in await suite_run.link(jira="SHOP-101")] == [1]
            assert (await client.runs.unlink(story, [run])).changed == 1
            assert (await client.runs.link(story, [run])).changed == 1
            assert [outcome.changed for outcome in await suite_run.unlink(story)] == [1]
            assert await client.stories.field() == "jira_key_udf"
            assert (await client.api("GET", "releases")).ok

    asyncio.run(main())


def test_an_error_is_raised_where_it_is_awaited(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with sandbox.async_client() as client:
            with pytest.raises(octane.NotFound):
                await client.suites.get(99999)

    asyncio.run(main())


def test_calls_run_concurrently_and_one_can_be_cancelled(sandbox: Sandbox) -> None:
    async def main() -> None:
        async with sandbox.async_client(concurrency=20) as client:
            await client.sign_in()
            roots = await asyncio.gather(*(client.modules.root() for _ in range(20)))
            assert len(set(roots)) == 1
            sandbox.fail_next(kind="delay", delay="30s")
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.modules.root(), 0.2)
            assert (await client.modules.root()).name == "Application Modules"

    asyncio.run(main())


def test_a_cancelled_upload_can_be_resumed(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        events: list[octane.Event] = []
        accepted = asyncio.Event()

        def tell(event: octane.Event) -> None:
            events.append(event)
            if event.kind == "accepted":
                accepted.set()

        rows = [{"name": f"test_{number}", "status": "passed"} for number in range(20)]
        async with sandbox.async_client(spool=tmp_path) as client:
            sandbox.delay_ingestion(30)
            uploading = asyncio.ensure_future(
                client.upload(rows, suite="Nightly", suite_run="nightly-1", on_progress=tell)
            )
            await accepted.wait()
            uploading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await uploading
            (stored,) = await client.uploads.list()
            assert stored.id == events[0].upload_id
            sandbox.advance(30)
            report = await client.uploads.resume(stored.id)
            assert report.ok and report.counts.ingested == 20
            assert (await client.uploads.get(stored.id)).state == "finished"
            assert len(await client.uploads.problems(stored.id)) == 0
            await client.uploads.delete(stored.id)
        assert len(sandbox.runs) == 20

    asyncio.run(main())


def test_progress_that_raises_ends_the_upload_and_is_raised(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    def refuse(event: octane.Event) -> None:
        raise LookupError("stop it")

    async def main() -> None:
        async with sandbox.async_client(spool=tmp_path) as client:
            with pytest.raises(LookupError, match="stop it"):
                await client.upload(
                    [{"name": "a", "status": "passed"}], suite="Nightly", suite_run="nightly-1", on_progress=refuse
                )
            assert len(await client.uploads.list()) == 1

    asyncio.run(main())


def test_both_clients_are_made_of_the_same_settings() -> None:
    first, second = (inspect.signature(kind.__init__) for kind in (Client, aio.AsyncClient))
    assert first.parameters == second.parameters
    assert aio.Client is aio.AsyncClient


def test_progress_that_nothing_would_await_is_an_error(sandbox: Sandbox) -> None:
    async def tell(event: octane.Event) -> None:
        raise AssertionError("never awaited")

    async def main() -> None:
        async with sandbox.async_client() as client:
            with pytest.raises(octane.InputError, match="coroutine function"):
                await client.upload([{"name": "a", "status": "passed"}], suite="N", suite_run="r", on_progress=tell)

    asyncio.run(main())
    assert sandbox.runs == []


def test_a_stop_of_an_iterator_is_raised_as_another_error(sandbox: Sandbox) -> None:
    bars: list[int] = []

    class Row(dict[str, Any]):
        def get(self, name: str, default: Any = None) -> Any:
            return next(iter(bars))

    async def main() -> None:
        async with sandbox.async_client() as client:
            uploads = [
                client.upload([{"name": "a", "status": "passed"}], suite="N", suite_run="r", on_progress=lambda event: next(iter(bars))),
                client.upload([Row(name="a", status="passed")], suite="N", suite_run="r"),
            ]
            for upload in uploads:
                with pytest.raises(RuntimeError) as raised:
                    await asyncio.wait_for(upload, 30)
                assert isinstance(raised.value.__cause__, StopIteration)

    asyncio.run(main())


@pytest.mark.parametrize("is_at_end", [False, True])
def test_an_upload_that_is_cancelled_while_it_reads_stops_and_leaves_nothing(
    sandbox: Sandbox, tmp_path: pathlib.Path, is_at_end: bool
) -> None:
    read: list[str] = []
    rows_max = 5000
    reached, go_on = threading.Event(), threading.Event()

    class Row(dict[str, Any]):
        def get(self, name: str, default: Any = None) -> Any:
            read.append(name)
            if name == "status" and self["number"] == (rows_max - 1 if is_at_end else 0):
                reached.set()
                go_on.wait(30)
            return super().get(name, default)

    async def main() -> None:
        async with sandbox.async_client(spool=tmp_path) as client:
            rows = [Row(name=f"test_{number}", status="passed", number=number) for number in range(rows_max)]
            first = weakref.ref(rows[0])
            upload = client.upload(rows, suite="N", suite_run="r", columns={"number": None})
            del rows
            uploading = asyncio.ensure_future(upload)
            await asyncio.to_thread(reached.wait, 30)
            uploading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await uploading
            del upload, uploading
            go_on.set()
            # Once the thread that reads has ended, no one has the rows.
            deadline = time.monotonic() + 30
            while first() is not None:
                assert time.monotonic() < deadline
                gc.collect()
                await client.uploads.list()
            assert await client.uploads.list() == []

    asyncio.run(main())
    assert sandbox.runs == []
    assert is_at_end or len(read) < rows_max
