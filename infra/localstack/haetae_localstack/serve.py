"""`python -m haetae_localstack.serve`: LocalStack, for as long as whoever started it lives.

Standard input is the lifeline: at its end LocalStack stops as on SIGTERM, and leaves for good
when it has not stopped within ten seconds. The environment is `server_environment`'s.

With `--container` it makes that environment itself, serves the whole container on port 4566 from
the folder it was started in, and needs no lifeline: a container ends with its first process.
"""

import fcntl
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO

from haetae_localstack.environment import server_environment

STOP_WITHIN_S = 10


def main() -> None:
    """Run LocalStack in the folder that TMPDIR is in; exit 1 where another one does."""
    in_container = sys.argv[1:] == ["--container"]
    if in_container:
        python = Path(sys.prefix).parent / "runtime/bin/python"
        os.environ.update(server_environment(4566, Path.cwd(), python, host="0.0.0.0"))  # noqa: S104
    temporary = Path(os.environ["TMPDIR"])
    lock = _lock(temporary.parent)
    shutil.rmtree(temporary, ignore_errors=True)  # code and layers of an earlier start
    temporary.mkdir()
    if not in_container:
        threading.Thread(target=_follow, args=(sys.stdin.fileno(),), daemon=True).start()
    from localstack.runtime.main import main as run

    try:
        run()
    except SystemExit as stopped:  # all services are: the interpreter's own end takes seconds more
        sys.stdout.flush()
        lock.close()
        os._exit(int(stopped.code or 0))


def _lock(root: Path) -> IO[str]:
    root.mkdir(parents=True, exist_ok=True)
    lock = (root / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"another LocalStack runs in {root}; stop it with: make down")
    return lock


def _follow(lifeline: int) -> None:
    while os.read(lifeline, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_WITHIN_S)
    os._exit(1)


if __name__ == "__main__":
    main()
