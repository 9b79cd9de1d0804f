"""A proxy that records the bodies of requests, for tests of what goes over the wire."""

from __future__ import annotations

import gzip
import http.client
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What belongs to one connection and not to the request.
_HOP = {"connection", "transfer-encoding", "host", "content-length"}


class Recorder:
    """Forwards requests to ``upstream``, and keeps what they were: ``(method, path, body)``, the body decompressed."""

    def __init__(self, upstream: str) -> None:
        parts = urllib.parse.urlsplit(upstream)
        assert parts.hostname is not None
        host, port = parts.hostname, parts.port
        recorded: list[tuple[str, str, bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                is_gzip = self.headers.get("Content-Encoding") == "gzip"
                recorded.append((self.command, self.path, gzip.decompress(body) if is_gzip else body))
                connection = http.client.HTTPConnection(host, port, timeout=30)
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
                connection.request(self.command, self.path, body, headers)
                response = connection.getresponse()
                content = response.read()
                self.send_response(response.status)
                for name, value in response.getheaders():
                    if name.lower() not in _HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                connection.close()

            do_GET = do_POST = do_PUT = do_DELETE = forward

            def log_message(self, *args: object) -> None:
                pass

        self.recorded = recorded
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/ui/?{parts.query}"

    def payloads(self) -> list[bytes]:
        """The bodies of the requests that sent results."""
        return [body for method, path, body in self.recorded if method == "POST" and "/test-results" in path]

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
