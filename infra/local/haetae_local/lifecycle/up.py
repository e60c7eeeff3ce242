"""Up: everything starts, the kept account is put back, and the schedules run."""

import argparse
import sys
import time

from haetae.base.time import MINUTE_S
from haetae_local.deploy import stack
from haetae_local.deploy.stack import Deployed
from haetae_local.folders import Running, StackFolder, open_folder
from haetae_local.lifecycle import account
from haetae_local.lifecycle.configure import DISABLED, configure
from haetae_local.lifecycle.deploy import deploy
from haetae_local.lifecycle.doctor import mode_text
from haetae_local.lifecycle.launch import check_disk, follow_parent, launch, stop_whole
from haetae_local.lifecycle.options import (
    check_markets,
    check_source,
    interval_s,
    markets_of,
    parameters,
    recorded_span,
    schedules_of,
)
from haetae_local.replay.drive import drive
from haetae_local.servers.running import healthy
from haetae_local.talk.events import schedule_event
from haetae_local.talk.http import api_of, call


def up(args: argparse.Namespace) -> None:
    """Start, deploy, put the kept account back, run one cycle, leave the schedules running.

    A second `up` finds everything running and changes what it was asked to change.
    """
    began = time.monotonic()
    follow_parent()
    folder = open_folder()
    check_disk(folder)
    running = healthy(folder)
    check_source(args, running)
    deployed = stack.parameters(running.localstack, running.stack) if running is not None else {}
    args = configure(args, deployed)
    args.markets = markets_of(args)
    schedules = schedules_of(args.source, args.schedules)
    if running is not None:
        check_markets(args.markets, running)
        found = deploy(folder, running, parameters(args, running, schedules=schedules))
        first_cycle(found, schedules)
        print_summary(folder, running, found, began)
        return
    supervisor = launch(folder, args)
    try:
        running = folder.read()
        assert running is not None
        found = populate(folder, running, args)
        assert supervisor.stdin is not None
        supervisor.stdin.write(b"stay\n")
        supervisor.stdin.flush()
    except BaseException:
        stop_whole(supervisor)
        raise
    print_summary(folder, running, found, began)
    if args.source == "replay":
        play(running, found, args)


def populate(folder: StackFolder, running: Running, args: argparse.Namespace) -> Deployed:
    """Deploy to a LocalStack that has just started, with the account that was kept.

    The account is put back before any schedule runs, or the bot would open new books.
    """
    if args.source == "replay":
        return deploy(folder, running, parameters(args, running, schedules=DISABLED))
    file = folder.account(running.source)
    kept = account.read(file)
    if kept is not None:
        found = deploy(folder, running, parameters(args, running, schedules=DISABLED))
        items = account.restore(
            kept, endpoint=running.localstack, table=found.table, exchange=running.exchange
        )
        print(f"the paper account of {file} is back: {items} items")
    found = deploy(folder, running, parameters(args, running, schedules=args.schedules))
    first_cycle(found, args.schedules)
    return found


def first_cycle(found: Deployed, schedules: str) -> None:
    """Run one trading cycle at once, so that nobody waits for the next full hour."""
    if schedules == DISABLED:
        print("no schedule runs; send events yourself: make invoke F=trading_cycle")
        return
    now = int(time.time())
    answer = stack.invoke(found, "trading_cycle", schedule_event(now - now % MINUTE_S))
    print(f"first cycle: {answer['status']}, equity {answer['equity_krw']:,} KRW")


def print_summary(folder: StackFolder, running: Running, found: Deployed, began: float) -> None:
    """Print where everything is."""
    print(
        f"haetae is up after {time.monotonic() - began:.0f} s, on paper, prices: {running.source}\n"
        f"  API       {found.api_url}\n"
        f"  API key   {found.api_key}  (header x-api-key)\n"
        f"  exchange  {running.exchange}\n"
        f"  AWS       {running.localstack}  (AWS_ENDPOINT_URL)\n"
        f"  logs      make logs FOLLOW=1 · processes: {folder.path}/*.log\n"
        f"  look      make status\n"
        f"  stop      make kill REASON=… sells everything · make down stops the machine",
        flush=True,
    )
    status = call(api_of(found), "GET", "/status")
    if status["mode"] != "run":
        print(f"the bot does not trade: {mode_text(status)}", flush=True)


def play(running: Running, found: Deployed, args: argparse.Namespace) -> None:
    """Pump recorded minutes through the functions until they end or the user has enough."""
    from tqdm import tqdm

    span = recorded_span(args)
    with tqdm(total=(span.to_t - span.from_t) // MINUTE_S + 1, unit="min", mininterval=0.5) as bar:

        def progress(_t: int) -> None:
            bar.update(1)

        try:
            drive(
                found,
                running.exchange,
                from_t=span.from_t,
                to_t=span.to_t,
                interval_s=interval_s(args),
                minutes_per_s=args.speed or 0.0,
                progress=progress,
            )
        except KeyboardInterrupt:
            print("\nthe replay stops here; everything stays up", file=sys.stderr)
