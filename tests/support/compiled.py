"""The compiled fold, compiled once however many workers ask for it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from haetae.kernel.advance import advance
from haetae.research.engine.compiled import compiled_kernel


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process compile while the others wait for its cache."""
    root = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "haetae"
    root.mkdir(parents=True, exist_ok=True)
    with (root / "compile.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def compiled_advance() -> Callable[..., Any]:
    """Return the compiled fold; its first call for a number of markets compiles or loads it."""
    fold = compiled_kernel()[advance]

    def locked(*arguments: Any) -> Any:
        with one_at_a_time():
            return fold(*arguments)

    return locked
