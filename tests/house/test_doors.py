"""A door reaches no further into the house than the use cases: what lies behind is theirs to know.

The functions are no package that the import contracts could name, so their imports are read here.
"""

import ast

import pytest

from support.tapes import REPOSITORY

FUNCTIONS = REPOSITORY / "functions"
ROOMS = frozenset({"wiring", "app", "notify", "base"})  # what plugs, acts and speaks
FILES = sorted(FUNCTIONS.rglob("*.py"))


def rooms(source: str) -> set[str]:
    """Return the rooms of the product that a file imports from."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                whole = [f"{module}.{name.name}" for name in names]
            case ast.Import(names=names):
                whole = [name.name for name in names]
            case _:
                continue
        found |= {parts[1] for parts in (name.split(".") for name in whole) if parts[0] == "haetae"}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FUNCTIONS)))
def test_a_door_reaches_no_further_than_the_use_cases(path: object) -> None:
    assert rooms(FUNCTIONS.joinpath(str(path)).read_text(encoding="utf-8")) <= ROOMS


def test_there_are_doors() -> None:
    assert FILES


def test_each_way_of_importing_a_room_is_read() -> None:
    source = (
        "import json\nimport haetae.ledger.keys\nfrom haetae import kernel\n"
        "def f():\n    from haetae.market.names import KRW\n"
    )
    assert rooms(source) == {"ledger", "kernel", "market"}
