"""Settings as they are written: a YAML file, or a line of `key=value`; each key once."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from haetae.base.errors import ConfigError
from haetae.config.unknown import GROUPS, unknown_key

if TYPE_CHECKING:
    from yaml import Node

DEEPEST = 4  # of nested keys; the longest name has three parts
FORM = "allowed: key: value"
NO_BLANK = re.compile(r"[\s{,]*([A-Za-z_][\w.]*):[^\s:]")


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
        refuse_tricks(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigError(blank_missing(text) or f"cannot be read: {line}{what}; {FORM}") from error
    if isinstance(root, yaml.MappingNode) and root.value:
        try:
            return each_once(settings_of(root, ""))
        except BlankMissing as error:
            raise ConfigError(blank_missing(text) or str(error)) from error
    raise ConfigError(blank_missing(text) or f"holds no settings; {FORM}")


def refuse_tricks(text: str) -> None:
    """Refuse what no settings need: odd characters, aliases, anchors, tags, and deep nesting.

    Nesting is counted before anything is composed, since composing it takes the stack.

    Raises:
        ConfigError: there is one; names its line.
    """
    import yaml

    odd = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        raise ConfigError(
            f"cannot be read: line {line}: holds the character U+{ord(odd[0]):04X}; "
            "allowed: printable text"
        )
    depth = 0
    for token in yaml.scan(text):
        place = f"line {token.start_mark.line + 1}"
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
            raise ConfigError(f"{place}: holds an alias, anchor or tag (* & !); {FORM}")
        name = type(token).__name__
        depth += name.endswith("StartToken") and name != "StreamStartToken"
        depth -= name.endswith("EndToken") and name != "StreamEndToken"
        if depth > DEEPEST + 1:
            raise ConfigError(f"{place}: is nested too deep; allowed: names of up to three parts")


def blank_missing(text: str) -> str:
    """Return the sentence about the first line whose colon has no blank after it, if there is one.

    Only the name is shown: what follows may be a secret.
    """
    for number, line in enumerate(text.splitlines(), 1):
        found = NO_BLANK.match(line)
        if found:
            return f"line {number}: {found[1]!r} has no blank after its colon; {FORM}"
    return ""


class BlankMissing(ConfigError):
    """A group of settings that is a plain text."""


def settings_of(node: "Node", prefix: str) -> Iterator[Written]:
    """Yield the settings of a YAML mapping in the order they are written."""
    import yaml

    for key, value in node.value:
        place = f"line {key.start_mark.line + 1}"
        name = f"{prefix}{key.value}"
        if not isinstance(key, yaml.ScalarNode) or prefix.count(".") >= DEEPEST:
            raise ConfigError(f"{place}: key under {prefix!r} is not a name; allowed: key: value")
        if isinstance(value, yaml.MappingNode):
            if not value.value:
                raise ConfigError(f"{place}: {name} is empty; allowed: settings below it")
            yield from settings_of(value, f"{name}.")
        elif isinstance(value, yaml.ScalarNode):
            if name in GROUPS and ":" in value.value:
                raise BlankMissing(f"{place}: {unknown_key(name)}")
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
        ConfigError: a text has no piece, a piece no `=` or no key, or a key comes twice.
    """
    return merge_assignments([text])


def merge_assignments(texts: Iterable[str]) -> dict[str, str]:
    """Return the settings of several such texts, of which none may come twice."""
    pairs: dict[str, str] = {}
    for text in texts:
        pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
        if text.strip() and not pieces:
            raise ConfigError(f"{text!r} holds no setting; allowed: key=value")
        for piece in pieces:
            name, equals, value = (part.strip() for part in piece.partition("="))
            if not equals or not name:
                raise ConfigError(f"setting {piece!r} is not usable; allowed: key=value")
            if name in pairs:
                raise ConfigError(f"key {name!r} is given twice; allowed: each once")
            pairs[name] = value
    return pairs
