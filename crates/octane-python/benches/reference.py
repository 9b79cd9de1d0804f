"""What people write in an afternoon: payloads of 1,000 results from a frame by string templates, four at a time.

Without ``iterrows``, which would take many times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.sax.saxutils import escape, quoteattr

BATCH = 1000
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<test_result>\n'
    '<suite_ref external_run_id="bench" suite_id="4001"/>\n<test_runs>\n'
)
TAIL = "</test_runs>\n</test_result>\n"
RUN = '<test_run package=%s class=%s name=%s status="%s" duration="%d" started="%d"%s\n'
ERROR = '><error type=%s message=%s>%s</error></test_run>'
COLUMNS = ["package", "class", "name", "status", "duration_ms", "started", "error_type", "error_message"]


def rows(frame: Any) -> Iterable[tuple[Any, ...]]:
    if hasattr(frame, "itertuples"):
        return frame[COLUMNS].itertuples(index=False, name=None)
    return frame.select(COLUMNS).iter_rows()


def runs(frame: Any) -> Iterator[str]:
    for package, class_, name, status, duration, started, error, message in rows(frame):
        end = "/>"
        if status == "failed":
            end = ERROR % (quoteattr(error), quoteattr(message), escape(message))
        yield RUN % (
            quoteattr(package),
            quoteattr(class_),
            quoteattr(name),
            status.capitalize(),
            duration,
            int(started.timestamp() * 1000),
            end,
        )


def payloads(frame: Any) -> Iterator[bytes]:
    batch: list[str] = []
    for run in runs(frame):
        batch.append(run)
        if len(batch) == BATCH:
            yield (HEAD + "".join(batch) + TAIL).encode()
            batch.clear()
    if batch:
        yield (HEAD + "".join(batch) + TAIL).encode()


def upload(frame: Any, address: str) -> int:
    import threading

    import requests

    session = requests.Session()
    session.post(f"{address}/authentication/sign_in", json={"client_id": "bench", "client_secret": "bench"})
    url = f"{address}/api/shared_spaces/1001/workspaces/1002/test-results?skip-errors=false"
    # `map` would make all payloads at once.
    places = threading.Semaphore(8)

    def send(payload: bytes) -> int:
        try:
            response = session.post(url, data=payload, headers={"Content-Type": "application/xml"})
            response.raise_for_status()
            return int(response.json()["id"])
        finally:
            places.release()

    sent = []
    with ThreadPoolExecutor(4) as pool:
        for payload in payloads(frame):
            places.acquire()
            sent.append(pool.submit(send, payload))
    return len([task.result() for task in sent])
