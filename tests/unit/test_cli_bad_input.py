"""Whatever is wrong on the command line: one sentence, exit code 2, and nothing written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from haetae.cli.main import main
from support.backtests import MARKET, Bench, Capture, Frame, hours


@pytest.fixture
def bench(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A working folder with good candles, away from a developer's `.env`."""
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path, capsys)


# Settings


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            ["--market", "USDT-BTC"],
            "market 'USDT-BTC' is unknown; allowed: KRW markets of Upbit such as KRW-BTC",
        ),
        (
            ["--market", MARKET],
            "market is given twice in KRW-BTC, KRW-BTC; allowed: each once",
        ),
        (
            ["--profile", "reckless"],
            "profile 'reckless' is unknown; allowed: plan, conservative, balanced, aggressive",
        ),
        (
            ["--set", "risk.r_per_trade_bps=24"],
            "risk.r_per_trade_bps 24 is out of range; allowed: 25 to 100",
        ),
        (
            ["--set", "risk.r_per_trade_bps=101"],
            "risk.r_per_trade_bps 101 is out of range; allowed: 25 to 100",
        ),
        (
            ["--set", "risk.r_per_trade_bps=much"],
            "risk.r_per_trade_bps 'much' is not a number; allowed: 25 to 100",
        ),
        (
            ["--profile", "balanced", "--set", "risk.take_profit_pct=7.49"],
            "risk.take_profit_pct 7.49 gives reward:risk 1.498; allowed: 1.5 or more",
        ),
        (
            [
                "--profile",
                "balanced",
                "--set",
                "risk.partial_take_profit_pct=4,risk.partial_share_pct=50",
            ],
            "risk.take_profit_pct 10 gives reward:risk 1.4; allowed: 1.5 or more",
        ),
        (
            ["--set", "risk.max_position"],
            "setting 'risk.max_position' is not usable; allowed: key=value",
        ),
        (
            ["--decision-interval", "1h"],
            (
                "--decision-interval '1h' is not an interval; "
                "allowed: 1m, 3m, 5m, 10m, 15m, 30m, 60m, 240m"
            ),
        ),
        (
            ["--decision-interval", "45m"],
            (
                "schedule.decision_interval_minutes 45 is not a candle Upbit has; "
                "allowed: 1, 3, 5, 10, 15, 30, 60, 240"
            ),
        ),
        (
            ["--decision-interval", "６０m"],
            (
                "--decision-interval '６０m' is not an interval; "
                "allowed: 1m, 3m, 5m, 10m, 15m, 30m, 60m, 240m"
            ),
        ),
        (["--from", "yesterday"], "--from 'yesterday' is not a time; allowed: 2025-09-01T00:00Z"),
        (["--to", "2025-13-01"], "--to '2025-13-01' is not a time; allowed: 2025-09-01T00:00Z"),
        (["--cash", "4999"], "--cash '4999' is out of range; allowed: 5000 to 1000000000000"),
        (["--cash", "-1"], "--cash '-1' is out of range; allowed: 5000 to 1000000000000"),
        (["--cash", "1e7"], "--cash '1e7' is out of range; allowed: 5000 to 1000000000000"),
        (
            ["--cash", "１００００"],
            "--cash '１００００' is out of range; allowed: 5000 to 1000000000000",
        ),
        (
            ["--from", "2025-08-28", "--to", "2025-08-27"],
            "--from 2025-08-28 is not before --to 2025-08-27; allowed: an earlier time",
        ),
        (["--cash", "²²²²²"], "--cash '²²²²²' is out of range; allowed: 5000 to 1000000000000"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_setting_is_refused_by_name_and_value(
    flags: list[str], sentence: str, bench: Bench
) -> None:
    assert bench.refusal(*flags) == sentence


def test_an_endless_number_is_refused_like_any_other(bench: Bench) -> None:
    assert "is out of range; allowed: 5000 to" in bench.refusal("--cash", "9" * 5_000)


@pytest.mark.parametrize("flag", ["--set", "--config"])
def test_an_unknown_key_is_named_wherever_it_comes_from(flag: str, bench: Bench) -> None:
    config = bench.folder / "config.yaml"
    config.write_text("risk:\n  luck: 7\n", "utf-8")
    given = {"--set": "risk.luck=7", "--config": str(config)}[flag]

    place = {"--set": "", "--config": f"--config {config} line 2: "}[flag]
    unknown = "key 'risk.luck' is unknown; allowed: what haetae settings lists"

    assert bench.refusal(flag, given).startswith(place + unknown)


def test_a_key_twice_in_a_file_or_by_flags_is_refused(bench: Bench) -> None:
    config = bench.folder / "config.yaml"
    config.write_text("risk:\n  max_position: 1\n  max_position: 2\n", "utf-8")
    twice = ["--set", "risk.max_position=1", "--set", "risk.max_position=2"]
    interval = ["--set", "schedule.decision_interval_minutes=60", "--decision-interval", "60m"]

    assert bench.refusal("--config", str(config)).startswith(
        f"--config {config} line 3: key 'risk.max_position' is given twice, first at line 2"
    )
    assert bench.refusal(*twice) == "key 'risk.max_position' is given twice; allowed: each once"
    assert "are one key; allowed: one of them" in bench.refusal(*interval)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("risk: [", "cannot be read"),
        ("- 1", "holds no settings"),
        ("", "holds no settings"),
        ("\x00", "cannot be read"),
    ],
)
def test_a_config_file_that_is_none_is_named(text: str, named: str, bench: Bench) -> None:
    config = bench.folder / "config.yaml"
    config.write_text(text, "utf-8")

    sentence = bench.refusal("--config", str(config))
    assert sentence.startswith(f"--config {config} {named}")
    assert "allowed: " in sentence


