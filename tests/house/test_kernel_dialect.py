"""Kernel functions keep to the dialect in which interpreted and compiled runs agree bit by bit."""

import ast
import math
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from haetae.kernel.registry import REGISTERED
from haetae.research.engine.compiled import kernel_modules
from haetae.research.engine.dialect import is_kernel, violations, vocabulary
from support.tapes import REPOSITORY

KERNEL = REPOSITORY / "layers/core/python/haetae/kernel"
SOURCES = sorted(KERNEL.rglob("*.py"))
TREES = {
    str(path.relative_to(KERNEL)): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES
}
WORDS = vocabulary(list(TREES.values()))
UNREGISTERED = {"registry.py": {"kernel"}, "strategies/knob.py": {"setting"}}
PREAMBLE = """
class Pair(NamedTuple):
    '''Two numbers.'''

    left: int
    right: float

@kernel
def other(x: int) -> int:
    '''Return x.'''
    return x
"""


def complaints(body: str, *, arguments: str = "a: int, b: float, c: list[int]") -> list[str]:
    """Check a kernel function of this body."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return module_complaints(f"@kernel\ndef f({arguments}) -> int:\n    '''Do it.'''\n{lines}\n")


def module_complaints(source: str) -> list[str]:
    """Check a module."""
    tree = ast.parse(PREAMBLE + source)
    return violations(tree, vocabulary([tree]))


@pytest.mark.parametrize("name", sorted(TREES))
def test_kernel_keeps_to_its_dialect(name: str) -> None:
    assert violations(TREES[name], WORDS) == []


@pytest.mark.parametrize("name", sorted(TREES))
def test_every_kernel_function_is_registered(name: str) -> None:
    plain = {
        node.name
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.FunctionDef) and not is_kernel(node)
    }
    assert plain == UNREGISTERED.get(name, set())


def test_checker_sees_the_whole_kernel() -> None:
    kernel_modules()
    registered = {function.__name__ for function in REGISTERED}
    assert registered == WORDS.functions
    assert len(REGISTERED) == len(registered), "two kernel functions share a name"
    assert {"Account", "Market", "Reached"} <= WORDS.records.keys()


@pytest.mark.parametrize("function", REGISTERED, ids=lambda f: f.__name__)
def test_kernel_functions_read_only_numbers_and_records(function: Callable[..., Any]) -> None:
    assert isinstance(function, FunctionType)
    for name in function.__code__.co_names:
        if name in function.__globals__:
            assert is_of_the_kernel(function.__globals__[name]), name


def is_of_the_kernel(value: object) -> bool:
    """Tell whether a global is a number, a record, a record's class or a kernel function."""
    if isinstance(value, type):
        return issubclass(value, tuple)
    return (
        type(value) in (int, float)
        or hasattr(value, "_fields")
        or value in REGISTERED
        or value in (math.floor, math.sqrt)
    )


def test_values_outside_the_kernel_are_reported() -> None:
    assert not is_of_the_kernel("word")
    assert not is_of_the_kernel({1: 2})
    assert not is_of_the_kernel(math.exp)
    assert not is_of_the_kernel(test_values_outside_the_kernel_are_reported)


@pytest.mark.parametrize(
    "body",
    [
        "return a + a - a * a // a % a",
        "return a | 1 << a & 3 >> a",
        "return -a if a < 1 and b >= 2.0 or not a == 3 else a",
        "for i in range(a):\n    a = a + i\nreturn a",
        "for x in c:\n    a = a + x\nreturn a",
        "while a > 0:\n    a = a - 1\nreturn a",
        "match a:\n    case 1:\n        return 2\n    case _:\n        return 3",
        "return other(floor(sqrt(min(b, max(b, float(a))))) + len(c))",
        "d, e = a, b\nreturn Pair(left=d, right=e).left",
        "c[0] = a\nreturn c[0]",
        "d = [x for x in c]\nreturn d[0]",
        "return 0 if 0 < a < 5 else 1",
    ],
)
def test_dialect_is_allowed(body: str) -> None:
    assert complaints(body) == []


