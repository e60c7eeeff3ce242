"""Up, down and deploy: the life of the local stack."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from haetae.base.time import MINUTE_S, iso_text
from haetae_local import account, stack
from haetae_local.aws import client
from haetae_local.errors import LocalError
from haetae_local.places import Place, Running, alive, place
from haetae_local.processes import answers, last_line
from haetae_local.pump import pump, scheduled
from haetae_local.services import EXCHANGE_PORT, LOCALSTACK_PORT
from haetae_local.stack import Deployed

if TYPE_CHECKING:
    from haetae.research.data.candle_files import CandleFile
    from haetae.research.data.tapes import Span

STACK = "haetae"
READY_S = 100.0
STOP_S = 40.0
LOOK_EVERY_S = 0.2
SETTLE_S = 3.0  # a walk on this machine takes a tenth of it
FREE_BYTES = 1_500_000_000  # LocalStack unpacks the layers for every version of them


def up(args: argparse.Namespace) -> None:
    """Start, deploy, put the kept account back, run one cycle, leave the schedules running.

    A second `up` finds everything running and changes what it was asked to change.
    """
    began = time.monotonic()
    follow_parent()
    where = place()
    check_disk(where)
    args.markets = traded(args)
    running = healthy(where)
    if running is not None and running.source != args.source:
        raise LocalError(f"SOURCE={running.source} is running; to change it run: make down")
    if running is not None:
        values = parameters(args, running, schedules=schedules_of(args.source))
        found = deploy(where, running, values)
        first_cycle(found, args.source)
        told(where, running, found, began)
        return
    supervisor = launch(where, args)
    try:
        running = where.read()
        assert running is not None
        found = populate(where, running, args)
        assert supervisor.stdin is not None
        supervisor.stdin.write(b"stay\n")
        supervisor.stdin.flush()
    except BaseException:
        stop(supervisor.pid)
        raise
    told(where, running, found, began)
    if args.source == "replay":
        play(running, found, args)


def follow_parent() -> None:
    """Interrupt this process, as Ctrl+C would, once whoever started it has gone."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_EVERY_S)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()


def populate(where: Place, running: Running, args: argparse.Namespace) -> Deployed:
    """Deploy to a LocalStack that has just started, with the account that was kept.

    The account is put back before any schedule runs, or the bot would open new books.
    """
    if args.source == "replay":
        return deploy(where, running, parameters(args, running, schedules=schedules_of("replay")))
    file = where.account(running.source)
    kept = account.read(file)
    if kept is not None:
        found = deploy(where, running, parameters(args, running, schedules="DISABLED"))
        items = account.restore(
            kept, endpoint=running.localstack, table=found.table, exchange=running.exchange
        )
        print(f"the paper account of {file} is back: {items} items")
    found = deploy(where, running, parameters(args, running, schedules="ENABLED"))
    first_cycle(found, args.source)
    return found


