"""Uploads rows: `OCTANE_URL=… OCTANE_CLIENT_ID=… OCTANE_CLIENT_SECRET=… python rows.py`.

The variables are those of the program `octane`; `octane sandbox` prints them for a local Octane.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import octane_client as octane


@dataclass
class Result:
    name: str
    status: str
    duration: timedelta
    started: datetime
    jira: list[str]


def results() -> list[Result]:
    start = datetime(2025, 4, 30, 10, 0, tzinfo=timezone.utc)
    return [
        Result("pays by card", "passed", timedelta(seconds=1.5), start, ["SHOP-101"]),
        Result("pays by invoice", "failed", timedelta(milliseconds=80), start, ["SHOP-101", "SHOP-102"]),
    ]


def main() -> int:
    with octane.Client.from_env() as client:
        try:
            report = client.upload(
                results(),
                suite="Nightly",
                suite_run="nightly-4711",
                module="Shop/Checkout",
                on_progress=print,
            )
        except octane.SchemaError as error:
            for bad in error.rows:
                print(f"row {bad['row']}, column {bad['column']}: {bad['message']}")
            return 3
        print(report)
        print(report.url)
        return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
