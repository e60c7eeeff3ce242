"""WebSockets over a real server: what a client sees on the wire, frame by frame."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from sandbox.client import token
from sandbox.servers import FOLDER, TIMEOUT_S, Server, command, running
from support.patience import patience

PUBLIC = "/websocket/v1"
PRIVATE = "/websocket/v1/private"
MADE_UP = ("--source", "synthetic", "--market", "KRW-BTC,KRW-ETH")
TICKET = {"ticket": "t"}
TICKER = {"type": "ticker", "codes": ["KRW-BTC"]}
LIMIT = {"market": "KRW-BTC", "side": "bid", "ord_type": "limit", "price": "1000", "volume": "10"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Stands still until a test moves its clock: tests that share it go by what they see."""
    with running(*MADE_UP, "--clock", "virtual") as one:
        yield one


@contextmanager
def connected(server: Server, path: str = PUBLIC, **headers: str) -> Iterator[ClientConnection]:
    address = server.address.replace("http://", "ws://") + path
    socket = connect(address, additional_headers=headers, open_timeout=TIMEOUT_S)
    with socket:
        yield socket


def ask(socket: ClientConnection, *objects: object) -> None:
    socket.send(json.dumps([TICKET, *objects]))


def read(socket: ClientConnection) -> Any:
    frame = socket.recv(TIMEOUT_S)
    assert isinstance(frame, bytes), "every frame is binary"
    return json.loads(frame)


def read_until(socket: ClientConnection, kind: str) -> Any:
    while (frame := read(socket)).get("type") != kind:
        pass
    return frame


def advance(server: Server, seconds: float) -> None:
    answer = server.call("PUT", "/sandbox/clock", {"advance_s": seconds})
    assert answer.status_code == 200, answer.text


def drain(socket: ClientConnection) -> list[Any]:
    """Everything that waits: what comes before the answer to a PING."""
    socket.send("PING")
    frames = []
    while "status" not in (frame := read(socket)):
        frames.append(frame)
    return frames


def is_silent(socket: ClientConnection) -> bool:
    return not drain(socket)


def end_of(socket: ClientConnection) -> tuple[str, int]:
    """The refusal that comes as the last frame, and the code that the server closes with."""
    name = read(socket)["error"]["name"]
    with pytest.raises(ConnectionClosed) as caught:
        socket.recv(TIMEOUT_S)
    assert caught.value.rcvd is not None
    return name, caught.value.rcvd.code


def test_upbit_8_snapshot_first_then_realtime(server: Server) -> None:
    """A subscription sends one snapshot of each stream, then what changes as REALTIME."""
    kinds = ("trade", "ticker", "orderbook", "candle.1m")
    with connected(server) as socket:
        ask(socket, *({"type": kind, "codes": ["KRW-BTC", "KRW-ETH"]} for kind in kinds))
        snapshots = [read(socket) for _ in range(8)]
        told = [(frame["type"], frame["code"]) for frame in snapshots]
        assert told == [(kind, code) for kind in kinds for code in ("KRW-BTC", "KRW-ETH")]
        assert {frame["stream_type"] for frame in snapshots} == {"SNAPSHOT"}
        seen = set()
        for _ in range(20):  # minutes in which no book stays where it was
            advance(server, 60)
            news = drain(socket)
            assert {frame["stream_type"] for frame in news} <= {"REALTIME"}
            seen |= {(frame["type"], frame["code"]) for frame in news}
        assert seen == set(told)


def test_upbit_8_only_snapshot_and_only_realtime(server: Server) -> None:
    """With is_only_snapshot nothing follows the snapshot; with is_only_realtime none is sent."""
    with connected(server) as still, connected(server) as moving:
        ask(still, TICKER | {"is_only_snapshot": True})
        ask(moving, TICKER | {"isOnlyRealtime": True})
        assert read(still)["stream_type"] == "SNAPSHOT"
        assert is_silent(moving)
        advance(server, 180)
        assert read(moving)["stream_type"] == "REALTIME"
        assert is_silent(still)


