"""A script as a team has it that used the older module: only the import line has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from octane_client.compat import EVIDENCE_TEMPLATE_TEST_SUITE, TEST_RUN, OctaneClient, OctaneEndPoint
from octane_client.testing import Sandbox

from recorder import Recorder
from releases import create_release

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
    runs = client.getAutoRuns(run_name, suite_run["id"])
    return {"suite_run": suite_run, "runs": runs, "stories": stories, "module": module["id"]}


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


def payloads(suite: str, module: str) -> list[bytes]:
    """What the older module sent for these portions: its templates, filled in, two results in each."""
    sent = []
    for rows in portions().values():
        for start in range(0, len(rows), 2):
            elements = "".join(TEST_RUN.format(**row) + "</test_run>" for row in rows[start : start + 2])
            payload = EVIDENCE_TEMPLATE_TEST_SUITE.format(
                testSuiteID=suite,
                externalRunID="nightly-4711",
                releaseName="R 1",
                applicationModuleID=module,
                test_results=elements,
            )
            sent.append(payload.encode())
    return sent


@pytest.mark.parametrize("kind", ["list", pytest.param("DataFrame", marks=pytest.mark.frames)])
def test_the_script_runs_and_its_effects_are_in_octane(sandbox: Sandbox, kind: str) -> None:
    results: dict[str, Any] = portions()
    if kind == "DataFrame":
        pandas = pytest.importorskip("pandas")
        results = {jira: pandas.DataFrame(rows) for jira, rows in results.items()}
    create_release(sandbox, "R 1")
    store = SecretStore(sandbox.client_id, sandbox.client_secret)

    with Recorder(sandbox.url) as recorder:
        config = {**CONFIG, "octane": {**CONFIG["octane"], "server": recorder.url.split("/ui/")[0]}}
        done = nightly(config, store, results, "nightly-4711")
        assert sorted(recorder.payloads()) == sorted(payloads(done["suite_run"]["test"]["id"], done["module"]))
        assert max(payload.count(b"<test_run ") for payload in recorder.payloads()) == 2
    config = {**CONFIG, "octane": {**CONFIG["octane"], "server": sandbox.url.split("/ui/")[0]}}
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


def test_a_script_that_makes_its_requests_itself_runs_too(sandbox: Sandbox) -> None:
    create_release(sandbox, "R 1")
    server = sandbox.url.split("/ui/")[0]
    endpoint = OctaneEndPoint(
        {**CONFIG, "octane": {**CONFIG["octane"], "server": server}},
        SecretStore(sandbox.client_id, sandbox.client_secret),
    )
    status, answer = endpoint.post("test_suites", {"data": [{"name": "Nightly"}]})
    assert status == 201
    suite = answer["data"][0]["id"]
    status, answer = endpoint.get("application_modules", {"query": '"name EQ \'Catalogue\'"', "fields": "id,name"})
    assert status == 200
    module = answer["data"][0]["id"]
    (row,) = portions()["SHOP-103"]
    payload = EVIDENCE_TEMPLATE_TEST_SUITE.format(
        testSuiteID=suite,
        externalRunID="nightly-4711",
        releaseName="R 1",
        applicationModuleID=module,
        test_results=TEST_RUN.format(**row) + "</test_run>",
    )
    status, task = endpoint._restCall("POST", "test-results", "xml", payload)
    assert status == 202
    while task["status"] in ("queued", "running"):
        status, task = endpoint.get(f"test-results/{task['id']}")
    assert (status, task["status"]) == (200, "success")
    status, found = endpoint.get("automated_runs", {"fields": "name", "order_by": "id"})
    assert [run["name"] for run in found["data"]] == ["empties"]
