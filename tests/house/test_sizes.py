"""Files and functions stay small enough to be read in one sitting; what is longer says why.

The bounds are what the product has reached: lower them when it shrinks, and raise none.
"""

import ast
from collections.abc import Iterator
from math import ceil
from pathlib import Path

from support.tapes import REPOSITORY

PRODUCT = ("layers", "functions", "infra")
SKIPPED = frozenset({".venv", ".aws-sam", "build", "out", "__pycache__"})
NINE_IN_TEN_LINES = 200
LONG_FILE_LINES = 250
REASON = f"above {LONG_FILE_LINES} lines: "
MOST_PARAMETERS = 8
LONG_FUNCTION_LINES = 50
LONG = {
    "advance": "the order of events in a minute, read from top to bottom in one place",
}


def product() -> list[Path]:
    """Return the modules that are the product: layers, doors and what it is tried on."""
    return sorted(
        path
        for folder in PRODUCT
        for path in (REPOSITORY / folder).rglob("*.py")
        if not SKIPPED & set(path.relative_to(REPOSITORY).parts)
    )


def ninth_decile(lengths: list[int]) -> int:
    """Return the length that nine in ten do not exceed (nearest rank)."""
    return sorted(lengths)[ceil(0.9 * len(lengths)) - 1]


def unexplained(source: str) -> bool:
    """Say whether a file is long and its docstring does not say why."""
    words = ast.get_docstring(ast.parse(source)) or ""
    return len(source.splitlines()) > LONG_FILE_LINES and REASON not in words.lower()


def functions(
    body: list[ast.stmt], owner: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Walk the functions of a module, its classes and its functions, by their names."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield owner + node.name, node
            yield from functions(node.body, f"{owner}{node.name}.")
        elif isinstance(node, ast.ClassDef):
            yield from functions(node.body, f"{owner}{node.name}.")


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count what a caller must or may give by position or name."""
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return sum(argument.arg not in {"self", "cls"} for argument in named)


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from `def` to the last."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def wide(source: str) -> set[str]:
    """Return the functions of a module that have too many parameters."""
    walked = functions(ast.parse(source).body)
    return {name for name, node in walked if parameters(node) > MOST_PARAMETERS}


def long(source: str) -> set[str]:
    """Return the functions of a module that are too long."""
    walked = functions(ast.parse(source).body)
    return {name for name, node in walked if lines(node) > LONG_FUNCTION_LINES}


def test_nine_files_in_ten_are_short() -> None:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in product()]
    assert ninth_decile(lengths) <= NINE_IN_TEN_LINES


def test_a_long_file_says_why() -> None:
    silent = [path for path in product() if unexplained(path.read_text(encoding="utf-8"))]
    assert [str(path.relative_to(REPOSITORY)) for path in silent] == []


def test_functions_take_few_parameters() -> None:
    found = [name for path in product() for name in wide(path.read_text(encoding="utf-8"))]
    assert found == []


def test_functions_are_short() -> None:
    found = [name for path in product() for name in long(path.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(LONG)


def test_what_is_too_large_is_reported() -> None:
    assert ninth_decile(list(range(1, 21))) == 18
    body = "x = 1\n" * LONG_FILE_LINES
    assert unexplained(f'"""A room."""\n{body}')
    assert not unexplained(f'"""A room.\n\nAbove 250 lines: one table.\n"""\n{body}')
    many = ", ".join(f"a{n}" for n in range(MOST_PARAMETERS + 1))
    assert wide(f"class C:\n    def f(self, {many}): ...\ndef g(*, {many}): ...\n") == {"C.f", "g"}
    tall = "    x = 1\n" * LONG_FUNCTION_LINES
    assert long(f"def f():\n{tall}def g():\n    x = 1\n") == {"f"}
