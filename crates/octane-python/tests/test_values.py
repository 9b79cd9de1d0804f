"""Values and exceptions: equality, pickling, secrets."""

from __future__ import annotations

import os
import pathlib
import pickle

import octane_client as octane
import pytest
from octane_client import errors
from octane_client._ids import entity_id


@pytest.mark.parametrize("name", errors.__all__)
def test_every_exception_can_be_pickled_with_its_data(name: str) -> None:
    kind = getattr(octane, name)
    error = kind("it failed", hint="try again", status=503)
    restored = pickle.loads(pickle.dumps(error))
    assert type(restored) is kind
    assert (str(restored), restored.hint, restored.status) == ("it failed", "try again", 503)
    assert restored.__notes__ == ["hint: try again"]


def test_exceptions_have_the_bases_that_old_handlers_catch() -> None:
    assert issubclass(octane.TransportError, OSError)
    assert issubclass(octane.DeadlineExceeded, TimeoutError)
    assert issubclass(octane.ConnectError, ConnectionError)
    assert issubclass(octane.ConfigError, ValueError)
    assert issubclass(octane.SchemaError, ValueError)
    assert issubclass(octane.InternalError, RuntimeError)
    assert all(issubclass(getattr(octane, name), octane.OctaneError) for name in errors.__all__)


def test_a_value_compares_hashes_pickles_and_does_not_change() -> None:
    module = octane.Module(id=7, name="Shop", parent_id=None)
    assert module == octane.Module(id=7, name="Shop", parent_id=None)
    assert module != octane.Module(id=8, name="Shop", parent_id=None)
    assert len({module, octane.Module(id=7, name="Shop", parent_id=None)}) == 1
    assert pickle.loads(pickle.dumps(module)) == module
    assert repr(module) == "Module(id=7, name='Shop', parent_id=None)"
    with pytest.raises(AttributeError):
        module.name = "Other"


def test_a_secret_is_not_shown(tmp_path: object) -> None:
    secret = octane.Secret("hunter2")
    assert (repr(secret), f"{secret}", secret.reveal()) == ("Secret(***)", "***", "hunter2")
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_secret_is_read_when_it_is_needed(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pathlib.Path(str(tmp_path)) / "secret"
    secret = octane.Secret.file(path)
    with pytest.raises(octane.ConfigError, match="cannot read the secret"):
        secret.reveal()
    path.touch(mode=0o600)
    path.write_text("s3cret\n")
    assert secret.reveal() == "s3cret"
    if os.name == "posix":
        path.chmod(0o604)
        with pytest.raises(octane.ConfigError, match="other users can access it \\(mode 0604\\)"):
            secret.reveal()
    monkeypatch.setenv("SOME_SECRET", "other")
    assert octane.Secret.env("SOME_SECRET").reveal() == "other"


def test_a_file_of_a_secret_has_nothing_but_the_secret(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "secret"
    path.touch(mode=0o600)
    path.write_bytes(b"\xef\xbb\xbfs3cret\r\n")
    assert octane.Secret.file(path).reveal() == "s3cret"
    for content, reason in ((b" \n", "it is empty"), (b"s3cret\xff", "it is not UTF-8")):
        path.write_bytes(content)
        with pytest.raises(octane.ConfigError, match=f"cannot read the secret from `.*secret`: {reason}$") as raised:
            octane.Secret.file(path).reveal()
        assert raised.value.__cause__ is None and "s3cret" not in str(raised.value)


@pytest.mark.parametrize("value", [-5, "-5", 2**63, str(2**63), "9" * 5000, True, None, 1.5])
def test_what_is_not_an_id_is_refused(value: object) -> None:
    with pytest.raises(octane.InputError, match="is not a valid story ID"):
        entity_id(value, "story ID")


def test_an_id_may_be_large() -> None:
    assert entity_id(2**63 - 1) == entity_id(f" {2**63 - 1} ") == 2**63 - 1