@pytest.mark.parametrize("codes", [["KRW-NOPE"], ["krw-btc"], ["BTC-KRW"]])
def test_upbit_8_unknown_code_is_ignored_silently(server: Server, codes: list[str]) -> None:
    """An unknown code, one in lower case too, gets neither data nor an error."""
    with connected(server) as socket:
        ask(socket, {"type": "ticker", "codes": codes})
        assert is_silent(socket)
        ask(socket, {"type": "ticker", "codes": [*codes, "KRW-BTC"]})
        assert read(socket)["code"] == "KRW-BTC"


def test_upbit_8_new_request_replaces_the_old_one(server: Server) -> None:
    """A second request on the same connection ends what the first one asked for."""
    with connected(server) as socket:
        ask(socket, TICKER)
        assert read(socket)["code"] == "KRW-BTC"
        ask(socket, {"type": "ticker", "codes": ["KRW-ETH"]})
        assert read(socket)["code"] == "KRW-ETH"
        advance(server, 180)
        assert read(socket)["code"] == "KRW-ETH"
        assert is_silent(socket)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hello", "WRONG_FORMAT"),
        ('{"ticket":"t"}', "WRONG_FORMAT"),
        ('[{"type":"ticker","codes":["KRW-BTC"]}]', "NO_TICKET"),
        ('[{"ticket":"t"},{"codes":["KRW-BTC"]}]', "NO_TYPE"),
        ('[{"ticket":"t"},{"type":"ticker"}]', "NO_CODES"),
        ('[{"ticket":"t"},{"type":"nope","codes":["KRW-BTC"]}]', "INVALID_PARAM"),
        ('[{"ticket":"t"},{"type":"myOrder"}]', "INVALID_AUTH"),
    ],
)
def test_upbit_8_error_is_a_frame_and_then_the_server_closes(
    server: Server, text: str, name: str
) -> None:
    """A wrong request gets an error frame, after which the server closes with code 1000."""
    with connected(server) as socket:
        socket.send(text)
        assert end_of(socket) == (name, 1000)


def test_upbit_8_request_may_be_binary(server: Server) -> None:
    """A request may come in a binary frame as well."""
    with connected(server) as socket:
        socket.send(json.dumps([TICKET, TICKER]).encode())
        assert read(socket)["type"] == "ticker"


def test_upbit_8_ping_frame_gets_a_pong(server: Server) -> None:
    """A ping frame is answered with a pong."""
    with connected(server) as socket:
        assert socket.ping().wait(TIMEOUT_S)


def test_upbit_8_lists_of_one_in_the_list_formats(server: Server) -> None:
    """JSON_LIST and SIMPLE_LIST frames are lists of one, SIMPLE ones have short names."""
    with connected(server) as socket:
        ask(socket, TICKER, {"format": "JSON_LIST"})
        [frame] = read(socket)
        assert frame["code"] == "KRW-BTC"
        ask(socket, TICKER, {"format": "SIMPLE_LIST"})
        [frame] = read(socket)
        assert (frame["ty"], frame["cd"]) == ("ticker", "KRW-BTC")
        ask(socket, TICKER, {"format": "SIMPLE"})
        assert read(socket)["cd"] == "KRW-BTC"


def test_upbit_8_subscriptions_can_be_listed(server: Server) -> None:
    """LIST_SUBSCRIPTIONS answers what the connection is subscribed to, in the format it names."""
    with connected(server) as socket:
        ask(socket, {"method": "LIST_SUBSCRIPTIONS"})
        assert read(socket) == {"method": "LIST_SUBSCRIPTIONS", "result": [], "ticket": "t"}
        ask(socket, TICKER, {"type": "orderbook", "codes": ["KRW-ETH.5"], "level": 0})
        assert {read(socket)["type"], read(socket)["type"]} == {"ticker", "orderbook"}
        ask(socket, {"method": "LIST_SUBSCRIPTIONS"}, {"format": "SIMPLE"})
        assert read(socket) == {
            "mthd": "LIST_SUBSCRIPTIONS",
            "rslt": [
                {"ty": "ticker", "cds": ["KRW-BTC"]},
                {"ty": "orderbook", "cds": ["KRW-ETH.5"], "lv": 0.0},
            ],
            "tckt": "t",
        }
        advance(server, 180)
        assert "ty" in read(socket)  # the stream goes on in the format of the last request


