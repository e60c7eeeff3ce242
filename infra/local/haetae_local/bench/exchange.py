"""A sandbox exchange on a core of its own, and a signed order as its client sends it."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from upbit_sandbox.venue.venue import ACCESS_KEY, SECRET_KEY

_nonces = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A running server: its address and its process id."""

    host: str
    port: int
    pid: int

    def get(self, target: str) -> list[dict[str, object]]:
        """Ask for quotes."""
        connection = HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request("GET", target)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, body
        found: list[dict[str, object]] = json.loads(body)
        return found


@contextmanager
def exchange(*options: str | Path) -> Iterator[Exchange]:
    """Run a server on the last core until the block ends."""
    command = [sys.executable, "-m", "upbit_sandbox", "--port", "0", "--rate-limits", "off"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, *map(str, options)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            cores = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(process.pid, {cores[-1]})
            assert process.stdout is not None
            said = process.stdout.readline()  # nothing where it could not start: it tells why
            address = urlsplit(said.rpartition(" ")[2].strip())
            assert address.hostname is not None
            assert address.port is not None
            yield Exchange(host=address.hostname, port=address.port, pid=process.pid)
        finally:
            process.kill()


def signed_order(body: dict[str, str]) -> bytes:
    """Return a whole POST /v1/orders, signed as Upbit's documents say (HS512)."""
    text = "&".join(f"{name}={value}" for name, value in body.items())
    claims = {
        "access_key": ACCESS_KEY,
        "nonce": f"bench-{next(_nonces)}",
        "query_hash": hashlib.sha512(text.encode()).hexdigest(),
        "query_hash_alg": "SHA512",
    }
    head = urlsafe_b64encode(b'{"alg":"HS512","typ":"JWT"}').rstrip(b"=")
    signed = head + b"." + urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    mark = urlsafe_b64encode(hmac.digest(SECRET_KEY.encode(), signed, "sha512")).rstrip(b"=")
    raw = json.dumps(body).encode()
    lines = (
        b"POST /v1/orders HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        b"authorization: Bearer " + signed + b"." + mark
    )
    return lines + b"\r\ncontent-length: %d\r\n\r\n" % len(raw) + raw
