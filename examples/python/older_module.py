"""A script for the older in-house module: its import line is all that has changed."""

from __future__ import annotations

import os

from octane_client.compat import OctaneClient

CONFIG = {
    "octane": {"server": os.environ.get("OCTANE_URL"), "spool": "off"},
    "upload": {"batch_size": 1000, "dialect": "standard"},
}
CREDENTIALS = {
    "username": os.environ.get("OCTANE_CLIENT_ID"),
    "password": os.environ.get("OCTANE_CLIENT_SECRET"),
}
PORTIONS = {
    "SHOP-101": [{"testname": "adds tax", "status": "Passed", "duration": 84}],
    "SHOP-102": [{"testname": "rounds", "status": "Failed", "duration": 12}],
}


def main() -> None:
    client = OctaneClient(CONFIG, CREDENTIALS)
    module = client.getOrCreateRootApplicationModuleID("Shop")
    suite = client.createTestSuite("Nightly", module)
    stories = client.getOctaneIds(PORTIONS)
    uploaded = 0
    for key, results in PORTIONS.items():
        client.upload(results, "nightly-4711", module, suite, "Shop/Checkout")
        suite_run = client.getSuiteRun("nightly-4711", suite)
        runs = client.updateAutoRuns(stories[key], "nightly-4711", suite_run, totalRunsUploaded=uploaded)
        uploaded += len(runs)
    print(f"{uploaded} runs, linked to {len(stories)} stories")


if __name__ == "__main__":
    main()
