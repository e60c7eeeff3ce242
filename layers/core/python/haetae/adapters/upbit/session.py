"""Requests to Upbit with everything they need: signature, time limit, rate budget, retries."""

import json
import time
from collections.abc import Callable
from urllib.parse import quote

from haetae.adapters.upbit.auth import Signer
from haetae.adapters.upbit.bodies import read_refusal
from haetae.adapters.upbit.transport import Answer, RateBudget, Request, Transport, WireFailure
from haetae.base.errors import ExchangeRefused, ExchangeUnavailable

MAX_BACKOFF_S = 1.0
TOO_MANY = 429
BLOCKED = 418

type Pairs = tuple[tuple[str, str], ...]


class Session:
    """Sends requests through a transport. `read` tries again, `send` never does."""

    def __init__(
        self,
        transport: Transport,
        signer: Signer,
        *,
        timeout_s: float,
        read_attempts: int,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take what carries and signs; `timeout_s` bounds one request, waiting included."""
        assert timeout_s > 0.0
        assert read_attempts >= 1
        self._transport = transport
        self._signer = signer
        self._timeout_s = timeout_s
        self._read_attempts = read_attempts
        self._wait = wait
        self._budget = RateBudget(wait)

    def read(self, method: str, path: str, pairs: Pairs, *, signed: bool) -> Answer:
        """Return a 2xx answer, trying again where that may help.

        Raises:
            ExchangeUnavailable: no usable answer.
            ExchangeRefused: the exchange said no.
        """
        problem = ""
        for attempt in range(self._read_attempts):
            if attempt:
                self._wait(min(0.1 * 2**attempt, MAX_BACKOFF_S))
            try:
                answer = self.send(method, path, pairs, signed=signed)
            except WireFailure as exc:
                problem = str(exc)
                continue
            if 200 <= answer.status < 300:
                return answer
            problem = f"status {answer.status}"
            if answer.status != TOO_MANY and answer.status < 500:
                break
        else:
            raise ExchangeUnavailable(f"{method} {path}: {problem}")
        refusal = refusal_of(answer)
        if refusal is None or answer.status == BLOCKED:
            raise ExchangeUnavailable(f"{method} {path}: {problem}")
        name, message = refusal
        raise ExchangeRefused(status=answer.status, name=name, message=message)

    def send(self, method: str, path: str, pairs: Pairs, *, signed: bool) -> Answer:
        """Send once, within `timeout_s` from now; pairs go into the body of a POST.

        Raises:
            SurelyNotSent: the request did not leave.
            MaybeSent: it may have.
        """
        left_s = self._timeout_s - self._budget.hold(path, self._timeout_s / 2)
        headers = {"accept": "application/json", "user-agent": "haetae"}
        if signed:
            hashed = "&".join([f"{name}={value}" for name, value in pairs])
            headers["authorization"] = self._signer.header(hashed)
        body, target = None, path
        if method == "POST":
            headers["content-type"] = "application/json"
            body = json.dumps(dict(pairs)).encode()
        elif pairs:
            query = "&".join([f"{name}={quote(value, safe='')}" for name, value in pairs])
            target = f"{path}?{query}"
        answer = self._transport.send(
            Request(method=method, target=target, headers=headers, body=body, timeout_s=left_s)
        )
        self._budget.note(path, answer.headers.get("remaining-req"))
        return answer


def refusal_of(answer: Answer) -> tuple[str, str] | None:
    """Return the name and message of a 4xx answer; None where it gives none."""
    return read_refusal(answer.body) if 400 <= answer.status < 500 else None
