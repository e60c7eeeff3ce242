"""Keeps the servers: `python -m haetae_local.servers.supervisor FOLDER PORT PORT OPTIONS…`.

It is started by `up` on a pipe. Until it reads `stay` there, the pipe is its lifeline, so that an
interrupted start leaves nothing behind; from then on it lives until SIGTERM or a server's death.
"""

import os
import select
import signal
import sys
from pathlib import Path

from haetae_local.errors import LocalError
from haetae_local.folders import Running, StackFolder
from haetae_local.servers.services import Services, launch

LOOK_EVERY_S = 1.0


def main(argv: list[str]) -> int:
    """Run until told to stop; 1 when a server could not start or has died."""
    folder = StackFolder(Path(argv[0]))
    ports, stack, source, options = (int(argv[1]), int(argv[2])), argv[3], argv[4], argv[5:]
    stop_signals: list[int] = []
    starting = [True]

    def note(number: int, _frame: object) -> None:
        stop_signals.append(number)
        if starting and len(stop_signals) == 1:
            raise SystemExit(0)  # while it starts nothing looks at the signals: the servers go now

    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, note)
    try:
        services = launch(folder, options, ports=ports)
    except LocalError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    starting.clear()
    try:
        folder.write(
            Running(
                pid=os.getpid(),
                localstack=services.localstack.url,
                exchange=services.exchange.url,
                stack=stack,
                source=source,
            )
        )
        return keep(services, stop_signals)
    finally:
        folder.running.unlink(missing_ok=True)
        services.stop()


def keep(services: Services, stop_signals: list[int]) -> int:
    """Watch the servers and the pipe."""
    staying = False
    while not stop_signals:
        for child in services.children:
            if child.is_dead:
                print(f"{child.name} has died; see {child.log}", file=sys.stderr, flush=True)
                return 1
        readable, _, _ = select.select([] if staying else [sys.stdin], [], [], LOOK_EVERY_S)
        if readable:
            staying = sys.stdin.readline().strip() == "stay"
            if not staying:
                return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
