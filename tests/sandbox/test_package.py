"""The sandbox by itself: what its wheel holds is a command that runs without the product."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sandbox.servers import FOLDER, TIMEOUT_S


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contents of a wheel that was just built."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=FOLDER, check=True, capture_output=True, timeout=TIMEOUT_S)
    [wheel] = folder.glob("upbit_sandbox-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code that finds the wheel's packages first, in a folder without any."""
    start = f"import sys; sys.path.insert(0, {str(folder)!r}); "
    command = [sys.executable, "-c", start + code]
    return subprocess.run(
        command, cwd=folder.parent, capture_output=True, text=True, timeout=TIMEOUT_S
    )


def test_the_wheel_holds_every_module_and_the_page(unpacked: Path) -> None:
    found = {path.relative_to(unpacked) for path in (unpacked / "upbit_sandbox").rglob("*.*")}
    there = {path.relative_to(FOLDER) for path in (FOLDER / "upbit_sandbox").rglob("*.*")}
    assert found == {path for path in there if "__pycache__" not in path.parts}
    assert Path("upbit_sandbox/page.html") in found


def test_its_command_runs_without_the_product(unpacked: Path) -> None:
    code = "sys.modules['haetae'] = None; from upbit_sandbox.cli import main; main(['--help'])"
    done = run(code, unpacked)
    assert done.returncode == 0, done.stderr
    assert "An Upbit on this machine" in done.stdout
    entry = next(unpacked.glob("*.dist-info")) / "entry_points.txt"
    assert "upbit-sandbox = upbit_sandbox.cli:main" in entry.read_text("utf-8")


def test_parquet_without_pyarrow_is_one_sentence(unpacked: Path) -> None:
    code = (
        "sys.modules['pyarrow'] = None; from upbit_sandbox.cli import main; "
        "sys.exit(main(['--source', 'replay', '--candles', 'KRW-BTC_1m.parquet']))"
    )
    done = run(code, unpacked)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "KRW-BTC_1m.parquet: Parquet files need pyarrow; install it\n"
