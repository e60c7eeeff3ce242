"""Measure the deployed bot on this machine; print the figures and save them as JSON.

It measures and never judges, as `haetae.research.bench` does for the kernel. The exchange's answers
are part of each figure; on loopback they are a few milliseconds.
"""

import tempfile
import threading
import time
from pathlib import Path

from haetae.app.ports import Books
from haetae.base.time import MINUTE_S
from haetae.research.bench import CASH, Figure, figure_of, make_run, report, seconds
from haetae_local.deploy import artifacts, stack
from haetae_local.deploy.aws import client
from haetae_local.deploy.stack import Deployed
from haetae_local.folders import StackFolder
from haetae_local.replay.candles import options_of
from haetae_local.replay.drive import drive
from haetae_local.replay.replay import parameters_of, ports_on
from haetae_local.servers.services import services
from haetae_local.talk.events import schedule_event
from haetae_local.talk.http import api_of, call, exchange_at

STORED = 10_000  # items in the table while it is measured
CYCLES = 40
LOOK_EVERY_S = 0.005


def figures() -> list[Figure]:
    """Measure everything on a stack of its own."""
    setup, found, chosen = make_run(1, 4)
    with tempfile.TemporaryDirectory(prefix="haetae-bench-") as temporary:
        folder = StackFolder(Path(temporary))
        options = options_of(setup, found, chosen, folder.path, cash=CASH)
        template = artifacts.build(folder.log("build"))
        starts = []
        for _round in range(3):
            began = time.perf_counter()
            with services(folder, options):
                starts.append(time.perf_counter() - began)
        with services(folder, options) as running:
            values = parameters_of(setup, running.exchange.url, {})

            def deploy() -> Deployed:
                return stack.deploy(
                    template,
                    endpoint=running.localstack.url,
                    name="haetae-bench",
                    parameters=values,
                    log=folder.log("deploy"),
                )

            first = seconds(deploy)
            where = deploy()
            exchange = running.exchange.url
            fill(where, STORED)
            warm_to = chosen.from_t + 6 * 3_600
            drive(where, exchange, from_t=chosen.from_t, to_t=warm_to, interval_s=setup.interval_s)
            cycles, checks = walks(where, exchange, warm_to, setup.interval_s)
            values["Language"] = "en"
            update = seconds(deploy)
            books = ports_on(where, exchange, setup).books
            fence, whole = kill(where, books)
    return [
        figure_of("both servers start (caches warm)", "seconds", "at most 5", starts[1:]),
        figure_of("deploy", "seconds", "at most 30", [first]),
        figure_of("update", "seconds", "at most 15", [update]),
        figure_of(f"trading cycle, {STORED} items stored", "ms", "at most 60", cycles),
        figure_of(f"risk check, {STORED} items stored", "ms", "at most 40", checks),
        figure_of("cold kill to fence written", "seconds", "at most 1.5", [fence]),
        figure_of("cold kill to answer", "seconds", "–", [whole]),
    ]


def fill(where: Deployed, items: int) -> None:
    """Store items of another account beside the bot's."""
    dynamodb = client("dynamodb", where.endpoint)
    for first in range(0, items, 25):
        puts = [
            {
                "PutRequest": {
                    "Item": {
                        "pk": {"S": f"bench#{n % 7}"},
                        "sk": {"S": f"{n:09d}"},
                        "body": {"S": "x" * 600},
                    }
                }
            }
            for n in range(first, first + 25)
        ]
        dynamodb.batch_write_item(RequestItems={where.table: puts})


def walks(
    where: Deployed, exchange: str, from_t: int, interval_s: int
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each trading cycle and risk check in the hours from `from_t`."""
    cycles, checks = [], []
    for t in range(from_t + MINUTE_S, from_t + CYCLES * interval_s, 10 * MINUTE_S):
        at = t - t % (10 * MINUTE_S)
        call(exchange_at(exchange), "PUT", "/sandbox/clock", {"now": at})
        event = schedule_event(at)
        if at % interval_s == 0:
            cycles.append(1e3 * seconds(lambda e=event: stack.invoke(where, "trading_cycle", e)))  # type: ignore[misc]
        checks.append(1e3 * seconds(lambda e=event: stack.invoke(where, "risk_check", e)))  # type: ignore[misc]
    return cycles, checks


def kill(where: Deployed, books: Books) -> tuple[float, float]:
    """Return seconds from the call of a cold kill switch to the moved epoch, and to its answer."""
    before = books.load().halt.epoch
    moved: list[float] = []
    began = time.perf_counter()

    def watch() -> None:
        while books.load().halt.epoch == before:
            time.sleep(LOOK_EVERY_S)
        moved.append(time.perf_counter() - began)

    watcher = threading.Thread(target=watch)
    watcher.start()
    call(api_of(where), "POST", "/killswitch", {"reason": "bench"})
    whole = time.perf_counter() - began
    watcher.join()
    return moved[0], whole


if __name__ == "__main__":
    report(figures, __doc__, Path("out/bench_local.json"))
