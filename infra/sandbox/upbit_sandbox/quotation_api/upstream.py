"""An upstream that a mirror asks: what it answers, how it fails, and one over HTTP."""

import time
from collections.abc import Callable
from typing import NamedTuple

from upbit_sandbox.access.limits import GROUPS

TIMEOUT_S = 3.0
MAX_BYTES = 5_000_000


class Answer(NamedTuple):
    """What an upstream answered; `remaining` is its Remaining-Req header."""

    status: int
    body: bytes
    content_type: str | None = None
    remaining: str | None = None


class UpstreamDown(Exception):
    """The upstream could not be reached or broke off."""


class UpstreamSlow(UpstreamDown):
    """The upstream did not answer in time."""


type Upstream = Callable[[str], Answer]


class HttpUpstream:
    """An upstream over HTTP on kept-alive connections, so many seconds a call at most."""

    def __init__(self, base_url: str, timeout_s: float = TIMEOUT_S) -> None:
        """Name the address; nothing is asked yet."""
        import urllib3

        self._timeout_s = timeout_s
        self._errors = urllib3.exceptions
        self._pool = urllib3.connection_from_url(
            base_url,
            maxsize=len(GROUPS),
            retries=False,
            timeout=urllib3.Timeout(total=timeout_s),
            headers={"accept": "application/json", "accept-encoding": "gzip"},
        )

    def __call__(self, target: str) -> Answer:
        """GET a path with its query; raises UpstreamDown."""
        until_s = time.monotonic() + self._timeout_s
        try:
            found = self._pool.urlopen("GET", target, redirect=False, preload_content=False)
            body = b""
            while chunk := found.read1():
                body += chunk
                if time.monotonic() > until_s:
                    found.close()
                    raise UpstreamSlow(target)
                if len(body) > MAX_BYTES:
                    found.close()
                    raise UpstreamDown(f"{target}: more than {MAX_BYTES} bytes")
            if found.length_remaining:
                raise UpstreamDown(f"{target}: cut off")
            found.release_conn()
        except self._errors.NewConnectionError as exc:  # to urllib3 it is a timeout as well
            raise UpstreamDown(target) from exc
        except self._errors.TimeoutError as exc:
            raise UpstreamSlow(target) from exc
        except self._errors.HTTPError as exc:
            raise UpstreamDown(target) from exc
        headers = found.headers
        return Answer(found.status, body, headers.get("content-type"), headers.get("remaining-req"))
