"""What `make` is told: refused where it has no effect, handed over as it is where it has one."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from haetae_local.cli import main, parser
from haetae_local.errors import LocalError
from haetae_local.make import OPTIONS, arguments, run
from haetae_local.make_variables import VARIABLES, refusal
from support.tapes import REPOSITORY

MAKEFILE = REPOSITORY / "Makefile"
WORDS = (
    "I'm done",
    'say "now"',
    "cost $5 ${HOME} $(touch /nowhere)",
    "$(shell exit 1)",
    "a; exit 7",
    "`exit 7`",
    "a & b | c > d < e # f \\ g * ? ~ !",
    "-x --reason",
    "이제 그만 😀",
    "two\nlines",
    "%41 = :",
)
TELL = """#!{python}
import json, os, sys
print(json.dumps([sys.argv[1:], {{n: os.environ.get(n, "") for n in {names}}}]))
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The Makefile in a folder with blanks, with a Python that tells what it was handed."""
    root = tmp_path / "a house"
    (root / ".venv/bin").mkdir(parents=True)
    (root / "infra/local/haetae_local").mkdir(parents=True)
    shutil.copy(MAKEFILE, root)
    name = "infra/local/haetae_local/make_variables.py"
    shutil.copy(REPOSITORY / name, root / name)
    (root / ".venv/bin/haetae").touch()
    names = sorted({name for names in VARIABLES.values() for name in names})
    python = root / ".venv/bin/python"
    python.write_text(TELL.format(python=sys.executable, names=names))
    python.chmod(0o755)
    return root


def make(house: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run make."""
    return subprocess.run(
        ["make", *words],
        cwd=house,
        env={"PATH": os.environ["PATH"]} | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# From the command line to the program


@pytest.mark.parametrize("reason", WORDS)
def test_a_reason_reaches_the_program_as_it_was_written(house: Path, reason: str) -> None:
    done = make(house, "kill", f"REASON={reason}")

    assert done.returncode == 0, done.stderr
    command, told = json.loads(done.stdout)
    assert command == ["-m", "haetae_local.make", "kill"]
    assert told["REASON"] == reason
    assert arguments("kill", told) == ["kill", f"--reason={reason}"]
    assert parser().parse_args(arguments("kill", told)).reason == reason


@pytest.mark.parametrize("reason", WORDS)
def test_a_reason_of_the_environment_does_too(house: Path, reason: str) -> None:
    done = make(house, "kill", REASON=reason)

    assert json.loads(done.stdout)[1]["REASON"] == reason


def test_a_kill_needs_neither_a_reason_nor_an_installation_step(house: Path) -> None:
    done = make(house, "kill")

    assert (done.returncode, done.stderr) == (0, "")
    assert arguments("kill", json.loads(done.stdout)[1]) == ["kill", "--reason=make kill"]
    assert arguments("kill", {"REASON": "  "}) == ["kill", "--reason=make kill"]


def test_the_shells_own_language_is_not_the_bots(house: Path) -> None:
    assert json.loads(make(house, "status", LANGUAGE="en_US:en").stdout)[1]["LANGUAGE"] == ""


def test_no_recipe_has_a_variables_text() -> None:
    lines = [line for line in MAKEFILE.read_text("utf-8").splitlines() if line.startswith("\t")]
    handed = {name for names in VARIABLES.values() for name in names}
    assert lines
    assert [line for line in lines if handed & set(re.findall(r"\$[({](\w+)", line))] == []


# What a goal takes


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["up", "PROFIL=plan"], "PROFIL= is unknown to make up; do you mean PROFILE=?; allowed: "),
        (["up", "profile=plan"], "do you mean PROFILE=?"),
        (["kill", "REASN=x"], "do you mean REASON=?; allowed: REASON"),
        (["kill", "MARKETS=KRW-BTC"], "MARKETS= has no effect on make kill; allowed: REASON"),
        (["down", "SOURCE=live"], "SOURCE= has no effect on make down; allowed: nothing"),
        (["status", "X='; exit 7"], "X= is unknown to make status; allowed: nothing"),
        (["PY=x", "kill"], "PY= is unknown to make kill; allowed: REASON"),
        (["A'B=1", "kill"], "A'B= is unknown to make kill; allowed: REASON"),
        (["FOO=1"], "FOO= is unknown to make help; allowed: nothing"),
    ],
)
def test_what_a_goal_does_not_take_is_one_sentence(
    house: Path, words: list[str], sentence: str
) -> None:
    done = make(house, *words)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_several_goals_take_what_each_takes() -> None:
    assert refusal(["SOURCE", "REASON"], ["down", "up", "kill"]) == ""
    assert refusal(["SOURCE"], ["down", "kill"]).startswith("SOURCE= has no effect on make down")
    assert refusal([], ["up"]) == ""