def test_upbit_8_order_book_depth(server: Server) -> None:
    """KRW-BTC.5 sends five pairs of levels, and the code without the depth."""
    with connected(server) as socket:
        ask(socket, {"type": "orderbook", "codes": ["KRW-BTC.5", "KRW-ETH"]})
        few, all_ = read(socket), read(socket)
        assert (few["code"], len(few["orderbook_units"])) == ("KRW-BTC", 5)
        assert (all_["code"], len(all_["orderbook_units"])) == ("KRW-ETH", 30)


def test_upbit_8_order_book_level_that_is_not_offered_sends_nothing(server: Server) -> None:
    """An order book level that the market does not offer gets no data."""
    with connected(server) as socket:
        ask(socket, {"type": "orderbook", "codes": ["KRW-BTC"], "level": 7})
        assert is_silent(socket)


def test_stream_is_what_the_quotes_say(server: Server) -> None:
    with connected(server) as socket:
        ask(socket, TICKER, {"type": "orderbook", "codes": ["KRW-BTC"]})
        ticker, book = read(socket), read(socket)
    [quoted] = server.get("/v1/ticker?markets=KRW-BTC")
    [asked] = server.get("/v1/orderbook?markets=KRW-BTC")
    for name in ("trade_price", "opening_price", "acc_trade_volume_24h", "highest_52_week_date"):
        assert ticker[name] == quoted[name]
    assert book["orderbook_units"] == asked["orderbook_units"]
    by_side = ticker["acc_ask_volume"] + ticker["acc_bid_volume"]
    assert by_side == pytest.approx(ticker["acc_trade_volume"], rel=1e-9)


@pytest.mark.parametrize("path", ["/websocket", "/websocket/v2", "/v1/ticker"])
def test_other_addresses_are_not_found(server: Server, path: str) -> None:
    with pytest.raises(InvalidStatus) as caught, connected(server, path):
        pass
    assert caught.value.response.status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x.y.z"}])
def test_upbit_8_bad_token_is_refused_as_invalid_auth(
    server: Server, headers: dict[str, str]
) -> None:
    """On the private address a missing or bad token gets INVALID_AUTH for the first request."""
    for text in (json.dumps([TICKET, {"type": "myOrder"}]), json.dumps([TICKET, TICKER]), "hello"):
        with connected(server, PRIVATE, **headers) as socket:
            socket.send(text)
            assert end_of(socket) == ("INVALID_AUTH", 1000)


def test_upbit_8_my_order_tells_every_change(server: Server) -> None:
    """myOrder tells wait, each trade and the end, with numbers; of a trade, the fill's own."""
    with connected(server, PRIVATE, Authorization=token()) as socket:
        ask(socket, {"type": "myOrder"})
        assert is_silent(socket)  # there is no snapshot
        uuid = server.buy("10000", identifier="mine").json()["uuid"]
        waits = read(socket)
        advance(server, 180)
        trade, ended = read(socket), read(socket)
    told = [(frame["state"], frame["uuid"], frame["identifier"]) for frame in (waits, trade, ended)]
    assert told == [(state, uuid, "mine") for state in ("wait", "trade", "cancel")]
    assert (waits["price"], waits["volume"], waits["trade_uuid"]) == (10_000, None, None)
    order = server.private("GET", "/v1/order", f"uuid={uuid}").json()
    [fill] = order["trades"]
    assert trade["trade_uuid"] == fill["uuid"]
    assert (trade["price"], trade["volume"]) == (float(fill["price"]), float(fill["volume"]))
    assert trade["trade_fee"] == trade["paid_fee"] == float(order["paid_fee"])
    assert (trade["is_maker"], ended["is_maker"], ended["trade_fee"]) == (False, None, None)
    assert ended["executed_funds"] == float(fill["funds"])
    assert ended["avg_price"] == float(order["avg_price"])


def test_upbit_8_my_order_of_some_markets(server: Server) -> None:
    """myOrder with codes tells only of orders in those markets."""
    with connected(server, PRIVATE, Authorization=token()) as socket:
        ask(socket, {"type": "myOrder", "codes": ["KRW-ETH"]})
        assert is_silent(socket)
        server.place(LIMIT)
        placed = server.place(LIMIT | {"market": "KRW-ETH"}).json()
        assert read(socket)["uuid"] == placed["uuid"]
        assert is_silent(socket)