@pytest.mark.parametrize(
    "body",
    [
        "return a ** 2",
        "return a ^ 2",
        "return ~a",
        "return +a",
        "return a @ a",
        "return round(b)",
        "return exp(b)",
        "return log(b)",
        "return pow(a, 2)",
        "return int(b)",
        "return abs(a)",
        "return sum(c)",
        "return math.floor(b)",
        "return np.floor(b)",
        "d = lambda x: x\nreturn a",
        "try:\n    return a\nfinally:\n    a = 1",
        "return f'{a}'",
        "return 'word'",
        "return None",
        "return True",
        "return 1j",
        "return other",
        "return other(floor)",
        "return min(c, key=other)",
        "return Pair(1, 2.0)._replace(left=a)",
        "return Pair(a, b)",
        "return Pair(**c)",
        "return other(x=a)",
        "return other(*c)",
        "return 1 if a in c else 0",
        "return 1 if a not in c else 0",
        "return 1 if a is b else 0",
        "return {1: 2}[a]",
        "return {1, 2}",
        "return [1, 2]",
        "return c[1:2]",
        "return {x for x in c}",
        "for x in c[0]:\n    a = x\nreturn a",
        "for x in other(a):\n    a = x\nreturn a",
        "return [x for x in other(a)]",
        "a += 1\nreturn a",
        "a: int = 1\nreturn a",
        "with a:\n    return a",
        "raise a",
        "assert a",
        "global a\nreturn a",
        "import os\nreturn a",
        "del a\nreturn b",
        "yield a",
        "return (a := 1)",
        "def g():\n    return 1\nreturn a",
        "class G:\n    pass\nreturn a",
        "b.x = a\nreturn a",
        "a\nreturn a",
        "match a:\n    case 'x':\n        return 1",
        "match a:\n    case 1.5:\n        return 1",
        "match a:\n    case x:\n        return x",
        "match a:\n    case 1 | 2:\n        return 1",
        "match a:\n    case (1, 2):\n        return 1",
    ],
)
def test_other_words_are_reported(body: str) -> None:
    assert complaints(body) != []


@pytest.mark.parametrize("arguments", ["a: int = 1", "*a: int", "**a: int", "*, a: int"])
def test_arguments_other_than_positional_are_reported(arguments: str) -> None:
    assert complaints("return a", arguments=arguments) != []


@pytest.mark.parametrize(
    "line",
    [
        "x: str",
        "x: bool",
        "x: Mode",
        "x: list[int]",
        "x: int | None",
        "x: int = 1",
        "def x(self) -> int: return 1",
    ],
)
def test_fields_other_than_numbers_are_reported(line: str) -> None:
    assert module_complaints(f"class Odd(NamedTuple):\n    '''Odd.'''\n    {line}\n") != []


def test_fields_of_numbers_and_records_are_allowed() -> None:
    source = "class Even(NamedTuple):\n    '''Even.'''\n    x: int\n    y: float\n    z: Pair\n"
    assert module_complaints(source) == []


def test_columns_are_for_tapes_and_logs_only() -> None:
    line = "(NamedTuple):\n    '''It.'''\n    x: Sequence[int]\n"
    assert module_complaints("class Tape" + line) == []
    assert module_complaints("class Other" + line) != []


@pytest.mark.parametrize(
    "call",
    ["Pair(1, 2)", "Pair(1.0, 2.0)", "Pair(1, -2)", "Pair(left=1, right=2)", "Pair(1)"],
)
def test_numbers_of_the_wrong_kind_are_reported(call: str) -> None:
    assert module_complaints(f"WRONG = {call}\n") != []


@pytest.mark.parametrize("call", ["Pair(1, 2.0)", "Pair(-1, -2.0)", "Pair(left=1, right=2.0)"])
def test_numbers_of_the_right_kind_are_allowed(call: str) -> None:
    assert module_complaints(f"RIGHT = {call}\n") == []
