"""A function is a verb or a noun: what it does or what it gives, never what has happened already.

Values may be adjectives (`held`, `closed`), and so may properties, which are read like values.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.tapes import REPOSITORY

PRODUCT = ("layers", "functions", "infra")
SKIPPED = frozenset({".venv", ".aws-sam", "build", "out", "__pycache__"})
WORD = re.compile(r"[a-z]+")
ASKS = ("is", "has", "are", "can", "may")  # a question may end in a state
PARTICLES = frozenset(
    {"ahead", "at", "back", "by", "for", "in", "of", "off", "out", "s", "up", "within"}
)
NO_PARTICIPLES = frozenset({"bed", "embed", "exceed", "feed", "need", "proceed", "seed", "speed"})
IRREGULAR = frozenset(
    re.findall(
        WORD,
        """
        begun bought broken brought built burnt caught chosen done drawn driven fallen felt
        forgotten found frozen given gone grown heard held hidden kept known laid left lent lost
        made meant met paid said seen sent shown shut sold sought spelt spent spoken struck
        stuck taken taught thought thrown told torn understood woken worn written
        """,
    )
)
ALLOWED = {
    "connection_lost": "asyncio's own name",
    "connection_made": "asyncio's own name",
    "data_received": "asyncio's own name",
    "mode_changed": "makes or words the message ModeChanged",
    "order_refused": "makes or words the message OrderRefused",
    "rails_fired": "words the message RailsFired",
    "replay_deployed": "the replay target `deployed`, as the entry point names it",
}


def product() -> list[Path]:
    """Return the modules that are the product: layers, doors and what it is tried on."""
    return sorted(
        path
        for folder in PRODUCT
        for path in (REPOSITORY / folder).rglob("*.py")
        if not SKIPPED & set(path.relative_to(REPOSITORY).parts)
    )


def functions(source: str) -> Iterator[str]:
    """Walk the names of a module's functions and methods, without its properties."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
            if not marks & {"property", "cached_property"}:
                yield node.name


def is_state(name: str) -> bool:
    """Tell whether a function's name says that something has happened."""
    words = WORD.findall(name)
    if not words or words[0] in ASKS:
        return False
    while len(words) > 1 and words[-1] in PARTICLES:
        words.pop()
    last = words[-1]
    return last in IRREGULAR or (last.endswith("ed") and last not in NO_PARTICIPLES)


def test_functions_are_verbs_or_nouns() -> None:
    found = {name for path in product() for name in functions(path.read_text(encoding="utf-8"))}
    assert sorted(name for name in found if is_state(name)) == sorted(ALLOWED)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("told", True),
        ("_placed_within", True),
        ("closed_by", True),
        ("_quoted", True),
        ("placed_s", True),
        ("check_kept", True),
        ("is_delisted", False),
        ("closed_trades", False),
        ("read_feed", False),
        ("place", False),
    ],
)
def test_a_state_is_told_from_a_verb(name: str, state: bool) -> None:
    assert is_state(name) is state


def test_a_property_may_be_a_state() -> None:
    source = "class C:\n    @property\n    def held(self): ...\n    def sent(self): ...\n"
    assert list(functions(source)) == ["sent"]
