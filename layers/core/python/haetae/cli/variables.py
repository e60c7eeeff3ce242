"""The variables of a verb: the process's and those of `.env` in the working folder."""

import os
import sys
from pathlib import Path

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
    """Give this process the variables of `.env` that it does not have; its own win."""
    os.environ.update({one.name: one.text for one in find_variables().values() if one.place})
