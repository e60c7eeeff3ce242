"""`python -m haetae_local.make VERB`: a verb with the options that `make` was given.

The Makefile hands its variables over in the environment. In a recipe's text the shell would read
them: an apostrophe, a dollar sign or a semicolon of a reason would keep a kill from selling.
"""

import os
import shlex
import sys
from collections.abc import Mapping
from glob import glob
from pathlib import Path

from haetae_local.cli import CANNOT, main
from haetae_local.errors import LocalError

STACK = {name: name.lower() for name in ("MARKETS", "PROFILE", "INTERVAL", "SETTINGS", "LANGUAGE")}
FILES = ("CANDLES", "CONFIG", "EVENT")
# By verb: a variable's option; CANDLES is several files, FOLLOW a switch, and F comes by place.
OPTIONS: dict[str, dict[str, str]] = {
    "up": {"SOURCE": "source", "UPSTREAM": "upstream", "SPEED": "speed", "CONFIG": "config"}
    | STACK,
    "down": {},
    "deploy": {"ENDPOINT": "endpoint", "EXCHANGE": "exchange", "CONFIG": "config"} | STACK,
    "invoke": {"EVENT": "event"},
    "logs": {"F": "function"},
    "doctor": {"CONFIG": "config"},
    "status": {},
    "kill": {"REASON": "reason"},
    "resume": {"REASON": "reason", "CONFIRM": "confirm"},
}
DEFAULTS = {"kill": {"REASON": "make kill"}}  # a panic needs no reason
NEEDED = {
    "invoke": {"F": "make invoke F=trading_cycle"},
    "resume": {"REASON": "make resume REASON=\"…\" CONFIRM='RESUME main'"},
}


def arguments(verb: str, variables: Mapping[str, str]) -> list[str]:
    """Return a verb's command line from make's variables; an empty one is not told.

    Raises:
        LocalError: one that the verb needs is missing, or CANDLES has an open quotation mark.
    """
    given = {name: text for name, text in variables.items() if text.strip()}
    given = DEFAULTS.get(verb, {}) | given
    for name, example in NEEDED.get(verb, {}).items():
        if name not in given:
            raise LocalError(f"{name}=… is missing; run: {example}")
    found = [
        f"--{o}={path(given[n]) if n in FILES else given[n]}"
        for n, o in OPTIONS[verb].items()
        if n in given
    ]
    if verb == "up" and "CANDLES" in given:
        found += ["--candles", *candle_paths(given["CANDLES"])]
    if verb == "logs" and "FOLLOW" in given:
        found.append("--follow")
    if verb == "invoke":
        found += ["--", given["F"]]
    return [verb, *found]


def candle_paths(text: str) -> list[str]:
    """Return the files of CANDLES: one that is there, or several between blanks, as a shell reads.

    Raises:
        LocalError: a quotation mark is not closed.
    """
    if Path(path(text)).exists():
        return [path(text)]
    try:
        words = [path(word) for word in shlex.split(text)]
    except ValueError as error:
        raise LocalError(f"CANDLES={text} cannot be read: {error}") from error
    return [one for word in words for one in matches(word)]


def matches(word: str) -> list[str]:
    """Return the files of a pattern; a word that is none of them as it is."""
    return sorted(glob(word)) or [word]  # noqa: PTH207 - of any folder


def path(text: str) -> str:
    """Return a path whose ~ is a home folder."""
    return os.path.expanduser(text)  # noqa: PTH111 - of nobody known it stays


def run(verb: str) -> int:
    """Run a verb with what make hands over; 2 with one sentence where it cannot be meant."""
    try:
        command = arguments(verb, os.environ)
    except LocalError as error:
        print(f"haetae: {error}", file=sys.stderr)
        return CANNOT
    return main(command)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1]))
