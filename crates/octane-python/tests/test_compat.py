"""The classes of the older module: their signatures, each of their methods, settings and credentials of any shape."""

from __future__ import annotations

import collections
import configparser
import inspect
import json
import logging
import multiprocessing
import pathlib
import queue
import sys
import types
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import octane_client as octane
import pytest
from octane_client import _core, compat
from octane_client.compat import EVIDENCE_TEMPLATE_TEST_SUITE, TEST_RUN, OctaneClient, OctaneEndPoint, _endpoint
from octane_client.testing import Sandbox

from recorder import Recorder
from releases import create_release

# Written from the documentation of the older module: parameters in their order, with their defaults.
REQUIRED = inspect.Parameter.empty
SIGNATURES: dict[type, dict[str, list[tuple[str, object]]]] = {
    OctaneEndPoint: {
        "__init__": [("config", REQUIRED), ("spKConfig", None), ("responseQueue", None), ("clientThreadPool", None)],
        "_getCookie": [],
        "_restCall": [("method", REQUIRED), ("api", REQUIRED), ("dataType", "json"), ("data", None)],
        "post": [("endpoint", REQUIRED), ("data", REQUIRED), ("dataType", "json")],
        "put": [("endpoint", REQUIRED), ("data", REQUIRED)],
        "get": [("endpoint", REQUIRED), ("data", None)],
    },
    OctaneClient: {
        "__init__": [("config", REQUIRED), ("spKConfig", None)],
        "upload": [
            ("results", REQUIRED),
            ("externalRunID", REQUIRED),
            ("applicationModuleID", REQUIRED),
            ("testSuiteID", REQUIRED),
            ("testSuitePath", REQUIRED),
        ],
        "getSuiteRun": [("name", REQUIRED), ("suiteID", REQUIRED)],
        "getAutoRuns": [("name", REQUIRED), ("suiteRunID", REQUIRED), ("totalRunsUploaded", 0)],
        "updateAutoRuns": [
            ("octaneID", REQUIRED),
            ("name", REQUIRED),
            ("suiteRunID", REQUIRED),
            ("totalRunsUploaded", 0),
            ("delink", False),
        ],
        "getApplicationModule": [("name", None), ("parentID", None), ("parentName", None)],
        "createApplicationModule": [("name", REQUIRED), ("parentID", None)],
        "getOctaneIds": [("jiras", REQUIRED)],
        "createTestSuite": [("name", REQUIRED), ("applicationModuleID", REQUIRED)],
        "getTestSuite": [("name", REQUIRED), ("applicationModuleID", None)],
        "queryStoriesForJira": [("space_id", REQUIRED), ("workspace_id", REQUIRED), ("jira", REQUIRED)],
        "getOrCreateRootApplicationModuleID": [("module_name", REQUIRED)],
    },
}
METHODS = [(kind, name) for kind, methods in SIGNATURES.items() for name in methods]


@pytest.mark.parametrize(("kind", "name"), METHODS, ids=lambda value: getattr(value, "__name__", value))
def test_each_method_has_the_parameters_of_the_older_one(kind: type, name: str) -> None:
    parameters = list(inspect.signature(getattr(kind, name)).parameters.values())
    assert parameters[0].name == "self"
    found = [(parameter.name, parameter.default) for parameter in parameters[1:]]
    assert found == SIGNATURES[kind][name]
    assert all(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)


@pytest.mark.parametrize("name", ["username", "password"])
def test_credentials_are_properties(name: str) -> None:
    assert isinstance(inspect.getattr_static(OctaneEndPoint, name), property)


