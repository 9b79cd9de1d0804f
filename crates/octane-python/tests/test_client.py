"""The blocking client against the sandbox."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import octane_client as octane
import pytest
from octane_client import Client, _settings
from octane_client.testing import Sandbox


def test_modules_are_found_created_and_listed(client: Client) -> None:
    created = client.modules.ensure("Bookshop/Basket")
    assert client.modules.ensure("Bookshop/Basket") == created
    assert client.modules.find("Bookshop/Basket") == created
    shop = client.modules.find("Bookshop")
    assert shop is not None and created.parent_id == shop.id
    assert client.modules.find("Basket", parent=shop) == created
    assert client.modules.list(parent=shop) == [created]
    assert client.modules.find("Nothing") is None
    assert client.modules.get(created) == client.modules.get(str(created.id)) == created
    assert client.modules.root().parent_id is None
    assert client.modules.create("Coupons", parent=shop).parent_id == shop.id
    with pytest.raises(octane.Rejected) as raised:
        client.modules.create("Basket", parent=shop)
    assert raised.value.status == 409


def test_suites_are_found_created_and_listed(client: Client) -> None:
    module = client.modules.ensure("Bookshop")
    suite = client.suites.ensure("Nightly", module=module)
    assert suite.module_ids == (module.id,)
    assert client.suites.find("Nightly") == client.suites.get(suite.id) == suite
    assert client.suites.list(module=module) == [suite]
    assert client.suites.find("Nightly", module=client.modules.root()) is None


def test_suite_runs_are_created_once(client: Client) -> None:
    suite = client.suites.ensure("Nightly")
    (release,) = client.api("GET", "releases?limit=1").json()["data"]
    planned = client.suite_runs.ensure("nightly-1", suite=suite)
    assert planned.suite_id == suite.id and planned.runs() == []
    assert client.suite_runs.ensure("nightly-1", suite=suite, release=release) == planned
    other = client.suite_runs.create("nightly-2", suite=suite, release=release["id"])
    assert client.suite_runs.list(suite=suite) == [planned, other]
    report = client.upload([{"name": "a", "status": "passed"}], suite=suite, suite_run="nightly-1")
    assert report.suite_run_id == planned.id and [run.name for run in planned.runs()] == ["a"]
    with pytest.raises(octane.Rejected, match="no `test` with the ID `99999`"):
        client.suite_runs.create("nightly-3", suite=99999)


def test_jira_keys_have_no_story_or_one_or_several(client: Client) -> None:
    found = client.stories.resolve(["SHOP-101", "SHOP-150", "NONE-1"])
    assert [len(found[key]) for key in ("SHOP-101", "SHOP-150", "NONE-1")] == [1, 2, 0]
    assert found["SHOP-101"][0].subtype == "story"
    assert client.stories.field() == "jira_key_udf"


def test_a_list_of_what_does_not_exist_is_an_error_and_an_empty_list_is_one(client: Client) -> None:
    module = client.modules.ensure("Empty")
    suite = client.suites.ensure("Unused", module=module)
    assert client.modules.list(parent=module) == []
    assert client.suites.list(module=client.modules.ensure("Emptier")) == []
    assert client.suite_runs.list(suite=suite) == []
    report = client.upload([{"name": "a", "status": "passed"}], suite="Unused", suite_run="nightly-1")
    suite_run = report.suite_run_id
    assert client.runs.list(suite_run, skip=1) == []
    for list_them, kind in [
        (lambda: client.modules.list(parent=99999), "application module"),
        (lambda: client.suites.list(module=99999), "application module"),
        (lambda: client.suite_runs.list(suite=99999), "test suite"),
        (lambda: client.runs.list(99999), "suite run"),
    ]:
        with pytest.raises(octane.NotFound, match=f"no {kind} with ID 99999"):
            list_them()
    with pytest.raises(octane.NotFound):
        client.uploads.get("u-00000000000000")


def test_any_request_can_be_made(client: Client) -> None:
    response = client.api("get", "releases?limit=1")
    assert response.ok and response.json()["data"][0]["type"] == "release"
    created = client.api("POST", "test_suites", json={"data": [{"name": "Weekly"}]})
    assert created.status == 201
    assert client.api("GET", "nothing_like_it").status == 404
    with pytest.raises(octane.InputError, match="not a valid HTTP method"):
        client.api("GET IT", "releases")


def test_an_error_has_its_data(sandbox: Sandbox, client: Client) -> None:
    with pytest.raises(octane.NotFound, match="no test suite with ID 99999"):
        client.suites.get(99999)
    sandbox.fail_next(status=400, code="platform.unknown_field")
    with pytest.raises(octane.Rejected) as raised:
        client.suites.list()
    error = raised.value
    assert (error.status, error.code, error.method) == (400, "platform.unknown_field", "GET")
    assert error.url is not None and error.url.endswith("/test_suites")


def test_wrong_credentials_are_named_and_not_shown(sandbox: Sandbox) -> None:
    with sandbox.client(secret="wrong-secret") as client, pytest.raises(octane.AuthError) as raised:
        client.sign_in()
    assert raised.value.status == 401
    assert "wrong-secret" not in str(raised.value)
    assert "hint: " in raised.value.__notes__[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"url": None}, "no server URL given"),
        ({"url": "https://octane.example"}, "no shared space given"),
        ({"client_id": None}, "without its client ID"),
        ({"secret": None}, "without its secret"),
        ({"client_id": None, "secret": None}, "no credentials given"),
        ({"username": "jane", "password": "p"}, "several kinds of credentials"),
        ({"rate": 0}, "`rate` must be a whole number from 1 to 1000, or `off`, got 0"),
        ({"rate": 1.5}, "`rate` must be a whole number from 1 to 1000, or `off`, got 1.5"),
        ({"rate": 5000}, "`rate` must be a whole number from 1 to 1000, or `off`, got 5000"),
        ({"rate": "fast"}, "`rate` must be a whole number from 1 to 1000, or `off`, got 'fast'"),
        ({"retries": -1}, "`retries` must be a whole number, 0 or more, got -1"),
        ({"concurrency": 0}, "`concurrency` must be a whole number, 1 or more, got 0"),
        ({"space": 5.5}, "`space` must be a whole number, 0 or more, got 5.5"),
        ({"user_agent": 5}, "`user_agent` must be a text, got 5"),
        ({"jira_field": 5}, "`jira_field` must be a text, got 5"),
        ({"ca_files": 5}, "`ca_files` must be a path, got 5"),
        ({"spool": 5}, "`spool` must be a path, got 5"),
        ({"deadline": "soon"}, "`deadline` must be a number of seconds"),
        ({"space": "one"}, "`one` is not a number"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(settings: dict[str, object], message: str) -> None:
    given = {"url": "https://octane.example/ui/?p=1/2", "client_id": "id", "secret": "s3cret", **settings}
    with pytest.raises(octane.ConfigError, match=message) as raised:
        Client(**given)  # type: ignore[arg-type]
    assert isinstance(raised.value, ValueError)


def test_a_server_that_is_not_there_is_a_connection_error() -> None:
    with Client("http://127.0.0.1:9/ui/?p=1/2", client_id="id", secret="s", retries=0, proxy="direct") as client:
        with pytest.raises(octane.ConnectError) as raised:
            client.modules.root()
    assert isinstance(raised.value, ConnectionError)


def test_a_closed_client_says_so(sandbox: Sandbox) -> None:
    client = sandbox.client()
    client.close()
    with pytest.raises(octane.Cancelled, match="closed"):
        client.modules.root()
    assert repr(client) == "<Client (closed)>"


def test_credentials_are_asked_for_at_each_sign_in(sandbox: Sandbox) -> None:
    asked = []

    def provide() -> tuple[str, str, str]:
        asked.append(1)
        return "api_key", sandbox.client_id, sandbox.client_secret

    with sandbox.client(client_id=None, secret=None, credentials=provide) as client:
        client.modules.root()
        client.modules.root()
        assert len(asked) == 1
        sandbox.expire_sessions()
        client.modules.root()
    assert len(asked) == 2


def test_what_a_credentials_function_raises_is_named(sandbox: Sandbox) -> None:
    def provide() -> tuple[str, str, str]:
        raise RuntimeError("the vault is sealed")

    with sandbox.client(client_id=None, secret=None, credentials=provide) as client:
        with pytest.raises(octane.AuthError, match="the vault is sealed") as raised:
            client.modules.root()
        assert "check what the function returns" in str(raised.value.hint)


def test_credentials_of_an_unknown_kind_are_refused_and_not_shown(sandbox: Sandbox) -> None:
    given = sandbox.client_secret, sandbox.client_id, "api_key"
    with sandbox.client(client_id=None, secret=None, credentials=lambda: given) as client:
        with pytest.raises(octane.AuthError, match="must be `api_key` or `user`") as raised:
            client.modules.root()
    assert sandbox.client_secret not in str(raised.value)


def test_uploads_are_stored_where_the_program_stores_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPDATA", "roaming")
    monkeypatch.setenv("LOCALAPPDATA", "local")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert _settings.spool_folder(None) == "/state/octane-client/uploads"
    with monkeypatch.context() as windows:
        windows.setattr(os, "name", "nt")
        folder = _settings.spool_folder(None)
    assert folder == "roaming/octane-client/uploads"


def test_what_is_none_is_read_from_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {**sandbox.env, "OCTANE_SPOOL": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with Client.from_env(url=None, client_id=None, spool=None, workspace=None, on_ambiguous=None, proxy="direct") as client:
        assert client._core.spool == str(tmp_path)
        assert client.modules.root().parent_id is None


def test_the_environment_names_server_and_credentials(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in sandbox.env.items():
        monkeypatch.setenv(name, value)
    with Client.from_env(proxy="direct") as client:
        assert client.modules.root().name == "Application Modules"
    monkeypatch.delenv("OCTANE_CLIENT_SECRET")
    with Client.from_env(proxy="direct") as client:
        with pytest.raises(octane.ConfigError, match="OCTANE_CLIENT_SECRET is not set"):
            client.modules.root()


def test_a_url_that_names_a_workspace_is_not_mixed_with_that_of_the_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**sandbox.env, "OCTANE_SHARED_SPACE": "7", "OCTANE_WORKSPACE": "8"}.items():
        monkeypatch.setenv(name, value)
    for given, expected in (
        ({"url": "https://octane.example.com/ui/?p=1/2"}, (1, 2)),
        ({"url": "https://octane.example.com/ui/?p=1/2", "workspace": 3}, (1, 3)),
        ({"url": "https://octane.example.com"}, (7, 8)),
        ({}, (7, 8)),
    ):
        with Client.from_env(proxy="direct", **given) as client:
            assert client._core.client.address()[1:] == expected


def test_certificates_may_be_in_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    for name, value in {**sandbox.env, "OCTANE_CA_CERT": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "root.pem").write_text("nonsense")
    with Client.from_env(proxy="direct") as client:
        assert client.modules.root().parent_id is None


def test_missing_environment_variables_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OCTANE_URL", "OCTANE_CLIENT_ID", "OCTANE_CLIENT_SECRET", "OCTANE_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(octane.ConfigError, match="OCTANE_URL, OCTANE_CLIENT_ID, OCTANE_CLIENT_SECRET") as raised:
        Client.from_env()
    assert "octane sandbox" in str(raised.value.hint)
    with pytest.raises(octane.ConfigError, match="environment: OCTANE_URL\n"):
        Client.from_env(client_id="i", secret="s")


def test_given_credentials_override_those_of_the_environment(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**sandbox.env, "OCTANE_CLIENT_SECRET": "wrong"}.items():
        monkeypatch.setenv(name, value)

    def provide() -> tuple[str, str, str]:
        return "api_key", sandbox.client_id, sandbox.client_secret

    for given in ({"secret": sandbox.client_secret}, {"credentials": provide}):
        with Client.from_env(proxy="direct", **given) as client:
            assert client.modules.root().parent_id is None


def test_a_suite_run_of_another_process_is_a_value(client: Client) -> None:
    client.upload([{"name": "a", "status": "passed"}], suite="Nightly", suite_run="nightly-1")
    found = client.suite_runs["nightly-1"]
    copy = pickle.loads(pickle.dumps(found))
    assert type(copy) is octane.SuiteRun and copy.to_dict() == found.to_dict() and repr(copy) == repr(found)
    assert client.runs.list(copy) == found.runs()
    with pytest.raises(octane.InputError, match="a Jira key is empty"):
        found.link(jira=["SHOP-101", ""])
    with pytest.raises(octane.InputError, match="give a story or Jira keys"):
        found.link()


def test_a_rate_may_be_off(sandbox: Sandbox) -> None:
    with sandbox.client(rate="off") as client:
        assert client.suites.find("missing") is None