def test_upbit_8_cancel_is_told(server: Server) -> None:
    """A cancelled order is told with state cancel, and myAsset with what is free again."""
    uuid = server.place(LIMIT).json()["uuid"]
    with connected(server, PRIVATE, Authorization=token()) as socket:
        ask(socket, {"type": "myOrder"}, {"type": "myAsset"})
        assert is_silent(socket)
        server.private("DELETE", "/v1/order", f"uuid={uuid}")
        assert read_until(socket, "myOrder")["state"] == "cancel"


def test_upbit_8_my_asset_tells_what_moved(server: Server) -> None:
    """myAsset sends the currencies whose balance or locked amount changed, as numbers."""
    with connected(server, PRIVATE, Authorization=token()) as socket:
        ask(socket, {"type": "myAsset"})
        assert is_silent(socket)
        server.place(LIMIT)
        frame = read(socket)
        krw = server.private("GET", "/v1/accounts").json()[0]
    assert frame["assets"] == [
        {"currency": "KRW", "balance": float(krw["balance"]), "locked": float(krw["locked"])}
    ]
    assert frame["stream_type"] == "REALTIME"


def test_upbit_8_token_has_no_query_hash(server: Server) -> None:
    """The private address takes the token without a query hash, and each nonce once."""
    authorization = token()
    with connected(server, PRIVATE, Authorization=authorization) as socket:
        ask(socket, {"type": "myAsset"})
        assert is_silent(socket)
    with connected(server, PRIVATE, Authorization=authorization) as socket:
        ask(socket, {"type": "myAsset"})
        assert end_of(socket) == ("INVALID_AUTH", 1000)


def test_accounts_do_not_hear_of_each_other(server: Server) -> None:
    opened = server.call("POST", "/sandbox/accounts", {"name": "other", "cash": "1000000"}).json()
    [key] = opened["keys"]
    theirs = token(access_key=key["access_key"], secret=key["secret_key"])
    with (
        connected(server, PRIVATE, Authorization=token()) as ours,
        connected(server, PRIVATE, Authorization=theirs) as other,
    ):
        for socket in (ours, other):
            ask(socket, {"type": "myOrder"}, {"type": "myAsset"})
            assert is_silent(socket)
        server.place(LIMIT)
        assert read_until(ours, "myOrder")["state"] == "wait"
        assert is_silent(other)
        server.call("POST", "/sandbox/deposit", {"account": "other", "amount": "5"})
        assert read(other)["assets"][0]["balance"] == 1_000_005


def test_upbit_8_key_hears_only_what_it_is_permitted(server: Server) -> None:
    """Without the permission to read orders myOrder is refused as INVALID_AUTH."""
    fields = {"account": "main", "permissions": ["view_account"]}
    key = server.call("POST", "/sandbox/keys", fields).json()
    for kind, is_permitted in (("myAsset", True), ("myOrder", False)):
        theirs = token(access_key=key["access_key"], secret=key["secret_key"])
        with connected(server, PRIVATE, Authorization=theirs) as socket:
            ask(socket, {"type": kind})
            if is_permitted:
                assert is_silent(socket)
            else:
                assert end_of(socket) == ("INVALID_AUTH", 1000)


@pytest.fixture(scope="module")
def real() -> Iterator[Server]:
    with running(*MADE_UP, "--clock", "real") as one:
        yield one


def test_upbit_6_five_messages_a_second_on_a_connection(real: Server) -> None:
    """A connection may send five requests a second; one more gets TOO_MANY_REQUEST and no close."""
    asked = TICKER | {"is_only_snapshot": True}
    with connected(real) as socket:
        for _ in range(12):  # two seconds' worth and two more: at least two are too many
            ask(socket, asked)
        told = [read(socket) for _ in range(12)]
        refused = [frame["error"]["name"] for frame in told if "error" in frame]
        assert refused.count("TOO_MANY_REQUEST") == len(refused) >= 2
        assert socket.ping().wait(TIMEOUT_S)


def test_upbit_6_one_connection_in_ten_seconds_with_an_origin(real: Server) -> None:
    """With an Origin header only one connection in ten seconds is let in."""
    with connected(real, Origin="http://somewhere.example"):
        pass
    with (
        pytest.raises(InvalidStatus) as caught,
        connected(real, Origin="http://somewhere.example"),
    ):
        pass
    assert caught.value.response.status_code == 429


