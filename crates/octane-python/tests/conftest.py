"""What all tests use: a sandbox for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from octane_client import Client
from octane_client.testing import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    with sandbox.client() as client:
        yield client