def test_each_method_runs_against_the_sandbox(sandbox: Sandbox, endpoint: OctaneEndPoint, client: OctaneClient) -> None:
    shop = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", shop)
    client.upload(RESULTS, "nightly-1", shop, suite, "Bookshop")
    suite_run = client.getSuiteRun("nightly-1", suite)
    release = endpoint.get("releases")[1]["data"][0]["id"]
    # Called with the older names of the parameters.
    calls: dict[tuple[type, str], Any] = {
        (OctaneEndPoint, "__init__"): lambda: OctaneEndPoint(
            config=config(sandbox), spKConfig=Vault(sandbox), responseQueue=queue.Queue(), clientThreadPool=None
        ),
        (OctaneEndPoint, "_getCookie"): lambda: endpoint._getCookie(),
        (OctaneEndPoint, "_restCall"): lambda: endpoint._restCall(method="GET", api="releases", dataType="json", data=None),
        (OctaneEndPoint, "post"): lambda: endpoint.post(endpoint="test_suites", data={"data": [{"name": "S"}]}, dataType="json"),
        (OctaneEndPoint, "put"): lambda: endpoint.put(endpoint=f"releases/{release}", data={"name": "R"}),
        (OctaneEndPoint, "get"): lambda: endpoint.get(endpoint="releases", data={"limit": 1}),
        (OctaneClient, "__init__"): lambda: OctaneClient(config=config(sandbox), spKConfig=Vault(sandbox)),
        (OctaneClient, "upload"): lambda: client.upload(
            results=RESULTS, externalRunID="nightly-2", applicationModuleID=shop, testSuiteID=suite, testSuitePath="Bookshop"
        ),
        (OctaneClient, "getSuiteRun"): lambda: client.getSuiteRun(name="nightly-1", suiteID=suite),
        (OctaneClient, "getAutoRuns"): lambda: client.getAutoRuns(
            name="nightly-1", suiteRunID=suite_run, totalRunsUploaded=0
        ),
        (OctaneClient, "updateAutoRuns"): lambda: client.updateAutoRuns(
            octaneID=3005, name="nightly-1", suiteRunID=suite_run, totalRunsUploaded=0, delink=False
        ),
        (OctaneClient, "getApplicationModule"): lambda: client.getApplicationModule(
            name="Bookshop", parentID=None, parentName=None
        ),
        (OctaneClient, "createApplicationModule"): lambda: client.createApplicationModule(name="Basket", parentID=shop),
        (OctaneClient, "getOctaneIds"): lambda: client.getOctaneIds(jiras=["SHOP-101"]),
        (OctaneClient, "createTestSuite"): lambda: client.createTestSuite(name="Weekly", applicationModuleID=shop),
        (OctaneClient, "getTestSuite"): lambda: client.getTestSuite(name="Nightly", applicationModuleID=shop),
        (OctaneClient, "queryStoriesForJira"): lambda: client.queryStoriesForJira(
            space_id=1001, workspace_id=1002, jira="SHOP-101"
        ),
        (OctaneClient, "getOrCreateRootApplicationModuleID"): lambda: client.getOrCreateRootApplicationModuleID(
            module_name="New"
        ),
    }
    assert list(calls) == METHODS
    for (kind, name), call in calls.items():
        answer = call()
        assert answer, name
        if kind is OctaneEndPoint and isinstance(answer, tuple):
            assert answer[0] in (200, 201), (name, answer)


def test_the_templates_are_data() -> None:
    assert TEST_RUN == (
        '<test_run package="{package}" module="{module}" class="{testclass}" name="{testname}" status="{status}" '
        'started="{started}" duration="{duration}">'
    )
    filled = EVIDENCE_TEMPLATE_TEST_SUITE.format(
        testSuiteID=1, externalRunID="r", releaseName="R", applicationModuleID=2, test_results="…"
    )
    assert filled == (
        "<?xml version='1.0' encoding='UTF-8'?><test_result><suite_ref id='1' external_run_id='r'/><release_name>R"
        "</release_name><product_areas><product_area_ref id='2'/></product_areas><test_runs>…</test_runs><test_fields>"
        "<test_field field_type='Testing_Tool_Type' value='Quartz'/></test_fields></test_result>"
    )


