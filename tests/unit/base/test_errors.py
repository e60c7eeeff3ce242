"""The error tree is the one that its docstring draws."""

import inspect

from haetae.base import errors
from haetae.base.errors import HaetaeError


def drawn() -> list[tuple[str, str]]:
    """Return (error, its parent) as the docstring draws them, in order."""
    assert errors.__doc__ is not None
    path: list[str] = []
    pairs = []
    for line in errors.__doc__.splitlines():
        body = line.lstrip("│ ├└─")
        depth = (len(line) - len(body)) // 4
        name = body.split(" ")[0]
        if name == "HaetaeError" or (depth and path):
            path = [*path[:depth], name]
            pairs += [(name, path[-2])] if depth else []
    return pairs


def test_the_tree_is_drawn_as_it_is() -> None:
    defined = [
        (name, error.__base__.__name__)
        for name, error in vars(errors).items()
        if inspect.isclass(error) and error is not HaetaeError and error.__base__ is not None
    ]
    assert drawn() == defined
    assert len(defined) > 5