def test_a_config_file_that_is_not_there_is_named(bench: Bench) -> None:
    missing = bench.folder / "none.yaml"

    assert bench.refusal("--config", str(missing)) == (
        f"--config {missing} cannot be read: it does not exist; allowed: a YAML file"
    )
    assert bench.refusal("--config", str(bench.folder)) == (
        f"--config {bench.folder} cannot be read: it is a folder; allowed: a YAML file"
    )
    missing.write_bytes(b"\xff\xfe\x00")
    assert bench.refusal("--config", str(missing)) == (
        f"--config {missing} cannot be read: it is not text in UTF-8; allowed: a YAML file"
    )


def test_a_secret_in_a_config_file_is_refused_unseen(bench: Bench) -> None:
    config = bench.folder / "config.yaml"
    config.write_text("exchange:\n  secret: kQ7-never-seen\n", "utf-8")

    sentence = bench.refusal("--config", str(config))
    assert sentence.startswith(f"--config {config} line 2: key 'exchange.secret' is unknown")
    assert "kQ7-never-seen" not in sentence


def test_a_flag_wins_over_the_file(bench: Bench) -> None:
    config = bench.folder / "config.yaml"
    config.write_text("risk:\n  r_per_trade_bps: 1\n", "utf-8")

    assert "r_per_trade_bps 1 is out of range" in bench.refusal("--config", str(config))
    assert bench.run("--config", str(config), "--set", "risk.r_per_trade_bps=50") == 0


# Candles


def without(column: str) -> Callable[[Frame], Frame]:
    """Leave a column out."""
    return lambda frame: frame.drop(columns=column)


def cell(row: int, column: str, value: Any) -> Callable[[Frame], Frame]:
    """Put a value in a row (the first is 1)."""

    def change(frame: Frame) -> Frame:
        frame = frame.astype({column: object})
        frame.loc[row - 1, column] = value
        return frame

    return change


def swapped(frame: Frame) -> Frame:
    """Exchange the 10th and the 11th row."""
    order = [*range(9), 10, 9, *range(11, len(frame))]
    return frame.iloc[order]


def doubled(frame: Frame) -> Frame:
    """Repeat the 10th row."""
    return frame.iloc[[*range(10), 9, *range(10, len(frame))]]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        *[
            (without(column), f"column {column} is missing")
            for column in ("timestamp", "open", "high", "low", "close", "volume")
        ],
        (swapped, "row 11, column timestamp is before the row before"),
        (doubled, "row 11, column timestamp repeats the row before"),
        (cell(5, "timestamp", ""), "row 5, column timestamp is not a time"),
        (
            cell(5, "timestamp", "2025-08-01T04:30:00Z"),
            "row 5, column timestamp is not on the grid",
        ),
        *[
            (cell(7, column, "nan"), f"row 7, column {column} is not a finite number")
            for column in ("open", "high", "low", "close", "volume")
        ],
        (cell(7, "close", "inf"), "row 7, column close is not a finite number"),
        (cell(7, "open", "x"), "row 7, column open is not a finite number"),
        (cell(7, "low", 0), "row 7, column low is not positive"),
        (cell(7, "volume", -1), "row 7, column volume is negative"),
        (cell(7, "high", 99_999), "row 7, column high is below the open or the close"),
        (cell(7, "low", 100_001), "row 7, column low is above the open or the close"),
        (lambda frame: frame.iloc[:0], "there is no row in column timestamp"),
    ],
)
def test_bad_candles_are_named_by_row_and_column(
    change: Callable[[Frame], Frame], named: str, bench: Bench
) -> None:
    path = bench.file(change(hours()))

    assert bench.refusal(candles=path).startswith(f"{path.name}: {named}")


