"""Each way a token can be wrong, by the name of its refusal."""

import json
from urllib.parse import quote, unquote, urlencode

import pytest

from sandbox.client import Client, client_of, error_of, flat_tape, token
from upbit_sandbox import Request
from upbit_sandbox.auth import NONCES_KEPT, Authority
from upbit_sandbox.errors import ApiError
from upbit_sandbox.keys import Key

QUERY = "identifier=a&uuid=b"


@pytest.fixture
def client() -> Client:
    return client_of([flat_tape("KRW-BTC", [10_000.0])])


def refusal(client: Client, authorization: str | None, query: str = "") -> str | int:
    headers = {} if authorization is None else {"authorization": authorization}
    body = client.send(Request("GET", "/v1/order" if query else "/v1/accounts", query, headers))
    assert client.last.status == 401
    return error_of(body)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic abc"])
def test_no_token(client: Client, authorization: str | None) -> None:
    assert refusal(client, authorization) == "no_authorization_token"


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer abc",
        "Bearer a.b.c",
        "Bearer é.é.é",
        token()[:-3] + "AAA",
        token(secret="some-other-secret-that-is-long-enough-to-sign-with-but-is-not-ours-0"),
        token(algorithm="HS384"),
        token(nonce=None),
        token(nonce=""),
        token(nonce=7),
    ],
)
def test_token_that_does_not_verify(client: Client, authorization: str) -> None:
    assert refusal(client, authorization) == "jwt_verification"


def test_unsigned_token(client: Client) -> None:
    header, claims, _ = token().removeprefix("Bearer ").split(".")
    unsigned = token(algorithm="none", secret="").removeprefix("Bearer ")
    assert refusal(client, f"Bearer {unsigned}") == "jwt_verification"
    assert refusal(client, f"Bearer {header}.{claims}.") == "jwt_verification"


def test_unknown_access_key(client: Client) -> None:
    assert refusal(client, token(access_key="nobody")) == "invalid_access_key"


def test_nonce_is_good_once(client: Client) -> None:
    headers = {"authorization": token()}
    client.send(Request("GET", "/v1/accounts", headers=headers))
    assert client.last.status == 200
    assert refusal(client, headers["authorization"]) == "nonce_used"


def test_a_forged_token_does_not_use_up_its_nonce(client: Client) -> None:
    secret = "some-other-secret-that-is-long-enough-to-sign-with-but-is-not-ours-0"
    assert refusal(client, token(nonce="mine", secret=secret)) == "jwt_verification"
    client.send(Request("GET", "/v1/accounts", headers={"authorization": token(nonce="mine")}))
    assert client.last.status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        token(),
        token("uuid=b&identifier=a"),
        token(QUERY, query_hash_alg="MD5"),
        token(QUERY, query_hash=7),
        token(QUERY + "&x=1"),
    ],
)
def test_query_hash_that_does_not_fit(client: Client, authorization: str) -> None:
    assert refusal(client, authorization, QUERY) == "invalid_query_payload"


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_both_signatures_are_accepted(client: Client, algorithm: str) -> None:
    headers = {"authorization": token(QUERY, algorithm=algorithm)}
    client.send(Request("GET", "/v1/order", QUERY, headers))
    assert client.last.status == 404


def test_hash_runs_over_the_decoded_query(client: Client) -> None:
    plain = "identifier=2025-09-01T00:00:00+09:00&states[]=wait"
    sent = f"identifier={quote('2025-09-01T00:00:00+09:00')}&states%5B%5D=wait"
    client.send(Request("GET", "/v1/order", sent, {"authorization": token(plain)}))
    assert client.last.status == 404
    assert refusal(client, token(sent), sent) == "invalid_query_payload"


def test_json_body_is_hashed_in_its_own_order(client: Client) -> None:
    body = {"side": "bid", "market": "KRW-BTC", "ord_type": "price", "price": "5000"}
    raw = json.dumps(body).encode()
    pairs = [f"{name}={value}" for name, value in body.items()]
    wrong = {"authorization": token("&".join(sorted(pairs)))}
    refused = client.send(Request("POST", "/v1/orders", headers=wrong, body=raw))
    assert error_of(refused) == "invalid_query_payload"
    right = {"authorization": token("&".join(pairs))}
    client.send(Request("POST", "/v1/orders", headers=right, body=raw))
    assert client.last.status == 201


def test_space_in_a_json_body_may_be_hashed_as_clients_do(client: Client) -> None:
    body = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "5000"}
    named = body | {"identifier": "a b"}
    headers = {"authorization": token(unquote(urlencode(named)))}
    request = Request("POST", "/v1/orders", headers=headers, body=json.dumps(named).encode())
    assert client.send(request)["identifier"] == "a b"


def test_a_refused_token_books_nothing(client: Client) -> None:
    body = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "5000"}
    raw = json.dumps(body | {"identifier": "a"}).encode()
    client.send(Request("POST", "/v1/orders", headers={"authorization": token("x=1")}, body=raw))
    assert client.last.status == 401
    assert client.buy("5000", identifier="a")["state"] == "wait"
    assert len(client.get("/v1/orders/open")) == 1


def test_memory_of_nonces_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert NONCES_KEPT >= 100_000
    monkeypatch.setattr("upbit_sandbox.auth.NONCES_KEPT", 2)
    authority = Authority([Key(access_key="k", secret_key="s" * 64)])
    sent = [token(secret="s" * 64, access_key="k") for _ in range(3)]
    for authorization in sent:
        authority.verify(authorization, ())
    with pytest.raises(ApiError, match="nonce_used"):
        authority.verify(sent[2], ())
    authority.verify(sent[0], ())
