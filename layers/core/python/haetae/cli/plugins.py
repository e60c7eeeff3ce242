"""What other distributions add to the command line, found by entry point.

`haetae.verbs` holds functions of the arguments after the verb that return an exit code;
`haetae.replay_targets` holds replays of an account, called as the one in this process is.
"""

from collections.abc import Callable, Sequence
from typing import Any

from haetae.base.errors import ConfigError

VERBS = "haetae.verbs"
REPLAY_TARGETS = "haetae.replay_targets"


def names(group: str) -> list[str]:
    """Return the names that are registered in a group; the look-up takes some 30 ms."""
    from importlib.metadata import entry_points

    return sorted(entry_points(group=group).names)


def load(group: str, name: str, own: Sequence[str]) -> Callable[..., Any]:
    """Return what is registered under `name`; `own` are the names that need no registration.

    Raises:
        ConfigError: nothing is, or the distribution behind it is not installed.
    """
    from importlib.metadata import entry_points

    found = next(iter(entry_points(group=group, name=name)), None)
    if found is None:
        allowed = ", ".join([*own, *names(group)])
        raise ConfigError(f"{name!r} is not known; allowed: {allowed}")
    try:
        loaded: Callable[..., Any] = found.load()
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{name} needs the package {error.name}, which is not installed; run: make setup"
        ) from error
    return loaded
