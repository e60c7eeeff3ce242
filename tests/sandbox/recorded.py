"""Where recorded market data lies, if it does."""

import json
import os
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


def data_folder() -> Path | None:
    """The folder of recorded data: HAETAE_TEST_DATA, else ../shared/data, None when absent."""
    folder = Path(os.environ.get("HAETAE_TEST_DATA", REPOSITORY / "../shared/data"))
    return folder if folder.is_dir() else None


def sample(name: str, otherwise: Any) -> Any:
    """A recorded body by file name, or the minimal expectation given."""
    folder = data_folder()
    path = None if folder is None else folder / "api_samples" / name
    if path is None or not path.is_file():
        return otherwise
    return json.loads(path.read_text(encoding="utf-8"))


def ws_message(name: str) -> Any:
    """The message of a recorded WebSocket exchange by file name, None where there is none."""
    folder = data_folder()
    path = None if folder is None else folder / "api_samples" / name
    if path is None or not path.is_file():
        return None
    return json.loads(path.read_text(encoding="utf-8").partition("\n=")[2])
