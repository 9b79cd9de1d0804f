"""The classes of the older in-house module, with the same names, parameters, order and defaults.

    from octane_client.compat import OctaneEndPoint, OctaneClient

That is the whole migration. Underneath is the client of this package: sessions, retries, a polite rate, uploads whose outcome is
known, links that are only added. ``docs/python.md`` has a row for each method.

Subclasses may override :attr:`KEYS`, which settings have which names, :meth:`credentials`, how ``spKConfig`` is read, and
:meth:`shape`, what methods return.
"""

from __future__ import annotations

from octane_client.compat._client import OctaneClient
from octane_client.compat._endpoint import OctaneEndPoint
from octane_client.compat.shapes import Entity
from octane_client.compat.templates import EVIDENCE_TEMPLATE_TEST_SUITE, TEST_RUN

__all__ = ["EVIDENCE_TEMPLATE_TEST_SUITE", "TEST_RUN", "Entity", "OctaneClient", "OctaneEndPoint"]
