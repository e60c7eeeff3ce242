"""Who may know whom beyond what the import contracts of pyproject.toml can say."""

import ast
import tomllib
from pathlib import Path

import pytest

from support.tapes import REPOSITORY

HANDLERS = sorted((REPOSITORY / "functions").glob("*/handler.py"))
OPENED = {"app", "notify", "wiring"}  # a use case, or for the notifier its inbox; and the entry


def rooms_imported(source: str) -> set[str]:
    """Return the rooms of the product that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("haetae.")}
    return found


@pytest.mark.parametrize("path", HANDLERS, ids=lambda path: path.parent.name)
def test_a_door_knows_its_use_case_and_the_entry_alone(path: Path) -> None:
    assert rooms_imported(path.read_text("utf-8")) <= OPENED


def test_a_door_that_knows_more_is_seen() -> None:
    source = "from haetae.adapters import clocks\nimport haetae.kernel.step\n"
    assert rooms_imported(source) == {"adapters", "kernel"}


def test_every_distribution_tells_that_it_is_typed() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert len(packages) == 3
    assert all((REPOSITORY / package / "py.typed").is_file() for package in packages)
