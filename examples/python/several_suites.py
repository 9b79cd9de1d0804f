"""Uploads into several suites at once, with asyncio."""

from __future__ import annotations

import asyncio

from octane_client.aio import AsyncClient

SUITES = {
    "Unit tests": [{"name": "adds tax", "status": "passed"}],
    "API tests": [{"name": "pays", "status": "passed"}, {"name": "refunds", "status": "failed"}],
}


async def main() -> None:
    async with AsyncClient.from_env() as client:
        uploads = [
            client.upload(results, suite=suite, suite_run="build-17", module="Shop")
            for suite, results in SUITES.items()
        ]
        for report in await asyncio.gather(*uploads):
            print(report)


if __name__ == "__main__":
    asyncio.run(main())