class Vault:
    """Credentials as an in-house library has them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.asked = 0
        self._sandbox = sandbox

    @property
    def username(self) -> str:
        self.asked += 1
        return self._sandbox.client_id

    @property
    def password(self) -> str:
        return self._sandbox.client_secret


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox({"results": {"accept-evidence": True}}) as sandbox:
        yield sandbox


def config(sandbox: Sandbox, **settings: Any) -> dict[str, Any]:
    return {"octane": {"url": sandbox.url, "proxy": "direct", "rate": 1000, "spool": "off", **settings}}


@pytest.fixture
def endpoint(sandbox: Sandbox) -> OctaneEndPoint:
    return OctaneEndPoint(config(sandbox), Vault(sandbox))


@pytest.fixture
def client(sandbox: Sandbox) -> OctaneClient:
    return OctaneClient(config(sandbox), Vault(sandbox))


def test_the_endpoint_makes_raw_requests(endpoint: OctaneEndPoint) -> None:
    status, data = endpoint.get("releases", {"limit": 1})
    assert (status, data["data"][0]["type"]) == (200, "release")
    status, data = endpoint.post("test_suites", {"data": [{"name": "Weekly"}]})
    assert status == 201
    suite = data["data"][0]["id"]
    status, data = endpoint.put(f"test_suites/{suite}", json.dumps({"name": "Every week"}))
    assert status == 200
    assert endpoint.get(f"test_suites/{suite}?fields=name")[1]["name"] == "Every week"
    assert endpoint._restCall("get", "/admin/server/version")[0] == 200


def test_an_http_error_is_a_status(endpoint: OctaneEndPoint, sandbox: Sandbox) -> None:
    status, data = endpoint.get("nothing_like_it")
    assert status == 404 and data["error_code"]
    status, data = OctaneEndPoint(config(sandbox), {"username": "x", "password": "wrong"}).get("releases")
    assert status == 401


def test_no_response_is_an_oserror() -> None:
    nowhere = {"url": "http://127.0.0.1:9/ui/?p=1/2", "retries": "0", "proxy": "direct"}
    with pytest.raises(OSError):
        OctaneEndPoint(nowhere, {"username": "x", "password": "y"}).get("releases")


def test_xml_can_be_sent(endpoint: OctaneEndPoint, client: OctaneClient) -> None:
    suite = client.createTestSuite("Nightly", None)
    payload = (
        f"<test_result><suite_ref id='{suite}' external_run_id='r'/><test_runs>"
        "<test_run name='a' status='Passed' duration='1'/></test_runs></test_result>"
    )
    status, data = endpoint.post("test-results", payload, dataType="xml")
    assert status == 202 and data["status"] == "queued"


def test_cookies_are_a_dictionary_and_a_header(endpoint: OctaneEndPoint) -> None:
    cookies = endpoint._getCookie()
    assert "LWSSO_COOKIE_KEY" in cookies
    assert f"LWSSO_COOKIE_KEY={cookies['LWSSO_COOKIE_KEY']}" in str(cookies)
    assert cookies["LWSSO_COOKIE_KEY"] not in repr(cookies)
    assert endpoint._getCookie() == cookies


def test_cookies_of_a_session_that_has_expired_are_replaced(
    sandbox: Sandbox, endpoint: OctaneEndPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookies = endpoint._getCookie()
    sandbox.clear_requests()
    assert endpoint._getCookie() == cookies and sandbox.requests == []
    sandbox.expire_sessions()
    # As if it were long ago.
    monkeypatch.setattr(_endpoint, "SESSION_CHECK_SECONDS", 0.0)
    renewed = endpoint._getCookie()
    assert renewed != cookies
    url = f"{sandbox.url.split('/ui/')[0]}/api/shared_spaces/1001/workspaces/1002/releases"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers={"Cookie": str(renewed)}), timeout=30) as response:
        assert response.status == 200


def test_without_credentials_the_endpoint_says_where_they_go(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OCTANE_CLIENT_ID", raising=False)
    with pytest.raises(octane.ConfigError, match="no credentials given") as raised:
        OctaneEndPoint(config(sandbox)).get("releases")
    assert raised.value.hint == "give `spKConfig`, or set them in `config`"


def test_credentials_are_read_late_and_not_kept(sandbox: Sandbox) -> None:
    vault = Vault(sandbox)
    endpoint = OctaneEndPoint(config(sandbox), vault)
    assert vault.asked == 0
    assert (endpoint.username, endpoint.password) == (sandbox.client_id, sandbox.client_secret)
    assert sandbox.client_secret not in repr(vars(endpoint))


@pytest.mark.parametrize("shape", ["mapping", "object", "function", "pair", "namespace", "api key", "config"])
def test_credentials_may_have_any_shape(sandbox: Sandbox, shape: str) -> None:
    name, secret = sandbox.client_id, sandbox.client_secret
    shapes: dict[str, Any] = {
        "mapping": {"username": name, "password": secret},
        "object": Vault(sandbox),
        "function": lambda: {"username": name, "password": octane.Secret(secret)},
        "pair": lambda: (name, secret),
        "namespace": types.SimpleNamespace(UserName=name, Password=secret),
        "api key": {"client_id": name, "client_secret": secret},
    }
    given = config(sandbox, **({"client_id": name, "client_secret": secret} if shape == "config" else {}))
    assert OctaneEndPoint(given, shapes.get(shape)).get("releases")[0] == 200


def test_the_queue_gets_one_item_for_each_finished_request(sandbox: Sandbox) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    endpoint = OctaneEndPoint(config(sandbox), Vault(sandbox), answers)
    endpoint.get("releases")
    endpoint.get("nothing_like_it")
    assert [answers.get_nowait()[0] for _ in range(2)] == [200, 404]
    assert answers.empty()


def test_a_pool_puts_items_into_the_queue_and_is_never_waited_for(sandbox: Sandbox) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    with ThreadPoolExecutor(1) as pool:
        endpoint = OctaneEndPoint(config(sandbox), Vault(sandbox), answers, pool)
        # From the only thread of the pool, which would be a deadlock if the pool were waited for.
        assert pool.submit(endpoint.get, "releases").result(30)[0] == 200
        assert answers.get(timeout=30)[0] == 200
    endpoint.get("releases")
    assert answers.get_nowait()[0] == 200


def test_modules_have_the_older_methods(client: OctaneClient) -> None:
    shop = client.createApplicationModule("Bookshop")
    assert client.createApplicationModule("Bookshop") == shop
    basket = client.createApplicationModule("Basket", shop)
    assert client.getApplicationModule("Basket") == basket
    assert client.getApplicationModule("Basket", parentID=shop["id"]) == basket
    assert client.getApplicationModule("Basket", parentName="Bookshop") == basket
    assert client.getApplicationModule("Nothing") is None
    assert client.getApplicationModule(parentID=int(shop["id"])) == [basket]
    assert client.getApplicationModule()["parent"] is None
    assert client.getOrCreateRootApplicationModuleID("Bookshop") == str(shop)
    assert client.getOrCreateRootApplicationModuleID("New") == str(client.getApplicationModule("New"))
    assert f"<product_area_ref id='{basket}'/>" == f"<product_area_ref id='{basket['id']}'/>"


def test_suites_have_the_older_methods(client: OctaneClient) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    assert client.createTestSuite("Nightly", module) == suite
    assert client.getTestSuite("Nightly") == client.getTestSuite("Nightly", module) == suite
    assert client.getTestSuite("Weekly") is None
    assert client.getSuiteRun("nightly-1", suite) is None
    assert client.getAutoRuns("nightly-1", None) == []


def test_jira_keys_have_the_older_methods(
    client: OctaneClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "octane"):
        ids = client.getOctaneIds(["SHOP-101", "NONE-1", "SHOP-150"])
    (story,) = client.queryStoriesForJira(1001, "1002", "SHOP-101")
    assert ids == {"SHOP-101": str(story), "NONE-1": None, "SHOP-150": None}
    assert "SHOP-150 matches several" in caplog.text
    assert client.queryStoriesForJira(1001, 1002, "NONE-1") == []
    assert client.getOctaneIds("SHOP-101") == {"SHOP-101": story["id"]}


RESULTS = [
    {
        "package": "shop.basket", "module": "Bookshop", "testclass": "TotalsTest", "testname": "adds <tax> & more",
        "status": "Passed", "started": 1746000000000, "duration": 84,
    },
    {
        "package": "shop.basket", "module": "Bookshop", "testclass": "TotalsTest", "testname": "rounds",
        "status": "Failed", "started": 1746000000500, "duration": 1200,
    },
]  # fmt: skip


@pytest.mark.parametrize("kind", ["rows", "elements"])
def test_the_evidence_payload_is_what_the_template_prescribes_byte_for_byte(sandbox: Sandbox, kind: str) -> None:
    from xml.sax.saxutils import escape

    create_release(sandbox, "Sommer & Herbst")
    with Recorder(sandbox.url) as recorder:
        settings = config(sandbox, url=recorder.url, releaseName="Sommer & Herbst")
        client = OctaneClient(settings, Vault(sandbox))
        module = client.getOrCreateRootApplicationModuleID("Bookshop")
        suite = client.createTestSuite("Nightly", module)
        escaped = [{name: escape(str(value), {'"': "&quot;"}) for name, value in row.items()} for row in RESULTS]
        elements = [TEST_RUN.format(**row) for row in escaped]
        report = client.upload(RESULTS if kind == "rows" else elements, "nightly-1", module, suite, "Bookshop")
        assert report.ok and client.last_report is report
        expected = EVIDENCE_TEMPLATE_TEST_SUITE.format(
            testSuiteID=suite,
            externalRunID="nightly-1",
            releaseName="Sommer &amp; Herbst",
            applicationModuleID=module,
            test_results="".join(f"{element}</test_run>" for element in elements),
        )
        assert recorder.payloads() == [expected.encode()]


def test_results_without_a_start_share_one(sandbox: Sandbox, client: OctaneClient) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    rows = [{"testname": name, "status": "Passed", "duration": 1} for name in "abc"]
    client.upload(rows, "nightly-1", module, suite, "Bookshop/Basket")
    assert len({run.started for run in sandbox.runs}) == 1 and sandbox.runs[0].started is not None
    assert {(run.module, run.package) for run in sandbox.runs} == {("Bookshop", "Basket")}


def test_what_octane_does_not_accept_is_an_error_with_the_report(sandbox: Sandbox, client: OctaneClient) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    sandbox.fail_next(status=400, path="*/test-results", times=1000)
    with pytest.raises(octane.PartialUploadError) as raised:
        client.upload(RESULTS, "nightly-1", module, suite, "Bookshop")
    assert raised.value.report is client.last_report
    assert raised.value.report.counts.rejected == 2


def test_an_upload_that_fails_has_no_report_of_the_one_before(sandbox: Sandbox, client: OctaneClient) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    client.upload(RESULTS, "nightly-1", module, suite, "Bookshop")
    assert client.last_report is not None and client.last_report.ok
    with pytest.raises(octane.InputError):
        client.upload([], "nightly-1", module, suite, "Bookshop")
    assert client.last_report is None


def test_an_upload_that_was_interrupted_can_be_resumed_as_its_hint_says(sandbox: Sandbox, tmp_path: pathlib.Path) -> None:
    client = OctaneClient(config(sandbox, spool=str(tmp_path), wait=False), Vault(sandbox))
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    sandbox.delay_ingestion(30)
    with pytest.raises(octane.PartialUploadError) as raised:
        client.upload(RESULTS, "nightly-1", module, suite, "Bookshop")
    hint = str(raised.value.hint)
    assert hint.startswith("to continue: client.uploads.resume(")
    sandbox.advance(30)
    report = eval(hint.partition(": ")[2], {"client": client})
    assert report.ok and report.counts.ingested == len(RESULTS)


def test_identical_results_can_be_uploaded_again(sandbox: Sandbox, client: OctaneClient) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    uploads = (module, suite, "Bookshop")
    assert client.upload(RESULTS, "nightly-1", *uploads).counts.duplicate == 0
    assert client.upload(RESULTS, "nightly-1", *uploads).counts.duplicate == len(RESULTS)
    again = OctaneClient(config(sandbox, force_new=True), Vault(sandbox))
    assert again.upload(RESULTS, "nightly-1", *uploads).counts.duplicate == 0


def test_elements_and_rows_cannot_be_mixed(client: OctaneClient) -> None:
    with pytest.raises(octane.InputError, match="result 2 is not"):
        client.upload([TEST_RUN, "x.xml"], "nightly-1", 1, 1, None)


def test_an_element_that_is_not_xml_is_named(client: OctaneClient) -> None:
    row = {"package": "p", "module": "m", "testclass": "C", "status": "Passed", "started": 1746000000000, "duration": 1}
    elements = [TEST_RUN.format(testname=name, **row) for name in ("fish", "fish & chips")]
    with pytest.raises(octane.InputError, match="^result 2: .*fish & chips") as raised:
        client.upload(elements, "nightly-1", 1001, client.createTestSuite("Nightly", None), None)
    assert raised.value.hint == 'escape `&`, `<` and `"` in values'


@pytest.mark.parametrize("kind", ["generator", "text", pytest.param("column", marks=pytest.mark.frames)])
def test_elements_may_be_in_a_generator_a_text_or_a_column(sandbox: Sandbox, client: OctaneClient, kind: str) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    elements = [TEST_RUN.format(**row) + "</test_run>" for row in RESULTS if "&" not in str(row["testname"])]
    results: Any = {"generator": iter(elements), "text": "".join(elements)}.get(kind)
    if kind == "column":
        results = pytest.importorskip("pandas").Series(elements)
    client.upload(results, "nightly-1", module, suite, "Bookshop")
    assert [run.name for run in sandbox.runs] == ["rounds"]


def test_a_run_that_cannot_be_linked_is_an_error(client: OctaneClient, sandbox: Sandbox) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    client.upload(RESULTS, "nightly-1", module, suite, "Bookshop")
    suite_run = client.getSuiteRun("nightly-1", suite)
    with pytest.raises(octane.NotFound):
        client.updateAutoRuns(999999, "nightly-1", suite_run)


def test_links_that_are_not_made_are_not_silent(
    client: OctaneClient, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    client.upload(RESULTS, "nightly-1", module, suite, "Bookshop")
    story = client.getOctaneIds("SHOP-101")["SHOP-101"]
    for name, suite_run in (("nightly-2", None), ("nightly-1", 999999)):
        with pytest.raises(octane.NotFound):
            client.updateAutoRuns(story, name, suite_run)
    with caplog.at_level(logging.WARNING, "octane"):
        assert client.updateAutoRuns([], "nightly-1", None) == []
    assert "`octaneID` is an empty list" in caplog.text


def test_links_that_cannot_be_made_are_counted_for_all_stories(
    client: OctaneClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    client.upload(RESULTS, "nightly-1", module, suite, "Bookshop")
    suite_run = client.getSuiteRun("nightly-1", suite)
    failed = [{"id": "1", "message": "no permission"}] * len(RESULTS)
    outcome = {"level": "runs", "changed": 0, "unchanged": 0, "failed": failed}
    ask = client._ask
    monkeypatch.setattr(client, "_ask", lambda task: outcome if task == "link" else ask(task))

    native = types.SimpleNamespace(link=lambda story, runs: "link", list_runs=client._core.client.list_runs)
    monkeypatch.setattr(client, "_core", types.SimpleNamespace(client=native))
    with pytest.raises(octane.Rejected, match="^4 of 4 links could not be made; the first one: no permission$"):
        client.updateAutoRuns([3005, 3006], "nightly-1", suite_run)


def test_a_suite_run_without_runs_is_logged_where_it_is_to_be_linked(
    sandbox: Sandbox, client: OctaneClient, caplog: pytest.LogCaptureFixture
) -> None:
    suite = client.createTestSuite("Nightly", client.getOrCreateRootApplicationModuleID("Bookshop"))
    with sandbox.client() as own:
        planned = own.suite_runs.ensure("nightly-1", suite=suite)
    with caplog.at_level(logging.WARNING, "octane"):
        assert client.getAutoRuns("nightly-1", planned.id) == []
        assert caplog.text == ""
        assert client.updateAutoRuns(3005, "nightly-1", planned.id) == []
    assert f"suite run {planned.id} has no runs" in caplog.text


def test_runs_are_left_out_by_how_many_were_uploaded_before(client: OctaneClient) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    for portion in ("abc", "de"):
        rows = [{"testname": name, "status": "Passed"} for name in portion]
        client.upload(rows, "nightly-1", module, suite, "Bookshop")
    suite_run = client.getSuiteRun("nightly-1", suite)
    runs = client.getAutoRuns("nightly-1", suite_run)
    assert [int(run["id"]) for run in runs] == sorted(int(run["id"]) for run in runs)
    assert [run["name"] for run in runs] == list("abcde")
    assert client.getAutoRuns("nightly-1", suite_run["id"], 3) == client.getAutoRuns("nightly-1", None, "3") == runs[3:]
    assert client.getAutoRuns("nightly-1", int(suite_run["id"]), totalRunsUploaded=99) == []
    story = client.getOctaneIds(["SHOP-101"])["SHOP-101"]
    assert client.updateAutoRuns(story, "nightly-1", suite_run, 4) == runs[4:]
    assert client.updateAutoRuns(octaneID=story, name="nightly-1", suiteRunID=suite_run, delink=True) == runs


def test_leaving_out_all_runs_is_logged(client: OctaneClient, caplog: pytest.LogCaptureFixture) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    portions = {"SHOP-101": RESULTS, "SHOP-102": [{**RESULTS[0], "testname": "ships"}]}
    uploaded = 0
    with caplog.at_level(logging.WARNING, "octane"):
        for key, results in portions.items():
            client.upload([*results, *results], "nightly-1", module, suite, "Bookshop")
            story = client.getOctaneIds(key)[key]
            suite_run = client.getSuiteRun("nightly-1", suite)
            runs = client.updateAutoRuns(story, "nightly-1", suite_run, totalRunsUploaded=uploaded)
            assert len(runs) == len(results)
            uploaded += len(runs)
        assert "leaves out" not in caplog.text
        assert client.getAutoRuns("nightly-1", suite_run, totalRunsUploaded=3) == []
    assert f"leaves out 3 runs, and suite run {suite_run} has 3 in all" in caplog.text
    with pytest.raises(octane.InputError, match="`totalRunsUploaded` must be a number, got 'all'"):
        client.getAutoRuns("nightly-1", suite_run, totalRunsUploaded="all")


@pytest.mark.parametrize(("reruns", "statuses"), [(None, ["failed"]), ("worst", ["failed"]), ("all", ["failed", "passed"])])
def test_a_setting_says_which_of_several_results_counts_and_the_others_are_logged(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, reruns: str | None, statuses: list[str]
) -> None:
    client = OctaneClient(config(sandbox, reruns=reruns, dialect="standard"), Vault(sandbox))
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    rows = [{**RESULTS[0], "status": status} for status in ("Failed", "Passed")]
    with caplog.at_level(logging.WARNING, "octane"):
        report = client.upload(rows, "nightly-1", module, suite, "Bookshop")
    assert [run.status for run in sandbox.runs] == statuses
    assert [record.message for record in caplog.records] == [str(problem) for problem in report.problems]
    assert len(caplog.records) == (1 if len(statuses) == 1 else 0)


def test_a_setting_for_reruns_that_is_wrong_is_named(sandbox: Sandbox) -> None:
    client = OctaneClient(config(sandbox, reruns="first"), Vault(sandbox))
    with pytest.raises(octane.InputError, match="`first` is not a valid `reruns`"):
        client.upload(RESULTS, "nightly-1", None, 7, "Bookshop")


NAN = float("nan")


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("externalRunID", lambda client: client.upload(RESULTS, None, 1, 7, "Bookshop")),
        ("testSuitePath", lambda client: client.upload(RESULTS, "nightly-1", 1, 7, NAN)),
        ("name", lambda client: client.createTestSuite(None, 1)),
        ("name", lambda client: client.getTestSuite(NAN)),
        ("name", lambda client: client.getSuiteRun(None, 7)),
        ("name", lambda client: client.getAutoRuns(None, None)),
        ("name", lambda client: client.createApplicationModule(NAN)),
        ("name", lambda client: client.getApplicationModule(NAN)),
        ("parentName", lambda client: client.getApplicationModule(parentName=NAN)),
        ("module_name", lambda client: client.getOrCreateRootApplicationModuleID(None)),
        ("jiras", lambda client: client.getOctaneIds(["SHOP-101", NAN])),
        ("jira", lambda client: client.queryStoriesForJira(None, None, None)),
    ],
)
def test_what_stands_for_nothing_is_refused_as_a_name(client: OctaneClient, argument: str, call: Callable[[OctaneClient], object]) -> None:
    with pytest.raises(octane.InputError, match=f"`{argument}` must be a text, got (None|nan)"):
        call(client)


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [(None, 900), (True, 900), ("true", 900), ("Yes", 900), (False, 0), ("off", 0), ("0", 0), (2.5, 2.5), ("20", 20)],
)
def test_whether_to_wait_may_be_said_in_words(
    client: OctaneClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, wait: Any, seconds: float
) -> None:
    given: list[float] = []
    upload = _core.upload
    monkeypatch.setattr(_core, "upload", lambda *words: given.append(words[2]["wait"]) or upload(*words))
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    report = OctaneClient(config(sandbox, wait=wait), Vault(sandbox))._upload(RESULTS, "nightly-1", module, suite, None)
    assert given == [seconds] and report.counts.sent == 2


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("wait", "long", "`wait` must be `true`, `false` or a number of seconds, got `long`"),
        ("timeout", True, "`timeout` must be a number of seconds, got `True`"),
        ("retries", True, "`retries` must be a whole number, got `True`"),
    ],
)
def test_a_setting_that_is_not_a_number_is_named(sandbox: Sandbox, setting: str, value: object, message: str) -> None:
    with pytest.raises(octane.ConfigError, match=message):
        OctaneClient(config(sandbox, **{setting: value}), Vault(sandbox)).upload(RESULTS, "nightly-1", 1, 7, "Bookshop")


def test_a_server_that_refuses_evidence_is_named_with_the_other_payload() -> None:
    with Sandbox() as sandbox:
        client = OctaneClient(config(sandbox), Vault(sandbox))
        suite = client.createTestSuite("Nightly", client.getOrCreateRootApplicationModuleID("Bookshop"))
        with pytest.raises(octane.PartialUploadError) as raised:
            client.upload(RESULTS, "nightly-1", client.getOrCreateRootApplicationModuleID("Bookshop"), suite, "Bookshop")
    assert "set `dialect` to `standard`" in str(raised.value.hint)
    assert raised.value.__notes__ == [f"hint: {raised.value.hint}"]


def test_a_hint_names_a_setting_that_exists(sandbox: Sandbox, client: OctaneClient) -> None:
    module = client.getOrCreateRootApplicationModuleID("Bookshop")
    suite = client.createTestSuite("Nightly", module)
    with pytest.raises(octane.InputError, match="no results") as raised:
        client.upload([], "nightly-1", module, suite, "Bookshop")
    assert raised.value.hint == "use `allow_empty=True` if that may be, which is a setting in `config` here"
    lenient = OctaneClient(config(sandbox, allow_empty="true"), Vault(sandbox))
    assert lenient.upload([], "nightly-1", module, suite, "Bookshop").counts.read == 0
    rows = [{"Test": "a", "Result": "green"}, {"Test": "b", "Result": "mauve"}]
    mapped = {"columns": {"Test": "name", "Result": "status"}, "status_map": {"green": "passed"}, "skip_invalid": True}
    with pytest.raises(octane.PartialUploadError):
        OctaneClient(config(sandbox, **mapped), Vault(sandbox)).upload(rows, "nightly-1", module, suite, "Bookshop")
    assert [run.name for run in sandbox.runs] == ["a"]
    with pytest.raises(octane.ConfigError, match="`allow_empty` must be `true` or `false`"):
        OctaneClient(config(sandbox, allow_empty="perhaps"), Vault(sandbox)).upload([], "r", module, suite, None)


def test_a_server_that_fails_is_a_status_after_all_retries(sandbox: Sandbox) -> None:
    endpoint = OctaneEndPoint(config(sandbox, retries=1), Vault(sandbox))
    sandbox.fail_next(status=503, path="*/releases", times=2)
    assert endpoint.get("releases")[0] == 503
    assert endpoint.get("releases")[0] == 200


@pytest.mark.parametrize(("pool", "size"), [(1, 1), (7, 7), (None, 4)])
def test_the_pool_says_how_many_requests_are_concurrent(sandbox: Sandbox, pool: int | None, size: int) -> None:
    class Sizeless:
        def submit(self, function: Any, *args: Any) -> None:
            function(*args)

    executor: Any = Sizeless() if pool is None else ThreadPoolExecutor(pool)
    answers: queue.Queue[Any] = queue.Queue()
    endpoint = OctaneEndPoint(config(sandbox), Vault(sandbox), answers, executor)
    assert endpoint._threads == size
    assert endpoint.get("releases") == answers.get(timeout=30)


def test_an_item_that_a_pool_cannot_put_is_not_lost(sandbox: Sandbox) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    # A queue of this process cannot be sent to another one.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        OctaneEndPoint(config(sandbox), Vault(sandbox), answers, pool).get("releases")
        assert answers.get(timeout=30)[0] == 200


class Attributes:
    url = ""
    client_id = "sandbox"
    client_secret = "sandbox-secret"
    proxy = "direct"

    def method(self) -> None:
        raise AssertionError("methods are not settings")


class Asked:
    """Settings that can only be asked for by name."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings

    def get(self, name: str) -> Any:
        return self._settings[name]


