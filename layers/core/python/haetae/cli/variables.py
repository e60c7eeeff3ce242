"""The variables of a verb: the process's and those of `.env` in the working folder."""

import os
import sys
from pathlib import Path

from haetae.base.errors import ConfigError
from haetae.config.dotenv import Chosen, idle_sentences
from haetae.wiring.files import read_variables


def find_variables() -> Chosen:
    """Return the variables that count; those without effect are told on the error stream.

    Raises:
        ConfigError: `.env` cannot be read or meant, or a variable is not allowed.
    """
    chosen = read_variables(Path(), os.environ)
    for sentence in idle_sentences(chosen):
        print(f"haetae: warning: {sentence}", file=sys.stderr)
    return chosen


def take_file_variables() -> None:
    """Give this process the variables of `.env` that it does not have; its own win.

    Who has the table in the process needs no file: a stray line in one must not stop a kill.

    Raises:
        ConfigError: `.env` cannot be read or meant, and the process does not name the table.
    """
    try:
        chosen = find_variables()
    except ConfigError as error:
        if not os.environ.get("HAETAE_TABLE", "").strip():
            raise
        print(f"haetae: warning: {error}; only the process's variables count", file=sys.stderr)
        return
    os.environ.update({one.name: one.text for one in chosen.values() if one.place})
