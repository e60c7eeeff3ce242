"""Measure the sandbox exchange on this machine; print the figures and save them as JSON.

The server runs in a process of its own on one core, the client on the others. It measures and
never judges, as `haetae.research.bench` does for the kernel.
"""

import asyncio
import json
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from websockets import connect

from haetae.base.time import iso_text
from haetae.research.bench import Figure, figure_of, report
from haetae_local.bench.exchange import Exchange, exchange, signed_order

ORDERS = 4_000  # of a round
CONNECTIONS = 8
ROUNDS = 5
MARKETS = 60
SPEED = 1_000
WATCHED_S = 15.0
DAY_MIN = 1_440
YEAR_MIN = 365 * DAY_MIN
START = 1_756_684_800
MINUTES = (1, 3, 5, 10, 15, 30, 60, 240)
CANDLE_PATHS = ["seconds", "days", "weeks", "months", "years", *[f"minutes/{n}" for n in MINUTES]]


def order_rates() -> list[float]:
    """Return order round trips a second of several rounds: market buys, each answered 201."""
    buy = {"market": "KRW-BTC", "side": "bid", "ord_type": "price", "price": "5000"}
    with exchange("--source", "synthetic", "--fills", "book", "--cash", "1000000000000") as server:
        rates = []
        for _round in range(ROUNDS + 1):
            requests = [signed_order(buy) for _order in range(ORDERS)]
            rates.append(ORDERS / asyncio.run(send_all(server, requests)))
        return rates[1:]  # the first warms up


async def send_all(server: Exchange, requests: list[bytes]) -> float:
    """Send requests over kept-alive connections, one after the other on each; return seconds."""
    shares = [requests[n::CONNECTIONS] for n in range(CONNECTIONS)]
    opened = [await asyncio.open_connection(server.host, server.port) for _share in shares]
    began = time.perf_counter()
    await asyncio.gather(*[_send(*pair, share) for pair, share in zip(opened, shares, strict=True)])
    took = time.perf_counter() - began
    for _reader, writer in opened:
        writer.close()
    return took


async def _send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: list[bytes]
) -> None:
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201"), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))


def lags() -> tuple[list[float], list[float], list[float]]:
    """Replay many markets fast; return minutes of the tape that the newest trade of any market is
    behind the clock and milliseconds that all tickers take, at each look, and minutes of the tape
    that each trade is behind the clock when a client of every stream gets it.
    """
    with tempfile.TemporaryDirectory(prefix="haetae-bench-") as folder:
        minutes = int(WATCHED_S * 3 * SPEED / 60) + DAY_MIN
        files = [write_walk(Path(folder), f"KRW-B{n}", minutes) for n in range(MARKETS)]
        begin = START + DAY_MIN * 60
        options = ("--clock", "real", "--start", iso_text(begin), "--speed", str(SPEED))
        with exchange("--source", "replay", *options, "--candles", *files) as server:
            behind, took = [], []
            until = time.perf_counter() + WATCHED_S
            while time.perf_counter() < until:
                asked = clock_s(server)
                began = time.perf_counter()
                rows = server.get("/v1/ticker/all?quote_currencies=KRW")
                took.append(1_000 * (time.perf_counter() - began))
                assert len(rows) == MARKETS
                oldest = min(float(str(row["trade_timestamp"])) for row in rows) / 1_000
                behind.append(max(asked - oldest, 0.0) / 60)
            return behind, took, asyncio.run(watch(server))


async def watch(server: Exchange) -> list[float]:
    """Follow all streams of all markets; return how late each trade comes, as `lags` has it."""
    codes = [f"KRW-B{n}" for n in range(MARKETS)]
    kinds = ("trade", "ticker", "orderbook", "candle.1m")
    wishes = [{"type": kind, "codes": codes, "is_only_realtime": True} for kind in kinds]
    late = []
    async with connect(f"ws://{server.host}:{server.port}/websocket/v1") as socket:
        ahead_s = clock_s(server) - SPEED * time.time()
        await socket.send(json.dumps([{"ticket": "bench"}, *wishes]))
        until = time.time() + WATCHED_S
        while time.time() < until:
            frame, now_s = json.loads(await socket.recv()), time.time()
            if frame["type"] == "trade":
                late.append((ahead_s + SPEED * now_s - frame["trade_timestamp"] / 1_000) / 60)
    return late


def clock_s(server: Exchange) -> float:
    """Return the exchange's time in epoch seconds."""
    connection = HTTPConnection(server.host, server.port, timeout=60)
    connection.request("GET", "/sandbox/clock")
    found = json.loads(connection.getresponse().read())
    connection.close()
    return float(found["now_s"])


def memory_mb() -> float:
    """Return the most memory a server has held, in MB, with a year of minutes of five markets.

    Every candle unit is asked for, at the end of the year.
    """
    with tempfile.TemporaryDirectory(prefix="haetae-bench-") as folder:
        codes = [f"KRW-B{n}" for n in range(5)]
        files = [write_walk(Path(folder), code, YEAR_MIN) for code in codes]
        end = START + YEAR_MIN * 60
        with exchange(
            "--source", "replay", "--start", iso_text(end), "--candles", *files
        ) as server:
            for code in codes:
                for path in CANDLE_PATHS:
                    assert server.get(f"/v1/candles/{path}?market={code}&count=200")
            server.get("/v1/ticker/all?quote_currencies=KRW")
            return peak_mb(server.pid)


def peak_mb(pid: int) -> float:
    """Return the most memory that a process has held so far, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1_000
    raise RuntimeError(f"process {pid} tells no VmHWM")


def write_walk(folder: Path, code: str, minutes: int) -> Path:
    """Write a random walk of minutes as a candle file."""
    walk = np.random.default_rng(sum(map(ord, code))).normal(0, 0.0005, minutes).cumsum()
    closes = np.round(50_000_000 * np.exp(walk), -3)
    opens = np.concatenate([[closes[0]], closes[:-1]])
    columns = {
        "timestamp": START + 60 * np.arange(minutes),
        "open": opens,
        "high": np.maximum(opens, closes) + 1_000,
        "low": np.minimum(opens, closes) - 1_000,
        "close": closes,
        "volume": np.full(minutes, 0.5),
    }
    path = folder / f"{code}_1m.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def figures() -> list[Figure]:
    """Measure everything."""
    behind, took, late = lags()
    return [
        figure_of("order round trips, one core", "orders/s", "at least 1500", order_rates()),
        figure_of(
            f"{MARKETS} markets at {SPEED} times real time: newest trade behind the clock",
            "minutes of the tape",
            "at most 1",
            behind,
        ),
        figure_of(f"the same: all {MARKETS} tickers", "ms", "a minute lasts 60", took),
        figure_of(
            "the same: a trade, to a client of all streams",
            "minutes of the tape",
            "looked for every 1.7",
            late,
        ),
        figure_of("memory, a year of minutes of five markets", "MB", "at most 300", [memory_mb()]),
    ]


if __name__ == "__main__":
    report(figures, __doc__, Path("out/bench_sandbox.json"))
