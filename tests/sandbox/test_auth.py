"""Each way a token can be wrong, by the name of its refusal."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest

from sandbox.client import Client, client_of, error_of, flat_tape, token
from upbit_sandbox import Request
from upbit_sandbox.access.auth import NONCES_KEPT, Authority
from upbit_sandbox.access.keys import Key
from upbit_sandbox.base.errors import ApiError

QUERY = "identifier=a&uuid=b"
OTHER = {"authorization": token("identifier=a&uuid=c")}


@pytest.fixture
def client() -> Client:
    return client_of([flat_tape("KRW-BTC", [10_000.0])])


def refusal(client: Client, authorization: str | None, query: str = "") -> str | int:
    headers = {} if authorization is None else {"authorization": authorization}
    body = client.send(Request("GET", "/v1/order" if query else "/v1/accounts", query, headers))
    assert client.last.status == 401
    return error_of(body)


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic abc"])
def test_upbit_5_request_without_a_token(client: Client, authorization: str | None) -> None:
    """A private request without a bearer token is a 401 no_authorization_token."""
    assert refusal(client, authorization) == "no_authorization_token"


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer abc",
        "Bearer a.b.c",
        "Bearer é.é.é",
        "Bearer " + ".".join(urlsafe_b64encode(b"[" * 100_000).decode() for _ in range(3)),
        "Bearer " + "." * 1_000,
        token()[:-3] + "AAA",
        token(secret="some-other-secret-that-is-long-enough-to-sign-with-but-is-not-ours-0"),
        token(algorithm="HS384"),
        token(nonce=None),
        token(nonce=""),
        token(nonce=7),
    ],
)
def test_upbit_5_token_that_does_not_verify(client: Client, authorization: str) -> None:
    """A token that cannot be read, or whose signature is wrong, is a 401 jwt_verification."""
    assert refusal(client, authorization) == "jwt_verification"


def test_unsigned_token(client: Client) -> None:
    header, claims, _ = token().removeprefix("Bearer ").split(".")
    unsigned = token(algorithm="none", secret="").removeprefix("Bearer ")
    assert refusal(client, f"Bearer {unsigned}") == "jwt_verification"
    assert refusal(client, f"Bearer {header}.{claims}.") == "jwt_verification"


def test_upbit_5_unknown_access_key(client: Client) -> None:
    """A key that does not exist is a 401 invalid_access_key."""
    assert refusal(client, token(access_key="nobody")) == "invalid_access_key"


def test_upbit_4_nonce_is_good_once(client: Client) -> None:
    """Each request needs a nonce of its own: the second use is a 401 nonce_used."""
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
def test_upbit_5_query_hash_that_does_not_fit(client: Client, authorization: str) -> None:
    """A query_hash that is missing or of another query is a 401 invalid_query_payload."""
    assert refusal(client, authorization, QUERY) == "invalid_query_payload"


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_upbit_4_both_signatures_are_accepted(client: Client, algorithm: str) -> None:
    """Tokens are signed with HS512 or HS256, over the secret's raw bytes."""
    headers = {"authorization": token(QUERY, algorithm=algorithm)}
    client.send(Request("GET", "/v1/order", QUERY, headers))
    assert client.last.status == 404


def test_upbit_4_hash_runs_over_the_decoded_query(client: Client) -> None:
    """The hash runs over the query as sent, in its order, but decoded: brackets and colons too."""
    plain = "identifier=2025-09-01T00:00:00+09:00&states[]=wait"
    sent = f"identifier={quote('2025-09-01T00:00:00+09:00')}&states%5B%5D=wait"
    client.send(Request("GET", "/v1/order", sent, {"authorization": token(plain)}))
    assert client.last.status == 404
    assert refusal(client, token(sent), sent) == "invalid_query_payload"


def test_upbit_4_json_body_is_hashed_in_its_own_order(client: Client) -> None:
    """A JSON body is hashed as its pairs joined like a query, in the body's order."""
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


@pytest.mark.parametrize("sent", ["uuids[]=a&uuids[]=b", "uuids%5B%5D=a&uuids%5B%5D=b"])
def test_upbit_4_array_names_may_be_encoded_or_not(client: Client, sent: str) -> None:
    """The brackets of an array's name may be percent-encoded or not; the hash is the same."""
    headers = {"authorization": token("uuids[]=a&uuids[]=b")}
    body = client.send(Request("GET", "/v1/orders/uuids", sent, headers))
    assert (client.last.status, body) == (200, [])


def test_upbit_12_get_parameters_may_come_as_a_form(client: Client) -> None:
    """GET parameters may come in a form body instead of the query, as pyupbit sends them."""
    headers = {"authorization": token(QUERY)}
    client.send(Request("GET", "/v1/order", headers=headers, body=QUERY.encode()))
    assert client.last.status == 404
    body = client.send(Request("GET", "/v1/order", headers=headers | OTHER, body=QUERY.encode()))
    assert error_of(body) == "invalid_query_payload"


def test_upbit_4_token_of_a_request_without_parameters_needs_no_hash(client: Client) -> None:
    """Only a request with parameters needs a query_hash; its algorithm is SHA512 if not told."""
    client.send(Request("GET", "/v1/accounts", headers={"authorization": token()}))
    assert client.last.status == 200
    authorization = token(QUERY, query_hash_alg="SHA512")
    assert refusal_status(client, authorization) == 404


def refusal_status(client: Client, authorization: str) -> int:
    client.send(Request("GET", "/v1/order", QUERY, {"authorization": authorization}))
    return client.last.status


