"""A test against the sandbox, with nothing but Python: `python3 examples/sandbox.py`.

The program is found on the PATH, or named by the variable OCTANE.
"""

import json
import os
import subprocess
import time
import unittest
import urllib.request


class Octane:
    """A sandbox of its own, and a client that is signed in."""

    def __init__(self, *settings):
        program = os.environ.get("OCTANE", "octane")
        command = [program, "sandbox", "--memory", "--port", "0", "--format", "json"]
        for setting in settings:
            command += ["--set", setting]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # One line, written once it listens.
        self.key = json.loads(self.process.stdout.readline())
        self.url = self.key["url"]
        cookies = urllib.request.HTTPCookieProcessor()
        self.opener = urllib.request.build_opener(cookies)
        key = {name: self.key[name] for name in ("client_id", "client_secret")}
        self.call("POST", "/authentication/sign_in", key)

    def call(self, method, path, body=None, content_type="application/json"):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": content_type}, method=method)
        with self.opener.open(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def workspace(self, path):
        return f"/api/shared_spaces/{self.key['space']}/workspaces/{self.key['workspace']}/{path}"

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class SandboxTest(unittest.TestCase):
    def setUp(self):
        self.octane = Octane("results.ingest-delay=1s")
        self.addCleanup(self.octane.close)

    def test_results_become_runs(self):
        octane = self.octane
        made = octane.call("POST", octane.workspace("test_suites"), {"data": [{"name": "Nightly"}]})
        suite = made["data"][0]["id"]
        payload = (
            f'<test_result><suite_ref id="{suite}" external_run_id="n1"/><test_runs>'
            '<test_run name="adds_tax" status="Passed" duration="5"/></test_runs></test_result>'
        )
        task = octane.call("POST", octane.workspace("test-results"), payload.encode(), "application/xml")
        # The sandbox's time can be moved, so there is no need to wait for the delay.
        octane.call("POST", "/_sandbox/clock", {"advance": "2s"})
        while task["status"] in ("queued", "running"):
            time.sleep(0.01)
            task = octane.call("GET", octane.workspace(f"test-results/{task['id']}"))
        self.assertEqual(task["status"], "success")
        runs = octane.call("GET", octane.workspace("automated_runs?fields=name"))
        self.assertEqual([run["name"] for run in runs["data"]], ["adds_tax"])

    def test_a_busy_server(self):
        octane = self.octane
        octane.call("POST", "/_sandbox/faults", {"kind": "status", "status": 503, "times": 1})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            octane.call("GET", octane.workspace("releases"))
        self.addCleanup(refused.exception.close)
        self.assertEqual(refused.exception.code, 503)
        self.assertGreater(octane.call("GET", octane.workspace("releases"))["total_count"], 0)


if __name__ == "__main__":
    unittest.main()
