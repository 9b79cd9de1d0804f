"""What type checkers see of the package: never run."""

from __future__ import annotations

import datetime
import pathlib
from typing import Any

import octane_client as octane
from octane_client import aio
from octane_client.compat import OctaneClient, OctaneEndPoint
from octane_client.testing import Sandbox
from typing_extensions import assert_type


def blocking(client: octane.Client, frame: object) -> None:
    report = client.upload(
        frame,
        suite="Nightly",
        suite_run="nightly-1",
        module=7,
        columns={"Test Name": "name", "Owner": None},
        wait=datetime.timedelta(minutes=5),
        on_progress=lambda event: print(event.upload_id),
    )
    assert_type(client.upload(frame, suite=7, suite_run="nightly-1", backlog_items=3005), octane.Report)
    assert_type(report, octane.Report)
    assert_type(report.raise_for_problems(), octane.Report)
    assert_type(report.counts.ingested, int)
    assert_type([problem.line for problem in report.rejected], "list[int | None]")
    assert_type(report.problems[0], octane.Problem)
    assert_type(report.problems[:5], octane.Problems)
    assert_type(client.modules.find("Shop"), "octane.Module | None")
    assert_type(client.modules.ensure("Shop/Basket").id, int)
    assert_type(client.stories.resolve(["SHOP-1"]), "dict[str, list[octane.Story]]")
    assert_type(client.suite_runs["nightly-1"].runs(skip=2), "list[octane.Run]")
    assert_type(client.suite_runs["nightly-1"].link(jira="SHOP-1"), "list[octane.LinkOutcome]")
    assert_type(client.suite_runs.ensure("nightly-1", suite=7, release=1).runs(), "list[octane.Run]")
    assert_type(client.uploads.list(), "list[octane.Upload]")
    assert_type(client.api("GET", "releases").status, int)


async def awaited(client: aio.AsyncClient) -> None:
    report = await client.upload([], suite="Nightly", suite_run="nightly-1")
    assert_type(report, octane.Report)
    assert_type(await client.modules.list(), "list[octane.Module]")


def older(endpoint: OctaneEndPoint, client: OctaneClient) -> None:
    assert_type(endpoint.get("releases"), "tuple[int, Any]")
    assert_type(endpoint.username, str)
    client.updateAutoRuns("3001", "nightly-1", None, 5, delink=True)


def errors(error: octane.OctaneError) -> str | None:
    if isinstance(error, octane.PartialUploadError):
        assert_type(error.report, octane.Report)
    if isinstance(error, octane.ApiError):
        assert_type(error.status, "int | None")
    return error.hint


def settings() -> octane.Client:
    with Sandbox({"results": {"accept-evidence": True}}) as sandbox:
        assert_type(sandbox.runs, "list[octane.Run]")
        return sandbox.client(spool=pathlib.Path("spool"))
