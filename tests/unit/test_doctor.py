"""`haetae doctor` finds what is wrong, says what to do, and finds nothing where nothing is."""

import json
from collections.abc import Mapping
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from haetae.cli.main import main
from haetae.config.page import example_file
from haetae.wiring.doctor import CHECKS, PYTHON, Finding, Level, Surroundings, examine
from support.tapes import REPOSITORY

PLAN = REPOSITORY / "tests/data/config/plan.yaml"
SECRET = "kQ7-this-must-never-be-seen"

type Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a good `.env`."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, example_file())
    return tmp_path


def write(folder: Path, text: str, mode: int = 0o600) -> None:
    """Write a folder's `.env`."""
    path = folder / ".env"
    path.write_text(text, "utf-8")
    path.chmod(mode)


def found(
    folder: Path,
    *,
    process: Mapping[str, str] = {},
    python: tuple[int, int] = PYTHON,
    config: Path | None = None,
) -> dict[str, Finding]:
    """Return the findings by their codes."""
    findings = findings_of(folder, process=process, python=python, config=config)
    return {one.code: one for one in findings}


def findings_of(
    folder: Path,
    *,
    process: Mapping[str, str] = {},
    python: tuple[int, int] = PYTHON,
    config: Path | None = None,
) -> tuple[Finding, ...]:
    """Return the findings, each a sentence and a remedy that show no secret."""
    around = Surroundings(python=python, folder=folder, process=process, config=config)
    findings = examine(around)
    for one in findings:
        assert one.sentence
        assert one.remedy
        assert SECRET not in one.sentence + one.remedy
    return findings


def test_nothing_is_wrong_with_the_example_and_the_plans_own_file(
    folder: Path, capsys: Capture
) -> None:
    assert found(folder, config=PLAN) == {}

    assert main(["doctor", "--config", str(PLAN)]) == 0
    assert capsys.readouterr().out == "nothing is wrong\n"


def test_another_python_is_an_error(folder: Path) -> None:
    assert set(found(folder, python=(3, 12))) == {"python-version"}
    assert "this is Python 3.12" in found(folder, python=(3, 12))["python-version"].sentence


def test_a_folder_without_the_file_is_told_and_no_error(folder: Path, capsys: Capture) -> None:
    (folder / ".env").unlink()
    assert found(folder)["dotenv-missing"].level is Level.INFO

    assert main(["doctor"]) == 0
    assert "do: cp .env.example .env && chmod 600 .env" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mode", "bad"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)]
)
def test_a_file_that_others_can_read_is_an_error(folder: Path, mode: int, *, bad: bool) -> None:
    write(folder, f"UPBIT_SECRET={SECRET}\n", mode)

    findings = found(folder)
    assert ("dotenv-mode" in findings) is bad
    assert not bad or findings["dotenv-mode"].remedy == "chmod 600 .env"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f'UPBIT_SECRET="{SECRET}"\n', ".env line 1 UPBIT_SECRET has quotes around its value"),
        (f"UPBIT_SECRET={SECRET} \n", ".env line 1 UPBIT_SECRET has spaces around its value"),
        ("MODE=paper\nLUCK=7\n", ".env line 2 LUCK is unknown"),
        ("TZ=UTC\n", ".env line 1 TZ 'UTC' is not allowed"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_one_error(
    folder: Path, text: str, sentence: str
) -> None:
    write(folder, text)

    findings = found(folder)
    assert set(findings) == {"variable-refused"}
    assert findings["variable-refused"].sentence.startswith(sentence)


def test_a_variable_of_the_process_is_looked_at_too(folder: Path) -> None:
    assert "MODE 'live'" in found(folder, process={"MODE": "live"})["variable-refused"].sentence


def test_a_variable_without_effect_is_a_warning(folder: Path, capsys: Capture) -> None:
    write(folder, f"REDIS_URL={SECRET}\n")
    assert found(folder)["variable-without-effect"].level is Level.WARNING

    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.startswith("warning  variable-without-effect: .env line 1 REDIS")


@pytest.mark.parametrize(
    ("dotenv", "yaml", "sentence"),
    [
        ("TRADING_BUY_PERCENTAGE=7\n", "", ".env line 1 TRADING_BUY_PERCENTAGE: trading.buy_"),
        ("HAETAE_PROFILE=bold\n", "", "profile 'bold' is unknown"),
        ("", "risk:\n  luck: 7\n", "--config config.yaml line 2: key 'risk.luck' is unknown"),
        ("", "risk: [", "--config config.yaml cannot be read"),
        (
            "HAETAE_PROFILE=balanced\n",
            "risk:\n  daily_stop_R: -2\n",
            "--config config.yaml line 2: risk.daily_stop_R has no effect without an R",
        ),
        (
            "TRADING_BUY_PERCENTAGE=0.3\n",
            "trading:\n  buy_percentage: 0.2\n",
            "--config config.yaml line 2: trading.buy_percentage '0.2' and .env line 1 TRADING_",
        ),
    ],
)
def test_settings_that_cannot_be_meant_are_one_error(
    folder: Path, dotenv: str, yaml: str, sentence: str
) -> None:
    write(folder, dotenv)
    config = Path("config.yaml")
    config.write_text(yaml or "risk:\n  max_position: 1\n", "utf-8")

    findings = found(folder, config=config)
    assert set(findings) == {"setting-refused"}
    assert findings["setting-refused"].sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("dotenv", "names"),
    [
        ("", []),  # make up brings the sandbox's keys
        ("HAETAE_TABLE=books\n", ["UPBIT_ACCESS_KEY", "UPBIT_SECRET_KEY"]),
        (f"HAETAE_TABLE=books\nUPBIT_API_KEY={SECRET}\n", ["UPBIT_SECRET_KEY"]),
        (f"HAETAE_TABLE=b\nUPBIT_API_KEY={SECRET}\nUPBIT_SECRET_KEY={SECRET}\n", []),
    ],
)
def test_every_key_that_is_missing_from_the_variables_is_an_error(
    folder: Path, dotenv: str, names: list[str]
) -> None:
    write(folder, dotenv)

    findings = [one for one in findings_of(folder) if one.code == "secret-missing"]
    assert [one.sentence.split(" ")[0] for one in findings] == names
    assert all(one.level is Level.ERROR and SECRET not in str(one) for one in findings)


