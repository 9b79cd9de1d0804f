"""A script as a team has it that used the older module: only the import line has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from octane_client.compat import OctaneClient
from octane_client.testing import Sandbox

CONFIG: dict[str, Any] = {
    "octane": {"server": "", "sharedSpace": 1001, "workspace": 1002, "proxy": "direct", "spool": "off", "rate": 1000},
    "upload": {"batch_size": 2, "threads": 4, "releaseName": "R 1"},
    "email": {"server": "mail.example"},
}


class SecretStore:
    def __init__(self, username: str, password: str) -> None:
        self.username = username
        self.password = password


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"results": {"accept-evidence": True}}) as sandbox:
        yield sandbox


def nightly(config: dict[str, Any], store: SecretStore, results_by_story: dict[str, Any], run_name: str) -> dict[str, Any]:
    """Uploads the results of one story after the other into one suite run, and links each portion to its story."""
    client = OctaneClient(config, store)
    root = client.getOrCreateRootApplicationModuleID("Bookshop")
    module = client.getApplicationModule(name="Basket", parentID=root)
    if module is None:
        module = client.createApplicationModule("Basket", root)
    suite = client.getTestSuite("Nightly", module["id"])
    if not suite:
        suite = client.createTestSuite("Nightly", module["id"])

    stories = client.getOctaneIds(list(results_by_story))
    total = 0
    for jira, results in results_by_story.items():
        client.upload(results, run_name, module["id"], suite["id"], "Bookshop/Basket")
        suite_run = client.getSuiteRun(run_name, suite["id"])
        client.updateAutoRuns(stories[jira], run_name, suite_run["id"], totalRunsUploaded=total)
        total += len(results)

    # The last story was reopened: its runs do not prove it any more.
    last = list(results_by_story)[-1]
    before = total - len(results_by_story[last])
    client.updateAutoRuns(stories[last], run_name, suite_run["id"], totalRunsUploaded=before, delink=True)
    return {"suite_run": suite_run, "runs": client.getAutoRuns(run_name, suite_run["id"]), "stories": stories}


def portions() -> dict[str, list[dict[str, Any]]]:
    def row(name: str, status: str) -> dict[str, Any]:
        return {
            "package": "shop.basket", "module": "Bookshop", "testclass": "BasketTest", "testname": name,
            "status": status, "started": 1746000000000, "duration": 84,
        }  # fmt: skip

    return {
        "SHOP-101": [row(f"adds_{number}", "Passed") for number in range(5)],
        "SHOP-102": [row("removes_1", "Failed"), row("removes_2", "Skipped")],
        "SHOP-103": [row("empties", "Passed")],
    }


@pytest.mark.parametrize("kind", ["list", pytest.param("DataFrame", marks=pytest.mark.frames)])
def test_the_script_runs_and_its_effects_are_in_octane(sandbox: Sandbox, kind: str) -> None:
    results: dict[str, Any] = portions()
    if kind == "DataFrame":
        pandas = pytest.importorskip("pandas")
        results = {jira: pandas.DataFrame(rows) for jira, rows in results.items()}
    release = {"name": "R 1", "start_date": "2025-04-01T00:00:00Z", "end_date": "2025-06-01T00:00:00Z"}
    with sandbox.client() as client:
        assert client.api("POST", "releases", json={"data": [release]}).status == 201
    config = {**CONFIG, "octane": {**CONFIG["octane"], "server": sandbox.url.split("/ui/")[0]}}
    store = SecretStore(sandbox.client_id, sandbox.client_secret)

    done = nightly(config, store, results, "nightly-4711")
    assert [str(run) for run in done["runs"]] == [str(run.id) for run in sandbox.runs]

    runs = sandbox.entities("automated_runs", fields="name,covered_content,native_status,test")
    tests = {test["id"]: test for test in sandbox.entities("tests", fields="covered_content")}

    def covered(run: dict[str, Any]) -> set[str]:
        content = run.get("covered_content") or tests[run["test"]["id"]]["covered_content"]
        return {story["id"] for story in content["data"]}

    links = {run["name"]: covered(run) for run in runs}
    stories = done["stories"]
    assert links == {
        **{f"adds_{number}": {stories["SHOP-101"]} for number in range(5)},
        "removes_1": {stories["SHOP-102"]},
        "removes_2": {stories["SHOP-102"]},
        "empties": set(),
    }
    statuses = {run["name"]: run["native_status"]["id"].rpartition(".")[2] for run in runs}
    assert (statuses["adds_0"], statuses["removes_1"], statuses["removes_2"]) == ("passed", "failed", "skipped")

    # Once more: nothing is there twice.
    again = nightly(config, store, results, "nightly-4711")
    assert len(again["runs"]) == len(runs) == 8