def add_key(client: Client, **key: Any) -> str:
    """Add a key named "second" to the main account; give its secret."""
    secret: str = client.control("POST", "/sandbox/keys", {"access_key": "second", **key})[
        "secret_key"
    ]
    assert client.last.status == 201
    return secret


def signed_by(secret: str, hashed: str | None = None, **claims: Any) -> dict[str, str]:
    authorization = token(hashed, secret=secret, access_key="second", **claims)
    return {"authorization": authorization}


def test_nonces_of_two_keys_are_apart(client: Client) -> None:
    secret = add_key(client)
    for headers in ({"authorization": token(nonce="one")}, signed_by(secret, nonce="one")):
        client.send(Request("GET", "/v1/accounts", headers=headers))
        assert client.last.status == 200
    body = client.send(Request("GET", "/v1/accounts", headers=signed_by(secret, nonce="one")))
    assert error_of(body) == "nonce_used"


def test_upbit_5_expired_key(client: Client) -> None:
    """From a key's end on every request is a 401 expired_access_key."""
    end_s = client.sandbox.venue.clock.now() + 60
    secret = add_key(client, expire_at=end_s)
    client.send(Request("GET", "/v1/accounts", headers=signed_by(secret)))
    assert client.last.status == 200
    client.set_clock(end_s)
    body = client.send(Request("GET", "/v1/accounts", headers=signed_by(secret)))
    assert (client.last.status, error_of(body)) == (401, "expired_access_key")


@pytest.mark.parametrize(
    ("caller", "status"),
    [("10.0.0.1", 200), ("::ffff:10.0.0.1", 200), ("10.0.0.2", 401), ("127.0.0.1", 401)],
)
def test_upbit_5_call_from_elsewhere(client: Client, caller: str, status: int) -> None:
    """A call from an address that the key does not list is a 401 no_authorization_ip."""
    secret = add_key(client, allowed_ips=["10.0.0.1", "10.0.0.9"])
    request = Request("GET", "/v1/accounts", headers=signed_by(secret), client=caller)
    body = client.send(request)
    assert client.last.status == status
    assert status == 200 or error_of(body) == "no_authorization_ip"


ORDER = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "6000"}


@pytest.mark.parametrize(
    ("permissions", "path", "status"),
    [
        (["view_account"], "/v1/accounts", 200),
        (["view_orders", "make_orders"], "/v1/accounts", 403),
        (["view_orders"], "/v1/orders/chance", 200),
        (["view_account", "make_orders"], "/v1/orders/chance", 403),
        (["make_orders"], "/v1/orders", 201),
        (["view_account", "view_orders"], "/v1/orders", 403),
        ([], "/v1/accounts", 403),
    ],
)
def test_upbit_10_each_route_needs_its_permission(
    client: Client, permissions: list[str], path: str, status: int
) -> None:
    """A key does what its permissions say; anything else is out_of_scope, here with 403."""
    secret = add_key(client, permissions=permissions)
    if path == "/v1/orders":
        raw, query = json.dumps(ORDER).encode(), "&".join(f"{k}={v}" for k, v in ORDER.items())
        request = Request("POST", path, headers=signed_by(secret, query), body=raw)
    else:
        query = "market=KRW-BTC" if path.endswith("chance") else ""
        request = Request("GET", path, query, signed_by(secret, query or None))
    body = client.send(request)
    assert client.last.status == status
    assert status != 403 or error_of(body) == "out_of_scope"


def test_upbit_5_status_of_out_of_scope_can_be_401() -> None:
    """out_of_scope comes with 401 or 403, depending on the route."""
    client = client_of([flat_tape("KRW-BTC", [10_000.0])], scope_status=401)
    secret = add_key(client, permissions=[])
    body = client.send(Request("GET", "/v1/accounts", headers=signed_by(secret)))
    assert (client.last.status, error_of(body)) == (401, "out_of_scope")


def test_permission_is_asked_before_anything_is_done(client: Client) -> None:
    secret = add_key(client, permissions=["view_orders"])
    raw, query = json.dumps(ORDER).encode(), "&".join(f"{k}={v}" for k, v in ORDER.items())
    client.send(Request("POST", "/v1/orders", headers=signed_by(secret, query), body=raw))
    assert client.last.status == 403
    assert client.get("/v1/orders/open") == []


def test_upbit_5_header_sent_twice(client: Client) -> None:
    """A Content-Type that is sent twice may be refused with 400."""
    query = "&".join(f"{k}={v}" for k, v in ORDER.items())
    headers = {"authorization": token(query), "content-type": "application/json, application/json"}
    body = client.send(
        Request("POST", "/v1/orders", headers=headers, body=json.dumps(ORDER).encode())
    )
    assert (client.last.status, error_of(body)) == (400, "bad_request")


def test_memory_of_nonces_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert NONCES_KEPT >= 100_000
    monkeypatch.setattr("upbit_sandbox.access.auth.NONCES_KEPT", 2)
    authority = Authority([Key(access_key="k", secret_key="s" * 64)])
    sent = [token(secret="s" * 64, access_key="k") for _ in range(3)]
    for authorization in sent:
        authority.verify(authorization, (), client="127.0.0.1", now_s=0.0)
    with pytest.raises(ApiError, match="nonce_used"):
        authority.verify(sent[2], (), client="127.0.0.1", now_s=0.0)
    authority.verify(sent[0], (), client="127.0.0.1", now_s=0.0)
