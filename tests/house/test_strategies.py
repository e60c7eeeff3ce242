"""Strategies: a file of kernel/strategies is a case of the dispatcher, and the other way round."""

import ast
from pathlib import Path
from types import ModuleType

import pytest

from haetae.config.keys import KEYS
from haetae.config.strategies import STRATEGIES
from haetae.kernel.strategies.knob import MOST_KNOBS
from haetae.research.engine.compiled import cache_folder, kernel_modules
from haetae.research.strategy.check import contract_findings, declared_findings
from haetae.research.strategy.knobs import knob_findings, unread_findings
from haetae.research.strategy.source import read_source
from support.tapes import REPOSITORY

FOLDER = REPOSITORY / "layers/core/python/haetae/kernel/strategies"
FILES = sorted(path.stem for path in FOLDER.glob("*.py"))
NO_STRATEGIES = {"__init__", "dispatch", "knob"}


def cases() -> dict[int, str]:
    """Return the codes of the dispatcher's cases with the functions that they call."""
    tree = ast.parse((FOLDER / "dispatch.py").read_text("utf-8"))
    found = {}
    for case in (node for node in ast.walk(tree) if isinstance(node, ast.match_case)):
        match case:
            case ast.match_case(
                pattern=ast.MatchValue(value=ast.Constant(value=int(code))),
                body=[ast.Return(value=ast.Call(func=ast.Name(id=name)))],
            ):
                assert code not in found, f"case {code} is there twice"
                found[code] = name
            case _:
                assert ast.unparse(case) == "case _:\n    return HOLD"
    return found


def test_every_file_has_its_case_and_every_case_its_file() -> None:
    assert cases() == {one.code: one.name for one in STRATEGIES.values()}
    assert set(STRATEGIES) == set(FILES) - NO_STRATEGIES


def test_codes_and_settings_are_given_once() -> None:
    settings = [knob.setting for one in STRATEGIES.values() for knob in one.knobs]

    assert len({one.code for one in STRATEGIES.values()}) == len(STRATEGIES)
    assert len(set(settings)) == len(settings)
    assert set(settings) <= set(KEYS)


@pytest.mark.parametrize("name", STRATEGIES)
def test_knobs_have_a_sentence_and_a_default_in_their_range(name: str) -> None:
    strategy = STRATEGIES[name]

    assert len(strategy.knobs) <= MOST_KNOBS
    assert 0 < strategy.size_share_bps <= 10_000
    for knob in strategy.knobs:
        assert knob.low <= knob.default <= knob.high
        assert knob.meaning.endswith(".")


def test_the_compiled_kernel_and_its_cache_know_every_strategy(tmp_path: Path) -> None:
    known = {str(module.__file__) for module in kernel_modules()}
    assert {str(FOLDER / f"{name}.py") for name in STRATEGIES} <= known

    copy = tmp_path / "mine.py"
    module = ModuleType("mine")
    module.__file__ = str(copy)
    folders = set()
    for source in ("K = 1\n", "K = 2\n"):
        copy.write_text(source, "utf-8")
        folders.add(cache_folder([module]))
    assert len(folders) == 2


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_has_nothing_in_its_source_that_the_check_refuses(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))

    assert [*read_source(tree), *contract_findings(tree, name)] == []
    assert list(declared_findings(STRATEGIES[name], tree)) == []
    assert list(knob_findings(STRATEGIES[name], tree)) == []
    assert list(unread_findings(STRATEGIES[name], tree)) == []


def test_the_pages_know_every_strategy() -> None:
    for page in ("docs/settings.md", "docs/strategies.md"):
        text = (REPOSITORY / page).read_text("utf-8")
        assert [name for name in STRATEGIES if name not in text] == []
