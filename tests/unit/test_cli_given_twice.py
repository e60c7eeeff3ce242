"""Every option of every verb is given once, unless it is a list."""

import argparse
from collections.abc import Iterator

import pytest

from haetae.cli.main import VERBS
from haetae.cli.main import parser as product
from haetae.cli.parser import Parser
from haetae_local.cli import parser as local
from haetae_local.errors import LocalError

type Capture = pytest.CaptureFixture[str]


def grammars() -> Iterator[tuple[str, Parser, str]]:
    """Yield the grammar of every verb of both command lines, with the verb."""
    for name in VERBS:
        yield f"haetae {name}", product(name), name
    for name in verbs_of(local()):
        yield f"haetae_local {name}", local(), name


def verbs_of(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of verbs by name."""
    found = next(a for a in top._actions if isinstance(a, argparse._SubParsersAction))
    return dict(found.choices)


def options() -> Iterator[tuple[Parser, list[str], str]]:
    """Yield each option that takes one value, with a command line that gives it twice."""
    for _, top, verb in grammars():
        for action in verbs_of(top)[verb]._actions:
            if action.option_strings and action.dest != "help" and not is_list(action):
                word = action.option_strings[0]
                value = list(action.choices)[:1] if action.choices else ["2025-09-01"]
                value = ["7"] if action.type is float or action.dest == "speed" else value
                once = [word] if action.nargs == 0 else [word, *map(str, value)]
                yield top, [verb, *once, *once], word


def is_list(action: argparse.Action) -> bool:
    """Tell whether an option may repeat."""
    return isinstance(action, argparse._AppendAction)


CASES = list(options())


def test_every_verb_is_looked_at() -> None:
    verbs = {arguments[0] for _, arguments, _ in CASES}
    assert verbs >= {"backtest", "replay", "collect", "settings", "doctor", "kill", "up", "invoke"}
    assert len(CASES) > 40


@pytest.mark.parametrize(
    ("top", "arguments", "word"),
    CASES,
    ids=[" ".join([top.prog, arguments[0], word]) for top, arguments, word in CASES],
)
def test_an_option_given_twice_is_refused(
    top: Parser, arguments: list[str], word: str, capsys: Capture
) -> None:
    with pytest.raises((SystemExit, LocalError)) as ended:
        top.parse_args(arguments)

    assert getattr(ended.value, "code", 2) == 2
    told = capsys.readouterr().err.removeprefix("haetae: ") or str(ended.value)
    assert told.startswith(f"{word} is given twice")
    assert len(told.splitlines()) == 1


def test_a_list_may_repeat_and_a_grammar_forgets_the_line_before() -> None:
    top = product("backtest")
    line = ["backtest", "--candles", "a", "--candles", "b", "--set", "x=1", "--set", "y=2"]

    for _ in range(2):
        args = top.parse_args([*line, "--cash", "10000"])
        assert (len(args.candles), args.set, args.cash) == (2, ["x=1", "y=2"], "10000")


def test_a_value_joined_to_its_option_and_a_short_spelling_count_too() -> None:
    with pytest.raises(SystemExit):
        product("backtest").parse_args(["backtest", "--candles=a", "--cash=5000", "--cas", "6000"])


@pytest.mark.parametrize("verb", ["backtest", "replay", "collect", "settings"])
def test_every_option_is_told_with_its_default_or_that_it_is_needed(verb: str) -> None:
    for action in verbs_of(product(verb))[verb]._actions:
        told = action.help or ""
        assert told, f"{verb} {action.dest} has no help"
        takes_value = action.option_strings and action.nargs != 0
        assert not takes_value or "default: " in told or told.endswith("; needed"), told


@pytest.mark.parametrize("verb", VERBS)
def test_no_option_is_without_a_word(verb: str) -> None:
    assert all(action.help for action in verbs_of(product(verb))[verb]._actions)


def test_a_profile_that_is_none_is_one_sentence(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        product("settings").parse_args(["settings", "--profile", "bold"])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("haetae: --profile: invalid choice: 'bold' (choose from ")