def shapes(sandbox: Sandbox, folder: pathlib.Path) -> dict[str, Any]:
    flat = {"url": sandbox.url, "client_id": sandbox.client_id, "client_secret": sandbox.client_secret, "proxy": "direct"}
    attributes = Attributes()
    attributes.url, attributes.client_secret = sandbox.url, sandbox.client_secret
    server, workspace = sandbox.url.split("/ui/")[0], 1002
    parser = configparser.ConfigParser()
    parser.read_dict({"octane": {key: value.replace("%", "%%") for key, value in flat.items()}})
    ini = folder / "octane.ini"
    ini.write_text("[octane]\n" + "".join(f"{key} = {value}\n" for key, value in flat.items()))
    (folder / "octane.json").write_text(json.dumps({"octane": flat}))
    (folder / "octane.toml").write_text("[octane]\n" + "".join(f'{key} = "{value}"\n' for key, value in flat.items()))
    foreign = configparser.ConfigParser()
    foreign.read_dict({"octane": dict(parser["octane"]), "email": {"server": "mail.example", "username": "other"}})
    Settings = collections.namedtuple("Settings", list(flat))
    return {
        "flat": flat,
        "nested": {"octane": flat, "email": {"server": "mail.example", "password": "other"}},
        "two sections": {
            "server": {"url": server, "proxy": "direct"},
            "upload": {"batchSize": 10},
            "octane": {"sharedSpaceId": "1001", "workspace_id": workspace, "clientId": "sandbox", "client-secret": sandbox.client_secret},
        },
        "old names": {
            "OCTANE_BASE_URL": server, "OCTANE_SHARED_SPACE_ID": 1001, "OCTANE_WORKSPACE_ID": 1002, "proxy": "direct",
            "OCTANE_CLIENT_ID": sandbox.client_id, "OCTANE_CLIENT_SECRET": sandbox.client_secret,
        },
        "parser": parser,
        "parser with a foreign section": foreign,
        "section of a parser": parser["octane"],
        "named tuple": Settings(**flat),
        "method get": Asked(flat),
        "attributes": attributes,
        "namespace": types.SimpleNamespace(octane=types.SimpleNamespace(**flat)),
        "ini file": ini,
        "json file": str(folder / "octane.json"),
        "toml file": folder / "octane.toml",
    }  # fmt: skip


