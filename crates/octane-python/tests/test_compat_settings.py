"""Settings and credentials of the older classes: where they come from, and which of several counts."""

from __future__ import annotations

import configparser
import logging
import pathlib
import types
from typing import Any

import octane_client as octane
import pytest
from octane_client.compat import OctaneClient, OctaneEndPoint
from octane_client.compat.config import KEYS, read
from octane_client.compat.credentials import read as read_credentials
from octane_client.testing import Sandbox


def parser(text: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser()
    parsed.read_string(text)
    return parsed


class Asked:
    """Settings that can only be asked for by name."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings

    def get(self, name: str) -> Any:
        return self._settings.get(name)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"url": "https://octane.example/ui/?p=1/2"}, (1, 2)),
        ({"url": "https://octane.example", "space": 1, "workspace": 2}, (1, 2)),
        ({"space": 1, "workspace": 2}, (1, 2)),
        ({"url": "https://octane.example"}, (7, 8)),
        ({}, (7, 8)),
    ],
)
def test_a_workspace_in_config_is_not_mixed_with_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], expected: tuple[int, int]
) -> None:
    environment = {"OCTANE_URL": "https://other.example", "OCTANE_SHARED_SPACE": "7", "OCTANE_WORKSPACE": "8"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    client = OctaneClient({**config, "proxy": "direct"}, ("name", "secret"))
    assert client._core.client.address()[1:] == expected


def test_half_a_workspace_is_not_completed_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTANE_SHARED_SPACE", "7")
    monkeypatch.setenv("OCTANE_WORKSPACE", "8")
    with pytest.raises(octane.ConfigError, match="no workspace given"):
        OctaneClient({"url": "https://octane.example", "space": 1}, ("name", "secret"))
    monkeypatch.setenv("OCTANE_URL", "https://octane.example/ui/?p=1/2")
    assert OctaneClient({"space": 1, "proxy": "direct"}, ("name", "secret"))._core.client.address()[1:] == (1, 2)


@pytest.mark.parametrize("is_file", [False, True])
def test_percent_signs_mean_what_they_do_in_a_parser(tmp_path: pathlib.Path, is_file: bool) -> None:
    text = "[DEFAULT]\nroot = /etc/octane\n[octane]\nclient_secret = pct%%x\npassword = 50%x\nca_file = %(root)s/ca.pem\n"
    path = tmp_path / "octane.ini"
    path.write_text(text)
    expected = {"secret": "pct%x", "password": "50%x", "ca_files": "/etc/octane/ca.pem"}
    assert read(path if is_file else parser(text), KEYS) == expected
    section = parser(text)["octane"]
    assert read(section, KEYS) == expected
    assert read_credentials({"username": "me", "password": section["client_secret"]}, KEYS) == ("api_key", "me", "pct%x")
    assert read_credentials(parser(f"{text}\nclient_id = me"), KEYS) == ("api_key", "me", "pct%x")


def test_a_section_overrides_the_default_section() -> None:
    text = "[DEFAULT]\ntimeout = 30\nretries = 2\n[octane]\nrequest_timeout = 60\n[upload]\nbatch_size = 5\n[email]\ntimeout = 1\n"
    assert read(parser(text), KEYS) == {"timeout": "60", "retries": "2", "batch_size": "5"}
    for shape in (dict(parser(text)), {name: dict(section) for name, section in parser(text).items()}):
        assert read(shape, KEYS) == read(parser(text), KEYS)
    assert read(parser("[DEFAULT]\ntimeout = 30\n"), KEYS) == {"timeout": "30"}
    assert read(parser("[octane]\nretries = 2\n[proxy]\nhost = proxy.example\n"), KEYS) == {"retries": "2"}
    with pytest.raises(octane.ConfigError, match="`DEFAULT/host` and `DEFAULT/server` both set `url`|`DEFAULT/server` and"):
        read(parser("[DEFAULT]\nserver = a\nhost = b\n"), KEYS)
    with pytest.raises(octane.ConfigError, match="`octane/timeout` and `upload/timeout` both set `timeout`"):
        read(parser("[octane]\ntimeout = 60\n[upload]\ntimeout = 30\n"), KEYS)


def test_false_and_0_are_settings_also_if_they_have_to_be_asked_for(sandbox: Sandbox) -> None:
    class Ours(OctaneClient):
        KEYS = {"url": ("octopus",)}

    settings = {"wait": False, "retries": 0}
    assert read(Asked(**settings), KEYS) == settings
    ours = Ours(Asked(octopus=sandbox.url, proxy="direct", **settings), ("name", "secret"))
    assert (ours._settings["wait"], ours._settings["retries"]) == (False, 0)


@pytest.mark.parametrize("extension", ["ini", "json", "toml"])
def test_a_byte_order_mark_in_a_file_means_nothing(tmp_path: pathlib.Path, extension: str) -> None:
    if extension == "toml":
        pytest.importorskip("tomllib")
    path = tmp_path / f"octane.{extension}"
    texts = {"ini": "[octane]\nclient_id = me\n", "json": '{"client_id": "me"}', "toml": 'client_id = "me"\n'}
    path.write_text(texts[extension], encoding="utf-8-sig")
    assert read(path, KEYS) == {"client_id": "me"}


def test_certificates_may_be_named_as_for_requests(caplog: pytest.LogCaptureFixture) -> None:
    assert read({"verify": "/etc/ca.pem"}, KEYS) == read({"ca_file": "/etc/ca.pem"}, KEYS) == {"ca_files": "/etc/ca.pem"}
    assert read({"verify_ssl": True, "disable_ssl": "no"}, KEYS) == {}
    for config in ({"verify": False}, {"ssl_verify": "off"}, {"disable_ssl": "yes"}):
        with pytest.raises(octane.ConfigError, match="switches off"):
            read(config, KEYS)
    with caplog.at_level(logging.WARNING, "octane"):
        assert read({"disable_ssl": "maybe"}, KEYS) == {}
    assert "have no effect: disable_ssl" in caplog.text


class Vault:
    """As of a vault whose method `login` returns a token, and which stores what it has encrypted."""

    _username = "encrypted"
    username = "ci"
    password = "s3cret"

    def login(self) -> str:
        raise AssertionError("no one has asked for this")


def test_an_object_is_asked_for_the_usual_names_first() -> None:
    assert read_credentials(Vault(), KEYS) == ("api_key", "ci", "s3cret")
    assert read_credentials({"login": "other", "username": "ci", "password": "s3cret"}, KEYS) == ("api_key", "ci", "s3cret")
    only = types.SimpleNamespace(login="ci", password=lambda: "s3cret")
    assert read_credentials(only, KEYS) == ("api_key", "ci", "s3cret")
    with pytest.raises(octane.ConfigError, match="no user name and password"):
        read_credentials(types.SimpleNamespace(login=lambda: "token", password="s3cret"), KEYS)


def test_credentials_may_be_bytes(sandbox: Sandbox) -> None:
    given = {"username": sandbox.client_id.encode(), "password": sandbox.client_secret.encode()}
    assert OctaneEndPoint({"url": sandbox.url, "proxy": "direct"}, given).get("releases")[0] == 200
    with pytest.raises(octane.ConfigError, match="^the secret is not a text in UTF-8$"):
        read_credentials({"username": "ci", "password": b"\xff"}, KEYS)
