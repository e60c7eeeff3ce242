"""The core is deaf and blind: its rooms import nothing that reaches the outside world."""

import ast
from pathlib import Path

import pytest

from support.tapes import REPOSITORY

HAETAE = REPOSITORY / "layers/core/python/haetae"
PURE = (
    "base",
    "kernel",
    "market",
    "config",
    "ledger",
    "context",
    "advice",
    "order",
    "notify",
    "app",
)
OUTSIDE = frozenset(
    {
        "aiohttp",
        "asyncio",
        "aws_lambda_powertools",
        "boto3",
        "botocore",
        "glob",
        "http",
        "httpx",
        "io",
        "logging",
        "multiprocessing",
        "numba",
        "numpy",
        "os",
        "pandas",
        "pathlib",
        "pyarrow",
        "pyupbit",
        "random",
        "requests",
        "secrets",
        "shutil",
        "socket",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "urllib3",
        "websockets",
    }
)
READS = frozenset({"now", "utcnow", "today", "uuid1", "uuid4"})
DOORS = frozenset({"open", "print", "input", "__import__", "eval", "exec"})


def reaches_out(source: str) -> list[str]:
    """Return what a module imports or calls of the outside world."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [n.name for n in names if n.name.split(".")[0] in OUTSIDE]
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] in OUTSIDE:
                found.append(module)
            case ast.Call(func=ast.Attribute(attr=name)) if name in READS:
                found.append(name)
            case ast.Call(func=ast.Name(id=name)) if name in DOORS:
                found.append(name)
            case _:
                pass
    return found


def modules(rooms: tuple[str, ...]) -> list[Path]:
    """Return the modules of those rooms that are built."""
    return sorted(path for room in rooms for path in (HAETAE / room).rglob("*.py"))


def test_pure_rooms_do_not_reach_out() -> None:
    found = {
        str(path.relative_to(HAETAE)): reaches_out(path.read_text(encoding="utf-8"))
        for path in modules(PURE)
    }
    assert {name: words for name, words in found.items() if words} == {}


def test_kernel_imports_only_itself_and_the_plainest_library() -> None:
    plain = {"collections.abc", "math", "typing"}
    knob = HAETAE / "kernel/strategies/knob.py"  # no kernel function reads what it describes
    for path in modules(("kernel",)):
        allowed = plain | {"dataclasses"} if path == knob else plain
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Import), path
            if isinstance(node, ast.ImportFrom):
                assert node.module in allowed or str(node.module).startswith("haetae.kernel"), path


def test_the_rooms_that_must_be_pure_are_found() -> None:
    found = {path.relative_to(HAETAE).parts[0] for path in modules(PURE)}
    assert {"base", "kernel", "market", "config", "ledger", "app"} <= found


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path",
        "from os import environ",
        "import time",
        "def f():\n    import random",
        "import logging",
        "from boto3 import client",
        "import numpy as np",
        "import pandas",
        "from urllib.request import urlopen",
        "from datetime import datetime\nx = datetime.now()",
        "import uuid\nx = uuid.uuid4()",
        "x = open('f')",
        "print('x')",
    ],
)
def test_reaching_out_is_reported(source: str) -> None:
    assert reaches_out(source) != []


def test_plain_imports_are_not_reported() -> None:
    source = "from math import floor\nfrom datetime import UTC, datetime\nx = floor(1.5)"
    assert reaches_out(source) == []
