"""Settings as they are written: a YAML file, or a line of `key=value`; each key once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haetae.base.errors import ConfigError

if TYPE_CHECKING:
    from yaml import Node

DEEPEST = 4  # of nested keys; the longest name has three parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A setting as it is written, and where: "line 7"."""

    name: str
    text: str
    place: str


def read_yaml(text: str) -> tuple[Written, ...]:
    """Return the settings of a YAML text; nested keys are joined by dots.

    Raises:
        ConfigError: it is not a mapping of settings, or a key comes twice; names line and key.
    """
    import yaml

    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise ConfigError("holds an alias (*); allowed: plain values")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(f"cannot be read: {line}{what}; allowed: YAML") from error
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError("holds no settings; allowed: a YAML mapping")
    return each_once(settings_of(root, ""))


def settings_of(node: "Node", prefix: str) -> Iterator[Written]:
    """Yield the settings of a YAML mapping in the order they are written."""
    import yaml

    for key, value in node.value:
        place = f"line {key.start_mark.line + 1}"
        name = f"{prefix}{key.value}"
        if not isinstance(key, yaml.ScalarNode) or prefix.count(".") >= DEEPEST:
            raise ConfigError(f"{place}: key under {prefix!r} is not a name; allowed: key: value")
        if isinstance(value, yaml.MappingNode):
            yield from settings_of(value, f"{name}.")
        elif isinstance(value, yaml.ScalarNode):
            yield Written(name=name, text=str(value.value), place=place)
        else:
            yield Written(name=name, text=list_of(name, place, value), place=place)


def list_of(name: str, place: str, node: "Node") -> str:
    """Return a YAML list of plain values, separated by commas."""
    import yaml

    if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
        raise ConfigError(f"{place}: {name} is a list of no plain values; allowed: plain values")
    return ",".join(str(item.value) for item in node.value)


def each_once(written: Iterable[Written]) -> tuple[Written, ...]:
    """Return settings of which none comes twice.

    Raises:
        ConfigError: one does; names both places.
    """
    first: dict[str, Written] = {}
    for one in written:
        if one.name in first:
            raise ConfigError(
                f"{one.place}: key {one.name!r} is given twice, first at {first[one.name].place}; "
                "allowed: each once"
            )
        first[one.name] = one
    return tuple(first.values())


def assignments(text: str) -> dict[str, str]:
    """Return `key=value,key=value` as a dictionary.

    Raises:
        ConfigError: a piece has no `=`, or a key comes twice.
    """
    return merge_assignments([text])


def merge_assignments(texts: Iterable[str]) -> dict[str, str]:
    """Return the settings of several such texts, of which none may come twice."""
    pairs: dict[str, str] = {}
    pieces = (piece.strip() for text in texts for piece in text.split(","))
    for piece in filter(None, pieces):
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or name in pairs:
            raise ConfigError(f"setting {piece!r} is not usable; allowed: key=value, each key once")
        pairs[name] = value
    return pairs
