"""A release in the sandbox."""

from __future__ import annotations

from octane_client.testing import Sandbox


def create_release(sandbox: Sandbox, name: str) -> None:
    release = {"name": name, "start_date": "2025-04-01T00:00:00Z", "end_date": "2025-06-01T00:00:00Z"}
    with sandbox.client() as client:
        response = client.api("POST", "releases", json={"data": [release]})
    assert response.status == 201, response.text
