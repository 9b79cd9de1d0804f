"""Uploads a pandas DataFrame, with names of columns as a team has them."""

from __future__ import annotations

import octane_client as octane
import pandas as pd


def results() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Test Name": ["adds tax", "rounds", "ships"],
            "Result": ["PASS", "FAIL", "SKIP"],
            "Seconds": [0.25, 1.5, None],
            "Started": [pd.Timestamp("2025-04-30 10:00"), pd.Timestamp("2025-04-30 10:01"), None],
            "Story": ["SHOP-101", "SHOP-102, SHOP-103", None],
            "Owner": ["jane", "joe", "jane"],
        }
    )


def main() -> None:
    with octane.Client.from_env() as client:
        report = client.upload(
            results(),
            suite="Nightly",
            suite_run="nightly-4711",
            module="Shop/Checkout",
            columns={
                "Test Name": "name",
                "Result": "status",
                "Seconds": "duration",
                "Started": "started",
                "Story": "jira",
                "Owner": None,
            },
            duration_unit="s",
            timezone="Europe/Berlin",
        )
        report.raise_for_problems()
        print(f"{report.counts.ingested} results are in Octane: {report.url}")


if __name__ == "__main__":
    main()
