"""Settings as they are written: a nested file, or a line of `key=value`."""

from collections.abc import Mapping
from typing import Any

from haetae.base.errors import ConfigError


def flattened(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return a nested configuration as dotted keys and texts."""
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(value)
    return flat


def assignments(text: str) -> dict[str, str]:
    """Return `key=value,key=value` as a dictionary.

    Raises:
        ConfigError: a piece has no `=`, or a key comes twice.
    """
    pairs: dict[str, str] = {}
    for piece in filter(None, (p.strip() for p in text.split(","))):
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or name in pairs:
            raise ConfigError(f"setting {piece!r} is not usable; allowed: key=value, each key once")
        pairs[name] = value
    return pairs
