"""The exchange as the local stack starts it, in a process of its own."""

from pathlib import Path

from haetae_local.folders import StackFolder
from haetae_local.servers import processes, services
from haetae_local.talk.http import call, exchange_at
from support.patience import patience


def test_the_bot_trades_on_the_fills_it_was_tested_with(tmp_path: Path) -> None:
    port = processes.usable_port(0)
    exchange = services.start_exchange(StackFolder(tmp_path), ["--source", "synthetic"], port)
    try:
        processes.wait_ready(exchange, "/sandbox/health", patience(30))
        assert call(exchange_at(exchange.url), "GET", "/sandbox/health")["fills"] == "candles"
        assert call(exchange_at(exchange.url), "GET", "/sandbox/clock")["clock"] == "real"
    finally:
        exchange.stop()
