"""A server that accepts everything at once and reads none of it, so that only clients are measured.

It prints its address, and serves until its input ends.
"""

from __future__ import annotations

import itertools
import json
import socketserver
import sys
import threading

SUITE = {"type": "test_suite", "id": "4001", "name": "Nightly"}
REFUSED = {"error_code": "platform.not_authorized", "description": "no permission to read runs"}

_tasks = itertools.count(1)


def answer(method: str, path: str) -> tuple[str, object]:
    path = path.partition("?")[0]
    place = path.rpartition("/workspaces/1002/")[2]
    name, _, rest = place.partition("/")
    if (method, name) == ("POST", "test-results"):
        return "202 Accepted", {"id": next(_tasks), "status": "queued"}
    if (method, name) == ("GET", "test-results"):
        return "200 OK", {"id": int(rest), "status": "success"}
    if (method, name) == ("GET", "test_suites"):
        return "200 OK", SUITE if rest else {"total_count": 1, "data": [SUITE]}
    if method == "GET" and name in ("automated_runs", "suite_run", "runs"):
        # As for an API key that may not read runs: the status of the task counts.
        return "403 Forbidden", REFUSED
    if method == "GET" and name == "metadata":
        return "200 OK", {"total_count": 0, "data": []}
    if path.startswith("/authentication/"):
        return "200 OK", {}
    return "404 Not Found", {"error_code": "platform.web_application"}


class Connection(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    rbufsize = 1 << 16

    def handle(self) -> None:
        room = memoryview(bytearray(1 << 20))
        while line := self.rfile.readline():
            method, path, _ = line.decode("latin-1").split(" ")
            length = 0
            while (header := self.rfile.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            while length > 0:
                length -= self.rfile.readinto1(room[: min(length, len(room))])
            status, content = answer(method, path)
            body = json.dumps(content).encode()
            head = (
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
                "Set-Cookie: LWSSO_COOKIE_KEY=bench; Path=/\r\n\r\n"
            )
            self.wfile.write(head.encode() + body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks off is the client's affair."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Connection)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