def test_a_key_that_is_missing_from_the_parameter_store_is_told_with_its_place(
    folder: Path,
) -> None:
    write(folder, "HAETAE_SECRETS=ssm:/haetae/main\n")
    with mock_aws():
        boto3.client("ssm", region_name="ap-northeast-2").put_parameter(
            Name="/haetae/main/UPBIT_ACCESS_KEY", Value=SECRET, Type="SecureString"
        )
        (finding,) = findings_of(folder)

    assert (finding.level, finding.code) == (Level.ERROR, "secret-missing")
    assert finding.sentence.endswith("allowed: a SecureString /haetae/main/UPBIT_SECRET_KEY")


def test_a_parameter_store_out_of_reach_is_a_warning_for_each_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    write(folder, "HAETAE_SECRETS=ssm:/haetae/main\nAWS_ENDPOINT_URL=http://127.0.0.1:9\n")

    findings = findings_of(folder)
    assert [(one.level, one.code) for one in findings] == [(Level.WARNING, "secret-unknown")] * 2


def test_a_place_that_cannot_be_meant_is_an_error(folder: Path) -> None:
    write(folder, "HAETAE_SECRETS=vault\n")

    assert found(folder)["secrets-place"].sentence.startswith("HAETAE_SECRETS 'vault' is unknown")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TRADING_BUY_PERCENTAGE=7\n", 2),
        ("LUCK=7\n", 2),
        ("HAETAE_SECRETS=vault\n", 2),
        ("HAETAE_TABLE=books\n", 1),
        ("REDIS_URL=x\n", 0),
    ],
)
def test_a_refusal_ends_with_two_and_another_error_with_one(
    folder: Path, text: str, code: int, capsys: Capture
) -> None:
    write(folder, text)

    assert main(["doctor"]) == code
    assert capsys.readouterr().out


def test_json_holds_every_finding(folder: Path, capsys: Capture) -> None:
    write(folder, "REDIS_URL=x\nTRADING_BUY_PERCENTAGE=7\n", 0o644)

    assert main(["doctor", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert [(one["level"], one["code"]) for one in told] == [
        ("error", "dotenv-mode"),
        ("warning", "variable-without-effect"),
        ("error", "setting-refused"),
    ]
    assert all(set(one) == {"level", "code", "sentence", "remedy"} for one in told)


def test_each_check_is_registered_once_under_its_own_name() -> None:
    names = [check.__name__ for check in CHECKS]

    assert len(set(names)) == len(names)
    assert all(name.startswith("check_") for name in names)
