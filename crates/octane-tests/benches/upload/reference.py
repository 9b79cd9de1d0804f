"""What people write in an afternoon: results from a CSV file or a JUnit report, as payloads of 1,000, four at a time.

Usage: reference.py FILE ADDRESS
"""

import csv
import sys
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

import requests

BATCH = 1000
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<test_result>\n<suite_ref external_run_id="bench" suite_id="4001"/>\n<test_runs>\n'
TAIL = "</test_runs>\n</test_result>\n"
RUN = "<test_run module=%s package=%s class=%s name=%s status=%s duration=\"%d\" started=\"%d\"%s\n"
ERROR = "><error type=%s message=%s>%s</error></test_run>"


def milliseconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def rendered(module, package, class_, name, status, duration, started, error):
    end = "/>" if error is None else ERROR % (quoteattr(error[0]), quoteattr(error[1]), escape(error[2]))
    names = (quoteattr(text) for text in (module, package, class_, name, status))
    return RUN % (*names, duration, started, end)


def of_table(path):
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            error = None
            if row["status"] == "failed":
                error = ("", row["error_message"], "")
            yield rendered(
                "", row["package"], row["class"], row["name"], row["status"].capitalize(),
                int(row["duration_ms"]), milliseconds(row["started"]), error,
            )


def of_report(path):
    started = 0
    for event, element in ElementTree.iterparse(path, ("start", "end")):
        if event == "start":
            if element.tag == "testsuite":
                started = milliseconds(element.get("timestamp") + "Z")
            continue
        if element.tag != "testcase":
            if element.tag == "testsuite":
                element.clear()
            continue
        package, _, class_ = element.get("classname").rpartition(".")
        failure = element.find("failure")
        status, error = "Passed", None
        if failure is not None:
            status = "Failed"
            error = (failure.get("type"), failure.get("message"), failure.text or "")
        elif element.find("skipped") is not None:
            status = "Skipped"
        duration = int(float(element.get("time")) * 1000)
        yield rendered("", package, class_, element.get("name"), status, duration, started, error)


def batches(runs):
    batch = []
    for run in runs:
        batch.append(run)
        if len(batch) == BATCH:
            yield (HEAD + "".join(batch) + TAIL).encode()
            batch.clear()
    if batch:
        yield (HEAD + "".join(batch) + TAIL).encode()


def main(path, address):
    session = requests.Session()
    session.post(address + "/authentication/sign_in", json={"client_id": "bench", "client_secret": "bench"})
    url = address + "/api/shared_spaces/1001/workspaces/1002/test-results?skip-errors=false"

    def send(payload):
        response = session.post(url, data=payload, headers={"Content-Type": "application/xml"})
        response.raise_for_status()
        return response.json()["id"]

    runs = of_table(path) if path.endswith(".csv") else of_report(path)
    with ThreadPoolExecutor(4) as pool:
        tasks = list(pool.map(send, batches(runs)))
    print(len(tasks), "batches")


main(*sys.argv[1:])
