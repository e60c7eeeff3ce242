"""Where things lie: the repository, its environments, and the folder of one running stack."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from haetae_local.errors import LocalError

ROOT = Path(__file__).resolve().parents[3]
LOCALSTACK_PYTHON = ROOT / ".localstack/venv/bin/python"
RUNTIME_PYTHON = ROOT / ".localstack/runtime/bin/python"
SAM = ROOT / ".sam/venv/bin/sam"
REGION = "ap-northeast-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What is running and where; kept in `running.json` while it does."""

    pid: int  # of the supervisor
    localstack: str
    exchange: str
    stack: str
    source: str


@dataclass(frozen=True, slots=True)
class StackFolder:
    """The folder of one local stack: its logs, its state, and what is kept between runs."""

    path: Path

    @property
    def running(self) -> Path:
        """Return the file that says what runs."""
        return self.path / "running.json"

    def account(self, source: str) -> Path:
        """Return the file that keeps a source's paper account between runs."""
        return self.path / f"account-{source}.json"

    @property
    def localstack(self) -> Path:
        """Return LocalStack's folder; what it caches there makes its next start faster."""
        return self.path / "localstack"

    def log(self, name: str) -> Path:
        """Return the log of a process."""
        return self.path / f"{name}.log"

    def read(self) -> Running | None:
        """Return what runs here, or None; a supervisor that has died runs nothing."""
        try:
            running = Running(**json.loads(self.running.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return running if alive(running.pid) else None

    def write(self, running: Running) -> None:
        """Say what runs here, in one step."""
        part = self.running.with_suffix(".part")
        part.write_text(json.dumps(asdict(running), indent=1) + "\n", "utf-8")
        part.replace(self.running)


def open_folder(name: str = "main") -> StackFolder:
    """Return the folder of a stack, made if need be.

    Raises:
        LocalError: the folder cannot be written.
    """
    folder = Path(os.environ.get("HAETAE_LOCAL", ROOT / ".haetae")) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError(f"{folder} cannot be made: {error.strerror}; make it writable") from error
    return StackFolder(folder)


def alive(pid: int) -> bool:
    """Tell whether a process is there and not just waiting to be reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:  # where there is a /proc: a process that waits to be reaped is not alive
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True
