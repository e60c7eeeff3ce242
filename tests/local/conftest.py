"""The files that take longest begin first: no worker is left with one of them at the end."""

import pytest

SLOWEST = ("test_lifecycle.py", "test_parity_deployed_twice.py", "test_schedules.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slowest files first."""
    rank = {name: n for n, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(SLOWEST)))
