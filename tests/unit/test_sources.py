"""Where a setting comes from: the command line wins; a file and the variables must agree."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from haetae.base.errors import ConfigError
from haetae.cli.main import main
from haetae.cli.variables import take_file_variables
from haetae.config.dotenv import choose, read_dotenv
from haetae.config.files import Written
from haetae.config.sources import merge_settings
from haetae.wiring.files import read_variables

type Capture = pytest.CaptureFixture[str]
BUY = "trading.buy_percentage"


def merge(*, line: Mapping[str, str] = {}, file: str = "", dotenv: str = "") -> dict[str, str]:
    """Return the settings that count; `file` is the share to buy on the file's line 2."""
    written = (Written(name=BUY, text=file, place="--config c.yaml line 2"),) if file else ()
    chosen = choose({}, read_dotenv(dotenv))
    return {one.name: one.text for one in merge_settings(line=line, file=written, chosen=chosen)}


def test_each_source_gives_settings_and_equal_ones_agree() -> None:
    share = {BUY: "0.3"}

    assert merge(line=share) == merge(file="0.3") == share
    assert merge(dotenv="TRADING_BUY_PERCENTAGE=0.3\n") == share
    assert merge(dotenv=f"HAETAE_SET={BUY}=0.3\n") == share
    assert merge(file="0.30", dotenv="TRADING_BUY_PERCENTAGE=0.3\n") == {BUY: "0.30"}
    assert merge(dotenv="TRADING_SYMBOL=KRW-ETH\nSCHEDULER_INTERVAL_MINUTES=30\n") == {
        "exchange.market": "KRW-ETH",
        "schedule.decision_interval_minutes": "30",
    }


def test_the_command_line_wins() -> None:
    dotenv = "TRADING_BUY_PERCENTAGE=0.3\n"

    assert merge(line={BUY: "0.1"}, file="0.2", dotenv=dotenv) == {BUY: "0.1"}


@pytest.mark.parametrize(
    ("file", "dotenv", "places"),
    [
        ("0.2", "TRADING_BUY_PERCENTAGE=0.3\n", ("--config c.yaml line 2", ".env line 1 TRADING_")),
        ("0.2", f"HAETAE_SET={BUY}=0.3\n", ("--config c.yaml line 2", ".env line 1 HAETAE_SET")),
        (
            "",
            f"TRADING_BUY_PERCENTAGE=0.3\nHAETAE_SET={BUY}=0.2\n",
            (".env line 1 TRADING_", ".env line 2 HAETAE_SET"),
        ),
    ],
)
def test_a_file_and_variables_that_disagree_are_named(
    file: str, dotenv: str, places: tuple[str, str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        merge(file=file, dotenv=dotenv)

    told = str(caught.value)
    assert told.startswith(places[0])
    assert places[1] in told
    assert told.endswith("disagree; allowed: one of them, or equal values")


def test_a_list_of_settings_that_is_none_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"^\.env line 1 HAETAE_SET: setting 'luck' is not"):
        merge(dotenv="HAETAE_SET=luck\n")


# The file itself


def test_a_folder_without_the_file_has_the_processs_variables(tmp_path: Path) -> None:
    assert read_variables(tmp_path, {}) == {}
    assert read_variables(tmp_path, {"LOG_LEVEL": "DEBUG"})["LOG_LEVEL"].place == ""


def test_a_file_of_a_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfMODE=paper\r\nLOG_LEVEL=DEBUG\r\n")

    assert read_variables(tmp_path, {})["LOG_LEVEL"].text == "DEBUG"


def test_a_file_that_is_none_is_named_without_a_byte_of_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"UPBIT_SECRET=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"\.env cannot be read; allowed: UTF-8$"):
        read_variables(tmp_path, {})

    (tmp_path / "folder/.env").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"\.env cannot be read: "):
        read_variables(tmp_path / "folder", {})


# The verbs


def backtest(*flags: str) -> int:
    """Ask for a backtest that is refused before its candles are read."""
    return main(["backtest", "--market", "KRW-BTC", "--candles", "none.csv", *flags])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_backtest_reads_the_file_of_the_working_folder(folder: Path, capsys: Capture) -> None:
    (folder / ".env").write_text("# size\nTRADING_BUY_PERCENTAGE=7\n", "utf-8")

    assert backtest() == 2
    assert capsys.readouterr().err == (
        "haetae: .env line 2 TRADING_BUY_PERCENTAGE: trading.buy_percentage 7 is out of range; "
        "allowed: 0.01 to 1, or 0 for off\n"
    )
    assert backtest("--set", f"{BUY}=0.3") == 2
    assert "none.csv" in capsys.readouterr().err


def test_the_process_and_then_the_flag_name_the_profile(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("HAETAE_PROFILE=reckless\n", "utf-8")
    assert backtest() == 2
    assert "profile 'reckless' is unknown" in capsys.readouterr().err

    monkeypatch.setenv("HAETAE_PROFILE", "careless")
    assert backtest() == 2
    assert "profile 'careless' is unknown" in capsys.readouterr().err

    assert backtest("--profile", "balanced") == 2
    assert "none.csv" in capsys.readouterr().err


def test_a_backtest_trades_its_candles_markets_and_tells_what_is_idle(
    folder: Path, capsys: Capture
) -> None:
    (folder / ".env").write_text("TRADING_SYMBOL=KRW-ETH\nREDIS_URL=redis://cache\n", "utf-8")

    assert backtest() == 2
    warning, refusal = capsys.readouterr().err.splitlines()
    assert warning == (
        "haetae: warning: .env line 2 REDIS_URL has no effect: there is no Redis; conditional "
        "writes to DynamoDB take its place"
    )
    assert "none.csv" in refusal


def test_an_operators_verb_has_the_files_variables_below_the_processs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {"HAETAE_TABLE": "mine", "UPBIT_ACCESS_KEY": "mine"})
    (folder / ".env").write_text(
        "HAETAE_TABLE=theirs\nUPBIT_API_KEY=theirs\nHAETAE_ACCOUNT=b2\n", "utf-8"
    )

    take_file_variables()

    assert os.environ == {
        "HAETAE_TABLE": "mine",
        "UPBIT_ACCESS_KEY": "mine",
        "HAETAE_ACCOUNT": "b2",
    }


def test_a_stray_line_stops_no_verb_whose_process_names_the_table(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".env").write_text("HAETAE_ACCOUNT=b2\nANOTHER_PROJECTS=7\n", "utf-8")

    monkeypatch.setattr(os, "environ", {"HAETAE_TABLE": "mine"})
    take_file_variables()
    assert os.environ == {"HAETAE_TABLE": "mine"}
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("haetae: warning: .env line 2 ANOTHER_PROJECTS is unknown")
    assert warning.endswith("; only the process's variables count")

    monkeypatch.setattr(os, "environ", {"HAETAE_TABLE": " "})
    with pytest.raises(ConfigError, match=r"^\.env line 2 ANOTHER_PROJECTS is unknown"):
        take_file_variables()


def test_a_kill_reads_the_file_too(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    (folder / ".env").write_text("HAETAE_ACCOUNT=B2\n", "utf-8")

    assert main(["kill", "--reason", "a drill"]) == 2
    assert "account 'B2' is not allowed" in capsys.readouterr().err
