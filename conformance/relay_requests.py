"""A plain client with `requests`, with the address of a relay instead of Octane's."""

import gzip
import os
import time
import uuid

import requests

URL = os.environ["RELAY_URL"]
WORKSPACE = f"api/shared_spaces/{os.environ['SANDBOX_SPACE']}/workspaces/{os.environ['SANDBOX_WORKSPACE']}"


def sign_in(token: str) -> requests.Session:
    session = requests.Session()
    credentials = {"client_id": os.environ["RELAY_TOKEN_ID"], "client_secret": token}
    session.post(f"{URL}/authentication/sign_in", json=credentials, timeout=60).raise_for_status()
    return session


def push(session: requests.Session, xml: bytes, **headers: str) -> dict:
    answer = session.post(
        f"{URL}/{WORKSPACE}/test-results",
        params={"skip-errors": "false"},
        data=xml,
        headers={"Content-Type": "application/xml", **headers},
        timeout=60,
    )
    answer.raise_for_status()
    assert answer.status_code == 202, answer.status_code
    task = answer.json()
    while task["status"] in ("queued", "running"):
        time.sleep(0.05)
        answer = session.get(f"{URL}/{WORKSPACE}/test-results/{task['id']}", timeout=60)
        answer.raise_for_status()
        task = answer.json()
    return task


def main() -> None:
    test = f"test {uuid.uuid4()}"
    xml = f'<test_result><test_runs><test_run name="{test}" status="Passed" duration="1"/></test_runs></test_result>'
    session = sign_in(os.environ["RELAY_TOKEN"])
    assert session.cookies["LWSSO_COOKIE_KEY"]
    task = push(session, xml.encode())
    assert task["status"] == "success", task
    # The same bytes, packed: Octane knows them.
    task = push(session, gzip.compress(xml.encode()), **{"Content-Encoding": "gzip"})
    assert (task["status"], task["fromOlderPush"]) == ("success", "true"), task

    # It is in Octane.
    octane = requests.Session()
    key = {"client_id": os.environ["SANDBOX_CLIENT_ID"], "client_secret": os.environ["SANDBOX_CLIENT_SECRET"]}
    sandbox = os.environ["SANDBOX_URL"]
    octane.post(f"{sandbox}/authentication/sign_in", json=key, timeout=60).raise_for_status()
    query = {"query": f'"name EQ ^{test}^"', "fields": "name"}
    runs = octane.get(f"{sandbox}/{WORKSPACE}/automated_runs", params=query, timeout=60).json()
    assert [run["name"] for run in runs["data"]] == [test], runs

    refused = 0
    try:
        sign_in("guessed")
    except requests.HTTPError as error:
        refused = error.response.status_code
    assert refused == 401, refused
    print("a client with requests has pushed results through the relay")


if __name__ == "__main__":
    main()
