"""Tests with a local Octane, which the fixture `octane_server` starts: `pytest test_with_sandbox.py`.

`pytest --octane` uploads the results of these tests themselves, and links them to the stories of the marker `jira`.
"""

from __future__ import annotations

import octane_client as octane
import pytest
from octane_client.testing import Sandbox

ROWS = [{"name": "pays", "status": "passed"}]


@pytest.mark.jira("SHOP-101")
def test_results_are_in_octane(octane_server: Sandbox) -> None:
    with octane_server.client() as client:
        client.upload(ROWS, suite="Nightly", suite_run="nightly-1").raise_for_problems()
    assert [(run.name, run.status) for run in octane_server.runs] == [("pays", "passed")]


@pytest.mark.jira("SHOP-102")
def test_a_busy_server_is_asked_again(octane_server: Sandbox) -> None:
    octane_server.fail_next(status=503, times=1)
    with octane_server.client() as client:
        assert client.modules.root().name == "Application Modules"


def test_wrong_credentials_are_an_error(octane_server: Sandbox) -> None:
    with octane_server.client(secret="wrong") as client, pytest.raises(octane.AuthError):
        client.sign_in()