def launch(where: Place, args: argparse.Namespace) -> "subprocess.Popen[bytes]":
    """Start the supervisor on a pipe that is its lifeline until it is told to stay."""
    options = exchange_options(args)
    command = [
        *(sys.executable, "-m", "haetae_local.supervisor", str(where.folder)),
        *(str(LOCALSTACK_PORT), str(EXCHANGE_PORT), STACK, args.source, *options),
    ]
    where.running.unlink(missing_ok=True)
    with where.log("supervisor").open("wb") as log:
        supervisor = subprocess.Popen(  # noqa: S603 - our own command
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + READY_S
    while where.read() is None:
        if supervisor.poll() is not None:
            raise LocalError(last_line(where.log("supervisor")))
        if time.monotonic() > until:
            stop(supervisor.pid)
            raise LocalError(f"nothing answers after {READY_S:.0f} s; see {where.folder}/*.log")
        time.sleep(0.05)
    return supervisor


def exchange_options(args: argparse.Namespace) -> list[str]:
    """Return the sandbox's options for a source of prices."""
    options = ["--source", args.source]
    if args.source == "replay":
        if not args.candles:
            raise LocalError("SOURCE=replay needs recorded minutes; add CANDLES=KRW-BTC_1m.parquet")

        options += ["--clock", "virtual", "--start", iso_text(recorded(args).from_t)]
        return [*options, "--candles", *[str(path.resolve()) for path in args.candles]]
    if args.markets:
        options += ["--markets", args.markets]
    if args.source == "live" and args.upstream:
        options += ["--upstream", args.upstream]
    return options


def traded(args: argparse.Namespace) -> str:
    """Return the markets that were told, of a replay else those of its candle files; "" for none.

    What is not told stays as it is deployed.
    """
    if args.markets or args.source != "replay":
        return str(args.markets)
    return ",".join(dict.fromkeys(file.market for file in candle_files(args)))


def parameters(args: argparse.Namespace, running: Running, *, schedules: str) -> dict[str, str]:
    """Return the template's parameters; those that were not given stay as they are deployed."""
    from upbit_sandbox.venue.venue import ACCESS_KEY, SECRET_KEY

    given = {
        "Markets": args.markets,
        "Profile": args.profile,
        "DecisionIntervalMinutes": args.interval,
        "Settings": args.settings,
        "Language": args.language,
    }
    return {
        "Schedules": schedules,
        "Clock": "exchange" if running.source == "replay" else "system",
        "UpbitBaseUrl": running.exchange,
        "UpbitAccessKey": ACCESS_KEY,
        "UpbitSecretKey": SECRET_KEY,
        **{name: text for name, text in given.items() if text},
    }


def schedules_of(source: str) -> str:
    """Return whether the rules fire: a replay's events come from the pump alone."""
    return "DISABLED" if source == "replay" else "ENABLED"


def deploy(where: Place, running: Running, values: dict[str, str]) -> Deployed:
    """Build what changed and deploy it."""
    template = stack.build(where.log("build"))
    return stack.deploy(
        template,
        endpoint=running.localstack,
        name=running.stack,
        parameters=values,
        log=where.log("deploy"),
    )


def deploy_again(args: argparse.Namespace) -> None:
    """Deploy changed code or a changed template to what is running; its data stays.

    Raises:
        LocalError: nothing is running, or of two addresses only one is given.
    """
    where = place()
    if bool(args.endpoint) != bool(args.exchange):
        raise LocalError("ENDPOINT and EXCHANGE belong together; give both or neither")
    if args.endpoint:
        running = Running(
            pid=0, localstack=args.endpoint, exchange=args.exchange, stack=STACK, source="elsewhere"
        )
    else:
        running = required(where)
    began = time.monotonic()
    values = parameters(args, running, schedules=schedules_of(running.source))
    found = deploy(where, running, values)
    print(f"stack {found.name} is deployed after {time.monotonic() - began:.1f} s")


def first_cycle(found: Deployed, source: str) -> None:
    """Run one trading cycle at once, so that nobody waits for the next full hour."""
    if source == "replay":
        return
    now = int(time.time())
    answer = stack.invoke(found, "trading_cycle", scheduled(now - now % MINUTE_S))
    print(f"first cycle: {answer['status']}, equity {answer['equity_krw']:,} KRW")


def told(where: Place, running: Running, found: Deployed, began: float) -> None:
    """Print where everything is."""
    print(
        f"haetae is up after {time.monotonic() - began:.0f} s, on paper, prices: {running.source}\n"
        f"  API       {found.api_url}\n"
        f"  API key   {found.api_key}  (header x-api-key)\n"
        f"  exchange  {running.exchange}\n"
        f"  AWS       {running.localstack}  (AWS_ENDPOINT_URL)\n"
        f"  logs      make logs FOLLOW=1 · processes: {where.folder}/*.log\n"
        f"  look      make status\n"
        f"  stop      make kill REASON=… sells everything · make down stops the machine",
        flush=True,
    )


def play(running: Running, found: Deployed, args: argparse.Namespace) -> None:
    """Pump recorded minutes through the functions until they end or the user has enough."""
    from tqdm import tqdm

    span = recorded(args)
    with tqdm(total=(span.to_t - span.from_t) // MINUTE_S + 1, unit="min", mininterval=0.5) as bar:

        def progress(_t: int) -> None:
            bar.update(1)

        try:
            pump(
                found,
                running.exchange,
                from_t=span.from_t,
                to_t=span.to_t,
                interval_s=interval_s(args),
                minutes_per_s=args.speed,
                progress=progress,
            )
        except KeyboardInterrupt:
            print("\nthe replay stops here; everything stays up", file=sys.stderr)


def recorded(args: argparse.Namespace) -> "Span":
    """Return the time that the candle files can be replayed for.

    Raises:
        LocalError: they cannot be read, or hold too little.
    """
    from haetae.base.errors import HaetaeError
    from haetae.research.data.tapes import histories, span

    try:
        found = histories(candle_files(args), traded(args).split(","), interval_s(args))
        return span(found, interval_s(args), from_t=None, to_t=None)
    except HaetaeError as error:
        raise LocalError(f"CANDLES cannot be replayed: {error}") from error


def candle_files(args: argparse.Namespace) -> "list[CandleFile]":
    """Read the candle files of a replay; raises LocalError where one cannot be read."""
    from haetae.base.errors import HaetaeError
    from haetae.research.data.candle_files import read_candles

    try:
        return [read_candles(path) for path in args.candles]
    except HaetaeError as error:
        raise LocalError(f"CANDLES cannot be replayed: {error}") from error


def interval_s(args: argparse.Namespace) -> int:
    """Return the decision candle's length; an hour unless told."""
    return int(args.interval or 60) * MINUTE_S


def down(_args: argparse.Namespace) -> None:
    """Keep the account, stop everything, leave no process and no port behind."""
    where = place()
    running = where.read()
    if running is None:
        print("nothing is running")
        return
    trouble = ""
    if running.source != "replay":
        try:
            keep_account(where, running)
        except LocalError as error:
            trouble = str(error)
    stop(running.pid)
    where.running.unlink(missing_ok=True)
    if trouble:
        raise LocalError(f"everything has stopped, but the account was not kept: {trouble}")
    print("everything has stopped")


def keep_account(where: Place, running: Running) -> None:
    """Write the account down while nothing trades."""
    if not answers(f"{running.localstack}/_localstack/health"):
        raise LocalError(f"LocalStack does not answer; see {where.log('localstack')}")
    found = stack.deployed(running.localstack, running.stack)
    quiet(found)
    file = where.account(running.source)
    items = account.save(
        file, endpoint=running.localstack, table=found.table, exchange=running.exchange
    )
    print(f"the paper account is kept in {file}: {items} items")


def quiet(found: Deployed) -> None:
    """Stop the schedules and let what they have begun come to its end."""
    events = client("events", found.endpoint)
    for rule in events.list_rules(NamePrefix=f"{found.name}-")["Rules"]:
        events.disable_rule(Name=rule["Name"])
    time.sleep(SETTLE_S)


def required(where: Place) -> Running:
    """Return what runs.

    Raises:
        LocalError: nothing does.
    """
    running = healthy(where)
    if running is None:
        raise LocalError("nothing is running; run: make up")
    return running


def healthy(where: Place) -> Running | None:
    """Return what runs and answers; what runs and does not answer is stopped."""
    running = where.read()
    if running is None:
        return None
    if answers(f"{running.localstack}/_localstack/health") and answers(
        f"{running.exchange}/v1/market/all"
    ):
        return running
    print("what was running does not answer any more: it is stopped", file=sys.stderr)
    stop(running.pid)
    return None


def stop(pid: int) -> None:
    """Ask the supervisor to end everything, and see to it."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    until = time.monotonic() + STOP_S
    while alive(pid):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)  # its servers lose their lifelines
            return
        time.sleep(0.05)


def check_disk(where: Place) -> None:
    """Refuse to start on a disk that will be full in a moment."""
    free = shutil.disk_usage(where.folder).free
    if free < FREE_BYTES:
        raise LocalError(
            f"{where.folder} has {free / 1e9:.1f} GB left and needs {FREE_BYTES / 1e9:.1f}; "
            f"free some, for instance with: make clean"
        )
