"""A signing client that calls a sandbox in process, and tapes small enough to read."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import jwt

from upbit_sandbox import ACCESS_KEY, SECRET_KEY, Options, Request, Response, Sandbox, Tape

T0 = 1_756_684_800  # 2025-09-01 00:00 UTC, 09:00 KST
_nonces = count()


def at(minute: float) -> float:
    """Epoch seconds so many minutes after T0."""
    return T0 + minute * 60


def flat_tape(market: str, opens: Sequence[float | None], unit_min: int = 1) -> Tape:
    """Candles that open, stay and close at these prices; None is a minute without a trade."""
    rows = [
        (T0 + index * unit_min * 60, price, price, price, price, 1.0)
        for index, price in enumerate(opens)
        if price is not None
    ]
    return Tape.of_rows(market, unit_min, rows)


def token(
    hashed: str | None = None,
    *,
    algorithm: str = "HS512",
    secret: str = SECRET_KEY,
    **changes: object,
) -> str:
    """A bearer header; `changes` replace or add claims."""
    claims: dict[str, Any] = {"access_key": ACCESS_KEY, "nonce": f"nonce-{next(_nonces)}"}
    if hashed is not None:
        claims["query_hash"] = hashlib.sha512(hashed.encode()).hexdigest()
        claims["query_hash_alg"] = "SHA512"
    return "Bearer " + jwt.encode(claims | changes, secret, algorithm)


@dataclass
class Client:
    """Talks to one sandbox; the last raw answer stays readable."""

    sandbox: Sandbox
    last: Response = field(default=Response(0, b""))

    def send(self, request: Request) -> Any:
        self.last = self.sandbox.handle(request)
        return json.loads(self.last.body)

    def quote(self, path: str, query: str = "") -> Any:
        return self.send(Request("GET", path, query))

    def get(self, path: str, query: str = "") -> Any:
        headers = {"authorization": token(query or None)}
        return self.send(Request("GET", path, query, headers))

    def delete(self, query: str, path: str = "/v1/order") -> Any:
        headers = {"authorization": token(query or None)}
        return self.send(Request("DELETE", path, query, headers))

    def post(self, body: dict[str, Any], path: str = "/v1/orders") -> Any:
        hashed = "&".join(f"{name}={value}" for name, value in body.items())
        headers = {"authorization": token(hashed), "content-type": "application/json"}
        raw = json.dumps(body).encode()
        return self.send(Request("POST", path, headers=headers, body=raw))

    def buy(self, total: str, market: str = "KRW-BTC", **more: str) -> Any:
        body = {"market": market, "side": "bid", "ord_type": "price", "price": total}
        return self.post(body | more)

    def sell(self, volume: str, market: str = "KRW-BTC", **more: str) -> Any:
        body = {"market": market, "side": "ask", "ord_type": "market", "volume": volume}
        return self.post(body | more)

    def limit(
        self, side: str, price: str, volume: str, market: str = "KRW-BTC", **more: str
    ) -> Any:
        body = {"market": market, "side": side, "ord_type": "limit"}
        return self.post(body | {"price": price, "volume": volume} | more)

    def order(self, uuid: str) -> Any:
        return self.get("/v1/order", f"uuid={uuid}")

    def balances(self) -> dict[str, tuple[str, str]]:
        return {a["currency"]: (a["balance"], a["locked"]) for a in self.get("/v1/accounts")}

    def set_clock(self, now_s: float) -> Any:
        return self.control("PUT", "/sandbox/clock", {"now": now_s})

    def control(self, method: str, path: str, body: object = None) -> Any:
        raw = b"" if body is None else json.dumps(body).encode()
        return self.send(Request(method, path, body=raw))


def client_of(tapes: list[Tape], now_s: float = T0, **options: Any) -> Client:
    """A client of a fresh replay without slippage unless told."""
    settings = Options(**({"slippage_bps": 0} | options))
    return Client(Sandbox.of_tapes(tapes, now_s, settings))


def error_of(body: Any) -> str | int:
    """The name of a refusal."""
    name: str | int = body["error"]["name"]
    return name
