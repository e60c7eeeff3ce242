"""Verbs of other distributions: found by entry point, run with the arguments after their name."""

from pathlib import Path

import pytest

from haetae.base.errors import ConfigError
from haetae.cli.main import main
from haetae.cli.plugins import REPLAY_TARGETS, load

type Capture = pytest.CaptureFixture[str]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more verbs: one that answers, and one whose distribution is missing."""
    (tmp_path / "answering.py").write_text("def main(arguments):\n    return len(arguments)\n")
    folder = tmp_path / "more-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: more\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(
        "[haetae.verbs]\ncount = answering:main\nghost = not_there.cli:main\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("installed")
def test_a_registered_verb_gets_the_arguments_after_its_name() -> None:
    assert main(["count", "a", "--b", "c"]) == 3


@pytest.mark.usefixtures("installed")
def test_a_verb_whose_distribution_is_missing_is_one_sentence(capsys: Capture) -> None:
    assert main(["ghost", "--help"]) == 2
    assert capsys.readouterr() == (
        "",
        "haetae: ghost needs the package not_there, which is not installed; run: make setup\n",
    )


@pytest.mark.usefixtures("installed")
def test_the_help_lists_what_is_registered(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(word in text for word in ("backtest", "resume", "sandbox", "count"))


def test_the_sandbox_and_the_deployed_replay_are_registered(capsys: Capture) -> None:
    with pytest.raises(SystemExit):
        main(["sandbox", "--help"])
    assert "An Upbit on this machine" in capsys.readouterr().out
    assert load(REPLAY_TARGETS, "deployed", ()).__name__ == "replay_deployed"


def test_an_unknown_replay_target_names_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match=r"'lunar' is not known; allowed: in-process, deployed"):
        load(REPLAY_TARGETS, "lunar", ("in-process",))
