"""A rule of settings, and what it judges: each in range, what was written, what all of it means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from haetae.config.key import Value
from haetae.kernel.records import Params, Rails


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Settings that are each in range: what was given, and what the whole of it means.

    `profile` holds the records before anything was given.
    """

    given: Mapping[str, Value]
    params: Params
    rails: Rails
    markets: tuple[str, ...]
    profile: tuple[Params, Rails]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must hold; `refuse` returns the sentence of a draft that breaks it, else nothing."""

    key: str
    meaning: str
    refuse: Callable[[Draft], str]