@pytest.mark.parametrize(
    "shape",
    [
        "flat", "nested", "two sections", "old names", "parser", "parser with a foreign section", "section of a parser",
        "attributes", "namespace", "named tuple", "method get", "ini file", "json file",
        pytest.param("toml file", marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="TOML needs Python 3.11")),
    ],
)  # fmt: skip
def test_settings_may_have_any_shape(sandbox: Sandbox, tmp_path: pathlib.Path, shape: str) -> None:
    assert OctaneEndPoint(shapes(sandbox, tmp_path)[shape]).get("releases")[0] == 200


def test_a_secret_with_a_percent_sign_is_read_from_a_parser(sandbox: Sandbox) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(f"[octane]\nurl = {sandbox.url}\nusername = me\npassword = 50%secret%(x)s\n")
    assert OctaneEndPoint(parser).password == "50%secret%(x)s"
    assert OctaneEndPoint(parser["octane"]).password == "50%secret%(x)s"
    assert OctaneEndPoint({"octane": parser["octane"]}).password == "50%secret%(x)s"
    assert OctaneEndPoint(config(sandbox), parser["octane"]).password == "50%secret%(x)s"
    assert OctaneEndPoint(config(sandbox), parser).password == "50%secret%(x)s"


def test_unknown_settings_are_logged_once_and_contradictory_ones_are_an_error(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "octane"):
        OctaneEndPoint(config(sandbox, colour="red", shape="round"))
    assert [record.message for record in caplog.records] == [
        "settings that are not known and have no effect: octane/colour, octane/shape"
    ]
    with pytest.raises(octane.ConfigError, match="`octane/url` and `octane/server` both set `url`"):
        OctaneEndPoint(config(sandbox, server="https://other.example"))
    with pytest.raises(octane.ConfigError, match="SSL_CERT_DIR|switches off"):
        OctaneEndPoint(config(sandbox, verify_ssl=False))