def test_upbit_6_five_connections_a_second() -> None:
    """An address may open five connections a second; one more is turned away with 429."""
    refused = []
    with running(*MADE_UP, "--clock", "real") as server:
        for _ in range(12):  # within two seconds: at least two are too many
            try:
                with connected(server):
                    pass
            except InvalidStatus as exc:
                refused.append(exc.response.status_code)
    assert refused == [429] * len(refused)
    assert len(refused) >= 2


def test_real_clock_needs_no_request_to_go_on() -> None:
    options = (*MADE_UP, "--clock", "real", "--speed", "60")
    with running(*options) as server, connected(server) as socket:
        ask(socket, {"type": "candle.1s", "codes": ["KRW-BTC"], "is_only_realtime": True})
        assert read(socket)["stream_type"] == "REALTIME"


def test_live_streams_follow_the_upstream() -> None:
    with (
        running(*MADE_UP, "--clock", "virtual") as upstream,
        running("--source", "live", "--upstream", upstream.address) as server,
        connected(server) as socket,
    ):
        kinds = ("trade", "ticker", "orderbook", "candle.1m")
        ask(socket, *({"type": kind, "codes": ["KRW-BTC", "KRW-NOPE"]} for kind in kinds))
        assert [read(socket)["type"] for _ in kinds] == list(kinds)
        advance(upstream, 1_200)
        seen: set[str] = set()
        while seen != set(kinds):
            frame = read(socket)
            assert (frame["stream_type"], frame["code"]) == ("REALTIME", "KRW-BTC")
            seen.add(frame["type"])
        [quoted] = upstream.get("/v1/ticker?markets=KRW-BTC")
        ask(socket, TICKER)
        assert read_until(socket, "ticker")["trade_price"] == quoted["trade_price"]


IMPATIENT = f"""
import sys
from upbit_sandbox import server
from upbit_sandbox.streams import connection
from upbit_sandbox.cli import main
server.IdleProtocol.idle_s = {patience(0.5)}
connection.Connection.up_s = {patience(0.1)}
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def impatient() -> Iterator[Server]:
    """Wait for half a second where others wait for 120, and a tenth for ten: on a free machine."""
    options = command(*MADE_UP, "--clock", "virtual")[3:]
    with subprocess.Popen(
        [sys.executable, "-c", IMPATIENT, *options], cwd=FOLDER, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield Server(process, process.stdout.readline().split()[-1])
        finally:
            process.kill()


def test_upbit_8_text_ping_gets_up_and_goes_on(impatient: Server) -> None:
    """The text PING is answered with {"status":"UP"}, which then comes every ten seconds."""
    with connected(impatient) as socket:
        socket.send("PING")
        assert [read(socket) for _ in range(9)] == [{"status": "UP"}] * 9  # beyond the idle time


def test_upbit_8_idle_connection_is_dropped(impatient: Server) -> None:
    """A connection on which nothing comes or goes is dropped, after 120 s; ping frames keep it."""
    ended: list[ConnectionClosed] = []
    with connected(impatient) as idle, connected(impatient) as lively:
        for _ in range(10 * TIMEOUT_S):
            assert lively.ping().wait(TIMEOUT_S)
            try:
                idle.recv(0.1)
            except TimeoutError:
                continue
            except ConnectionClosed as exc:
                ended.append(exc)
                break
        assert is_silent(lively)
    assert ended[0].rcvd is None, "there is no closing handshake"


def test_server_stops_while_somebody_is_connected() -> None:
    with running(*MADE_UP, "--clock", "real") as server, connected(server) as socket:
        ask(socket, TICKER)
        assert read(socket)["type"] == "ticker"
        server.stop()
        assert server.process.returncode == 0
        assert server.process.stdout is not None
        assert server.process.stdout.read() == ""


BROKEN = """
import sys
from upbit_sandbox.cli import main
from upbit_sandbox.streams.sockets import Hub
async def run(hub): raise RuntimeError("the pump broke")
Hub.run = run
sys.exit(main(sys.argv[1:]))
"""


def test_server_does_not_outlive_its_pump() -> None:
    options = command(*MADE_UP, "--clock", "virtual")[3:]
    done = subprocess.run(
        [sys.executable, "-c", BROKEN, *options],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 1
    assert done.stderr.endswith("RuntimeError: the pump broke\n")
