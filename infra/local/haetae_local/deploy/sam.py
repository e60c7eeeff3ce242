"""The SAM CLI, run into a log of its own."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from haetae_local.errors import LocalError
from haetae_local.folders import ROOT, SAM
from haetae_local.servers.processes import last_line


def run_sam(arguments: Sequence[str], log: Path, variables: Mapping[str, str], word: str) -> None:
    """Run the SAM CLI into a log of its own.

    Raises:
        LocalError: it failed, or is not installed.
    """
    if not SAM.exists():
        raise LocalError(f"{SAM} is missing; run: make setup-local")
    quiet = {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5", "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as out:
        done = subprocess.run(  # noqa: S603 - our own tool and arguments
            [str(SAM), *arguments],
            cwd=ROOT,
            env={**variables, **quiet},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise LocalError(f"the stack could not be {word}: {last_line(log)}; see {log}")
