"""The operator's four words on the command line, on an account that holds a coin."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from haetae.app.walk.cycle import risk_check
from haetae.cli.main import main
from haetae.kernel.codes import HALT, KILLED, RUN, STOP
from haetae.notify.text.words import EN
from haetae.wiring.container import CONTAINER
from support.desk import CHECK_T, MINUTE, Desk, plugged

type Capture = pytest.CaptureFixture[str]

WORDS = ("kill", "stop", "halt", "resume")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder away from a developer's `.env`."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """An account that holds a coin, plugged in."""
    with plugged() as made:
        made.entered().at(CHECK_T + MINUTE)
        yield made


def sold_out(desk: Desk) -> Desk:
    """Let the risk check go on until the account is flat."""
    for t in (CHECK_T + 2 * MINUTE, CHECK_T + 3 * MINUTE):
        desk.at(t)
        risk_check(desk.app.ports, desk.app.setup, t)
    assert desk.units() == 0
    return desk


def test_kill_sells_and_says_how_far_it_came(desk: Desk, capsys: Capture) -> None:
    assert main(["kill", "--reason", "not sure"]) == 0

    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("Kill: acknowledged yes, flat no")
    assert "positions KRW-BTC" in line
    halt = desk.book().halt
    assert (halt.mode, halt.reason, halt.by) == (KILLED, "not sure", "cli")
    assert [line.side.value for line in sold_out(desk).trades()] == ["bid", "ask"]


def test_kill_can_be_repeated(desk: Desk, capsys: Capture) -> None:
    assert main(["kill", "--reason", "once"]) == 0
    sold_out(desk)
    capsys.readouterr()

    assert main(["kill", "--reason", "twice"]) == 0
    assert capsys.readouterr().out.startswith("Kill: acknowledged yes, flat yes")


@pytest.mark.parametrize(("word", "mode"), [("stop", STOP), ("halt", HALT)])
def test_stop_and_halt_move_the_mode_and_keep_the_position(
    word: str, mode: int, desk: Desk, capsys: Capture
) -> None:
    held = desk.units()

    assert main([word, "--reason", "a quiet day"]) == 0

    assert capsys.readouterr().out == (
        f"Mode is now {EN.modes[mode]}, by the command line: a quiet day\n"
    )
    halt = desk.book().halt
    assert (halt.mode, halt.epoch, halt.t) == (mode, 1, CHECK_T + MINUTE)
    assert desk.units() == held


def test_resume_trades_again_when_confirmed_in_words(desk: Desk, capsys: Capture) -> None:
    main(["stop", "--reason", "lunch"])
    capsys.readouterr()

    assert main(["resume", "--reason", "back", "--confirm", "RESUME main"]) == 0
    assert capsys.readouterr().out == "Mode is now run (trading), by the command line: back\n"
    assert desk.book().halt.mode == RUN


@pytest.mark.parametrize("confirm", [[], ["--confirm", "yes"], ["--confirm", "resume main"]])
def test_resume_is_refused_without_the_words(
    confirm: list[str], desk: Desk, capsys: Capture
) -> None:
    main(["stop", "--reason", "lunch"])
    before = desk.kept()
    capsys.readouterr()

    assert main(["resume", "--reason", "back", *confirm]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == 'haetae: resume is refused: confirm with "RESUME main"\n'
    assert desk.kept() == before


def test_resume_is_refused_while_a_kill_is_not_flat(desk: Desk, capsys: Capture) -> None:
    main(["kill", "--reason", "not sure"])
    before = desk.kept()
    capsys.readouterr()

    assert main(["resume", "--reason", "back", "--confirm", "RESUME main"]) == 2
    assert "the kill is not flat yet: KRW-BTC" in capsys.readouterr().err
    assert desk.kept() == before


def test_start_resumes_after_a_kill_that_is_flat(desk: Desk, capsys: Capture) -> None:
    main(["kill", "--reason", "not sure"])
    sold_out(desk)

    assert main(["resume", "--reason", "sure again", "--confirm", "RESUME main"]) == 0
    assert desk.book().halt.mode == RUN


@pytest.mark.parametrize("word", WORDS)
def test_a_blank_reason_is_refused(word: str, desk: Desk, capsys: Capture) -> None:
    before = desk.kept()

    assert main([word, "--reason", "  "]) == 2
    assert capsys.readouterr().err == "haetae: --reason is missing; allowed: any text\n"
    assert desk.kept() == before


@pytest.mark.parametrize("word", WORDS)
def test_a_word_without_a_reason_is_refused(word: str, desk: Desk, capsys: Capture) -> None:
    before = desk.kept()

    assert main([word]) == 2
    assert capsys.readouterr() == ("", "haetae: --reason is missing; allowed: any text\n")
    assert desk.kept() == before


@pytest.mark.parametrize("word", WORDS)
def test_without_variables_the_first_missing_one_is_named(
    word: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HAETAE_TABLE", "HAETAE_TOPIC_ARN", "UPBIT_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    CONTAINER.install(None)

    assert main([word, "--reason", "test"]) == 2
    told = capsys.readouterr()
    assert told.err == (
        "haetae: HAETAE_TABLE is missing; allowed: any non-empty text (read by haetae)\n"
    )
    assert told.out == ""
