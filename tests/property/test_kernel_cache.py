"""The compiled kernel's cache folder is named by its sources: an edited callee is never missed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.tapes import REPOSITORY

HAETAE = REPOSITORY / "layers/core/python/haetae"
# Compiles one caller and what it calls, and prints what the caller makes of 1 won at 25 bps.
PROGRAM = """
import sys
from pathlib import Path
import haetae.kernel.rounding as rounding
from haetae.kernel.step import liquidation_value
from haetae.config.profiles import PROFILES
from haetae.kernel.records import NEW_MARKET, NO_POSITION
from haetae.research.engine.compiled import cache_folder, compile_functions, kernel_modules
folder = Path(sys.argv[1]) if len(sys.argv) > 1 else cache_folder(kernel_modules())
names = frozenset({"fee_ceil", "value_nearest", "liquidation_value"})
functions = [rounding.fee_ceil, rounding.value_nearest, liquidation_value]
copies = compile_functions(functions, folder, names)
market = NEW_MARKET._replace(close=1_000.0, position=NO_POSITION._replace(units=100_000_000))
print(copies[liquidation_value](PROFILES["plan"][0], market))
"""


def run_in(house: Path, cache: Path, *arguments: str) -> int:
    """Run the program on the package below `house` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=os.environ | {"PYTHONPATH": str(house), "XDG_CACHE_HOME": str(cache)},
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def edit_fee(house: Path) -> None:
    """Make the callee's fee a thousand won dearer."""
    path = house / "haetae/kernel/rounding.py"
    source = path.read_text(encoding="utf-8")
    edited = source.replace(
        "return (funds * bps + BPS - 1) // BPS", "return (funds * bps + BPS - 1) // BPS + 1_000"
    )
    assert edited != source
    path.write_text(edited, encoding="utf-8")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Copy what the compiled kernel needs."""
    for room in ("base", "config", "kernel", "market", "research"):
        shutil.copytree(
            HAETAE / room, tmp_path / "haetae" / room, ignore=shutil.ignore_patterns("__pycache__")
        )
    (tmp_path / "haetae/__init__.py").touch()
    return tmp_path


def test_an_edited_callee_changes_the_compiled_result(house: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    before = run_in(house, cache)
    assert before == run_in(house, cache) == 1_000_000_000 - 500_000

    edit_fee(house)

    assert run_in(house, cache) == before - 1_000


def test_a_fixed_folder_would_have_missed_the_edit(house: Path, tmp_path: Path) -> None:
    """Why the folder has the name it has; if this ever fails, numba has learnt to see callees."""
    cache, fixed = tmp_path / "cache", str(tmp_path / "fixed")
    before = run_in(house, cache, fixed)

    edit_fee(house)

    assert run_in(house, cache, fixed) == before
