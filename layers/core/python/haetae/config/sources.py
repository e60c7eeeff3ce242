"""Where settings come from, and which counts: the command line, a file, variables.

What is written on a command line wins. A file that was named there and the variables have to agree:
neither is plainly the last word, and a setting that is overruled in silence is a setting lost.
"""

from collections.abc import Iterable, Mapping

from haetae.base.errors import ConfigError
from haetae.config.build import read_value
from haetae.config.checks import split_markets
from haetae.config.dotenv import Chosen
from haetae.config.files import Written, assignments
from haetae.config.variables import SPELLINGS

SET = "HAETAE_SET"
PROFILE = "HAETAE_PROFILE"
DEFAULT_PROFILE = "plan"
MARKET = "exchange.market"


def merge_settings(
    *, line: Mapping[str, str], file: Iterable[Written], chosen: Chosen
) -> tuple[Written, ...]:
    """Return each setting once, with the place it was written at; the command line wins.

    Raises:
        ConfigError: the file and the variables, or two variables, disagree; names both places.
    """
    merged: dict[str, Written] = {}
    for one in (*file, *variable_settings(chosen)):
        first = merged.setdefault(one.name, one)
        if one is first or one.name in line:
            continue
        if value_at(first) != value_at(one):
            raise ConfigError(
                f"{first.place}: {one.name} {first.text!r} and {one.place} {one.text!r} disagree; "
                "allowed: one of them, or equal values"
            )
    told = {name: Written(name=name, text=text, place="") for name, text in line.items()}
    return tuple((merged | told).values())


def value_at(one: Written) -> float | str:
    """Return the kernel's value of a setting; a refusal begins with where it was written."""
    try:
        value = read_value(one.name, one.text)
    except ConfigError as error:
        raise ConfigError(f"{one.place}: {error}" if one.place else str(error)) from None
    return ",".join(split_markets(value)) if isinstance(value, str) else value


def variable_settings(chosen: Chosen) -> tuple[Written, ...]:
    """Return the settings that variables give, by their keys.

    Raises:
        ConfigError: HAETAE_SET is not key=value,key=value.
    """
    found = [
        Written(name=SPELLINGS[name].setting, text=one.text, place=place_of(one))
        for name, one in chosen.items()
        if SPELLINGS[name].setting
    ]
    if SET in chosen:
        place = place_of(chosen[SET])
        try:
            pairs = assignments(chosen[SET].text)
        except ConfigError as error:
            raise ConfigError(f"{place}: {error}") from None
        found += [Written(name=name, text=text, place=place) for name, text in pairs.items()]
    return tuple(found)


def place_of(one: Written) -> str:
    """Return where a variable is set: its line in `.env` if it is there, and its name."""
    return f"{one.place} {one.name}".strip()


def text_of(chosen: Chosen, name: str) -> str:
    """Return a variable's text by the table's name; empty where it is not set."""
    return chosen[name].text if name in chosen else ""