def test_a_file_whose_name_tells_another_interval_is_refused(bench: Bench) -> None:
    path = bench.file(hours(), f"{MARKET}_1m.csv")

    assert bench.refusal(candles=path) == (
        f"{path.name}: column timestamp has rows 60 minutes apart at the least, the name says 1"
    )


def test_candles_of_an_interval_nobody_decides_on_are_refused(bench: Bench) -> None:
    assert bench.refusal("--decision-interval", "30m") == (
        "candles of KRW-BTC are 60-minute ones; allowed: 1-minute ones to trade on and "
        "30-minute ones as history"
    )


def test_candles_of_another_market_are_refused(bench: Bench) -> None:
    path = bench.file(hours(), "KRW-ETH_60m.csv")

    assert bench.refusal(candles=path) == (
        "candles of KRW-ETH were given, but not --market KRW-ETH"
    )


def test_too_little_history_is_refused_with_what_is_needed(bench: Bench) -> None:
    path = bench.file(hours(599))

    assert "has 599 closed 60-minute candles before" in bench.refusal(candles=path)


def test_a_time_outside_the_candles_is_refused_with_theirs(bench: Bench) -> None:
    sentence = bench.refusal("--from", "2025-08-27", "--to", "2026-01-01")

    assert sentence.startswith("candles cover 2025-08-01T00:00:00Z to ")


@pytest.mark.parametrize("name", ["none.csv", f"{MARKET}_60m.parquet", f"{MARKET}_60m.txt.csv"])
def test_a_file_that_is_not_there_is_named(name: str, bench: Bench) -> None:
    assert bench.refusal(candles=bench.folder / name) == (
        f"{name}: does not exist, in {bench.folder}"
    )


def test_a_file_of_something_else_is_named(bench: Bench) -> None:
    path = bench.folder / f"{MARKET}_60m.parquet"
    path.write_bytes(b"not parquet")

    assert bench.refusal(candles=path) == f"{path.name}: not a parquet file of candles"


# Where it would be written


def test_a_place_that_is_a_folder_is_refused(bench: Bench) -> None:
    assert bench.refusal("--json", str(bench.folder)) == (
        f"--json {bench.folder} cannot be written: it is a folder"
    )


def test_a_place_below_a_file_is_refused(bench: Bench) -> None:
    out = bench.candles / "result.json"

    assert bench.refusal("--json", str(out)) == (
        f"--json {out} cannot be written: it lies below a file that is no folder"
    )


# Replay and verbs


def test_a_replay_without_minutes_is_refused(bench: Bench, capsys: Capture) -> None:
    before = bench.files()

    assert main(["replay", "--market", MARKET, "--candles", str(bench.candles)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert bench.files() == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "the following arguments are required: VERB; haetae --help"),
        (["trade"], "VERB: invalid choice: 'trade' (choose from 'backtest', "),
        (["backtest"], "the following arguments are required: --candles; haetae backtest --help"),
        (["backtest", "--candles", "x", "--luck", "7"], "unrecognized arguments: --luck 7; haetae"),
    ],
)
def test_what_is_no_command_ends_with_one_sentence_and_two(
    arguments: list[str], sentence: str, capsys: Capture
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"haetae: {sentence}")


@pytest.mark.parametrize(
    "flag", ["--config", "--profile", "--set", "--decision-interval", "--from", "--cash", "--json"]
)
def test_an_option_that_is_given_empty_is_refused(flag: str, bench: Bench) -> None:
    assert bench.refusal(flag, "") == f"{flag} is empty; allowed: a value, or leave it out"
    assert bench.refusal(f"{flag}=") == f"{flag} is empty; allowed: a value, or leave it out"


@pytest.mark.parametrize("verb", ["kill", "stop", "halt", "resume"])
def test_an_operators_verb_without_a_reason_is_one_sentence(verb: str, capsys: Capture) -> None:
    assert main([verb]) == 2
    assert capsys.readouterr().err == "haetae: --reason is missing; allowed: any text\n"
