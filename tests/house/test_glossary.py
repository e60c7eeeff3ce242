"""Names keep to the glossary: a word of its "not" column is in none of them.

Of the tests it is the functions and classes that help them: a test's own name is a sentence.
"""

import ast
import re
from pathlib import Path

import pytest

from haetae.kernel import codes
from haetae.notify.text.words import KO
from support.tapes import REPOSITORY

PRODUCT = ("layers/core/python/haetae", "functions", "infra")
SKIPPED = frozenset({".venv", ".aws-sam", "build", "out", "__pycache__"})
ALLOWED = {
    "infra/sandbox/upbit_sandbox/control/schemas.py": {"required": "JSON Schema's own word"},
    "layers/core/python/haetae/kernel/advance.py": {"touched": "the count of a fold's markets"},
    "tests/sandbox/test_mirror.py": {"socket_server": "a network's socket"},
}
LEAST_TERMS = 30
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
HANGUL = re.compile(r"[가-힣]")


def rows(page: str) -> list[list[str]]:
    """Return the glossary's rows: term, Korean, meaning, not."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def refused(page: str) -> dict[tuple[str, ...], str]:
    """Return the words of the "not" column, each split as a name is, with the term to use."""
    found = {}
    for term, _, _, nots in rows(page):
        for word in re.findall(r"`([^`]+)`", nots):
            found[tuple(words(word))] = term
    return found


def words(name: str) -> list[str]:
    """Return the words of a snake_case or CamelCase name, in lower case."""
    return [word.lower() for word in WORD.findall(name)]


def names(source: str) -> set[str]:
    """Return the functions, classes and parameters that a module defines."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def helpers(source: str) -> set[str]:
    """Return the functions and classes that a module of the tests defines, but no test."""
    return {
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not node.name.startswith("test_")
    }


def modules(*folders: str) -> list[Path]:
    """Return the modules below these folders, without what is installed or built."""
    return sorted(
        path
        for folder in folders
        for path in (REPOSITORY / folder).rglob("*.py")
        if not SKIPPED & set(path.relative_to(REPOSITORY).parts)
    )


def against(found: set[str], bad: dict[tuple[str, ...], str]) -> dict[str, str]:
    """Return the names that hold a refused word, with the term to use instead."""
    terms = {f"_{'_'.join(word)}_": term for word, term in bad.items()}
    spaced = {name: f"_{'_'.join(words(name))}_" for name in sorted(found)}
    return {
        name: term for name, text in spaced.items() for word, term in terms.items() if word in text
    }


PAGE = (REPOSITORY / "docs/glossary.md").read_text(encoding="utf-8")


def test_the_glossary_has_its_words_in_both_languages() -> None:
    found = rows(PAGE)
    assert len(found) >= LEAST_TERMS
    assert [row for row in found if len(row) != 4 or not row[0] or not row[2]] == []
    assert [row[0] for row in found if not HANGUL.search(row[1])] == []
    assert len({row[0] for row in found}) == len(found)


def test_no_name_holds_a_refused_word() -> None:
    bad = refused(PAGE)
    assert bad
    found: dict[str, dict[str, str]] = {}
    for path in modules(*PRODUCT, "tests"):
        name = str(path.relative_to(REPOSITORY))
        source = path.read_text(encoding="utf-8")
        if name.startswith("tests/"):
            held = against(helpers(source), bad)
        else:
            held = against(names(source) | set(Path(name).with_suffix("").parts), bad)
        if held:
            found[name] = held
    assert {name: set(held) for name, held in found.items()} == {
        name: set(held) for name, held in ALLOWED.items()
    }


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("guard", True),
        ("guard_market", True),
        ("KillGuard", True),
        ("guarded", False),
        ("safeguard", False),
        ("vanguard_etf", False),
    ],
)
def test_a_refused_word_is_found_whole(name: str, held: bool) -> None:
    assert bool(against({name}, {("guard",): "risk check"})) is held


def test_a_test_is_a_sentence_and_what_helps_it_a_name() -> None:
    source = "def test_it_is_told(): ...\ndef told(told): ...\nclass Told: ...\n"
    assert helpers(source) == {"told", "Told"}


def test_names_are_read_where_they_are_defined() -> None:
    source = "class KillOrder:\n    def plug(self, socket, *, told=1): ...\nquiet = 1\n"
    assert names(source) == {"KillOrder", "plug", "self", "socket", "told"}
    assert words("HTTPServer_x2") == ["http", "server", "x", "2"]


# Korean words of the messages: the glossary's term, and where the notifier says it.
SAID = {
    "operator mode": KO.reasons[codes.MODE],
    "kill switch": KO.reasons[codes.KILL],
    "stop (mode)": KO.modes[codes.STOP],
    "halt": KO.modes[codes.HALT],
    "cooldown": KO.reasons[codes.COOLDOWN],
    "slippage": KO.reasons[codes.SLIPPAGE],
    "trailing stop": KO.reasons[codes.CHANDELIER],
    "loss limit": KO.reasons[codes.DAY_LOSS],
    "entry": KO.reasons[codes.ENTRY_SIGNAL],
    "exit": KO.reasons[codes.EXIT_SIGNAL],
    "replay": KO.origins["replay"],
}
# Other words for the same things, which are said nowhere.
OTHER_WORDS = ("긴급 정지", "긴급정지", "비상정지", "운용 모드", "운영모드", "평가자산", "재현")
KOREAN = ("layers/core/python/haetae", "functions", "infra", "docs", "README.md")


@pytest.mark.parametrize("term", SAID)
def test_the_messages_say_the_glossarys_korean_word(term: str) -> None:
    korean = {row[0]: row[1].partition("(")[0] for row in rows(PAGE)}
    assert korean[term] in SAID[term]


def test_a_kill_is_one_word_as_a_mode_and_as_a_reason() -> None:
    assert KO.modes[codes.KILLED] == KO.reasons[codes.KILL]


def test_one_thing_has_one_korean_word_everywhere() -> None:
    paths = [
        path
        for place in KOREAN
        for path in [REPOSITORY / place, *(REPOSITORY / place).rglob("*")]
        if path.suffix in {".py", ".md", ".html"}
        if not SKIPPED & set(path.relative_to(REPOSITORY).parts)
    ]
    assert len(paths) > 100
    found = {
        (path.name, word)
        for path in paths
        for word in OTHER_WORDS
        if word in path.read_text(encoding="utf-8")
    }
    assert found == set()
