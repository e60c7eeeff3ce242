"""The file `.env`: read strictly, joined with the variables of the process, told what is idle.

A value is never shown where it may be a secret, and no line is: a secret may stand in any.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from haetae.base.errors import ConfigError
from haetae.config.files import Written, each_once
from haetae.config.variable import Variable
from haetae.config.variables import SPELLINGS, VARIABLES

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
QUOTES = ("'", '"')
FORM = "allowed: KEY=value without quotes and spaces"

# set variables by the table's name; each as it was spelled, its text, and its line in `.env`
type Chosen = Mapping[str, Written]


def read_dotenv(text: str) -> tuple[Written, ...]:
    """Return the variables of a `.env` in the order of its lines; empty ones are not set.

    Raises:
        ConfigError: a line is not KEY=value, its value has quotes or spaces around it, or its name
            is unknown or comes twice; names the line and the name.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    found = [
        read_line(line, f".env line {number}")
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.startswith("#")
    ]
    return tuple(one for one in each_once(found) if one.text)


def read_line(line: str, place: str) -> Written:
    """Return the variable of a line.

    Raises:
        ConfigError: it has none that can be meant.
    """
    name, equals, value = line.partition("=")
    bare = name.strip().removeprefix("export ").strip()
    shown = f" {bare}" if NAME.fullmatch(bare) else ""
    if not equals or not shown:
        raise ConfigError(f"{place}{shown} is not a variable; {FORM}")
    if name != bare:
        raise ConfigError(f"{place} {bare} has spaces or words around its name; {FORM}")
    if value != value.strip():
        raise ConfigError(f"{place} {bare} has spaces around its value; {FORM}")
    if value.startswith(QUOTES) or value.endswith(QUOTES):
        raise ConfigError(f"{place} {bare} has quotes around its value; {FORM}")
    if re.search(r"\s#", value):
        raise ConfigError(f"{place} {bare} has a comment behind its value; allowed: above it")
    if bare not in SPELLINGS:
        near = get_close_matches(bare.upper(), SPELLINGS, n=1, cutoff=0.75)
        hint = f", the nearest is {near[0]}" if near else ""
        raise ConfigError(f"{place} {bare} is unknown{hint}; allowed: what .env.example lists")
    return Written(name=bare, text=value, place=place)


def choose(process: Mapping[str, str], written: Iterable[Written]) -> Chosen:
    """Return the variables that count: the process's, and of `.env` what it does not set.

    Raises:
        ConfigError: two spellings of one variable disagree, or a value is not allowed.
    """
    file = {one.name: one for one in written}
    chosen: dict[str, Written] = {}
    for variable in VARIABLES:
        found = read_spellings(variable, process) or [
            file[n] for n in variable.spellings if n in file
        ]
        if found:
            chosen[variable.name] = agree(variable, found)
    return chosen


def read_spellings(variable: Variable, process: Mapping[str, str]) -> list[Written]:
    """Return what the process says of a variable, under each of its names that is set."""
    if variable.machine or variable.no_effect:
        return []
    return [
        Written(name=name, text=process[name].strip(), place="")
        for name in variable.spellings
        if process.get(name, "").strip()
    ]


def agree(variable: Variable, found: list[Written]) -> Written:
    """Return the one thing that all spellings of a variable say, if it is allowed."""
    if len({one.text for one in found}) > 1:
        told = " and ".join(quote(variable, one) for one in found)
        raise ConfigError(f"{told} disagree; allowed: one of them, or equal values")
    one = found[0]
    if variable.allowed and one.text not in variable.allowed:
        allowed = ", ".join(variable.allowed)
        raise ConfigError(f"{quote(variable, one)} is not allowed; allowed: {allowed}")
    return one


def quote(variable: Variable, one: Written) -> str:
    """Return a set variable for a sentence; a secret without its value."""
    place = f"{one.place} " if one.place else ""
    return f"{place}{one.name}" + ("" if variable.secret else f" {one.text!r}")


def idle_sentences(chosen: Chosen, *, on_stack: bool = False) -> tuple[str, ...]:
    """Return one sentence for each variable that has no effect, and the reason.

    On the stack of `make up` these are more than elsewhere: it sets some variables itself.
    """
    sentences = []
    for name, one in chosen.items():
        variable = SPELLINGS[name]
        reason = variable.no_effect or (variable.not_on_stack if on_stack and one.place else "")
        if reason:
            place = f"{one.place} " if one.place else ""
            sentences.append(f"{place}{one.name} has no effect: {reason}")
    return tuple(sentences)
