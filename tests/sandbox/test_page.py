"""The page under /sandbox/: one file, no other host, and prices that cost a client nothing."""

import re

import pytest

from sandbox.client import at, client_of, flat_tape
from sandbox.servers import running
from upbit_sandbox import Request, Response
from upbit_sandbox.asgi import call, create_app

MOST_BYTES = 30_000
TAPES = [flat_tape("KRW-BTC", [10_000.0] * 100), flat_tape("KRW-XRP", [0.000_001_1] * 100)]


def get(path: str, **options: object) -> Response:
    client = client_of(TAPES, at(50), **options)
    return call(create_app(client.sandbox), Request("GET", path))


def test_page_is_one_small_file_that_asks_nobody_else() -> None:
    answer = get("/sandbox/")
    assert (answer.status, answer.header("content-type")) == (200, "text/html;charset=UTF-8")
    assert len(answer.body) < MOST_BYTES
    page = answer.body.decode()
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "//" not in re.sub(r"/\*.*?\*/", "", page)
    policy = answer.header("content-security-policy") or ""
    assert policy.startswith("default-src 'self' 'unsafe-inline';")


def test_every_text_is_there_in_both_languages() -> None:
    page = get("/sandbox/").body.decode()
    tables = re.findall(r"^  (en|ko): \{\n(.*?)^  \},", page, re.DOTALL | re.MULTILINE)
    assert [language for language, _ in tables] == ["en", "ko"]
    names = [re.findall(r"(\w+): \"", table) for _, table in tables]
    assert names[0] == names[1]
    said = set(re.findall(r"say\(\"(\w+)\"", page))
    assert said <= set(names[0])


@pytest.mark.parametrize("path", ["/sandbox/clock", "/sandbox/accounts", "/sandbox/orders"])
def test_controls_that_the_page_reads_are_there(path: str) -> None:
    assert path in get("/sandbox/").body.decode()
    assert get(path).status == 200


def test_address_without_the_slash_leads_to_the_page() -> None:
    answer = get("/sandbox")
    assert (answer.status, answer.header("location")) == (307, "/sandbox/")


def test_prices_are_those_of_the_ticker_and_cost_nothing() -> None:
    client = client_of(TAPES, at(50), rate_limits=True)
    app = create_app(client.sandbox)
    client.control("PUT", "/sandbox/faults", [{"path": "/v1/*", "kind": "html_500", "count": 1}])
    for _ in range(20):  # twice as many as a second allows
        answer = call(app, Request("GET", "/sandbox/prices"))
        assert answer.status == 200
    assert answer.body == (
        b'{"prices":{"KRW-BTC":{"trade_price":10000.0,"signed_change_rate":0.0},'
        b'"KRW-XRP":{"trade_price":1.1e-06,"signed_change_rate":0.0}}}'
    )
    [fault] = client.control("GET", "/sandbox/faults")["faults"]
    assert fault["struck"] == 0


def test_page_over_a_server() -> None:
    with running("--source", "synthetic", "--clock", "virtual") as server:
        assert server.call("GET", "/sandbox").text.startswith("<!doctype html>")  # redirected
        upstream = ("--source", "live", "--upstream", server.address)
        with running(*upstream) as mirror:
            assert mirror.get("/sandbox/prices") == server.get("/sandbox/prices")
