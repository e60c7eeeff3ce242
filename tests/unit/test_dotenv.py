"""`.env` is read strictly: a line that cannot be meant is refused by line and name, unseen."""

import pytest

from haetae.base.errors import ConfigError
from haetae.cli.main import main
from haetae.config.dotenv import choose, idle_sentences, read_dotenv
from haetae.config.page import example_file, sentences_of
from haetae.config.variable import Variable
from haetae.config.variables import GROUPS, SPELLINGS, VARIABLES
from support.tapes import REPOSITORY

SECRET = "kQ7-this-must-never-be-seen"


def refusal(text: str, **process: str) -> str:
    """Return the sentence that refuses a file, which shows no secret."""
    with pytest.raises(ConfigError) as caught:
        choose(process, read_dotenv(text))
    told = str(caught.value)
    assert "\n" not in told
    assert told.count("allowed:") == 1
    assert SECRET not in told
    return told


def values(text: str, **process: str) -> dict[str, str]:
    """Return the variables that count."""
    return {name: one.text for name, one in choose(process, read_dotenv(text)).items()}


# Reading


def test_lines_comments_and_empty_values_are_read() -> None:
    text = "# what is traded\n\nMODE=paper\r\nHAETAE_PROFILE=\nHAETAE_SET=a=b, c=d\n"

    assert [(one.name, one.text, one.place) for one in read_dotenv(text)] == [
        ("MODE", "paper", ".env line 3"),
        ("HAETAE_SET", "a=b, c=d", ".env line 5"),
    ]
    assert read_dotenv("") == ()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f'UPBIT_SECRET_KEY="{SECRET}"', "UPBIT_SECRET_KEY has quotes around its value"),
        (f"UPBIT_SECRET_KEY='{SECRET}'", "UPBIT_SECRET_KEY has quotes around its value"),
        (f"UPBIT_SECRET_KEY={SECRET}'", "UPBIT_SECRET_KEY has quotes around its value"),
        (f"UPBIT_SECRET_KEY= {SECRET}", "UPBIT_SECRET_KEY has spaces around its value"),
        (f"UPBIT_SECRET_KEY={SECRET} ", "UPBIT_SECRET_KEY has spaces around its value"),
        (f"UPBIT_SECRET_KEY={SECRET}\t", "UPBIT_SECRET_KEY has spaces around its value"),
        (f"UPBIT_SECRET_KEY ={SECRET}", "UPBIT_SECRET_KEY has spaces or words around its name"),
        (f" UPBIT_SECRET_KEY={SECRET}", "UPBIT_SECRET_KEY has spaces or words around its name"),
        (f"export UPBIT_SECRET={SECRET}", "UPBIT_SECRET has spaces or words around its name"),
        (f"UPBIT_SECRET={SECRET} # mine", "UPBIT_SECRET has a comment behind its value"),
        (
            f"UPBIT_KEY={SECRET}",
            "UPBIT_KEY is unknown, the nearest is UPBIT_API_KEY; allowed: what .env.example lists",
        ),
        (f"LUCK={SECRET}", "LUCK is unknown; allowed: what .env.example lists"),
        (f"upbit_secret={SECRET}", "upbit_secret is unknown"),
        (SECRET, "is not a variable"),
        (f"{SECRET}={SECRET}", "is not a variable"),
        (f": {SECRET}", "is not a variable"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_by_line_and_name(line: str, told: str) -> None:
    assert refusal(f"# keys\nMODE=paper\n{line}\n").startswith(f".env line 3 {told}")


def test_a_name_twice_is_refused_with_both_lines() -> None:
    assert refusal(f"UPBIT_SECRET={SECRET}\nMODE=paper\nUPBIT_SECRET={SECRET}\n") == (
        ".env line 3: key 'UPBIT_SECRET' is given twice, first at .env line 1; allowed: each once"
    )


# Choosing


def test_a_variable_of_the_process_wins_under_either_name() -> None:
    text = "TRADING_SYMBOL=KRW-ETH\nLOG_LEVEL=DEBUG\n"

    assert values(text) == {"HAETAE_MARKETS": "KRW-ETH", "LOG_LEVEL": "DEBUG"}
    assert values(text, HAETAE_MARKETS="KRW-BTC")["HAETAE_MARKETS"] == "KRW-BTC"
    assert values(text, HAETAE_MARKETS=" ")["HAETAE_MARKETS"] == "KRW-ETH"
    assert values("", SCHEDULER_ENABLED="false") == {"SCHEDULER_ENABLED": "false"}


@pytest.mark.parametrize("variable", [v for v in VARIABLES if v.other], ids=lambda v: v.name)
def test_two_spellings_agree_or_are_refused(variable: Variable) -> None:
    one, other = variable.spellings

    assert values(f"{one}=KRW-BTC\n{other}=KRW-BTC\n") == {one: "KRW-BTC"}
    told = refusal(f"{one}=KRW-BTC\n{other}=KRW-ETH\n")
    assert told.endswith("disagree; allowed: one of them, or equal values")
    assert f".env line 1 {one}" in told
    assert f".env line 2 {other}" in told
    assert ("KRW-BTC" in told) is not variable.secret


def test_a_value_outside_the_allowed_ones_is_refused_with_its_line() -> None:
    assert refusal("MODE=live\n") == (".env line 1 MODE 'live' is not allowed; allowed: paper")
    assert refusal("", LOG_LEVEL="debug").startswith("LOG_LEVEL 'debug' is not allowed; allowed:")
    assert refusal("SCHEDULER_ENABLED=no\n").endswith("allowed: true, false")


def test_days_begin_in_seoul_whatever_the_machine_shows() -> None:
    assert refusal("TZ=UTC\n") == ".env line 1 TZ 'UTC' is not allowed; allowed: Asia/Seoul"
    assert values("TZ=Asia/Seoul\n", TZ="UTC") == {"TZ": "Asia/Seoul"}
    assert values("", TZ="UTC") == {}


# What has no effect


@pytest.mark.parametrize("name", [v.name for v in VARIABLES if v.no_effect])
def test_what_is_not_built_or_not_applicable_says_so(name: str) -> None:
    (sentence,) = idle_sentences(choose({}, read_dotenv(f"{name}={SECRET}\n")))

    assert sentence == f".env line 1 {name} has no effect: {SPELLINGS[name].no_effect}"
    assert values("", **{name: SECRET}) == {}  # another project's, in the process


def test_what_the_stack_sets_itself_is_said_there_alone() -> None:
    chosen = choose({"AWS_REGION": "ap-northeast-2"}, read_dotenv(f"UPBIT_API_KEY={SECRET}\n"))

    assert idle_sentences(chosen) == ()
    (sentence,) = idle_sentences(chosen, on_stack=True)
    assert sentence.startswith(".env line 1 UPBIT_API_KEY has no effect: the stack trades on paper")


# The example


def test_the_example_is_that_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--dotenv"]) == 0
    shown = capsys.readouterr().out

    assert shown == example_file()
    assert (REPOSITORY / ".env.example").read_text("utf-8") == shown, "run: make docs"


def test_the_example_holds_every_variable_below_its_comment() -> None:
    lines = example_file().splitlines()

    for variable in VARIABLES:
        at = lines.index(f"{variable.name}={variable.example}")
        said = [f"# {sentence}" for sentence in sentences_of(variable)]
        assert lines[at - len(said) : at] == said
    assert sum(map(len, GROUPS.values())) == len(VARIABLES)


def test_the_example_as_it_is_changes_nothing_and_warns_of_nothing() -> None:
    chosen = choose({}, read_dotenv(example_file()))

    assert {name: one.text for name, one in chosen.items()} == {"MODE": "paper", "TZ": "Asia/Seoul"}
    assert idle_sentences(chosen, on_stack=True) == ()


def test_git_and_docker_never_take_the_file() -> None:
    for name in (".gitignore", ".dockerignore"):
        assert ".env" in (REPOSITORY / name).read_text("utf-8").splitlines()