def test_the_goals_variables_are_those_of_the_verbs() -> None:
    verbs = {"deploy": "deploy-local"}
    beside = {"up": {"CANDLES"}, "logs": {"FOLLOW"}, "invoke": {"F"}}
    for verb, options in OPTIONS.items():
        goal = verbs.get(verb, verb)
        assert set(options) | beside.get(verb, set()) == set(VARIABLES.get(goal, ()))
    handed = re.findall(r"^HANDED := ((?:.*\\\n)*.*)$", MAKEFILE.read_text("utf-8"), re.M)[0]
    names = {name for names in VARIABLES.values() for name in names}
    assert set(handed.replace("\\", " ").split()) == names


# What a verb makes of it


def test_paths_with_blanks_stay_whole(tmp_path: Path) -> None:
    folder = tmp_path / "my files"
    folder.mkdir()
    for name in ("KRW-BTC_1m.csv", "KRW-ETH_1m.csv", "it's.csv"):
        (folder / name).touch()
    btc, eth = str(folder / "KRW-BTC_1m.csv"), str(folder / "KRW-ETH_1m.csv")
    assert arguments("up", {"CANDLES": btc}) == ["up", "--candles", btc]
    assert arguments("up", {"CANDLES": f"'{btc}' a.csv"}) == ["up", "--candles", btc, "a.csv"]
    assert arguments("up", {"CANDLES": f'"{folder}/KRW*"'}) == ["up", "--candles", btc, eth]
    assert arguments("up", {"CANDLES": f"{folder}/it's.csv"})[2] == f"{folder}/it's.csv"
    assert arguments("up", {"CONFIG": "my settings.yaml"}) == ["up", "--config=my settings.yaml"]
    with pytest.raises(LocalError, match="CANDLES=it's cannot be read"):
        arguments("up", {"CANDLES": "it's"})


def test_what_is_not_told_is_no_option() -> None:
    assert arguments("up", {"MARKETS": "", "F": "api", "PATH": "/bin"}) == ["up"]
    assert arguments("logs", {"F": "api", "FOLLOW": "1"}) == ["logs", "--function=api", "--follow"]
    assert arguments("invoke", {"F": "-x"}) == ["invoke", "--", "-x"]


@pytest.mark.parametrize(
    ("verb", "sentence"),
    [
        ("invoke", "haetae: F=… is missing; run: make invoke F=trading_cycle\n"),
        ("resume", "haetae: REASON=… is missing; run: make resume REASON="),
    ],
)
def test_what_is_missing_is_named_as_make_knows_it(
    verb: str, sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("F", raising=False)
    monkeypatch.delenv("REASON", raising=False)
    assert run(verb) == 2
    assert capsys.readouterr().err.startswith(sentence)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--source=nope", "haetae: SOURCE 'nope' is unknown; allowed: synthetic, live, replay\n"),
        ("--language=fr", "haetae: LANGUAGE 'fr' is unknown; allowed: ko, en\n"),
        ("--speed=fast", "haetae: SPEED 'fast' is no speed; allowed: minutes a second from 0\n"),
        ("--speed=nan", "haetae: SPEED 'nan' is no speed; allowed: minutes a second from 0\n"),
    ],
)
def test_a_bad_value_is_one_sentence(
    option: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["up", option])
    assert ended.value.code == 2
    assert capsys.readouterr().err == sentence
