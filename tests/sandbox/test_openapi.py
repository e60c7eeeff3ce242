"""The description of the exchange, and whatever it allows sent to the exchange: never a 500."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sandbox.client import at, client_of, flat_tape, token
from upbit_sandbox import ACCESS_KEY, Request, Response, Sandbox
from upbit_sandbox.access.keys import Permission
from upbit_sandbox.base.wire import hash_input
from upbit_sandbox.control.openapi import OPERATIONS, description
from upbit_sandbox.exchange_api.routes import ROUTES
from upbit_sandbox.quotation_api.routes import QUOTES

TRADED = ("KRW-BTC", "KRW-ETH")
DESCRIPTION = description(TRADED)
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION)
ADDRESS = "http://127.0.0.1"
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
SHAPES: dict[str, dict[str, Any]] = {
    "limit": {"ord_type": "limit", "price": "990", "volume": "6"},
    "price": {"ord_type": "price", "side": "bid", "price": "6000"},
    "market": {"ord_type": "market", "side": "ask", "volume": "6"},
    "best": {"ord_type": "best", "side": "ask", "volume": "6", "time_in_force": "ioc"},
}
SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)


def send(sandbox: Sandbox, sent: requests.PreparedRequest) -> Response:
    """Sign a request as a client does and hand it in."""
    target = urlsplit(str(sent.url))
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    assert isinstance(body, bytes)
    hashed = hash_input(target.query) or joined(body)
    headers = {"authorization": token(hashed or None), "content-type": "application/json"}
    return sandbox.handle(Request(str(sent.method), target.path, target.query, headers, body))


def joined(body: bytes) -> str:
    """The string that a client hashes for a JSON body."""
    try:
        values = json.loads(body or b"{}")
    except ValueError:
        return ""
    if not isinstance(values, dict):
        return ""
    return "&".join(f"{name}={value}" for name, value in values.items())


def as_received(answer: Response, sent: requests.PreparedRequest) -> schemathesis.Response:
    """The answer as the checks want it."""
    headers = {name: [value] for name, value in answer.headers}
    return schemathesis.Response(
        answer.status, headers, answer.body, sent, elapsed=0.0, verify=False
    )


def opened() -> Sandbox:
    """An exchange with an order that waits, one that is done and a coin that is held."""
    client = client_of([flat_tape(code, [1_000.0] * 60) for code in TRADED], at(30))
    waiting = {"market": TRADED[0], "side": "bid", "ord_type": "limit", "price": "900"}
    client.post(waiting | {"volume": "10", "identifier": "mine"})
    client.buy("50000", identifier="done")
    client.set_clock(at(32))
    authority = client.sandbox.venue.authority
    authority.keys[ACCESS_KEY] = replace(
        authority.keys[ACCESS_KEY], permissions=frozenset(Permission)
    )
    return client.sandbox


def meant(case: schemathesis.Case[Any]) -> None:
    """Make every second request one that means something: orders with money, known orders."""
    if len(repr((case.body, case.query))) % 2:
        return
    if isinstance(case.body, dict):
        shape = SHAPES.get(str(case.body.get("ord_type", case.body.get("new_ord_type"))), {})
        given: dict[str, Any] = {
            name: case.body[name] for name in ("market", "side") if name in case.body
        }
        if given:
            case.body = given | shape
        elif shape:
            news = {f"new_{name}": value for name, value in shape.items() if name != "side"}
            case.body = {"prev_order_identifier": "mine"} | news
    for name in ("identifier", "identifiers[]"):
        if name in (case.query or {}):
            case.query = {name: "mine"}


@SCHEMA.parametrize()
@settings(max_examples=40, deadline=None, phases=(Phase.generate,), suppress_health_check=SLOW)
def test_whatever_is_sent_is_answered_as_described(case: schemathesis.Case[Any]) -> None:
    meant(case)
    sent = requests.Request(**case.as_transport_kwargs(ADDRESS)).prepare()
    answer = send(opened(), sent)
    case.validate_response(as_received(answer, sent), checks=list(CHECKS))


def test_every_route_is_described_and_nothing_else() -> None:
    assert OPERATIONS.keys() == ROUTES.keys() | {("GET", path) for path in QUOTES}


def test_the_description_is_served() -> None:
    client = client_of([flat_tape(code, [1.0]) for code in TRADED])
    assert client.quote("/sandbox/openapi.json") == DESCRIPTION