def test_a_subclass_chooses_names_credentials_and_shapes(sandbox: Sandbox) -> None:
    class Ours(OctaneClient):
        KEYS = {**OctaneClient.KEYS, "url": (*OctaneClient.KEYS["url"], "octopus")}

        def credentials(self, spKConfig: Any) -> tuple[str, str, str]:
            assert spKConfig == "vault"
            return "api_key", sandbox.client_id, sandbox.client_secret

        def shape(self, method: str, value: Any) -> Any:
            return value["id"] if method == "createTestSuite" else value

    ours = Ours({"octopus": sandbox.url, "proxy": "direct"}, "vault")
    suite = ours.createTestSuite("Nightly", None)
    assert isinstance(suite, str) and ours.getTestSuite("Nightly")["id"] == suite


def test_a_subclass_may_name_only_the_settings_that_it_changes(sandbox: Sandbox) -> None:
    class Ours(OctaneClient):
        KEYS = {"url": ("octopus",), "team": ("team",)}

    ours = Ours({"octopus": sandbox.url, "proxy": "direct", "team": "blue", "spool": "off"}, Vault(sandbox))
    assert ours.getApplicationModule("Nothing") is None
    assert ours._settings["team"] == "blue"


def test_an_address_is_a_user_and_anything_else_an_api_key() -> None:
    from octane_client.compat.credentials import kind_of, read

    assert kind_of("username", "jane@example.com") == "user"
    assert kind_of("username", "ci_k3v") == kind_of("client_id", "jane@example.com") == "api_key"
    assert read(("ci", "s"), OctaneClient.KEYS, "user") == ("user", "ci", "s")


