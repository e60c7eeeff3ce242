"""LocalStack starts alone in its folder, listens on its address, and leaves with its starter."""

import http.client
import socket
from pathlib import Path

import pytest

from local.plugin.server import GENEROUS_S, Server, running, until


def test_localstack_leaves_when_whoever_started_it_does(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        assert server.process.stdin is not None
        server.process.stdin.close()
        until(lambda: server.process.poll() is not None)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", server.port), GENEROUS_S)


def test_a_second_localstack_in_the_same_folder_is_refused(server: Server) -> None:
    with pytest.raises(AssertionError, match="another LocalStack runs in"), running(server.root):
        raise RuntimeError("two in one folder")
    assert server.get("/_localstack/health", {})[0] == 200


def test_nobody_outside_this_machine_can_ask_it(server: Server) -> None:
    elsewhere = http.client.HTTPConnection("127.0.0.2", server.port, timeout=GENEROUS_S)
    with pytest.raises(OSError, match="refused"):
        elsewhere.request("GET", "/_localstack/health")
    elsewhere.close()
