"""AWS's Lambda Runtime API on a loopback port: one server for one function environment.

The runtime client asks for the next event and posts a response, an error or a failed start. What
it says arrives in order as `Report`s.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import queue
import re
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple

PREFIX = "/2018-06-01/runtime"
OUTCOME = re.compile(rf"{PREFIX}/invocation/([^/]+)/(response|error)")

Kind = Literal["ready", "response", "error", "init_error", "exit", "timeout"]


class Report(NamedTuple):
    """What became of the runtime: `request_id` for a response or error, `body` as posted."""

    kind: Kind
    request_id: str = ""
    body: bytes = b""


class Event(NamedTuple):
    """One invocation on its way to the runtime, with the headers AWS sends."""

    request_id: str
    headers: Mapping[str, str]
    body: bytes


class RuntimeApi:
    """The server; it listens from construction to `close`."""

    def __init__(self) -> None:
        """Listen on a free port of 127.0.0.1."""
        self._reports: queue.Queue[Report] = queue.Queue()
        self._events: queue.Queue[Event | None] = queue.Queue()
        self._server = _Server(self._events, self._reports)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_port}"

    def send(self, event: Event) -> None:
        """Give the runtime its next event."""
        self._events.put(event)

    def tell(self, report: Report) -> None:
        """Add a report from outside: the process has left."""
        self._reports.put(report)

    def wait_for(self, *kinds: Kind, request_id: str = "", seconds: float) -> Report:
        """Return the next report of these kinds and this request, or "timeout"."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                report = self._reports.get(timeout=left)
            except queue.Empty:
                break
            if report.kind in kinds and report.request_id in ("", request_id):
                return report
        return Report("timeout")

    def close(self) -> None:
        """Stop listening; a runtime that still waits for an event is let go."""
        self._events.put(None)
        threading.Thread(target=self._server.stop, daemon=True).start()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, events: "queue.Queue[Event | None]", reports: "queue.Queue[Report]") -> None:
        self.events, self.reports = events, reports
        super().__init__(("127.0.0.1", 0), _Handler)

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a killed runtime breaks its connection, and its exit is reported."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one segment an answer

    def do_GET(self) -> None:
        if self.path != f"{PREFIX}/invocation/next":
            self._answer(404)
            return
        self.server.reports.put(Report("ready"))
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
            return
        identity = {"Lambda-Runtime-Aws-Request-Id": event.request_id}
        self._answer(200, {**identity, **event.headers}, event.body)

    def do_POST(self) -> None:
        body = self._body()
        if outcome := OUTCOME.fullmatch(self.path):
            kind: Kind = "response" if outcome[2] == "response" else "error"
            self.server.reports.put(Report(kind, outcome[1], body))
        elif self.path == f"{PREFIX}/init/error":
            self.server.reports.put(Report("init_error", body=body))
        else:
            self._answer(404)
            return
        self._answer(202, body=b'{"status":"OK"}')

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(
        self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"{}"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: every invocation has its START and REPORT."""
