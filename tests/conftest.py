"""What every test shares: fixed Hypothesis profiles, and the parity runs' figures at the end."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("haetae", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("haetae")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the parity runs, which take longest: no worker is left with one at the end."""
    items.sort(key=lambda item: item.path.parent.name != "parity")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the trades and rails of each parity run that passed."""
    lines, rails = [], Counter[str]()
    for report in terminalreporter.stats.get("passed", []):
        found = dict(report.user_properties) if report.when == "call" else {}
        rails.update(found.get("rails", {}))
        if "parity" in found:
            lines.append(f"{report.nodeid.rpartition('::')[2]}: {found['parity']}")
    if lines:
        terminalreporter.section("parity")
        terminalreporter.write("\n".join(sorted(lines)) + "\n")
        terminalreporter.write(
            f"rails fired over the worlds of rails: {dict(sorted(rails.items()))}\n"
        )


@pytest.fixture(autouse=True)
def no_real_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a developer's own keys and addresses out of every test."""
    for name in ("UPBIT_API_KEY", "UPBIT_ACCESS_KEY", "UPBIT_SECRET", "UPBIT_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-northeast-2")