def test_what_the_module_exports_is_documented() -> None:
    assert set(compat.__all__) == {"EVIDENCE_TEMPLATE_TEST_SUITE", "TEST_RUN", "Entity", "OctaneClient", "OctaneEndPoint"}


def test_the_run_of_a_feature_is_one_of_the_automated_runs(
    sandbox: Sandbox, client: OctaneClient, tmp_path: pathlib.Path
) -> None:
    steps = [{"keyword": "When ", "name": "I act", "result": {"status": "passed", "duration": 1}}]
    scenario = {"type": "scenario", "name": "adds", "line": 3, "start_timestamp": "2026-11-28T05:00:00.000Z", "steps": steps}
    report = tmp_path / "cucumber.json"
    report.write_text(json.dumps([{"uri": "cart.feature", "name": "Cart", "keyword": "Feature", "elements": [scenario]}]))
    with sandbox.client() as own:
        own.upload(report, suite="Nightly", suite_run="nightly-1", gherkin="features").raise_for_problems()
    suite_run = client.getSuiteRun("nightly-1", client.getTestSuite("Nightly"))
    (run,) = client.updateAutoRuns(3005, "nightly-1", suite_run)
    assert (run["type"], run["name"]) == ("gherkin_automated_run", "Cart")
    assert client.getAutoRuns("nightly-1", suite_run) == [run]
