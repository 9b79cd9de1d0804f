"""What an upload from a data frame costs, against a plain Python script that does the same: see ``reference.py``.

Usage: bench.py [ROWS ...] (default: 100000 1000000). It needs pandas, polars, pyarrow, requests, and a release build of the
package. Each measurement is a process of its own; the best of several counts.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

ROUNDS = 3
KINDS = {"pandas": "pandas, str", "object": "pandas, object columns", "polars": "polars"}


def frame(kind: str, count: int) -> Any:
    """Results of which one in fifty has failed."""
    import datetime

    failed = [number % 50 == 7 for number in range(count)]
    begin = datetime.datetime(2026, 3, 1, 8, tzinfo=datetime.timezone.utc)
    columns = {
        "package": [f"com.example.shop.area{number // 5000 % 20}" for number in range(count)],
        "class": [f"Checkout{number // 100 % 50}Test" for number in range(count)],
        "name": [f"pays_with_card_{number}" for number in range(count)],
        "status": ["failed" if has_failed else "passed" for has_failed in failed],
        "duration_ms": [number % 900 for number in range(count)],
        "started": [begin + datetime.timedelta(milliseconds=250 * number) for number in range(count)],
        "error_type": ["AssertionError" if has_failed else None for has_failed in failed],
        "error_message": [f"expected <{n}> & got <{n + 1}>" if failed[n] else None for n in range(count)],
        "branch": ["main"] * count,
        "machine": [f"agent-{number % 8}" for number in range(count)],
    }
    if kind == "polars":
        import polars

        return polars.DataFrame(columns)
    import pandas

    made = pandas.DataFrame(columns)
    if kind == "object":
        texts = [name for name in columns if name not in ("duration_ms", "started")]
        made = made.astype(dict.fromkeys(texts, object))
    return made


def peak() -> int:
    """The largest memory since it was last reset, in KiB."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def reset_peak() -> None:
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/clear_refs").write_text("5")


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measured(work: Any) -> dict[str, Any]:
    import gc

    gc.collect()
    reset_peak()
    before, used, begin = peak(), cpu(), time.perf_counter()
    done = work()
    return {
        "wall": time.perf_counter() - begin,
        "cpu": cpu() - used,
        "memory": (peak() - before) / 1024,
        **(done if isinstance(done, dict) else {}),
    }


OPTIONS: dict[str, Any] = {"suite": 4001, "suite_run": "bench", "extra": "ignore", "batch_size": 1000}


def client(address: str, spool: str) -> Any:
    from octane_client import Client

    url = f"{address}/ui/?p=1001/1002"
    return Client(url, client_id="bench", secret="bench", spool=spool, rate="off", proxy="direct")


def payload_of_ours(made: Any) -> Any:
    from octane_client import _upload

    with client("http://127.0.0.1:9", "off") as own:
        return lambda: _upload.upload(own._core, made, _render=True, **OPTIONS).wait()


def payload_of_script(made: Any) -> Any:
    import reference

    def work() -> dict[str, Any]:
        sizes = [len(payload) for payload in reference.payloads(made)]
        return {"payloads": len(sizes), "bytes": sum(sizes)}

    return work


def upload_of_ours(made: Any, address: str, spool: str) -> Any:
    """Up to the last accepted batch: what follows, the script does not do."""

    class Done(Exception):
        pass

    own = client(address, spool)
    count = -(-len(made) // OPTIONS["batch_size"])
    accepted = 0
    at = {}
    begin = time.perf_counter()

    def on_progress(event: Any) -> None:
        nonlocal accepted
        if event.kind == "prepared":
            at["prepared"] = time.perf_counter() - begin
        accepted += event.kind == "accepted"
        if accepted == count:
            raise Done

    def work() -> dict[str, Any]:
        nonlocal begin
        begin = time.perf_counter()
        try:
            own.upload(made, on_progress=on_progress, jira="off", **OPTIONS)
        except Done:
            return {"payloads": accepted, **at}
        raise AssertionError(f"{accepted} batches were accepted, not {count}")

    return work


def upload_of_script(made: Any, address: str) -> Any:
    import reference
    import requests  # noqa: F401

    return lambda: {"payloads": reference.upload(made, address)}


def one(what: str, who: str, kind: str, count: int, address: str) -> None:
    """A measurement, printed as JSON."""
    made = frame(kind, count)
    with tempfile.TemporaryDirectory() as spool:
        if what == "payload":
            work = payload_of_ours(made) if who == "ours" else payload_of_script(made)
        else:
            work = upload_of_ours(made, address, spool) if who == "ours" else upload_of_script(made, address)
        print(json.dumps(measured(work)), flush=True)


@contextlib.contextmanager
def stub() -> Iterator[str]:
    script = pathlib.Path(__file__).with_name("stub.py")
    server = subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None and server.stdout is not None
    yield server.stdout.readline().strip()
    server.stdin.close()
    server.wait()


def best(what: str, who: str, kind: str, count: int, address: str) -> dict[str, Any]:
    found = []
    for _ in range(ROUNDS if count <= 200_000 else 2):
        command = [sys.executable, __file__, "one", what, who, kind, str(count), address]
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found.append(json.loads(ended.stdout))
    return min(found, key=lambda measure: measure["cpu" if what == "payload" else "wall"])


def load() -> str:
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


def main(counts: list[int]) -> None:
    with stub() as address:
        for count in counts:
            print(f"\n{count:,} rows, load {load()}", flush=True)
            for what, unit in (("payload", "cpu"), ("upload", "wall")):
                for kind, name in KINDS.items():
                    ours = best(what, "ours", kind, count, address)
                    script = best(what, "script", kind, count, address)
                    assert ours["payloads"] == script["payloads"], (ours, script)
                    ratio = script[unit] / ours[unit]
                    print(
                        f"  frame to {'payloads, CPU' if what == 'payload' else 'last accepted batch'}: {name:23} "
                        f"{ours[unit]:7.3f} s, script {script[unit]:7.3f} s: {ratio:5.2f} times"
                        + (
                            f"; CPU {ours['cpu']:.2f} s, script {script['cpu']:.2f} s; planned after "
                            f"{ours['prepared']:.2f} s; memory beyond the frame {ours['memory']:.0f} MiB, script "
                            f"{script['memory']:.0f} MiB"
                            if what == "upload"
                            else ""
                        ),
                        flush=True,
                    )
    print(f"\nload {load()}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        one(*sys.argv[2:5], int(sys.argv[5]), sys.argv[6])
    else:
        main([int(word.replace("_", "").replace(",", "")) for word in sys.argv[1:]] or [100_000, 1_000_000])
