"""Every row of a finished group of requirements is bound to a test that exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from support.tapes import REPOSITORY

PAGE = REPOSITORY / "docs/requirements.md"
FINISHED = range(24, 69)  # A4, A5 and A6
GROUPS = range(1, 31)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> dict[str, str]:
    """Return the last cell of each row of a requirement."""
    cells = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in PAGE.read_text("utf-8").splitlines()
        if line.startswith("| A-")
    ]
    assert all(len(row) == 5 for row in cells)
    assert len({row[0] for row in cells}) == len(cells)
    return {row[0]: row[4] for row in cells}


@cache
def names_in(path: Path) -> frozenset[str]:
    """Return the names of a file's tests."""
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    found = (node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    return frozenset(name for name in found if name.startswith("test_"))


def test_every_row_of_a_finished_group_is_on_the_page() -> None:
    assert {f"A-{number:03}" for number in FINISHED} <= set(rows())


@pytest.mark.parametrize("row", rows())
def test_a_row_names_tests_and_each_exists(row: str) -> None:
    named = NAMED.findall(rows()[row])

    assert named
    assert NAMED.sub("", rows()[row]).strip(", ") == ""
    assert [name for name in named if name[1] not in names_in(REPOSITORY / name[0])] == []


def test_every_group_says_where_it_stands() -> None:
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| A\d", line)]

    assert [line.split("|")[1].strip() for line in lines] == [f"A{number}" for number in GROUPS]
    assert all(len(line.split("|")[3].strip()) > 3 for line in lines)
